"""Old uploads as tracks of their own, and the lists of them as custom playlists."""

from __future__ import annotations

from itertools import groupby
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import msgspec

from .files import find_file
from .legacy_files import File, free_path, is_inside
from .legacy_move import Move, Row, clean, seconds, whole
from .legacy_playlists import Place, add_playlist
from .store import NO_HASH, Arrivals, NewTrack, Tracks

if TYPE_CHECKING:
    from soundwave_core import Database

UPLOAD = "upload"  # the extractor of what has no site: its source id is the row's own
_COLUMNS = (
    "id", "owner_id", "title", "artist", "album", "year", "genre", "track_number", "file", "duration", "bitrate",
    "original_filename", "uploaded_date", "last_played", "play_count", "tags", "notes", "is_favorite",
)  # fmt: skip


def bring(move: Move) -> None:
    """Uploads first, then their lists. Bound as ``upload``."""
    section, missing = move.section("Uploads"), list[str]()
    section.found = move.legacy.count("audio_localaudio")

    def add(tx: Database, row: Row) -> None:
        user, uid = move.owners.get(row["owner_id"]), _uid(move, row)
        if user is None:
            move.leave("Uploads", row)
            return
        if Arrivals(tx).claim(move.uid("upload", row)):
            _add(move, tx, uid, user, row, missing)
        if Tracks(tx).find(uid) is not None:
            section.imported += 1
            move.legacy.bind("upload", row["id"], uid)

    move.each(move.legacy.each("audio_localaudio", *_COLUMNS), add)
    section.tell("without a file: they stay, marked as missing", missing)
    if section.found:
        section.notes.append("tags became the genre where there was none; the files' first names were not taken")
    _bring_lists(move)


def _uid(move: Move, row: Row) -> str:
    return move.uid("upload-track", row, move.legacy.stamp(row["uploaded_date"]))


def _add(move: Move, tx: Database, uid: str, user: str, row: Row, missing: list[str]) -> None:
    path, at = str(row["file"] or ""), move.stamp(row["uploaded_date"])
    found = find_file(move.core, path) if is_inside(path) else None
    path, size = free_path(tx, uid, File(path if is_inside(path) else "", found[1] if found else None))
    title = clean(row["title"]).strip() or PurePosixPath(path).stem
    if size is None:
        missing.append(title)
    Tracks(tx).add(
        NewTrack(
            uid=uid, added_at=at, title=title, path=path, size_bytes=size or 0, codec="unknown",
            content_hash=NO_HASH, revision=NO_HASH, block_hashes=[], extractor=UPLOAD, source_id=uid,
            artist=clean(row["artist"]) or None, album=clean(row["album"]) or None, genre=_genre(row),
            year=whole(row["year"]), track_number=whole(row["track_number"]),
            description=clean(row["notes"]) or None, duration_seconds=seconds(row["duration"]),
            file_state="missing" if size is None else "unread",
        )
    )  # fmt: skip
    Arrivals(tx).entry(user, uid, at)
    if row["is_favorite"]:
        move.section("Favourites").found += 1
        move.section("Favourites").imported += 1
        Arrivals(tx).favorite(user, uid, at)
    _bring_plays(move, tx, uid, user, row)


def _bring_plays(move: Move, tx: Database, uid: str, user: str, row: Row) -> None:
    """The last one has a time, the others do not."""
    last, count = move.legacy.stamp(row["last_played"]), whole(row["play_count"]) or 0
    plays = move.section("Plays")
    plays.found += count
    plays.imported += count
    if count and last is not None:
        Arrivals(tx).play(move.uid("upload-play", row, last), user, uid, last)
        count -= 1
    if count:
        Arrivals(tx).earlier_plays(user, uid, count)


def _genre(row: Row) -> str | None:
    return clean(row["genre"]) or ", ".join(tags_of(row["tags"])) or None


def tags_of(text: object) -> list[str]:
    """The words of a JSON list; none where it is no such list."""
    try:
        found: Any = msgspec.json.decode(str(text or "[]"))
    except msgspec.DecodeError:
        return []
    return [clean(tag) for tag in found if isinstance(tag, str)] if isinstance(found, list) else []


def _bring_lists(move: Move) -> None:
    items = move.legacy.rows(
        "audio_localaudioplaylistitem", "id", "playlist_id", "audio_id", "position", "added_date",
        order="playlist_id, position, id",
    )  # fmt: skip
    by_list = {playlist: list(rows) for playlist, rows in groupby(items, lambda row: row["playlist_id"])}

    def add(tx: Database, row: Row) -> None:
        places = [
            Place(move.uid("upload-item", item), uid, move.stamp(item["added_date"]))
            for item in by_list.get(row["id"], [])
            if (uid := move.legacy.id_of("upload", item["audio_id"])) is not None
        ]
        uid = move.uid("upload-playlist", row, move.legacy.stamp(row["created_date"]))
        row = {**row, "last_updated": row["modified_date"]}
        add_playlist(move, tx, uid, row, "custom", None, places)

    columns = ("id", "owner_id", "title", "description", "cover_image", "created_date", "modified_date")
    move.each(move.legacy.each("audio_localaudioplaylist", *columns), add)
