"""Requests that were refused, on their way into the audit trail.

A flood of them must become neither a flood of lines nor one of writes. Those that are alike are counted in
memory: one line within a minute, and one more for all that came in the rest of ten minutes.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from soundwave_core import network_of, to_stamp, transaction

from . import audit, tokens
from .sessions import cookie_name
from .store import Users

if TYPE_CHECKING:
    from soundwave_core import Actor, Request, SoundWave

TOGETHER = timedelta(minutes=10)
MOST = 500
# What was wrong, a password or a code, has a line of its own (``sign_in_failed``), and the app is asked to
# confirm in the ordinary course of things.
TOLD_ELSEWHERE = frozenset(("wrong_credentials", "wrong_password", "totp_wrong", "confirmation_needed"))
# The password was right and no code came with it: who asks had what signs in elsewhere, cookie or not.
HALF_IN = "totp_required"


class Who(NamedTuple):
    """Of an actor what the trail keeps."""

    id: str
    name: str


@dataclass(slots=True)
class Group:
    """Refusals that are alike; ``count`` are not written yet."""

    who: Who | None
    address: str
    code: str
    route: str
    first: datetime
    last: datetime
    count: int = 0
    is_written: bool = False


class Refusals:
    """``core.part(Refusals)``."""

    def __init__(self, core: SoundWave) -> None:
        self._core = core
        self._groups: dict[tuple[str, ...], Group] = {}
        self._lock = threading.Lock()
        self._flushing = threading.Lock()

    def note(self, actor: audit.Named | None, address: str, code: str, route: str) -> None:
        """One more. When there are too many different ones already, this counts with others of its code."""
        key, now = (actor.id if actor else "", network_of(address), code, route), self._core.clock.now()
        who = Who(actor.id, actor.name) if actor else None
        with self._lock:
            if key not in self._groups and len(self._groups) >= MOST:
                key, who, address, route = ("", "", code, ""), None, "", ""
            group = self._groups.setdefault(key, Group(who, address, code, route, now, now))
            group.last = now
            group.count += 1

    def flush(self, is_all: bool = False) -> None:
        """Write what is due: of each group what came first, and when its time is over the rest."""
        with self._flushing:
            due = self._due(is_all)
            if due:
                with transaction(self._core.db):
                    for group, count in due:
                        self._write(group, count)
            self._forget(due)

    def _due(self, is_all: bool) -> list[tuple[Group, int]]:
        with self._lock:
            return [
                (group, group.count)
                for group in self._groups.values()
                if group.count and (is_all or not group.is_written or self._is_over(group))
            ]

    def _write(self, group: Group, count: int) -> None:
        detail = {"code": group.code, "route": group.route}
        audit.add(
            self._core, "refused", user=group.who, by=None, address=group.address or None,
            detail=detail, at=to_stamp(group.last), count=count,
        )  # fmt: skip

    def _forget(self, written: list[tuple[Group, int]]) -> None:
        with self._lock:
            for group, count in written:
                group.count -= count
                group.is_written = True
            self._groups = {
                key: group for key, group in self._groups.items() if group.count or not self._is_over(group)
            }

    def _is_over(self, group: Group) -> bool:
        return self._core.clock.now() - group.first >= TOGETHER


def note(core: SoundWave, actor: Actor | None, request: Request, status: int, code: str) -> None:
    """What the hook tells. That somebody is not signed in is no refusal, unless something was to sign them in."""
    if code in TOLD_ELSEWHERE or (status == 401 and not _has_credential(request, code)):
        return
    route = f"{request.method} {request.route.rule}"
    core.part(Refusals).note(actor or _half_in(core, request, code), request.remote_address, code, route)


def _half_in(core: SoundWave, request: Request, code: str) -> audit.Named | None:
    return Users(core).find_by_name(request.body.username) if code == HALF_IN else None


def _has_credential(request: Request, code: str) -> bool:
    if code == HALF_IN:
        return True
    cookie = request.cookies.get(cookie_name(request.scheme, request.prefix))
    return bool(cookie or tokens.secret_in(request.headers.get("Authorization")))
