"""The records: what plugins hand to the core, and what the core hands to plugins. All frozen."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .app import SoundWave
    from .http import Request

METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
SCOPES = ("read", "play", "write", "download", "admin")
MOST_VALUES = 200
_NAME = re.compile(r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_-]*)?$")
_WORD = re.compile(r"[a-z][a-z0-9_]*\Z")


class Access(IntEnum):
    """What an actor may do with one resource. NONE answers 404: the thing is not there for them."""

    NONE = 0
    READ = 1
    WRITE = 2


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks. ``scopes`` is None for a session (everything the user may), a set for a token.

    ``is_confirmed``: the password was given a short while ago; a token stands for itself. ``token_id``: which.
    ``is_of_admin``: a token without the scope admin is no admin, but its user is one.
    """

    id: str
    name: str
    is_admin: bool = False
    scopes: frozenset[str] | None = None
    session_id: str | None = None
    csrf_token: str | None = None
    is_confirmed: bool = True
    token_id: str | None = None
    is_of_admin: bool = False


@dataclass(frozen=True, slots=True)
class Permission:
    """A rule of a route. There are five (``permissions.py``); plugins choose one, and add none."""

    name: str
    description: str


@dataclass(frozen=True, slots=True)
class ResourceKind:
    """A kind of owned thing. ``access_of(core, actor, id)`` looks the owner up; unknown ids are NONE."""

    name: str
    access_of: Callable[[SoundWave, Actor, str], Access]


@dataclass(frozen=True, slots=True)
class Route:
    """One method on one rule.

    ``rule``: a path whose wildcards all have a filter (``<playlist:id>``); it ends in ``/`` unless its
    last part has a dot. ``resource``: the kind of the thing in the path; the wildcard has the kind's
    name. ``access``: what the handler needs of it (READ for safe methods, else WRITE). ``body``,
    ``query``, ``answer``: msgspec types. ``scope``: what a token needs (see ``default_scope``).
    ``body_limit``: bytes, where the setting ``body_limit_bytes`` is not right for this route.
    ``needs_confirmation``: a session's user gave the password in the last ten minutes, else 403
    ``confirmation_needed``; for what gives away credentials or the whole server. ``needs_session``: no
    token is enough, 403 ``session_required``. ``content_types``: of a body that is no JSON; the handler finds
    its bytes in ``request.raw_body``, and other types are 415. ``is_vital``: writes on a full disk too, in the room
    that is kept back for what puts it right (``ballast.py``); a DELETE always does.
    """

    method: str
    rule: str
    handler: Callable[[SoundWave, Request], Any]
    permission: Permission
    resource: str | None = None
    body: Any = None
    answer: Any = None
    scope: str | None = None
    query: Any = None
    status: int = 200
    access: Access | None = None
    body_limit: int | None = None
    needs_confirmation: bool = False
    needs_session: bool = False
    is_vital: bool = False
    content_types: Sequence[str] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.permission, Permission):
            raise TypeError(f"{self.method} {self.rule} has no permission: name one of the five")
        if self.method not in METHODS:
            raise ValueError(f"{self.rule}: {self.method} is none of {', '.join(sorted(METHODS))}")
        if self.scope is not None and self.scope not in SCOPES:
            raise ValueError(f"{self.rule}: {self.scope} is none of {', '.join(SCOPES)}")

    @property
    def is_safe(self) -> bool:
        return self.method in SAFE_METHODS

    @property
    def needed_access(self) -> Access:
        return self.access or (Access.READ if self.is_safe else Access.WRITE)


