"""Settings: the environment (``environment.py``) over stored values over defaults, typed as declared.

Reading is one dict look-up, from any thread. No error and no description shows a secret.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from .clock import Clock
from .database import transaction
from .environment import FILE_SUFFIX, Environment, Given
from .errors import Conflict, Invalid, NotFound, PluginError, StartError
from .options import option_key
from .records import Setting
from .settings import CORE_SETTINGS
from .values import expectation, parse, schema_of, to_plain, word_for

if TYPE_CHECKING:
    from .database import Database

__all__ = ["CORE_SETTINGS", "Config", "SettingInfo"]

log = logging.getLogger(__name__)

Source = Literal["environment", "options_file", "stored", "default"]
CORE = "core"
ROOT = Path(__file__).resolve().parent.parent  # of the checkout, if this is one


class SettingInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A setting and what is in force. ``value`` and ``default`` of a secret are None.

    ``schema``: what is allowed, as a JSON schema with its bounds and choices; ``allowed``: the same in words.
    """

    name: str
    type: str
    schema: dict[str, Any]
    allowed: str
    value: Any
    default: Any
    source: Source
    description: str
    variable: str
    is_secret: bool
    is_editable: bool


class Config:
    """``config["downloads.workers"]`` is the value in force.

    ``directory``: where ``.env`` is looked for, before DATA_DIR's parent, and where relative paths begin. If it is
    not given, it is the current one, but DATA_DIR is by default the checkout's, wherever the command was called.
    """

    def __init__(self, environ: Mapping[str, str], directory: Path | None = None) -> None:
        folder = (directory or Path.cwd()).absolute()
        default = str(ROOT / "data") if directory is None and is_checkout() else "data"
        self._environment = variables = Environment(environ, folder, default)
        self.data_dir = folder / Path(variables.get("DATA_DIR", default)).expanduser()
        self.media_root = folder / Path(variables.get("MEDIA_ROOT", str(self.data_dir / "audio"))).expanduser()
        self.cache_dir = folder / Path(variables.get("CACHE_DIR", str(self.data_dir / "cache"))).expanduser()
        self._lock = threading.Lock()
        self._db: Database | None = None
        self._settings: dict[str, Setting] = {}
        self._given: dict[str, Given] = {}  # by the environment or the options file, as values
        self._stored: dict[str, Any] = {}
        self._values: dict[str, Any] = {}

    @classmethod
    def from_environment(cls) -> Config:
        """The settings of this process."""
        return cls(os.environ)

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    # What there is

    def declare(self, plugin_name: str, settings: Sequence[Setting]) -> None:
        """Make a plugin's settings known, all or none; ``core`` has names without a dot.

        PluginError for a name that is not its own or taken, or a variable that does not fit; StartError for
        the core's variables and for ``*_FILE``.
        """
        with self._lock:
            known = dict(self._settings)
            read: dict[str, Given] = {}
            for setting in settings:
                _ensure_declarable(plugin_name, setting, known.values())
                known[setting.name] = setting
                given = self._environment.find_setting(setting)
                if given is not None:
                    read[setting.name] = given._replace(value=_parsed(setting, given))
            self._settings = known
            self._given |= read
            self._refresh()

    def withdraw(self, plugin_name: str) -> None:
        """Forget a plugin's settings; what is stored of them stays for its return."""
        with self._lock:
            names = [name for name in self._settings if name.startswith(f"{plugin_name}.")]
            self._settings = {name: s for name, s in self._settings.items() if name not in names}
            for name in names:
                self._given.pop(name, None)
            self._refresh()

    def unknown_variables(self) -> list[str]:
        """``SOUNDWAVE_*`` variables and options that no setting has: misspelt, or of a plugin that is not there."""
        known = {name for setting in self._settings.values() for name in _names(setting)}
        options = sorted(self._environment.options.keys() - set(map(option_key, self._settings)))
        variables = [n for n in self._environment.names() if n.startswith("SOUNDWAVE_") and n not in known]
        return [*variables, *(f"{key} (in the options file)" for key in options)]

    def source(self, name: str) -> Source:
        setting = self._get(name)
        if name in self._given:
            return self._given[name].source
        return "stored" if setting.is_stored and name in self._stored else "default"

    def describe(self) -> list[SettingInfo]:
        """Every setting by name, the core's first."""
        ordered = sorted(self._settings.values(), key=lambda s: ("." in s.name, s.name))
        return [self._info(setting) for setting in ordered]

    def _info(self, setting: Setting) -> SettingInfo:
        source = self.source(setting.name)
        return SettingInfo(
            name=setting.name,
            type=word_for(setting.type),
            schema=schema_of(setting.type),
            allowed=expectation(setting.type),
            value=None if setting.is_secret else to_plain(self._values[setting.name]),
            default=None if setting.is_secret else to_plain(setting.default),
            source=source,
            description=setting.description,
            variable=setting.variable,
            is_secret=setting.is_secret,
            is_editable=setting.is_stored and setting.name not in self._given,
        )

    def _get(self, name: str) -> Setting:
        setting = self._settings.get(name)
        if setting is None:
            raise NotFound(f"There is no setting {name}.", code="setting_unknown")
        return setting

    # What is stored

    def attach(self, db: Database) -> None:
        """Take the stored values into account, from now on."""
        with self._lock:
            self._db = db
            rows = db.rows("SELECT name, value FROM settings")
            self._stored = {row["name"]: msgspec.json.decode(row["value"]) for row in rows}
            self._refresh()

    def store(
        self, values: Mapping[str, Any], actor_id: str | None, clock: Clock,
        within: Callable[[Sequence[str]], object] = lambda changed: None,
    ) -> list[str]:  # fmt: skip
        """Store new values, all or none; None goes back to the default. Returns the names that changed.

        ``within``: called with these names inside the transaction, before anything is written; a raise stops it.
        NotFound ``setting_unknown``, Conflict ``setting_from_environment``, Invalid with the name.
        """
        with self._lock:
            if self._db is None:
                raise RuntimeError("config.attach() comes before config.store()")
            plain = {name: self._to_store(name, value) for name, value in values.items()}
            kept = {name: value for name, value in self._stored.items() if name not in plain}
            stored = kept | {name: value for name, value in plain.items() if value is not None}
            changed = [name for name in plain if self._in_force(self._settings[name], stored) != self._values[name]]
            with transaction(self._db) as tx:
                within(changed)
                for name, value in plain.items():
                    _write(tx, name, value, actor_id, clock.stamp())
            self._stored = stored
            self._refresh()
            return changed

    def _to_store(self, name: str, value: Any) -> Any:
        setting = self._get(name)
        if name in self._given or not setting.is_stored:
            is_option = self.source(name) == "options_file"
            where = "the options file" if is_option else f"the environment ({setting.variable})"
            sentence = f"{name} is set by {where} and cannot be changed here."
            raise Conflict(sentence, code="setting_from_environment")
        if value is None:
            return None
        try:
            return to_plain(parse(setting.type, value))
        except ValueError:
            raise Invalid(f"{name} must be {expectation(setting.type)}.") from None

    def _refresh(self) -> None:
        """Put the values in force anew; readers see the old dict or the new one, whole."""
        self._values = {name: self._in_force(setting, self._stored) for name, setting in self._settings.items()}

    def _in_force(self, setting: Setting, stored: Mapping[str, Any]) -> Any:
        if setting.name in self._given:
            return self._given[setting.name].value
        if setting.is_stored and setting.name in stored:
            try:
                return parse(setting.type, stored[setting.name])
            except ValueError:
                log.warning("the stored %s no longer fits its type; its default is used", setting.name)
        return setting.default


