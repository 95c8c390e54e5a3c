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
    assert cast.alice.delete(f"/api/user/admin/users/{dora}/?tracks=remove").status == 204
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
    """By turns, so that whatever else the machine does falls on all of them. First the work that each takes, in
    processor time; then what a stranger sees of it, by the fastest tries: only work makes those slow.
    """
    work: dict[str, list[float]] = {kind: [] for kind in TRIES}
    seen: dict[str, list[float]] = {kind: [] for kind in TRIES}
    for _ in range(ROUNDS):
        clock.advance(30)
        for number, (kind, given) in enumerate(TRIES.items()):
            begin, worked = time.perf_counter(), time.thread_time()
            assert attempt(core, *given, number).status == 401
            work[kind].append(time.thread_time() - worked)
            seen[kind].append(time.perf_counter() - begin)
    medians = {kind: statistics.median(times) for kind, times in work.items()}
    assert max(medians.values()) < 1.4 * min(medians.values()), medians
    fastest = {kind: min(times) for kind, times in seen.items()}
    assert max(fastest.values()) < 2 * min(fastest.values()), fastest
