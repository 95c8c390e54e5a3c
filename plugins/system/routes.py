"""The routes of this room."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from soundwave_auth import ensure_still_in, note_audit
from soundwave_core import AdminOnly, Listing, Public, Raw, Request, Route, SettingInfo, SoundWave, whole

from . import views
from .exposition import expose
from .health import ask_all
from .shapes import (
    Health,
    PluginView,
    Pong,
    Run,
    SettingsPatch,
    Task,
    TaskDetail,
    TaskPatch,
)

log = logging.getLogger(__name__)


def ping(core: SoundWave, request: Request) -> Pong:
    """The cheapest answer there is: the server is up."""
    return Pong()


def get_health(core: SoundWave, request: Request) -> Health:
    """Whether all is well; admins see what was looked at."""
    return ask_all(core, with_details=request.actor is not None and request.actor.is_admin)


def list_tasks(core: SoundWave, request: Request) -> Listing[Task]:
    """Every job: its schedule, last and next run."""
    return whole(views.tasks(core))


def get_task(core: SoundWave, request: Request) -> TaskDetail:
    """A job and its last runs."""
    return views.task(core, request.params["task"])


def change_task(core: SoundWave, request: Request) -> TaskDetail:
    """Pause a job, or let it run again."""
    change = core.jobs.pause if request.body.is_paused else core.jobs.resume
    change(request.params["task"])
    return get_task(core, request)


def run_task(core: SoundWave, request: Request) -> Run:
    """Run a job now, whatever its schedule says."""
    return views.run(core.jobs.run_soon(request.params["task"]))


def list_settings(core: SoundWave, request: Request) -> Listing[SettingInfo]:
    """Every setting: its value, where that comes from, and what it is for."""
    return whole(core.config.describe())


def change_settings(core: SoundWave, request: Request) -> Listing[SettingInfo]:
    """Store new values, all or none; what the environment sets cannot be changed here."""

    def note(names: Sequence[str]) -> None:  # the names only: a value may be a secret
        ensure_still_in(core, request.user)
        if names:
            changed = ", ".join(names)
            note_audit(core, "settings_changed", by=request.user, address=request.remote_address, names=changed)

    names = core.config.store(request.body.values, request.user.id, core.clock, note)
    if names:
        log.info("%s changed the settings: %s", request.user.name, ", ".join(names))
        core.plugins.announce("settings_changed", names=names, actor=request.user)
    return list_settings(core, request)


def get_metrics(core: SoundWave, request: Request) -> Raw:
    """Every room's numbers, for Prometheus: an admin's token with the scope `read` is enough."""
    return expose(core, request.headers.get("Accept") or "")


def list_plugins(core: SoundWave, request: Request) -> Listing[PluginView]:
    """Every plugin, running or not, and why not."""
    return whole(views.plugins(core))


ROUTES = [
    Route("GET", "/api/ping/", ping, Public, answer=Pong),
    Route("GET", "/api/health/", get_health, Public, answer=Health),
    Route("GET", "/metrics", get_metrics, AdminOnly, answer=Raw, scope="read"),
    Route("GET", "/api/task/", list_tasks, AdminOnly, answer=Listing[Task]),
    Route("GET", "/api/task/<task:name>/", get_task, AdminOnly, answer=TaskDetail),
    Route("PATCH", "/api/task/<task:name>/", change_task, AdminOnly, body=TaskPatch, answer=TaskDetail),
    Route("POST", "/api/task/<task:name>/run/", run_task, AdminOnly, answer=Run, status=202),
    Route("GET", "/api/appsettings/", list_settings, AdminOnly, answer=Listing[SettingInfo]),
    Route(
        "PATCH", "/api/appsettings/", change_settings, AdminOnly,
        body=SettingsPatch, answer=Listing[SettingInfo], needs_confirmation=True,
    ),
    Route("GET", "/api/appsettings/plugins/", list_plugins, AdminOnly, answer=Listing[PluginView]),
]  # fmt: skip
