"""The audit trail: lines are added and read. None is changed, and only the sweep removes any."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from .users import LAST

if TYPE_CHECKING:
    from soundwave_core import Database, SoundWave


class AuditRow(Struct, frozen=True, kw_only=True):
    """One line. Names stand beside the ids, so that it stays readable when a user is gone."""

    id: str
    at: str
    kind: str
    user_id: str | None
    username: str | None
    by_id: str | None
    by_name: str | None
    address: str | None
    count: int
    detail: dict[str, str]
    number: int = 0


class AuditFilter(Struct, frozen=True, kw_only=True):
    """Which lines; None is any. ``user`` is whom it was about or who did it, ``until`` is not within."""

    kind: str | None = None
    user: str | None = None
    address: str | None = None
    since: str | None = None
    until: str | None = None


_LINE = "uid AS id, at, kind, user_id, username, by_id, by_name, address, count, detail, id AS number"
_WHERE = {
    "kind": "kind = :kind",
    "user": "(user_id = :user OR by_id = :user)",
    "address": "address = :address",
    "since": "at >= :since",
    "until": "at < :until",
}


class AuditTrail:
    """What happened to whom, by whom, from where."""

    def __init__(self, core: SoundWave) -> None:
        self._db: Database = core.db

    def add(self, row: AuditRow) -> None:
        """A new line, the last one."""
        self._db.execute(
            """INSERT INTO audit (uid, at, kind, user_id, username, by_id, by_name, address, count, detail)
            VALUES (:id, :at, :kind, :user_id, :username, :by_id, :by_name, :address, :count, :detail)""",
            **{**msgspec.structs.asdict(row), "detail": msgspec.json.encode(row.detail).decode()},
        )

    def list(self, wanted: AuditFilter, limit: int, before: int = LAST) -> Sequence[AuditRow]:
        """Newest first, those that came before number ``before``."""
        where, params = _where(wanted)
        sql = f"SELECT {_LINE} FROM audit WHERE id < :before {where} ORDER BY number DESC LIMIT :limit"
        return [_line(row) for row in self._db.rows(sql, before=before, limit=limit, **params)]

    def count(self, wanted: AuditFilter) -> int:
        """How many there are."""
        where, params = _where(wanted)
        return int(self._db.value(f"SELECT count(*) FROM audit WHERE true {where}", **params))

    def remove_before(self, stamp: str) -> None:
        """Retention: forget what is older."""
        self._db.execute("DELETE FROM audit WHERE at < :stamp", stamp=stamp)

    def keep(self, most: int, kinds: Sequence[str]) -> None:
        """Retention: of these kinds together, the newest ``most`` lines stay."""
        self._db.execute(
            """DELETE FROM audit WHERE id IN (SELECT id FROM audit
                WHERE kind IN (SELECT value FROM json_each(:kinds)) ORDER BY id DESC LIMIT -1 OFFSET :most)""",
            kinds=msgspec.json.encode(kinds).decode(),
            most=most,
        )

    def keep_of_each(self, most: int, kinds: Sequence[str]) -> None:
        """Retention: of these kinds, the newest ``most`` lines about each user stay, and as many about nobody."""
        self._db.execute(
            """DELETE FROM audit WHERE id IN (SELECT id FROM
                (SELECT id, row_number() OVER (PARTITION BY user_id ORDER BY id DESC) AS place FROM audit
                    WHERE kind IN (SELECT value FROM json_each(:kinds)))
                WHERE place > :most)""",
            kinds=msgspec.json.encode(kinds).decode(),
            most=most,
        )


def _where(wanted: AuditFilter) -> tuple[str, dict[str, str]]:
    params = {name: value for name, value in msgspec.structs.asdict(wanted).items() if value is not None}
    return "".join(f" AND {_WHERE[name]}" for name in params), params


def _line(row: dict[str, Any]) -> AuditRow:
    return msgspec.convert({**row, "detail": msgspec.json.decode(row["detail"])}, AuditRow)
