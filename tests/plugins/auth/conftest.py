"""What these tests share: a set-up code, a way to make a token, a second factor, a race, statements that fail."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from typing import Any

import pytest

from soundwave_auth.passwords import PasswordHasher
from soundwave_auth.state import AuthState
from soundwave_auth.store import SecondFactors
from soundwave_core import SoundWave, transaction
from soundwave_core.testing import Cast, Client, setup_code_of
from tests.legacy.fixtures import expected, home, moved

__all__ = ["expected", "home", "moved"]

Bearer = Callable[..., dict[str, str]]
PEOPLE = ("users", "sessions", "tokens", "setup_codes", "invites", "second_factors", "known_devices", "user_config")


@pytest.fixture
def setup_code(core: SoundWave) -> str:
    return setup_code_of(core)


@pytest.fixture
def bearer(cast: Cast) -> Bearer:
    """``bearer("read", who=cast.bob)``: the headers of a new token."""

    def make(*scopes: str, who: Client | None = None, days: int = 90) -> dict[str, str]:
        wish = {"name": "a player", "scopes": list(scopes), "expires_in_days": days}
        answer = (who or cast.bob).post("/api/user/tokens/", wish)
        assert answer.status == 201, answer.body
        return {"Authorization": f"Bearer {answer.json.token}"}

    return make


def give_second_factor(core: SoundWave, user_id: str) -> None:
    """One that is on, without the way there."""
    with transaction(core.db):
        SecondFactors(core).begin(user_id, "B" * 32, core.clock.stamp())
        pending = SecondFactors(core).find(user_id, "pending")
        assert pending is not None
        SecondFactors(core).turn_on(pending, 0, core.clock.stamp())


def people_of(core: SoundWave) -> dict[str, Any]:
    """Everything that is stored about people, the audit trail included."""
    return {table: core.db.rows(f"SELECT * FROM {table}") for table in (*PEOPLE, "audit")}


def race(core: SoundWave, register: Callable[[Client, str], int]) -> list[int]:
    """The answers to twenty browsers that register at once; the hasher lets them all in."""
    core.part(AuthState).hasher = PasswordHasher(4, places=20)
    barrier, statuses = threading.Barrier(20), list[int]()

    def run(number: int) -> None:
        client = Client(core, address=f"192.0.2.{number}")
        barrier.wait(timeout=30)
        statuses.append(register(client, f"user{number}"))

    threads = [threading.Thread(target=run, args=[number]) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert len(statuses) == 20
    return statuses


def fail_at_each_statement(core: SoundWave, call: Callable[[], int], monkeypatch: pytest.MonkeyPatch) -> int:
    """Of the first transaction in ``call``, fail the first statement, then the second, until all went well.

    After each failure nothing is stored. How many there were, BEGIN and COMMIT included.
    """
    run, before = core.db._run, people_of(core)
    for number in itertools.count(1):
        done: list[str] = []

        def fail(sql: str, params: Any, number: int = number, done: list[str] = done) -> Any:
            if core.db.is_writing and "COMMIT" not in done:
                if len(done) + 1 == number:
                    raise ArithmeticError(sql)
                done.append(sql)
            return run(sql, params)

        with monkeypatch.context() as patch:
            patch.setattr(core.db, "_run", fail)
            status = call()
        if "COMMIT" in done:
            assert status < 300
            return len(done)
        assert (status, people_of(core)) == (500, before), f"after {number - 1} statements"
    raise AssertionError
