"""What people take along of downloads: which of their playlists follow a source, and how often it is looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta

from soundwave_core import Id, transaction

from .links import ensure_link
from .source_store import Sources

if TYPE_CHECKING:
    from soundwave_core import Export, Import, ImportReport, SoundWave

FILE = "sources.json"


class TakenSource(msgspec.Struct, frozen=True):
    """A followed playlist: its id in the file, where it comes from, and how often that is looked at."""

    playlist: Id
    url: str
    interval_seconds: Annotated[int, Meta(ge=60)]
    is_enabled: bool


def export_sources(core: SoundWave, user_id: str, export: Export) -> None:
    """The user's own; channels are the household's."""
    rows = Sources(core.db).list_playlists(user_id)
    taken = [
        TakenSource(row["target_id"], row["url"], row["interval_seconds"], bool(row["is_enabled"])) for row in rows
    ]
    export.write_value(FILE, taken)


def import_sources(core: SoundWave, user_id: str, given: Import, report: ImportReport) -> None:
    """Follow again what came over and follows nothing yet; it is first looked at after its usual time."""
    section = report.section("Followed sources")
    for source in given.read_value(FILE, list[TakenSource]) or []:
        section.found += 1
        playlist = given.id_of("playlist", source.playlist)
        if playlist is None:
            section.notes.append(f"{source.url}: its playlist did not come over")
            continue
        ensure_link(core, source.url)
        with transaction(core.db) as tx:
            if Sources(tx).find("playlist", playlist) is None:
                Sources(tx).add(
                    uid=core.clock.new_id(), user_id=user_id, kind="playlist", target_id=playlist, url=source.url,
                    interval_seconds=source.interval_seconds, is_enabled=int(source.is_enabled),
                    next_check_at=core.clock.stamp_after(seconds=source.interval_seconds),
                    created_at=core.clock.stamp(),
                )  # fmt: skip
        section.imported += 1
