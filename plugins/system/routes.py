"""The routes of this room."""

from __future__ import annotations

from soundwave_core import AdminOnly, Public, Request, Route, SoundWave

from . import views
from .health import ask_all
from .shapes import (
    Health,
    PluginPage,
    Pong,
    Run,
    SettingPage,
    SettingsPatch,
    TaskDetail,
    TaskPage,
    TaskPatch,
)


def ping(core: SoundWave, request: Request) -> Pong:
    """The cheapest answer there is: the server is up."""
    return Pong()


def get_health(core: SoundWave, request: Request) -> Health:
    """Whether all is well; admins see what was looked at."""
    return ask_all(core, with_details=request.actor is not None and request.actor.is_admin)


def list_tasks(core: SoundWave, request: Request) -> TaskPage:
    """Every job: its schedule, last and next run."""
    found = views.tasks(core)
    return TaskPage(count=len(found), next=None, previous=None, results=found)


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


def list_settings(core: SoundWave, request: Request) -> SettingPage:
    """Every setting: its value, where that comes from, and what it is for."""
    found = views.settings(core)
    return SettingPage(count=len(found), next=None, previous=None, results=found)


def change_settings(core: SoundWave, request: Request) -> SettingPage:
    """Store new values, all or none; what the environment sets cannot be changed here."""
    names = core.config.store(request.body.values, request.user.id, core.clock)
    if names:
        core.plugins.announce("settings_changed", names=names)
    return list_settings(core, request)


def list_plugins(core: SoundWave, request: Request) -> PluginPage:
    """Every plugin, running or not, and why not."""
    found = views.plugins(core)
    return PluginPage(count=len(found), next=None, previous=None, results=found)


ROUTES = [
    Route("GET", "/api/ping/", ping, Public, answer=Pong),
    Route("GET", "/api/health/", get_health, Public, answer=Health),
    Route("GET", "/api/task/", list_tasks, AdminOnly, answer=TaskPage),
    Route("GET", "/api/task/<task:name>/", get_task, AdminOnly, answer=TaskDetail),
    Route("PATCH", "/api/task/<task:name>/", change_task, AdminOnly, body=TaskPatch, answer=TaskDetail),
    Route("POST", "/api/task/<task:name>/run/", run_task, AdminOnly, answer=Run, status=202),
    Route("GET", "/api/appsettings/", list_settings, AdminOnly, answer=SettingPage),
    Route("PATCH", "/api/appsettings/", change_settings, AdminOnly, body=SettingsPatch, answer=SettingPage),
    Route("GET", "/api/appsettings/plugins/", list_plugins, AdminOnly, answer=PluginPage),
]
