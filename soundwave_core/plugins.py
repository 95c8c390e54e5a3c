"""Finds, checks, registers and withdraws plugins, and the three ways to call a hook.

pluggy aborts a whole call when one implementation raises, and lets a misspelt hook register silently.
So nobody calls ``pm.hook`` but the three methods here, which call each implementation by itself.
"""

from __future__ import annotations

import inspect
import logging
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any, Literal

import pluggy

from . import hookspecs
from .errors import PluginError, SoundWaveError, StartError
from .version import __version__

if TYPE_CHECKING:
    from .app import SoundWave
    from .records import Job, Migration, Page, PrecacheEntry, ResourceKind, Route, Setting, Slot

log = logging.getLogger(__name__)

GROUP = "soundwave.plugins"
BUNDLED = ("auth", "library", "downloads", "offline", "system")
ESSENTIAL = ("auth", "library")
SLOW_SECONDS = 0.5
_NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(slots=True)
class Contributions:
    """Everything that one plugin handed in; emptied when it is withdrawn."""

    settings: list[Setting] = field(default_factory=list)
    migrations: list[Migration] = field(default_factory=list)
    resources: list[ResourceKind] = field(default_factory=list)
    routes: list[Route] = field(default_factory=list)
    jobs: list[Job] = field(default_factory=list)
    ui: list[Page | Slot] = field(default_factory=list)
    precache: list[PrecacheEntry] = field(default_factory=list)


@dataclass(slots=True)
class PluginRecord:
    """One plugin and what became of it: enabled, disabled or failed, with a reason."""

    name: str
    module: Any = None
    version: str = ""
    requires: tuple[str, ...] = ()
    status: Literal["enabled", "disabled", "failed"] = "enabled"
    reason: str = ""
    slowest: tuple[str, float] | None = None
    contributions: Contributions = field(default_factory=Contributions)
    is_started: bool = False  # its startup was called: if it is withdrawn then, its shutdown is called too

    @property
    def is_bundled(self) -> bool:
        """Whether it comes with SoundWave."""
        return self.name in BUNDLED


