"""The old queue and the old playlist downloads, in the states that they were in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

import msgspec

from soundwave_core import Invalid, transaction
from soundwave_library import FileStates, Playlists, Tracks

from .legacy_move import Move, Row, cleaned, code_of
from .legacy_store import LegacyDownloads
from .links import ensure_link
from .messages import Item
from .source_store import Sources
from .store import ACTIVE, Downloads, state_by

if TYPE_CHECKING:
    from soundwave_library import StoredTrack

AT_ONCE = 200  # downloads in one transaction
# What a row's status has become; `downloading` was left by a crash, or by the stop before the move.
QUEUE = {"pending": "resolving", "downloading": "resolving", "completed": "done", "failed": "failed",
         "ignored": "cancelled"}  # fmt: skip
ITEMS = {"pending": "queued", "downloading": "queued", "completed": "done", "failed": "failed", "skipped": "skipped"}
LISTS = {"pending": "queued", "downloading": "queued", "completed": "done", "failed": "failed", "paused": "paused"}
NOT_BEGUN = "The old server ended this download before it came to this track."
NO_LINK = "It is not known where this track came from."


def bring(move: Move) -> None:
    """Everybody's downloads, the oldest first, so that lists by age stay as they were."""
    waiting = sorted([*_lists(move), *_queue(move)], key=lambda row: str(row["columns"]["created_at"]))
    rest = iter(waiting)
    while some := list(islice(rest, AT_ONCE)):
        with transaction(move.core.db) as tx:
            for one in some:
                if LegacyDownloads(tx).claim(one["columns"]["uid"]):
                    rowid = Downloads(tx).add(**one["columns"])
                    LegacyDownloads(tx).add_items(rowid, one["items"], one["columns"]["updated_at"])


# Single links


def _queue(move: Move) -> Iterator[Row]:
    section, asked = move.report.section("Download queue"), set[tuple[str, str]]()
    twice, held, left = list[str](), list[str](), list[str]()
    columns = ("id", "owner_id", "url", "youtube_id", "title", "status", "error_message", "added_date",
               "started_date", "completed_date", "auto_start")  # fmt: skip
    for row in move.legacy.each("download_downloadqueue", *columns, order="added_date, id"):
        section.found += 1
        user, url = move.owners.get(row["owner_id"]), move.legacy.text(row["url"])
        if user is None:
            left.append(url)
            continue
        state = _state_of(row)
        if state == "resolving" and row["owner_id"] in move.inactive:
            held.append(url)
            state = "paused"
        if state in ACTIVE and (user, url) in asked:
            twice.append(url)
            continue
        if state in ACTIVE:
            asked.add((user, url))
        section.imported += 1
        yield _queued(move, row, user, url, state)
    section.tell("its owner did not come over", left)
    section.tell("asked for twice by the same user, and waiting once", twice)
    section.tell("of people who are disabled: paused", held)


def _state_of(row: Row) -> str:
    state = QUEUE.get(row["status"], "paused")
    return "paused" if state == "resolving" and row["status"] == "pending" and row["auto_start"] == 0 else state


def _queued(move: Move, row: Row, user: str, url: str, state: str) -> Row:
    added = move.stamp(row["added_date"])
    last = move.stamp(row["completed_date"], row["started_date"], row["added_date"])
    error = cleaned(row["error_message"]) if state == "failed" else None
    code = code_of(error)
    if state in ACTIVE:
        try:
            ensure_link(move.core, url)
        except Invalid as refusal:
            state, error, code = "failed", refusal.sentence, refusal.code
    items = _fetched(move, row, url) if state == "done" else []
    columns = {
        "uid": move.legacy.uid("queue", row["id"], added), "user_id": user, "url": url,
        "title": cleaned(row["title"]), "state": state, "is_resolved": int(state == "done"),
        "error": error, "error_code": code, "created_at": added, "updated_at": last,
        "finished_at": None if state in ACTIVE else last,
    }  # fmt: skip
    return {"columns": columns, "items": items}


def _fetched(move: Move, row: Row, url: str) -> list[Row]:
    """The one track that a link gave, where that is known."""
    source = ("youtube", str(row["youtube_id"] or ""))
    track = Tracks(move.core.db).find_by_source(*source)
    if track is None:
        return []
    return [_item(move, f"queue {row['id']}", 0, track, "done", url=url)]


# Playlists


