"""Nobody learns from a sign-in whether there is a user of that name, from the answer or from its time."""

from __future__ import annotations

import statistics
import time

import pytest

from soundwave_core import SoundWave
from soundwave_core.testing import PASSWORD, Client, ClientAnswer, MakeCore, VirtualClock, make_cast

LOGIN = "/api/user/login/"
WRONG = "not the password"
ROUNDS = 15
TRIES = {
    "wrong password": ("bob", WRONG),
    "unknown": ("nobody of that name", PASSWORD),
    "disabled": ("carol", PASSWORD),
    "removed": ("dora", PASSWORD),
    "empty": ("", ""),
    "overlong": ("x" * 256, "y" * 4096),
}


@pytest.fixture
def core(make_core: MakeCore) -> SoundWave:
    """bob is there, carol is disabled, dora was removed. A hash takes long enough to be seen in a time."""
    core = make_core(SOUNDWAVE_AUTH_BCRYPT_COST="8")
    cast = make_cast(core)
    dora = cast.alice.post("/api/user/admin/users/", {"username": "dora", "password": PASSWORD}).json.id
    assert cast.alice.delete(f"/api/user/admin/users/{dora}/").status == 204
    changed = cast.alice.patch(f"/api/user/admin/users/{cast.carol.user_id}/", {"state": "disabled"})
    assert changed.status == 200
    return core


def attempt(core: SoundWave, name: str, password: str, number: int = 0) -> ClientAnswer:
    return Client(core, address=f"10.0.0.{number}").post(LOGIN, {"username": name, "password": password})


def test_one_answer_for_all(core: SoundWave) -> None:
    answers = [attempt(core, *given, number) for number, given in enumerate(TRIES.values())]
    assert {(answer.status, answer.body) for answer in answers} == {(401, answers[0].body)}
    assert [dict(answer.headers) for answer in answers] == [dict(answers[0].headers)] * len(answers)


def test_one_answer_for_all_who_tried_too_often(core: SoundWave) -> None:
    for number, given in enumerate(TRIES.values()):
        attempt(core, *given, number)
    answers = [attempt(core, *given, 99) for given in TRIES.values()]
    assert {(answer.status, answer.body) for answer in answers} == {(429, answers[0].body)}
    assert [dict(answer.headers) for answer in answers] == [dict(answers[0].headers)] * len(answers)


def test_one_time_for_all(core: SoundWave, clock: VirtualClock) -> None:
    """By turns, so that whatever else the machine does falls on all of them. The fastest rounds are compared too:
    nothing but work makes those slow."""
    seconds: dict[str, list[float]] = {kind: [] for kind in TRIES}
    for _ in range(ROUNDS):
        clock.advance(30)
        for number, (kind, given) in enumerate(TRIES.items()):
            begin = time.perf_counter()
            assert attempt(core, *given, number).status == 401
            seconds[kind].append(time.perf_counter() - begin)
    for measure in (statistics.median, min):
        taken = {kind: measure(times) for kind, times in seconds.items()}
        assert max(taken.values()) < 1.5 * min(taken.values()), taken
