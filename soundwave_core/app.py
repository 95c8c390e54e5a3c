"""The server as one object: a table of contents. It builds the parts in order, starts and stops them."""

from __future__ import annotations

import json
import logging
import os
import threading
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import bottle

from . import api, control, web
from .answers import problem
from .clock import Clock
from .config import CORE_SETTINGS, Config
from .database import Database, open_database
from .errors import NotFound, PluginError, SoundWaveError
from .front import Front, host_name, is_local_name
from .http import Request, make_endpoint
from .idempotency import Running
from .jobs import Jobs
from .lock import DataLock
from .migrations import migrate
from .plugins import PluginHost, PluginRecord
from .records import Actor, Page, ResourceKind, Route, Slot
from .routing import RouteTable, bind
from .web import PageView, SlotView, Web

log = logging.getLogger(__name__)
T = TypeVar("T")


class SoundWave:
    """``assemble()`` reads settings and plugins; ``start()`` opens the data; ``wsgi()`` answers; ``stop()``."""

    def __init__(
        self,
        environ: Mapping[str, str] | None = None,
        *,
        clock: Clock | None = None,
        directory: Path | None = None,
        plugins: Mapping[str, Any] | None = None,
        is_manual: bool = False,
        notice: Callable[[str], None] = print,
    ) -> None:
        """``plugins`` adds modules by name; ``is_manual`` leaves jobs to ``jobs.run_due()``, for tests.

        ``directory`` holds ``.env`` and is where relative paths begin: the current one, if not given.
        """
        self.clock = clock or Clock()
        self.notice = notice
        self.is_manual = is_manual
        self.config = Config(os.environ if environ is None else environ, directory=directory)
        self.plugins = PluginHost(self)
        self.resources: dict[str, ResourceKind] = {}
        self.routes = RouteTable()
        self.web = Web()
        self.jobs = Jobs(self)
        self.running_keys = Running()
        self.control_token: str | None = None
        self.port: int | None = None  # the one listened on, where that is known
        self._extra = plugins or {}
        self._lock: DataLock | None = None
        self._database: Database | None = None
        self._wsgi: Front | None = None
        self._marker: dict[str, str] | None = None
        self._parts: dict[Any, Any] = {}
        self._parts_lock = threading.RLock()

    # Start and stop

    def assemble(self) -> SoundWave:
        """Settings, plugins and what they register; nothing on the disk is opened."""
        self.config.declare("core", CORE_SETTINGS)
        self.plugins.on_withdraw += [
            self.config.withdraw, self.routes.withdraw, self.web.withdraw, self.jobs.withdraw,
        ]  # fmt: skip
        config = self.config
        self.plugins.load(config["plugins"], config["disabled_plugins"], self._extra)
        self.plugins.collect("register_settings", self._accept_settings)
        self.plugins.collect("register_migrations", lambda r, m: r.contributions.migrations.extend(m))
        self.plugins.collect("register_resources", self._accept_resources)
        for route in (*web.ROUTES, *api.ROUTES):
            self.routes.add("core", route)
        self._accept_page("core", api.DOCS_PAGE)
        self.plugins.collect("register_routes", self._accept_routes)
        self.plugins.collect("register_jobs", lambda r, jobs: self.jobs.declare(r.name, jobs))
        self.plugins.collect("register_ui", self._accept_ui)
        self.web.load(self.plugins.enabled())
        self.plugins.collect("register_precache", lambda r, entries: self.web.entries.extend(entries))
        return self

    def start(self) -> SoundWave:
        """Lock the data directory, open and migrate the database, start plugins and jobs."""
        if not self.plugins.records:
            self.assemble()
        for folder in (self.config.data_dir, self.config.media_root, self.config.cache_dir):
            folder.mkdir(parents=True, exist_ok=True)
        self._lock = DataLock.take(self.config.data_dir)
        try:
            self._database = open_database(
                self.config.data_dir / "db.sqlite3", self.config["threads"] + 16, clock=self.clock
            )
            self._migrate()
            self.config.attach(self.db)
            self._check_resources()
            self.plugins.collect("startup")
            self._wsgi = Front(self, self._bind())
            self.jobs.start()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Stop in the reverse order; safe to call twice."""
        self.jobs.stop()
        if self._database is not None:
            self.plugins.announce("shutdown")
            self._database.close()
            self._database = None
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def wsgi(self) -> Front:
        """The WSGI application of a started server."""
        if self._wsgi is None:
            raise RuntimeError("start() comes before wsgi()")
        return self._wsgi

    @property
    def db(self) -> Database:
        if self._database is None:
            raise RuntimeError("the database is open between start() and stop() only")
        return self._database

    # Who asks, and from where

    def actor_of(self, request: Request) -> Actor | None:
        """The actor of a request: the command line beside this server, or whom a plugin knows."""
        actor = control.actor_from(self.control_token, request)
        return actor or next(self.plugins.decide("actor_from_request", request=request), None)

    def is_host_allowed(self, host: str) -> bool:
        """Local names always; others by setting, or because set-up was finished there."""
        if is_local_name(host) or host in self.config["allowed_hosts"]:
            return True
        marker = self._installed()
        return marker is None or marker.get("host") == host

    def mark_installed(self, host: str = "") -> None:
        """Remember that set-up is done, and at which host: an empty database never opens it again."""
        path = self.config.data_dir / "installed"
        self._marker = {"at": self.clock.stamp(), "host": host_name(host)}
        path.write_text(json.dumps(self._marker))

    @property
    def is_installed(self) -> bool:
        """Whether set-up was ever finished on this data directory."""
        return self._installed() is not None

    def _installed(self) -> dict[str, str] | None:
        path = self.config.data_dir / "installed"
        if self._marker is None and path.is_file():
            self._marker = json.loads(path.read_text())
        return self._marker

    def pages_for(self, actor: Actor | None) -> list[PageView]:
        return self.web.pages_for(actor)

    def slots_for(self, actor: Actor | None) -> list[SlotView]:
        return self.web.slots_for(actor)

    def part(self, kind: Callable[[SoundWave], T]) -> T:
        """The one object of a type that a plugin keeps in memory on this server; made when first asked for."""
        with self._parts_lock:
            if kind not in self._parts:
                self._parts[kind] = kind(self)
            part: T = self._parts[kind]
            return part

    # What plugins hand in

    def _accept_settings(self, record: PluginRecord, settings: Any) -> None:
        self.config.declare(record.name, settings)
        record.contributions.settings.extend(settings)

    def _accept_resources(self, record: PluginRecord, kinds: Iterable[ResourceKind]) -> None:
        for kind in kinds:
            if kind.name in self.resources:
                raise PluginError(f"the resource {kind.name} is there already")
            self.resources[kind.name] = kind
            record.contributions.resources.append(kind)

    def _accept_routes(self, record: PluginRecord, routes: Iterable[Route]) -> None:
        for route in routes:
            if route.resource is not None and route.resource not in self.resources:
                raise PluginError(f"{route.method} {route.rule}: no plugin knows the resource {route.resource}")
            self.routes.add(record.name, route)
            record.contributions.routes.append(route)

    def _accept_ui(self, record: PluginRecord, views: Iterable[Page | Slot]) -> None:
        for view in views:
            if isinstance(view, Page):
                self._accept_page(record.name, view)
            else:
                self.web.ui.append((record.name, view))
            record.contributions.ui.append(view)

    def _accept_page(self, plugin: str, page: Page) -> None:
        self.routes.add(plugin, web.page_route(page))
        self.web.ui.append((plugin, page))

    def _check_resources(self) -> None:
        """A withdrawn plugin takes its resources along; routes of others that need them go too."""
        kinds = {kind.name for record in self.plugins.enabled() for kind in record.contributions.resources}
        self.resources = {name: kind for name, kind in self.resources.items() if name in kinds}
        for entry in self.routes.routes():
            needed = entry.route.resource
            if needed is not None and needed not in kinds and entry.plugin in self.plugins.records:
                self.plugins.withdraw(entry.plugin, f"needs the resource {needed}, whose plugin is not running")

    def _migrate(self) -> None:
        for record in list(self.plugins.enabled()):
            steps = record.contributions.migrations
            self.plugins.guard(record, lambda r=record, s=steps: migrate(self.db, r.name, s, self.clock))  # type: ignore[misc]

    def _bind(self) -> bottle.Bottle:
        app = bottle.Bottle()
        bind(app, self.routes, make_endpoint(self))
        app.default_error_handler = self._refuse
        return app

    def _refuse(self, error: bottle.HTTPError) -> bottle.HTTPResponse:
        """What Bottle itself refuses: no route, or no such method on it."""
        path = bottle.request.environ["PATH_INFO"]
        allowed = sorted(self.routes.allowed_methods(path))
        if not allowed:
            return problem(NotFound("There is nothing at this path.", code="path_not_found"))
        headers = [("Allow", ", ".join(allowed))]
        if bottle.request.method == "OPTIONS":
            response = bottle.HTTPResponse(b"", 204)
            response.set_header(*headers[0])
            return response
        sentence = f"{bottle.request.method} is not for this path."
        return problem(SoundWaveError(sentence, code="method_not_allowed", status=405, headers=headers))


