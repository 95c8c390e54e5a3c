"""What is done behind the requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soundwave_core import Job, to_stamp, transaction

from . import audit
from .refusals import Refusals
from .sessions import idle_end
from .state import AuthState
from .store import Invites, KnownDevices, Sessions, Throttles, Tokens

if TYPE_CHECKING:
    from soundwave_core import SoundWave

FLUSH_SECONDS = 300


def flush_last_seen(core: SoundWave) -> None:
    """Write when sessions and tokens were last used. A power cut loses some minutes of it, nothing else."""
    state = core.part(AuthState)
    sessions, tokens = state.sessions_seen.all(), state.tokens_seen.all()
    if not sessions and not tokens:
        return
    seen = [
        {"id": id, "at": to_stamp(at), "short": idle_end(at, False), "long": idle_end(at, True)}
        for id, at in sessions.items()
    ]
    with transaction(core.db):
        Sessions(core).set_seen(seen)
        Tokens(core).set_used([{"id": id, "at": to_stamp(at)} for id, at in tokens.items()])
    state.sessions_seen.forget(sessions)
    state.tokens_seen.forget(tokens)


def remove_expired(core: SoundWave) -> None:
    """Sessions, tokens, invites and known devices that nobody can use any more, and waits that are over."""
    flush_last_seen(core)
    now = core.clock.stamp()
    with transaction(core.db):
        for store in (Sessions(core), Tokens(core), Invites(core), KnownDevices(core), Throttles(core)):
            store.remove_expired(now)


def flush_refusals(core: SoundWave) -> None:
    """Write the refusals that were counted in memory. A power cut loses some minutes of them."""
    core.part(Refusals).flush()


JOBS = (
    Job(
        "auth.flush-last-seen",
        flush_last_seen,
        "Writes when sessions and tokens were last used.",
        every_seconds=FLUSH_SECONDS,
    ),
    Job(
        "auth.flush-refusals",
        flush_refusals,
        "Writes refused requests into the audit trail.",
        every_seconds=60,
    ),
    Job(
        "auth.sweep-audit",
        audit.sweep,
        "Removes lines of the audit trail that are too old or too many.",
        every_seconds=3600,
    ),
    Job("auth.remove-expired", remove_expired, "Removes what has expired.", cron="17 3 * * *"),
)
