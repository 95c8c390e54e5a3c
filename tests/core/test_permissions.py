"""The judgement: what reaches a handler, and what a plugin cannot get past it."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from core.toys import Echo, echo, routes, toy

from soundwave_core import (
    Access,
    Actor,
    AdminOnly,
    AdminWriteOnly,
    IsAuthenticated,
    IsOwnerOrAdmin,
    Permission,
    Public,
    ResourceKind,
    Route,
)
from soundwave_core.permissions import FIVE, may_use
from soundwave_core.testing import Client, MakeCore, make_cast

BOB, ALICE = Actor("1", "bob"), Actor("2", "alice", is_admin=True)


@pytest.mark.parametrize(
    ("permission", "reads", "writes"),
    [
        (Public, (True, True, True), (True, True, True)),
        (IsAuthenticated, (False, True, True), (False, True, True)),
        (IsOwnerOrAdmin, (False, True, True), (False, True, True)),
        (AdminOnly, (False, False, True), (False, False, True)),
        (AdminWriteOnly, (False, True, True), (False, False, True)),
        (Permission("Mine", "Made up."), (False, False, False), (False, False, False)),
    ],
)
def test_who_may(permission: Permission, reads: tuple[bool, ...], writes: tuple[bool, ...]) -> None:
    for same in (permission, copy.deepcopy(permission)):
        assert tuple(may_use(actor, same) for actor in (None, BOB, ALICE)) == reads
        assert tuple(may_use(actor, same, is_safe=False) for actor in (None, BOB, ALICE)) == writes


def test_a_copy_of_a_route_is_guarded_like_the_original(make_core: MakeCore) -> None:
    """Records are values: a plugin that copies them must not open an admin's door."""
    made = [Route("GET", f"/api/toy/{p.name.lower()}/", echo, p, answer=Echo) for p in FIVE if p != IsOwnerOrAdmin]
    cast = make_cast(make_core(plugins={"toy": routes(*map(copy.deepcopy, made))}))
    statuses = {
        path: tuple(member.get(f"/api/toy/{path}/").status for member in (cast.nobody, cast.bob, cast.alice))
        for path in ("public", "isauthenticated", "adminonly", "adminwriteonly")
    }
    assert statuses == {
        "public": (200, 200, 200), "isauthenticated": (401, 200, 200),
        "adminonly": (401, 403, 200), "adminwriteonly": (401, 200, 200),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("route", "reason"),
    [
        (Route("GET", "/api/x/", echo, IsOwnerOrAdmin), "IsOwnerOrAdmin needs a resource"),
        (Route("GET", "/api/x/", echo, Permission("Mine", "x")), "Mine is none of the five"),
        (Route("GET", "/api/x/", "echo", Public), "its handler is no function"),
        (Route("GET", "/api/x/", echo, Public, answer=object()), "object"),
        (Route("POST", "/api/x/", echo, Public, body=Actor), ""),
    ],
)
def test_a_route_that_cannot_be_judged_or_described_is_refused(make_core: MakeCore, route: Route, reason: str) -> None:
    core = make_core(plugins={"toy": routes(route)})
    record = core.plugins.records["toy"]
    if reason:
        assert record.status == "failed"
        assert reason in record.reason
    assert make_cast(core).bob.get("/api/openapi.json").status == 200


@pytest.mark.parametrize(
    ("said", "reads", "writes"),
    [(Access.NONE, 404, 404), (Access.READ, 200, 403), (Access.WRITE, 200, 200), (False, 404, 404), (True, 200, 403),
     (None, 500, 500), (7, 500, 500), ("yes", 500, 500)],
)  # fmt: skip
def test_what_access_of_says(make_core: MakeCore, said: Any, reads: int, writes: int) -> None:
    rule = "/api/thing/<thing:id>/"
    things = toy(
        register_resources=lambda core: [ResourceKind("thing", lambda core, actor, id: said)],
        register_routes=lambda core: [
            Route(method, rule, echo, IsOwnerOrAdmin, "thing", answer=Echo) for method in ("GET", "PUT")
        ],
    )
    bob = make_cast(make_core(plugins={"things": things})).bob
    path = f"/api/thing/{'a' * 32}/"
    assert (bob.get(path).status, bob.put(path).status) == (reads, writes)


def test_whatever_restrict_returns_refuses(make_core: MakeCore) -> None:
    for reason in ("", False, 0):
        core = make_core(plugins={"odd": toy(restrict=lambda request, reason=reason: reason)})
        assert Client(core).get("/api/ping/").status == 403
        core.stop()
