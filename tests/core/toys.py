"""Plugins for tests: a module made of hook implementations."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import msgspec

from soundwave_core import Access, Body, IsOwnerOrAdmin, Public, ResourceKind, Route, hookimpl


def toy(requires: tuple[str, ...] = (), **hooks: Callable[..., Any]) -> ModuleType:
    """A plugin whose hooks are these functions."""
    module = ModuleType("toy")
    module.REQUIRES = requires  # type: ignore[attr-defined]
    for name, function in hooks.items():
        setattr(module, name, hookimpl(function))
    return module


class Word(Body):
    """A body."""

    word: str


class Echo(msgspec.Struct, frozen=True):
    """An answer."""

    word: str


def routes(*made: Route) -> ModuleType:
    """A plugin that only has routes."""
    return toy(register_routes=lambda core: made)


def echo(core: Any, request: Any) -> Echo:
    """Say it again."""
    return Echo(request.body.word if request.body else "")


def crash(core: Any, request: Any) -> None:
    """Break."""
    raise RuntimeError("a secret path /etc/shadow")


def owned_by(owners: dict[str, str]) -> ModuleType:
    """A plugin with things: ids to the name of who owns them."""

    def access_of(core: Any, actor: Any, uid: str) -> Access:
        owner = owners.get(uid)
        if owner is None:
            return Access.NONE
        return Access.WRITE if actor.is_admin or owner == actor.name else Access.NONE

    rule = "/api/thing/<thing:id>/"
    return toy(
        register_resources=lambda core: [ResourceKind("thing", access_of)],
        register_routes=lambda core: [
            Route("GET", rule, echo, IsOwnerOrAdmin, resource="thing", answer=Echo),
            Route("PUT", rule, echo, IsOwnerOrAdmin, resource="thing", body=Word, answer=Echo),
        ],
    )


ECHO = Route("POST", "/api/echo/", echo, Public, body=Word, answer=Echo)
CRASH = Route("GET", "/api/crash/", crash, Public)
