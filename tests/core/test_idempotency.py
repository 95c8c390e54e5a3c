"""Writes that are sent twice: races, failures, crashes, secrets."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from core.toys import Echo, routes, toy

from soundwave_core import (
    Access,
    Answer,
    Conflict,
    IsAuthenticated,
    IsOwnerOrAdmin,
    ResourceKind,
    Route,
    SoundWave,
    Unavailable,
    idempotency,
    transaction,
)
from soundwave_core.testing import PASSWORD, MakeCore, make_cast

WRITE = "/api/write/"
Handler = Callable[[Any, Any], Any]


def step(core: SoundWave) -> Echo:
    with transaction(core.db) as tx:
        return Echo(str(tx.next_rev()))


@pytest.fixture
def writing(make_core: MakeCore) -> Callable[[Handler], SoundWave]:
    """A core with this handler at POST /api/write/."""
    return lambda handler: make_core(
        plugins={"toy": routes(Route("POST", WRITE, handler, IsAuthenticated, answer=Echo))}
    )


def operations(core: SoundWave) -> list[Any]:
    return core.db.rows("SELECT * FROM operations")


def test_of_two_at_once_one_is_told_to_wait(writing: Callable[[Handler], SoundWave]) -> None:
    begun, may_end = threading.Event(), threading.Event()

    def slow(core: SoundWave, request: Any) -> Echo:
        begun.set()
        assert may_end.wait(10)
        return step(core)

    bob = make_cast(writing(slow)).bob
    answers: list[Any] = []
    thread = threading.Thread(target=lambda: answers.append(bob.post(WRITE, Idempotency_Key="k")))
    thread.start()
    assert begun.wait(10)
    assert bob.post(WRITE, Idempotency_Key="k").json["code"] == "idempotency_key_busy"
    may_end.set()
    thread.join()
    assert bob.post(WRITE, Idempotency_Key="k").body == answers[0].body


def test_what_failed_before_any_change_is_tried_again(writing: Callable[[Handler], SoundWave]) -> None:
    calls: list[Any] = []

    def unsure(core: SoundWave, request: Any) -> Echo:
        calls.append(request)
        if len(calls) == 1:
            raise Conflict("not yet")
        if len(calls) == 2:
            with transaction(core.db) as tx:
                tx.next_rev()
                raise RuntimeError("rolled back")
        return step(core)

    core = writing(unsure)
    bob = make_cast(core).bob
    assert [bob.post(WRITE, Idempotency_Key="k").status for _ in range(4)] == [409, 500, 200, 200]
    assert len(calls) == 3
    assert core.running_keys._keys == set()


def test_a_refusal_after_a_change_is_the_answer_to_the_resend(writing: Callable[[Handler], SoundWave]) -> None:
    """It must not be told that its request was carried out."""

    def refusing(core: SoundWave, request: Any) -> Echo:
        step(core)  # it notes the attempt, say
        raise Conflict("no", code="wrong_moment")

    core = writing(refusing)
    bob = make_cast(core).bob
    first, rev = bob.post(WRITE, Idempotency_Key="k"), core.db.rev()
    again = bob.post(WRITE, Idempotency_Key="k")
    assert (again.status, again.body, core.db.rev()) == (first.status, first.body, rev)
    assert again.headers["Content-Type"] == "application/problem+json"


def test_two_transactions_are_one_operation(writing: Callable[[Handler], SoundWave]) -> None:
    core = writing(lambda core, request: Echo(step(core).word + step(core).word))
    bob = make_cast(core).bob
    first = bob.post(WRITE, Idempotency_Key="k")
    assert bob.post(WRITE, Idempotency_Key="k").body == first.body
    assert len(operations(core)) == 1


def test_a_crash_after_the_change_is_not_repeated(writing: Callable[[Handler], SoundWave]) -> None:
    def broken(core: SoundWave, request: Any) -> Echo:
        step(core)
        raise RuntimeError("out of luck")

    core = writing(broken)
    bob = make_cast(core).bob
    assert bob.post(WRITE, Idempotency_Key="k").status == 500
    rev = core.db.rev()
    assert bob.post(WRITE, Idempotency_Key="k").json["code"] == "already_applied"
    assert core.db.rev() == rev


def test_the_query_belongs_to_the_request(writing: Callable[[Handler], SoundWave]) -> None:
    bob = make_cast(writing(lambda core, request: step(core))).bob
    bob.post(WRITE + "?a=1", Idempotency_Key="k")
    assert bob.post(WRITE + "?a=2", Idempotency_Key="k").json["code"] == "idempotency_key_reused"


def test_status_and_headers_are_those_of_the_first(writing: Callable[[Handler], SoundWave]) -> None:
    def made(core: SoundWave, request: Any) -> Answer:
        return Answer(step(core), status=201, headers=[("Location", "/api/write/1/")])

    bob = make_cast(writing(made)).bob
    first = bob.post(WRITE, Idempotency_Key="k")
    again = bob.post(WRITE, Idempotency_Key="k")
    assert (again.status, again.headers, again.body) == (201, first.headers, first.body)


def test_a_delete_that_is_sent_again_does_not_miss_its_thing(make_core: MakeCore) -> None:
    things = {"a" * 32}

    def access_of(core: Any, actor: Any, id: str) -> Access:
        return Access.WRITE if id in things and actor.name != "carol" else Access.NONE

    def remove(core: SoundWave, request: Any) -> None:
        things.remove(request.params["thing"])
        step(core)

    plugin = toy(
        register_resources=lambda core: [ResourceKind("thing", access_of)],
        register_routes=lambda core: [Route("DELETE", "/api/thing/<thing:id>/", remove, IsOwnerOrAdmin, "thing")],
    )
    cast = make_cast(make_core(plugins={"toy": plugin}))
    path = f"/api/thing/{'a' * 32}/"
    assert cast.carol.delete(path, Idempotency_Key="k").status == 404
    assert [cast.bob.delete(path, Idempotency_Key="k").status for _ in range(2)] == [204, 204]
    assert cast.bob.delete(path, Idempotency_Key="other").status == 404
    assert cast.carol.delete(path, Idempotency_Key="k").status == 404
    assert cast.nobody.delete(path, Idempotency_Key="k").status == 401


def test_nothing_secret_is_kept(core: SoundWave) -> None:
    """Neither tokens nor invites, nor a hash by which a password in a body could be tried out."""
    alice = make_cast(core).alice
    wishes = {
        "/api/user/tokens/": {"name": "radio", "scopes": ["read"]},
        "/api/user/admin/invites/": {},
        "/api/user/admin/users/": {"username": "dave", "password": "a long password"},
        "/api/user/confirm/": {"password": PASSWORD},
        "/api/user/change-password/": {"old_password": PASSWORD, "new_password": "another long one"},
    }
    for path, body in wishes.items():
        answer = alice.post(path, body, Idempotency_Key=path)
        assert answer.status < 300, answer.body
        assert answer.status == 204 or "no-store" in answer.headers["Cache-Control"]
        alice.csrf_token = getattr(answer.json, "csrf_token", None) or alice.csrf_token
    kept = operations(core)
    assert [row["answer"] for row in kept if row["status"] != 204] == [None] * 4
    for path, body in wishes.items():
        line = f"POST {path}?\n".encode()
        plain = [
            hashlib.sha256(text).hexdigest() for text in (msgspec.json.encode(body), line + msgspec.json.encode(body))
        ]
        ensure_absent(str(kept), path, *plain)
    again = alice.post("/api/user/tokens/", wishes["/api/user/tokens/"], Idempotency_Key="/api/user/tokens/")
    assert again.json["code"] == "already_applied"


def ensure_absent(text: str, *secrets: str) -> None:
    assert [secret for secret in secrets if secret in text] == []


def test_a_long_answer_is_not_kept(writing: Callable[[Handler], SoundWave]) -> None:
    core = writing(lambda core, request: Echo(step(core).word + "x" * idempotency.LONGEST_ANSWER))
    bob = make_cast(core).bob
    assert bob.post(WRITE, Idempotency_Key="k").status == 200
    assert bob.post(WRITE, Idempotency_Key="k").json["code"] == "already_applied"


def test_so_many_of_a_user_are_kept(writing: Callable[[Handler], SoundWave], monkeypatch: pytest.MonkeyPatch) -> None:
    """Small requests with large answers, each under a key of its own, filled the disk for a week."""
    monkeypatch.setattr(idempotency, "MOST_OF_A_USER", 3)
    core = writing(lambda core, request: step(core))
    cast = make_cast(core)
    first = cast.carol.post(WRITE, Idempotency_Key="carol's").body
    for number in range(10):
        assert cast.bob.post(WRITE, Idempotency_Key=f"k{number}").status == 200
    kept = core.db.rows("SELECT user_id FROM operations ORDER BY rowid")
    assert [row["user_id"] for row in kept] == [cast.carol.user_id, *[cast.bob.user_id] * 3]
    assert cast.carol.post(WRITE, Idempotency_Key="carol's").body == first
    assert idempotency.MOST_OF_A_USER * idempotency.LONGEST_ANSWER < 64 * 1024**2


def test_what_is_stored_is_answered_even_if_the_answer_cannot_be_kept(
    writing: Callable[[Handler], SoundWave], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(db: Any) -> Any:
        raise Unavailable("The disk is full.", code="disk_full")

    bob = make_cast(writing(lambda core, request: step(core))).bob
    monkeypatch.setattr(idempotency, "transaction", full)
    assert bob.post(WRITE, Idempotency_Key="k").status == 200
    assert bob.post(WRITE, Idempotency_Key="k").json["code"] == "already_applied"
