"""Auth: users, sessions, tokens, invites. It says who is asking; what they may do, the core decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import click

from soundwave_core import (
    Access,
    Actor,
    Export,
    Import,
    ImportReport,
    IsAuthenticated,
    Job,
    Legacy,
    Metric,
    Migration,
    Page,
    Public,
    Request,
    ResourceKind,
    Route,
    Setting,
    Slot,
    SoundWave,
    hookimpl,
)

from . import audit_routes, avatar_routes, config_routes, refusals, restored, routes, setup, unattended
from .audit import note as note_audit
from .commands import user
from .exports import export_account, import_account
from .jobs import JOBS, flush_last_seen
from .legacy import import_accounts
from .metrics import count
from .migrations import MIGRATIONS
from .people import add_user
from .settings import SETTINGS
from .standing import ensure_still_in
from .store import Sessions, Tokens, UserRow, Users

__all__ = ["UserRow", "Users", "add_user", "ensure_still_in", "note_audit"]


@hookimpl
def register_settings() -> Sequence[Setting]:
    return SETTINGS


@hookimpl
def register_migrations() -> Sequence[Migration]:
    return MIGRATIONS


@hookimpl
def register_resources(core: SoundWave) -> Sequence[ResourceKind]:
    return [ResourceKind("session", _session_access), ResourceKind("token", _token_access)]


@hookimpl
def register_routes(core: SoundWave) -> Sequence[Route]:
    return [*routes.ROUTES, *audit_routes.ROUTES, *avatar_routes.ROUTES, *config_routes.ROUTES]


@hookimpl
def register_jobs(core: SoundWave) -> Sequence[Job]:
    return JOBS


@hookimpl
def register_ui(core: SoundWave) -> Sequence[Page | Slot]:
    return [
        Page("/account/", "Account", "account-page", IsAuthenticated, icon="account", order=90),
        Page("/login/", "Sign in", "login-page", Public, order=-1),
        Page("/setup/", "Set up", "setup-page", Public, order=-1),
    ]


@hookimpl
def register_commands() -> Sequence[click.Command]:
    return [user]


@hookimpl
def startup(core: SoundWave) -> None:
    unattended.add_admin(core)
    setup.begin(core)


@hookimpl
def shutdown(core: SoundWave) -> None:
    flush_last_seen(core)
    core.part(refusals.Refusals).flush(is_all=True)


@hookimpl
def actor_from_request(core: SoundWave, request: Request) -> Actor | None:
    return routes.actor_of(core, request)


@hookimpl
def request_refused(core: SoundWave, actor: Actor | None, request: Request, status: int, code: str) -> None:
    refusals.note(core, actor, request, status, code)


@hookimpl
def import_legacy(core: SoundWave, legacy: Legacy, report: ImportReport) -> None:
    import_accounts(core, legacy, report)


@hookimpl
def adapt_restored(core: SoundWave, actor: Actor) -> str:
    return restored.adapt(core, actor)


@hookimpl
def removed_users(core: SoundWave) -> Mapping[str, str | None]:
    return {user.id: user.heir_id for user in Users(core).list_removed()}


@hookimpl
def metrics(core: SoundWave) -> Sequence[Metric]:
    return count(core)


@hookimpl
def export_user(core: SoundWave, user_id: str, export: Export) -> None:
    export_account(core, user_id, export)


@hookimpl
def import_user(core: SoundWave, user_id: str, given: Import, report: ImportReport) -> None:
    import_account(core, user_id, given, report)


def _session_access(core: SoundWave, actor: Actor, session_id: str) -> Access:
    return _access(actor, Sessions(core).owner_of(session_id))


def _token_access(core: SoundWave, actor: Actor, token_id: str) -> Access:
    return _access(actor, Tokens(core).owner_of(token_id))


def _access(actor: Actor, owner: str | None) -> Access:
    return Access.WRITE if owner is not None and (owner == actor.id or actor.is_admin) else Access.NONE
