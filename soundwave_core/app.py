"""The server as one object: a table of contents. It builds the parts in order, starts and stops them."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import bottle

from . import api, control, restoring, web
from .answers import crash, problem
from .backups import Backups
from .ballast import Ballast
from .clock import Clock
from .config import CORE_SETTINGS, Config
from .database import Database, open_database
from .database_file import is_left_open
from .errors import NotFound, SoundWaveError
from .front import Front, host_name, is_local_name
from .http import Request, make_endpoint
from .idempotency import Running
from .installed import Installed, Marker
from .intake import Intake
from .jobs import Jobs
from .lock import MEDIA_LOCK, DataLock
from .migrations import migrate
from .plugins import PluginHost
from .records import Actor, ResourceKind
from .routing import RouteTable, bind
from .structs import prepare_structs
from .surroundings import ensure_folders
from .takeover import take_over
from .traffic import Traffic
from .web import PageView, SlotView, Web

if TYPE_CHECKING:
    from .server import Server

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
        self.control: control.Control | None = None  # how commands reach this server, while it listens
        self.port: int | None = None  # the one listened on, where that is known
        self.traffic = Traffic()
        self.server: Server | None = None  # what serves this core, where it is served
        self.began_at = self.clock.monotonic()
        self.was_interrupted = False  # whether whoever had the database before us was killed
        self._extra = plugins or {}
        self._locks: list[DataLock] = []
        self._database: Database | None = None
        self._wsgi: Front | None = None
        self._installed = Installed(self.config.data_dir / "installed")
        self.is_running = self._is_begun = False
        self._parts: dict[Any, Any] = {}
        self._parts_lock = threading.RLock()

    # Start and stop

    def assemble(self) -> SoundWave:
        """Settings, plugins and what they register; nothing on the disk is opened."""
        self.config.declare("core", CORE_SETTINGS)
        intake = Intake(self)
        self.plugins.on_withdraw += [
            self.config.withdraw, self.routes.withdraw, self.web.withdraw, self.jobs.withdraw,
            intake.withdraw, self._rebind,
        ]  # fmt: skip
        self.plugins.load(self.config["plugins"], self.config["disabled_plugins"], self._extra)
        self.web.load_build()
        for route in (*web.ROUTES, *api.ROUTES, web.page_route(api.DOCS_PAGE)):
            self.routes.add("core", route)
        self.web.ui.append(("core", api.DOCS_PAGE))
        intake.collect(self.plugins)
        return self

    def start(self) -> SoundWave:
        """Lock the directories, open and migrate the database, start plugins and jobs."""
        if not self.plugins.records:
            self.assemble()
        ensure_folders(self.config)
        try:
            self._lock()
            self.part(Ballast).make_room()
            restoring.finish(self)
            self.was_interrupted = is_left_open(self.config.data_dir / "db.sqlite3")
            take_over(self)
            self._open(self.config.data_dir / "db.sqlite3", is_scratch=False)
            self._is_begun = True
            self.plugins.collect("startup")
            self.jobs.start()
            self.is_running = True
        except BaseException:
            self.stop()
            raise
        return self

    def open(self, path: Path) -> SoundWave:
        """Only a database that is not, or not yet, the server's, migrated; and the routes. ``close()`` ends it.

        Nothing begins: no lock, no start-up, no job. For imports, restores and looks at a copy.
        """
        if not self.plugins.records:
            self.assemble()
        self._open(path, is_scratch=True)
        return self

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Within the block nobody else uses the directories; for work on a database that is not open."""
        ensure_folders(self.config)
        try:
            self._lock()
            yield
        finally:
            while self._locks:
                self._locks.pop(0).release()

    def close(self) -> None:
        """Wait for the writer, and close the database."""
        database, self._database = self.db, None
        database.close()

    def stop(self) -> None:
        """Stop in the reverse order, whatever fails on the way; safe to call twice."""
        self.is_running = False
        if self._database is not None:
            self._database.hold.end()
        with ExitStack() as steps:  # the last one first
            while self._locks:
                steps.callback(self._locks.pop(0).release)
            if self._database is not None:
                steps.callback(self.close)
            if self._is_begun:
                self._is_begun = False
                steps.callback(lambda: self.plugins.announce("shutdown"))
                steps.callback(self.jobs.stop)

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

    @property
    def is_writing(self) -> bool:
        """Whether this thread is inside ``transaction()``."""
        return self._database is not None and self._database.is_writing

    @property
    def backups(self) -> Backups:
        """The backups of this data directory, whether or not it is open."""
        return Backups(self.config.data_dir / "backups", self.clock)

    # Who asks, and from where

    def actor_of(self, request: Request) -> Actor | None:
        """The actor of a request: the command line beside this server, or whom a plugin knows."""
        actor = control.actor_from(self.control, request)
        if actor is None:
            actor = next(self.plugins.decide("actor_from_request", request=request), None)
        if not isinstance(actor, Actor | None):
            raise TypeError(f"actor_from_request returned {type(actor).__name__}, not an Actor")
        return actor

    def is_host_allowed(self, host: str) -> bool:
        """Local names always; others by setting, or because set-up was finished there."""
        if is_local_name(host) or host in map(host_name, self.config["allowed_hosts"]):
            return True
        marker = self._installed.get()
        return marker is None or marker.host == host

    def mark_installed(self, host: str = "") -> None:
        """Remember that set-up is done, and at which host: an empty database never opens it again."""
        known = self._installed.get()
        if known is None or host:  # an import or a restore knows no host, and must not lock out who comes by one
            self._installed.set(Marker(self.clock.stamp(), host_name(host)))

    @property
    def is_installed(self) -> bool:
        """Whether set-up was ever finished on this data directory."""
        return self._installed.get() is not None

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

    # Inside

    def _lock(self) -> None:
        """The media besides the data: two servers of which each has its own data would sweep each other's files."""
        self._locks.append(DataLock.take(self.config.data_dir))
        control.forget(self.config.data_dir)
        self._locks.append(DataLock.take(self.config.media_root, MEDIA_LOCK, is_needed=False))

    def _open(self, path: Path, is_scratch: bool) -> None:
        threads = self.config["threads"] + 16
        self._database = open_database(path, threads, clock=self.clock, is_scratch=is_scratch)
        self._migrate()
        self.config.attach(self.db)
        prepare_structs()
        self._wsgi = Front(self, self._bind())

    def _migrate(self) -> None:
        for record in list(self.plugins.enabled()):
            steps = record.contributions.migrations
            self.plugins.guard(record, partial(migrate, self.db, record.name, steps, self.clock))

    def _bind(self) -> bottle.Bottle:
        app = bottle.Bottle()
        bind(app, self.routes, make_endpoint(self))
        app.default_error_handler = self._refuse
        return app

    def _rebind(self, plugin: str) -> None:
        """A plugin that is withdrawn while requests come in answers no more."""
        if self._wsgi is not None:
            self._wsgi.app = self._bind()

    def _refuse(self, error: bottle.HTTPError) -> bottle.HTTPResponse:
        """What Bottle itself refuses: no route, or no such method on it; or a crash outside any handler."""
        path = bottle.request.environ["PATH_INFO"]
        if error.status_code not in (404, 405):
            return crash(self.clock.new_id(), bottle.request.method, path, error.exception)
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