class PluginHost:
    """All plugins of one server. ``on_withdraw`` callbacks take a plugin's contributions out again."""

    def __init__(self, core: SoundWave) -> None:
        self.core = core
        self.records: dict[str, PluginRecord] = {}
        self.on_withdraw: list[Callable[[str], None]] = []
        self._pm = pluggy.PluginManager(hookspecs.PROJECT)
        self._pm.add_hookspecs(hookspecs)
        self._calls: dict[str, list[tuple[PluginRecord, Any]]] = {}

    # Life cycle

    def load(self, only: Sequence[str], without: Sequence[str], extra: Mapping[str, Any]) -> None:
        """Load entry points, then ``extra`` (name to module); bundled ones first, in their order."""
        found: dict[str, EntryPoint | Any] = {}
        for point in entry_points(group=GROUP):
            if point.name in found:
                log.warning("plugin %s is installed twice; %s is left out", point.name, point.value)
                continue
            found[point.name] = point
        found.update(extra)
        last = len(BUNDLED)
        order = sorted(found, key=lambda n: (BUNDLED.index(n) if n in BUNDLED else last, n))
        for name in order:
            record = self.records[name] = PluginRecord(name)
            if name in without or (only and name not in only and name not in ESSENTIAL):
                record.status, record.reason = "disabled", "switched off in the settings"
            else:
                self.guard(record, partial(self._register, record, found[name]))
        for name in ESSENTIAL:
            if name not in self.records or self.records[name].status != "enabled":
                raise StartError(f"SoundWave cannot run without its plugin {name}, which is not there.")
        for record in list(self.enabled()):
            self._check_requirements(record)

    def _register(self, record: PluginRecord, source: EntryPoint | Any) -> None:
        if not _NAME.fullmatch(record.name) or record.name == "core":
            raise PluginError(f"{record.name!r} is no name for a plugin: use lower case, digits and _, not core.")
        record.version = __version__ if record.is_bundled else ""
        if isinstance(source, EntryPoint):
            record.version = source.dist.version if source.dist else record.version
            source = source.load()
        record.module = source
        requires = getattr(source, "REQUIRES", ())
        if isinstance(requires, str):
            raise PluginError(f'REQUIRES is a text: write ("{requires}",) with the comma.')
        record.requires = tuple(requires)
        self._pm.register(source, name=record.name)
        self._pm.check_pending()
        for caller in self._pm.get_hookcallers(source) or ():
            for implementation in caller.get_hookimpls():
                _ensure_plain(caller.name, implementation)
        self._calls.clear()

    def _check_requirements(self, record: PluginRecord) -> None:
        for needed in record.requires:
            other = self.records.get(needed)
            if other is None or other.status != "enabled":
                self.withdraw(record.name, f"needs the plugin {needed}, which is not running")

    def withdraw(self, name: str, reason: str) -> None:
        """Take a plugin and its dependants out whole. Auth or library failing stops the start."""
        record = self.records[name]
        if record.status == "failed":
            return
        if name in ESSENTIAL:
            raise StartError(f"SoundWave cannot run without its plugin {name}: {reason}")
        log.error("plugin %s is withdrawn: %s", name, reason)
        record.status, record.reason = "failed", reason
        for other in list(self.enabled()):
            if name in other.requires:
                self.withdraw(other.name, f"needs the plugin {name}, which failed")
        if record.is_started:
            for implementation in self._pm.hook.shutdown.get_hookimpls():
                if implementation.plugin_name == name:
                    self._tell(record, implementation, "shutdown", {})
        record.contributions = Contributions()
        if self._pm.has_plugin(name):
            self._pm.unregister(name=name)
        self._calls.clear()
        for take_out in self.on_withdraw:
            take_out(name)

    def enabled(self) -> Iterator[PluginRecord]:
        """The plugins that run, in order."""
        return (record for record in self.records.values() if record.status == "enabled")

    def guard(self, record: PluginRecord, call: Callable[[], None]) -> None:
        """Call it for a plugin that is still there; whatever it raises withdraws the plugin."""
        if record.status != "enabled":
            return
        try:
            call()
        except (StartError, KeyboardInterrupt):
            raise
        except SoundWaveError as error:
            self.withdraw(record.name, error.sentence)
        except BaseException as error:  # a stranger's code: it must not take the server along
            log.debug("plugin %s", record.name, exc_info=True)
            self.withdraw(record.name, f"{type(error).__name__}: {error}")

    # The three ways to call a hook

    def collect(self, hook: str, accept: Callable[[PluginRecord, Any], object] | None = None, **arguments: Any) -> None:
        """Ask each plugin once; ``accept`` takes its result. A raise in either withdraws the plugin."""
        for record, implementation in list(self._implementations(hook)):

            def ask(record: PluginRecord = record, implementation: Any = implementation) -> None:
                record.is_started = record.is_started or hook == "startup"
                result = self._call(implementation, arguments)
                if result is not None and accept is not None:
                    accept(record, result)

            self.guard(record, ask)

    def decide(self, hook: str, **arguments: Any) -> Iterator[Any]:
        """Each answer that is not None, asked lazily in plugin order. A raise reaches the caller."""
        self._ensure_committed(hook)
        for record, implementation in self._implementations(hook):
            answer = self._call(implementation, arguments) if record.status == "enabled" else None
            if answer is not None:
                yield answer

    def announce(self, hook: str, **arguments: Any) -> list[tuple[str, Any]]:
        """Tell every plugin; answers (plugin, result or the exception). A raise is logged, the others run."""
        self._ensure_committed(hook)
        return [
            (record.name, self._tell(record, implementation, hook, arguments))
            for record, implementation in self._implementations(hook)
            if record.status == "enabled"
        ]

    def _tell(self, record: PluginRecord, implementation: Any, hook: str, arguments: dict[str, Any]) -> Any:
        started = self.core.clock.monotonic()
        try:
            return self._call(implementation, arguments)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            log.exception("plugin %s failed in %s", record.name, hook)
            return error
        finally:
            self._time(record, hook, self.core.clock.monotonic() - started)

    def _ensure_committed(self, hook: str) -> None:
        if self.core.is_writing:
            raise RuntimeError(f"the hook {hook} was called inside transaction(): use on_commit()")

    def _time(self, record: PluginRecord, hook: str, seconds: float) -> None:
        if record.slowest is None or seconds > record.slowest[1]:
            record.slowest = (hook, seconds)
        if seconds > SLOW_SECONDS:
            log.warning("plugin %s took %.1f s in %s", record.name, seconds, hook)

    def _call(self, implementation: Any, arguments: dict[str, Any]) -> Any:
        given = {"core": self.core, **arguments}
        return implementation.function(*[given[name] for name in implementation.argnames])

    def _implementations(self, hook: str) -> list[tuple[PluginRecord, Any]]:
        calls = self._calls.get(hook)
        if calls is None:
            caller = getattr(self._pm.hook, hook)
            by_name = {implementation.plugin_name: implementation for implementation in caller.get_hookimpls()}
            calls = [(record, by_name[record.name]) for record in self.enabled() if record.name in by_name]
            self._calls[hook] = calls
        return calls


def _ensure_plain(hook: str, implementation: Any) -> None:
    """A generator or a coroutine would be made and never run: its plugin would fail in silence."""
    function = implementation.function
    if implementation.hookwrapper or implementation.wrapper:
        raise PluginError(f"hook {hook}: wrappers are not called, write a plain hook")
    if inspect.isgeneratorfunction(function) or inspect.iscoroutinefunction(function):
        raise PluginError(f"hook {hook}: a generator or coroutine is never run, write a plain function")