@dataclass(frozen=True, slots=True)
class Json:
    """An answer that is JSON already: SQLite built it. ``etag`` spares the body where one is known."""

    body: bytes
    etag: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer with a status, headers or cookies of its own; ``value`` is a Struct, Json or None."""

    value: Any
    status: int | None = None
    headers: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class Raw:
    """An answer that is not JSON: a page, a script, a picture. ``etag`` spares the body where one is known."""

    body: bytes
    content_type: str
    headers: Sequence[tuple[str, str]] = ()
    etag: str | None = None


@dataclass(frozen=True, slots=True)
class FileAnswer:
    """A file, sent whole or by Range without holding a thread. ``revision`` is its content hash."""

    path: Path
    revision: str
    content_type: str
    download_name: str | None = None
    headers: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class Setting:
    """A typed, declared, described value. ``name`` is ``plugin.name`` (the core's have no plugin).

    Read as ``core.config["downloads.workers"]``; the environment's ``SOUNDWAVE_DOWNLOADS_WORKERS`` wins
    over the stored value, that over ``default``. ``type`` is anything msgspec can validate, bounds
    included (``Annotated[int, Meta(ge=1, le=8)]``). ``is_stored`` False: environment only.
    ``variable_name``: the variable, where it is not the one that follows from the name.
    """

    name: str
    type: Any
    default: Any
    description: str
    is_secret: bool = False
    is_stored: bool = True
    variable_name: str = ""

    def __post_init__(self) -> None:
        if not _NAME.match(self.name):
            raise ValueError(f"setting {self.name!r}: use plugin.name in lower case")

    @property
    def variable(self) -> str:
        """The name of the environment variable."""
        return self.variable_name or "SOUNDWAVE_" + self.name.replace(".", "_").replace("-", "_").upper()


@dataclass(frozen=True, slots=True)
class Job:
    """A scheduled function. ``id`` is ``plugin.verb-noun``; give ``every_seconds`` or ``cron`` (UTC)."""

    id: str
    run: Callable[[SoundWave], Any]
    description: str
    every_seconds: int | None = None
    cron: str | None = None

    def __post_init__(self) -> None:
        if (self.every_seconds is None) == (self.cron is None):
            raise ValueError(f"job {self.id}: give every_seconds or cron")


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of a plugin's schema: SQL statements, run in one transaction, never edited once released."""

    number: int
    name: str
    sql: str


@dataclass(frozen=True, slots=True)
class Page:
    """A navigable screen. The core serves the shell at ``path``; ``module`` is a file of the plugin's static/."""

    path: str
    title: str
    element: str
    permission: Permission
    module: str | None = None
    icon: str | None = None
    order: int = 100


@dataclass(frozen=True, slots=True)
class Slot:
    """A place in someone else's screen: ``place`` is one of playlist-actions, track-actions, settings."""

    place: str
    element: str
    permission: Permission
    module: str


@dataclass(frozen=True, slots=True)
class PrecacheEntry:
    """A file of the app shell, in Workbox's words. ``url`` is relative to the app's base."""

    url: str
    revision: str | None


@dataclass(frozen=True, slots=True)
class OfflineEntry:
    """One address more that a device needs of a playlist. ``url`` is relative to the app's base.

    ``revision``: the SHA-256 of the bytes that a GET of it answers, in hex; ``size_bytes``: how many these are.
    ``kind``: ``other`` is a file, ``metadata`` an answer of the API, which is kept apart from files. ``track``: the
    one that it belongs to, None where it is the whole playlist's.
    """

    url: str
    revision: str
    size_bytes: int
    kind: str = "other"
    track: str | None = None


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """One answer to ``health``; ``detail`` is shown to admins only."""

    name: str
    is_ok: bool
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Metric:
    """One answer to ``metrics``: a number, or with ``labels`` a number for each tuple of their values.

    ``kind``: counter (it only grows, and begins anew with the server) or gauge. Prometheus sees it as
    ``soundwave_PLUGIN_NAME``, a counter with ``_total`` at the end. Values of labels are few and fixed: states,
    codes; never names, titles or ids, which nobody may read there and which never end. ValueError otherwise.
    """

    name: str
    kind: str
    description: str
    values: float | Mapping[Any, float]
    labels: Sequence[str] = ()

    def __post_init__(self) -> None:
        if self.kind not in ("counter", "gauge") or not all(map(_WORD.match, (self.name, *self.labels))):
            raise ValueError(f"metric {self.name!r}: a counter or a gauge, and names in lower case")
        if isinstance(self.values, Mapping) != bool(self.labels) or any(len(k) != len(self.labels) for k in self.keys):
            raise ValueError(f"metric {self.name}: each number needs a value for each of its labels")
        if len(self.keys) > MOST_VALUES:
            raise ValueError(f"metric {self.name} has more than {MOST_VALUES} values: its labels are no states")

    @property
    def keys(self) -> Sequence[tuple[str, ...]]:
        """The labels' values of each number; none where it is one number alone."""
        return tuple(self.values) if isinstance(self.values, Mapping) else ()


def default_scope(route: Route, permission_is_admin: bool) -> str:
    """The scope a token needs where the route names none: admin, read or write."""
    if permission_is_admin:
        return "admin"
    return "read" if route.is_safe else "write"
