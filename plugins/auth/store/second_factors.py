"""Second factors and their recovery codes. A user has one that is on at most, and one that waits to be proven."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import msgspec
from msgspec import Struct

if TYPE_CHECKING:
    from soundwave_core import Database, SoundWave


class FactorRow(Struct, frozen=True, kw_only=True):
    """A secret that an authenticator app shares. Codes of ``last_step`` and before count no more."""

    user_id: str
    secret: str
    state: Literal["pending", "on"]
    last_step: int
    created_at: str


class SecondFactors:
    """The second factors of all users."""

    def __init__(self, core: SoundWave) -> None:
        self._db: Database = core.db

    def find(self, user_id: str, state: str = "on") -> FactorRow | None:
        """The one that is asked for at every sign-in, or the pending one; None where there is none."""
        sql = """SELECT user_id, secret, state, last_step, created_at FROM second_factors
            WHERE user_id = :user AND state = :state"""
        row = self._db.row(sql, user=user_id, state=state)
        return msgspec.convert(row, FactorRow) if row else None

    def is_on(self, user_id: str) -> bool:
        """Whether the password alone is not enough."""
        return bool(self.among([user_id]))

    def among(self, user_ids: Sequence[str]) -> set[str]:
        """Those of these users who have one."""
        sql = """SELECT user_id FROM second_factors
            WHERE state = 'on' AND user_id IN (SELECT value FROM json_each(:ids))"""
        rows = self._db.rows(sql, ids=msgspec.json.encode(user_ids).decode())
        return {row["user_id"] for row in rows}

    def begin(self, user_id: str, secret: str, now: str) -> None:
        """A new pending one. It replaces another pending one, and never the one that is on."""
        self._db.execute("DELETE FROM second_factors WHERE user_id = :user AND state = 'pending'", user=user_id)
        self._db.execute(
            """INSERT INTO second_factors (user_id, secret, state, created_at)
            VALUES (:user, :secret, 'pending', :now)""",
            user=user_id,
            secret=secret,
            now=now,
        )

    def turn_on(self, pending: FactorRow, step: int, now: str) -> bool:
        """The pending one takes the place of the one that was on. False where it is no longer the pending one."""
        self._db.execute("DELETE FROM second_factors WHERE user_id = :user AND state = 'on'", user=pending.user_id)
        sql = """UPDATE second_factors SET state = 'on', last_step = :step, created_at = :now
            WHERE user_id = :user AND state = 'pending' AND secret = :secret"""
        return self._db.execute(sql, user=pending.user_id, secret=pending.secret, step=step, now=now) == 1

    def adopt(self, user_id: str, secret: str, now: str) -> None:
        """One that is on, proven elsewhere, of a user who has none."""
        self._db.execute(
            "INSERT INTO second_factors (user_id, secret, state, created_at) VALUES (:user, :secret, 'on', :now)",
            user=user_id,
            secret=secret,
            now=now,
        )

    def use_step(self, factor: FactorRow, step: int) -> bool:
        """The code of a step counts once: of two at once, one gets True."""
        sql = """UPDATE second_factors SET last_step = :step
            WHERE user_id = :user AND state = 'on' AND secret = :secret AND last_step < :step"""
        return self._db.execute(sql, user=factor.user_id, secret=factor.secret, step=step) == 1

    def remove(self, user_id: str) -> None:
        """The password alone is enough again: nothing stays of secrets and recovery codes."""
        self._db.execute("DELETE FROM second_factors WHERE user_id = :user", user=user_id)
        self._db.execute("DELETE FROM recovery_codes WHERE user_id = :user", user=user_id)


class RecoveryCodes:
    """The recovery codes of all users, as ``SCHEME$hash``."""

    def __init__(self, core: SoundWave) -> None:
        self._db: Database = core.db

    def hashes(self, user_id: str) -> Sequence[str]:
        """Of those that were not used."""
        sql = "SELECT code_hash FROM recovery_codes WHERE user_id = :user AND used_at IS NULL ORDER BY id"
        return [row["code_hash"] for row in self._db.rows(sql, user=user_id)]

    def replace(self, user_id: str, hashes: Sequence[str]) -> None:
        """From now on these are the user's, and no others."""
        self._db.execute("DELETE FROM recovery_codes WHERE user_id = :user", user=user_id)
        self._db.execute_many(
            "INSERT INTO recovery_codes (user_id, code_hash) VALUES (:user, :hash)",
            [{"user": user_id, "hash": code_hash} for code_hash in hashes],
        )

    def use(self, user_id: str, code_hash: str, now: str) -> bool:
        """Each counts once: of two at once, one gets True."""
        sql = """UPDATE recovery_codes SET used_at = :now
            WHERE user_id = :user AND code_hash = :hash AND used_at IS NULL"""
        return self._db.execute(sql, user=user_id, hash=code_hash, now=now) == 1