def _lists(move: Move) -> Iterator[Row]:
    section, by_download, left = move.report.section("Playlist downloads"), _items_of(move), list[str]()
    columns = ("id", "playlist_id", "user_id", "status", "created_at", "started_at", "completed_at", "error_message")
    for row in move.legacy.each("playlist_playlistdownload", *columns):
        section.found += 1
        user, playlist = move.owners.get(row["user_id"]), move.legacy.id_of("playlist", row["playlist_id"])
        found = Playlists(move.core.db).find(playlist or "")
        if user is None or found is None or found["user_id"] != user:
            left.append(f"row {row['id']}")
            continue
        section.imported += 1
        is_held = row["user_id"] in move.inactive
        items = list(_items(move, row, by_download.get(row["id"], []), is_held=is_held))
        if not items and row["status"] in ("pending", "downloading"):
            items = _rest(move, row, str(playlist), is_held=is_held)
        yield _list(move, row, found, items)
    section.tell("its owner or its playlist is not there", left)
    if section.found:
        section.notes.append("not taken: chosen qualities, and how many bytes were fetched")


def _items_of(move: Move) -> dict[int, list[Row]]:
    columns = ("id", "download_id", "audio_id", "status", "error_message", "retry_count")
    items = defaultdict[int, list[Row]](list)
    for item in move.legacy.each("playlist_playlistdownloaditem", *columns, order="download_id, position, id"):
        items[item["download_id"]].append(item)
    return items


def _items(move: Move, row: Row, old: Sequence[Row], *, is_held: bool) -> Iterator[Row]:
    """One for each old one whose track came over, in their order."""
    for position, item in enumerate(old):
        track = Tracks(move.core.db).find(move.legacy.id_of("track", item["audio_id"]) or "")
        if track is None:
            continue
        state, error = ITEMS.get(item["status"], "queued"), cleaned(item["error_message"])
        if state == "queued":
            state, error = _open_state(row["status"], is_held=is_held), None
            if state == "failed":
                error = NOT_BEGUN
        yield _item(
            move, f"item {item['id']}", position, track, state, error=error if state == "failed" else None,
            attempts=(move.legacy.whole(item["retry_count"]) or 0) if state == "failed" else 0,
        )  # fmt: skip


def _open_state(status: str, *, is_held: bool) -> str:
    """What becomes of an item that was not over: it goes on if its download did."""
    if status == "paused" or is_held:
        return "paused"
    return "queued" if status in ("pending", "downloading") else "failed"


def _rest(move: Move, row: Row, playlist: str, *, is_held: bool) -> list[Row]:
    """A download that was never begun is for what its playlist has no files of."""
    tracks = [Tracks(move.core.db).get(one["uid"]) for one in FileStates(move.core.db).list_missing(playlist)]
    state = "paused" if is_held else "queued"
    return [_item(move, f"rest {row['id']} {n}", n, track, state) for n, track in enumerate(tracks)]


def _item(
    move: Move, key: str, position: int, track: StoredTrack, state: str, *, url: str | None = None,
    error: str | None = None, attempts: int = 0,
) -> Row:  # fmt: skip
    link = url or track.source_url
    if link is None and state in ("queued", "paused"):
        state, error = "failed", NO_LINK
    item = Item(
        url=link or "", extractor=track.extractor or "", source_id=track.source_id or "", title=track.title
    )  # fmt: skip
    has_track = state in ("done", "skipped")
    return {
        "uid": move.legacy.uid("download-item", key), "position": position, "url": item.url,
        "extractor": item.extractor, "source_id": item.source_id, "title": item.title,
        "item": msgspec.json.encode(item).decode(), "state": state, "attempts": attempts,
        "error": error, "error_code": code_of(error), "track_id": track.uid if has_track else None,
    }  # fmt: skip


def _list(move: Move, row: Row, playlist: dict[str, Any], items: list[Row]) -> Row:
    """Its state follows from its items, as everybody's does; without any it is what it was."""
    created = move.stamp(row["created_at"])
    last = move.stamp(row["completed_at"], row["started_at"], row["created_at"])
    state = state_by(item["state"] for item in items) if items else LISTS.get(row["status"], "done")
    if not items and state in ACTIVE:
        state = "done"  # nothing is left to fetch
    error = cleaned(row["error_message"]) if state == "failed" else None
    source = Sources(move.core.db).find("playlist", playlist["uid"])
    columns = {
        "uid": move.legacy.uid("playlist-download", row["id"], created), "user_id": playlist["user_id"],
        "url": playlist["source_url"] or "", "title": playlist["title"], "state": state, "is_resolved": 1,
        "playlist_id": playlist["uid"], "source_id": source["id"] if source is not None else None,
        "error": error, "error_code": "items_failed" if error and items else code_of(error),
        "created_at": created, "updated_at": last, "finished_at": None if state in ACTIVE else last,
    }  # fmt: skip
    return {"columns": columns, "items": items}
