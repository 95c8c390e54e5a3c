"""In the place of plugins and of the built app: made of a few functions, or of a few files."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import pytest

from soundwave_core import Access, Body, IsOwnerOrAdmin, Public, ResourceKind, Route, SoundWave, hookimpl


def toy(requires: tuple[str, ...] = (), **hooks: Callable[..., Any]) -> ModuleType:
    """A plugin whose hooks are these functions."""
    module = ModuleType("toy")
    module.REQUIRES = requires
    for name, function in hooks.items():
        setattr(module, name, hookimpl(function))
    return module


@contextmanager
def unheard(core: SoundWave, is_so: bool = True) -> Iterator[None]:
    """Within the block no plugin hears what is announced, as if the server were killed just before."""
    with pytest.MonkeyPatch.context() as patch:
        if is_so:
            patch.setattr(core.plugins, "announce", lambda hook, **arguments: [])
        yield


@contextmanager
def package(folder: Path) -> Iterator[ModuleType]:
    """The package in this folder, imported under the folder's name while the block lasts."""
    sys.path.insert(0, str(folder.parent))
    try:
        yield import_module(folder.name)
    finally:
        sys.path.remove(str(folder.parent))
        sys.modules.pop(folder.name, None)


def small_build(folder: Path, files: Mapping[str, bytes], vanished: tuple[str, ...] = ()) -> Path:
    """A built app of these files in a new folder; ``vanished`` are in its list only.

    Those that begin with ``app-`` never change under their name.
    """
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    built = [
        {"path": name, "revision": f"rev-{name}", "size": len(files.get(name, b"")),
         "is_immutable": name.startswith("app-")}
        for name in (*files, *vanished)
    ]  # fmt: skip
    (folder / "build.json").write_bytes(msgspec.json.encode({"files": built}))
    return folder


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
