"""Every hook: when it is called, what to return, what None and what a raise mean.

Three ways to call one (``plugins.py``), shown here as *collect*, *decide*, *announce*:

- collect: asked once at start; a raise withdraws the plugin, the server starts without it.
- decide: asked during work; a raise refuses that work and is never swallowed.
- announce: told after the fact, at most once; a raise is logged with the plugin's name, the others still run.

An implementation may take any subset of the arguments, by name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pluggy

if TYPE_CHECKING:
    import click

    from .app import SoundWave
    from .exchange import Export, Import
    from .http import Request
    from .legacy import ImportReport, Legacy
    from .records import (
        Actor,
        HealthCheck,
        Job,
        Metric,
        Migration,
        OfflineEntry,
        Page,
        PrecacheEntry,
        ResourceKind,
        Route,
        Setting,
        Slot,
    )

PROJECT = "soundwave"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


# Assembly: collect


@hookspec
def register_settings() -> Sequence[Setting]:
    """collect. First of all, before the database is open. None means none."""


@hookspec
def register_migrations() -> Sequence[Migration]:
    """collect. The plugin's schema, numbered from 1; what is new is applied at once."""


@hookspec
def register_resources(core: SoundWave) -> Sequence[ResourceKind]:
    """collect. The kinds of owned things that routes may name as ``resource``."""


@hookspec
def register_routes(core: SoundWave) -> Sequence[Route]:
    """collect. A conflict with an earlier plugin's rule withdraws this one."""


@hookspec
def register_jobs(core: SoundWave) -> Sequence[Job]:
    """collect. Scheduled functions; they run from ``startup`` on."""


@hookspec
def register_ui(core: SoundWave) -> Sequence[Page | Slot]:
    """collect. Screens, and places in others' screens."""


@hookspec
def register_precache(core: SoundWave) -> Sequence[PrecacheEntry]:
    """collect. Shell files beyond the plugin's own static/, which is included anyway."""


@hookspec
def register_commands() -> Sequence[click.Command]:
    """collect. Subcommands of ``soundwave``; asked by the command line only, before any start."""


@hookspec
def register_programs() -> Sequence[HealthCheck]:
    """collect. What the plugin needs of the machine, and whether it is there; said at the start and by doctor."""


@hookspec
def startup(core: SoundWave) -> None:
    """collect. After migrations and binding, before jobs run and requests come in."""


@hookspec
def shutdown(core: SoundWave) -> None:
    """announce. After the last job; the database is still open. Stop threads and processes here."""


# Requests: decide


@hookspec
def actor_from_request(core: SoundWave, request: Request) -> Actor | None:
    """decide. The first that is not None wins; None: not my credential. Raise Unauthorized for a bad one."""


@hookspec
def restrict(core: SoundWave, actor: Actor | None, request: Request) -> str | None:
    """decide. After the core allowed: a reason to refuse (403), or None. Nothing here can allow."""


@hookspec
def request_refused(core: SoundWave, actor: Actor | None, request: Request, status: int, code: str) -> None:
    """announce. A request was answered 401, 403 or 429."""


# Downloads


@hookspec
def before_download(core: SoundWave, download: dict[str, Any]) -> str | None:
    """decide. An item is about to be fetched: a reason to skip it, or None."""


@hookspec
def download_options(core: SoundWave, download: dict[str, Any]) -> dict[str, Any] | None:
    """decide. yt-dlp options to merge; two plugins that set one key differently are an error."""


@hookspec
def download_finished(core: SoundWave, download: dict[str, Any], track_id: str) -> None:
    """announce. One item became a track."""


@hookspec
def download_failed(core: SoundWave, download: dict[str, Any], code: str, reason: str) -> None:
    """announce. One item failed for good."""


# Library


@hookspec
def track_added(core: SoundWave, track_id: str) -> None:
    """announce. After commit: a new track is in the library."""


@hookspec
def track_removed(core: SoundWave, track_id: str) -> None:
    """announce. After commit: nobody owns the track any more; its file is gone."""


@hookspec
def playlist_changed(core: SoundWave, playlist_id: str) -> None:
    """announce. After commit: its items, title or existence changed."""


@hookspec
def offline_entries(core: SoundWave, actor: Actor, playlist_id: str) -> Sequence[OfflineEntry] | None:
    """announce. Asked for a manifest: what else this actor's device needs of the playlist; a raise adds nothing."""


@hookspec
def plays_recorded(core: SoundWave, actor: Actor, play_ids: Sequence[str]) -> None:
    """announce. New plays only, once each."""


# Users, settings, the server


@hookspec
def user_added(core: SoundWave, user_id: str) -> None:
    """announce. After commit."""


@hookspec
def user_changed(core: SoundWave, user_id: str) -> None:
    """announce. After commit: another name, role, state or quota."""


@hookspec
def user_removed(core: SoundWave, user_id: str, heir_id: str | None) -> None:
    """announce. The user is marked removed; each plugin's own sweep finishes the work.

    ``heir_id``: who gets their tracks and playlists; None: these go, but for what others have too.
    """


@hookspec
def removed_users(core: SoundWave) -> Mapping[str, str | None] | None:
    """decide. Asked by sweeps: the users who are gone, each with their heir or None."""


@hookspec
def settings_changed(core: SoundWave, names: Sequence[str], actor: Actor) -> None:
    """announce. After commit: these stored settings have new values, by this actor."""


@hookspec
def import_legacy(core: SoundWave, legacy: Legacy, report: ImportReport) -> None:
    """decide. An old deployment's database is brought over: add rows for your part, and tell the report.

    Into an open database that may be thrown away again: change no file, announce nothing, begin nothing. Ids come
    from ``legacy.uid()``, and what is there already stays: a second import changes nothing.
    """


@hookspec
def export_user(core: SoundWave, user_id: str, export: Export) -> None:
    """decide. Write what this user has into the file that they take along: texts and JSON, media where wanted."""


@hookspec
def import_user(core: SoundWave, user_id: str, given: Import, report: ImportReport) -> None:
    """decide. Add to this user what such a file has; again, it changes nothing. Its content is a stranger's."""


@hookspec
def adapt_restored(core: SoundWave, actor: Actor) -> str | None:
    """decide. A backup's database is open, and will be the server's at the next start, because this actor restored it.

    Change what must not live on from then; what was done as a sentence, or None. Begin nothing: it may be given up.
    """


@hookspec
def health(core: SoundWave) -> Sequence[HealthCheck] | None:
    """announce. Asked by /api/health/; a raise is a failed check."""


@hookspec
def metrics(core: SoundWave) -> Sequence[Metric] | None:
    """announce. Asked by /metrics; of a plugin that raises there are none, and its failure is one."""