def is_checkout() -> bool:
    """Whether this runs from its source; an installed wheel has neither of these above it."""
    return (ROOT / "setup.cfg").is_file() and (ROOT / "webroot").is_dir()


def _ensure_declarable(plugin_name: str, setting: Setting, known: Iterable[Setting]) -> None:
    if (setting.name.rpartition(".")[0] or CORE) != plugin_name:
        raise PluginError(f"The setting {setting.name} is not in the namespace of the plugin {plugin_name}.")
    for other in known:
        if _names(other) & _names(setting):
            raise PluginError(f"The settings {other.name} and {setting.name} share {setting.variable}.")
    try:
        parse(setting.type, to_plain(setting.default))
    except (TypeError, ValueError):
        raise PluginError(f"The default of the setting {setting.name} does not fit its type.") from None


def _names(setting: Setting) -> set[str]:
    return {setting.variable, setting.variable + FILE_SUFFIX}


def _parsed(setting: Setting, given: Given) -> Any:
    try:
        return parse(setting.type, given.value)
    except ValueError:
        kind = PluginError if "." in setting.name else StartError
        raise kind(f"{given.name} must be {expectation(setting.type)}.") from None


def _write(tx: Database, name: str, value: Any, actor_id: str | None, stamp: str) -> None:
    if value is None:
        tx.execute("DELETE FROM settings WHERE name = :name", name=name)
        return
    tx.execute(
        "INSERT INTO settings (name, value, changed_at, changed_by) VALUES (:name, :value, :at, :by)"
        " ON CONFLICT (name) DO UPDATE SET value = :value, changed_at = :at, changed_by = :by",
        name=name, value=msgspec.json.encode(value).decode(), at=stamp, by=actor_id,
    )  # fmt: skip
