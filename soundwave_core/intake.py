"""Takes in what plugins hand in at the start: each thing is checked, and goes out again with its plugin."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from .errors import PluginError
from .openapi import document
from .permissions import FIVE, IsOwnerOrAdmin, Public
from .plugins import PluginHost, PluginRecord
from .records import Job, Migration, Page, PrecacheEntry, ResourceKind, Route, Setting, Slot
from .web import page_route

if TYPE_CHECKING:
    from .app import SoundWave

PLACES = ("playlist-actions", "track-actions", "settings")
_ELEMENT = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)+")
_LOCAL_URL = re.compile(r"[^/:?#\\][^:?#\\]*")


class Intake:
    """One method a ``register_*`` hook. What they raise withdraws the plugin."""

    def __init__(self, core: SoundWave) -> None:
        self._core = core

    def collect(self, plugins: PluginHost) -> None:
        """Ask every plugin for everything, in this order."""
        plugins.collect("register_settings", self._take_settings)
        plugins.collect("register_migrations", self._take_migrations)
        plugins.collect("register_resources", self._take_resources)
        plugins.collect("register_routes", self._take_routes)
        plugins.collect("register_jobs", self._take_jobs)
        for record in list(plugins.enabled()):
            plugins.guard(record, partial(self._core.web.load_static, record))
        plugins.collect("register_ui", self._take_ui)
        plugins.collect("register_precache", self._take_precache)

    def withdraw(self, plugin: str) -> None:
        """Take a plugin's resources out, and the plugins whose routes are guarded by them."""
        core = self._core
        core.resources = {k.name: k for r in core.plugins.enabled() for k in r.contributions.resources}
        for entry in core.routes.routes():
            needed = entry.route.resource
            if needed is not None and needed not in core.resources and entry.plugin != plugin:
                core.plugins.withdraw(entry.plugin, f"needs the resource {needed}, whose plugin is not running")

    def _take_settings(self, record: PluginRecord, given: Any) -> None:
        settings = list(_each("register_settings", given, Setting))
        self._core.config.declare(record.name, settings)
        record.contributions.settings.extend(settings)

    def _take_migrations(self, record: PluginRecord, given: Any) -> None:
        record.contributions.migrations.extend(_each("register_migrations", given, Migration))

    def _take_resources(self, record: PluginRecord, given: Any) -> None:
        for kind in _each("register_resources", given, ResourceKind):
            if kind.name in self._core.resources:
                raise PluginError(f"The resource {kind.name} is there already.")
            self._core.resources[kind.name] = kind
            record.contributions.resources.append(kind)

    def _take_routes(self, record: PluginRecord, given: Any) -> None:
        taken = []
        for route in _each("register_routes", given, Route):
            self._ensure_guarded(route)
            taken.append(self._core.routes.add(record.name, route))
            record.contributions.routes.append(route)
        if not record.is_bundled:
            document(taken, "", "")  # a type that cannot be described would break everybody's document

    def _ensure_guarded(self, route: Route) -> None:
        name = f"{route.method} {route.rule}"
        if route.permission not in FIVE:
            raise PluginError(f"{name}: {route.permission.name} is none of the five permissions.")
        if route.permission == IsOwnerOrAdmin and route.resource is None:
            raise PluginError(f"{name}: IsOwnerOrAdmin needs a resource, whose owner is looked up.")
        if route.resource is not None and route.resource not in self._core.resources:
            raise PluginError(f"{name}: no plugin knows the resource {route.resource}.")
        if not callable(route.handler):
            raise PluginError(f"{name}: its handler is no function.")

    def _take_jobs(self, record: PluginRecord, given: Any) -> None:
        jobs = list(_each("register_jobs", given, Job))
        self._core.jobs.declare(record.name, jobs)
        record.contributions.jobs.extend(jobs)

    def _take_ui(self, record: PluginRecord, given: Any) -> None:
        for view in _each("register_ui", given, Page, Slot):
            self._ensure_shown(record.name, view)
            if isinstance(view, Page):
                self._core.routes.add(record.name, page_route(view))
            self._core.web.ui.append((record.name, view))
            record.contributions.ui.append(view)

    def _ensure_shown(self, plugin: str, view: Page | Slot) -> None:
        web, element = self._core.web, view.element
        if view.permission not in FIVE:
            raise PluginError(f"{element}: {view.permission.name} is none of the five permissions.")
        if not _ELEMENT.fullmatch(element):
            raise PluginError(f"{element} is no name for an element: write one like {plugin}-page.")
        if any(other.element == element and name != plugin for name, other in web.ui) or (plugin, view) in web.ui:
            raise PluginError(f"The element {element} is there already.")
        if view.module is not None and f"plugins/{plugin}/{view.module}" not in web.files:
            raise PluginError(f"{element}: there is no {view.module} in the plugin's static/.")
        if isinstance(view, Slot) and view.place not in PLACES:
            raise PluginError(f"{element}: {view.place} is none of {', '.join(PLACES)}.")

    def _take_precache(self, record: PluginRecord, given: Any) -> None:
        for entry in _each("register_precache", given, PrecacheEntry):
            if not self._is_served(entry.url):  # one 404 and no browser installs the service worker
                raise PluginError(f"{entry.url} cannot be kept: it is no public address of this server.")
            self._core.web.entries.append((record.name, entry))
            record.contributions.precache.append(entry)

    def _is_served(self, url: str) -> bool:
        if url.startswith("static/"):
            return url.removeprefix("static/") in self._core.web.files
        found = self._core.routes.match("GET", f"/{url}") if _LOCAL_URL.fullmatch(url) else None
        return found is not None and found[0].route.permission == Public


def _each(hook: str, given: Any, *kinds: type[Any]) -> Iterator[Any]:
    """The records that a hook returned; PluginError for anything else."""
    wanted = " or ".join(kind.__name__ for kind in kinds)
    if not isinstance(given, list | tuple):
        raise PluginError(f"{hook} returns {given!r:.60}, not a list of {wanted}.")
    for one in given:
        if not isinstance(one, kinds):
            raise PluginError(f"{hook} returns a list with {one!r:.60}, which is no {wanted}.")
        yield one
