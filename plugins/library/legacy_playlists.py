"""Old playlists in their order, and channels: an admin's are the household's, another's a followed list of theirs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from soundwave_core import transaction

from .legacy_move import Move, Row, clean
from .legacy_tracks import source_of
from .ordering import keys_between
from .store import Arrivals, Channels, Playlists

if TYPE_CHECKING:
    from soundwave_core import Database

YOUTUBE = "https://www.youtube.com"


@dataclass(frozen=True)
class Place:
    """An item on its way: its id, its track, since when, and which of a source's it is."""

    uid: str
    track: str
    at: str
    source: tuple[str, str] | None = None


def bring(move: Move) -> None:
    """Bound as ``playlist``, ``channel`` and ``channel_playlist``, for whoever follows their sources."""
    sources = _sources(move)
    _bring_playlists(move, sources)
    _bring_channels(move, sources)


def add_playlist(
    move: Move, tx: Database, uid: str, row: Row, kind: str, url: str | None, places: Sequence[Place]
) -> bool:
    """One list with its items, all of which its owner may hear, unless it came over before; whether it is there now."""
    section, items, user = move.section("Playlists"), move.section("Playlist items"), move.owners.get(row["owner_id"])
    if user is None:
        section.found += 1
        move.leave("Playlists", row)
        return False
    section.found += 1
    items.found += len(places)
    if Arrivals(tx).claim(move.legacy.uid("list", uid)):
        at = move.stamp(row["created_date"])
        Arrivals(tx).playlist(
            uid, user, kind, at, move.stamp(row["last_updated"], row["created_date"]),
            title=clean(row["title"]).strip() or "Untitled", description=clean(row["description"]), source_url=url,
        )  # fmt: skip
        for place, key in zip(places, keys_between(None, None, len(places)), strict=True):
            Arrivals(tx).entry(user, place.track, place.at)
            items.imported += Arrivals(tx).item(place.uid, uid, place.track, key, place.at, place.source)
    elif Playlists(tx).find(uid) is None:
        return False
    else:
        items.imported += len(places)
    section.imported += 1
    return True


def _sources(move: Move) -> dict[int, tuple[str, str]]:
    """The identity of each old row's track: what an item of a followed list is known by."""
    rows = move.legacy.each("audio_audio", "id", "youtube_id")
    return {row["id"]: source_of(move, row) for row in rows if move.track(row["id"]) is not None}


def _bring_playlists(move: Move, sources: dict[int, tuple[str, str]]) -> None:
    section = move.section("Playlists")
    items, lost = defaultdict[int, list[Row]](list), 0
    for item in move.legacy.each(
        "playlist_playlistitem", "id", "playlist_id", "audio_id", "added_date", order="playlist_id, position, id"
    ):
        items[item["playlist_id"]].append(item)

    def add(tx: Database, row: Row) -> None:
        nonlocal lost
        is_followed = row["playlist_type"] != "custom"
        url = f"{YOUTUBE}/playlist?list={clean(row['playlist_id'])}" if is_followed else None
        uid = move.uid("playlist", row, move.legacy.stamp(row["created_date"]))
        places = [
            Place(
                move.uid("item", item), track, move.stamp(item["added_date"]),
                sources[item["audio_id"]] if is_followed else None,
            )
            for item in items[row["id"]]
            if (track := move.track(item["audio_id"])) is not None
        ]  # fmt: skip
        lost += len(items[row["id"]]) - len(places)
        if add_playlist(move, tx, uid, row, "mirrored" if is_followed else "custom", url, places):
            move.legacy.bind("playlist", row["id"], uid)

    columns = (
        "id", "owner_id", "playlist_id", "title", "description", "playlist_type", "created_date", "last_updated",
    )  # fmt: skip
    move.each(move.legacy.each("playlist_playlist", *columns), add)
    if lost:
        move.section("Playlist items").found += lost
        move.section("Playlist items").notes.append(f"{lost} items have a track that is not there any more")
    pictures = [row for row in move.legacy.rows("playlist_playlist", "thumbnail_url") if row["thumbnail_url"]]
    if pictures:
        section.notes.append(f"not taken: addresses of {len(pictures)} pictures")


_CHANNEL = (
    "id", "owner_id", "channel_id", "channel_name", "channel_description", "created_date", "subscriber_count",
    "channel_thumbnail", "last_refreshed",
)  # fmt: skip


def _bring_channels(move: Move, sources: dict[int, tuple[str, str]]) -> None:
    section = move.section("Channels")
    rows = move.legacy.rows("channel_channel", *_CHANNEL, order="owner_id, id")
    section.found = len(rows)
    shared = [row for row in rows if row["owner_id"] in move.admins]
    private = [row for row in rows if row["owner_id"] in move.owners and row["owner_id"] not in move.admins]
    for _, same in groupby(sorted(shared, key=_channel_key), _channel_key):
        _add_channel(move, list(same))
    _add_followed(move, private, sources)
    section.tell("channels of admins are the household's now: what they bring from now on, all may hear",
         sorted({clean(row["channel_name"]) for row in shared}))  # fmt: skip
    named = [f"{clean(row['channel_name'])} of {_user_name(move, row)}" for row in private]
    section.tell("channels of people who are no admins became followed lists of their own", named)
    if rows:
        section.notes.append("what was fetched of them before stays with whoever had it; nobody sees more than before")
        section.notes.append("not taken: addresses of pictures, numbers of subscribers, chosen qualities")


def _channel_key(row: Row) -> str:
    return str(row["channel_id"])


def channel_url(channel_id: str) -> str:
    """Where a channel is: by its id, or by a handle."""
    return f"{YOUTUBE}/{channel_id}" if channel_id.startswith("@") else f"{YOUTUBE}/channel/{channel_id}"


def _add_channel(move: Move, rows: Sequence[Row]) -> None:
    """One channel for all admins who had it: the first one's name, the first description there is."""
    first, section = rows[0], move.section("Channels")
    at, url = move.stamp(first["created_date"]), channel_url(clean(first["channel_id"]))
    uid = move.legacy.uid("channel", _channel_key(first), at)
    descriptions = (clean(row["channel_description"]) for row in rows)
    with transaction(move.core.db) as tx:
        known = Channels(tx).find_by_url(url)
        if known is not None:
            uid = known.uid
        elif Arrivals(tx).claim(move.legacy.uid("channel", _channel_key(first))):
            Channels(tx).add(
                clean(first["channel_name"]).strip() or url, url, move.core.clock, uid=uid,
                description=next((text for text in descriptions if text), None), created_at=at,
            )  # fmt: skip
        else:
            return
    section.imported += len(rows)
    for row in rows:
        move.legacy.bind("channel", row["id"], uid)


def _add_followed(move: Move, rows: Sequence[Row], sources: dict[int, tuple[str, str]]) -> None:
    """A list of what its owner has of the channel, newest first, as the channel's own page has it."""
    wanted = {(row["owner_id"], row["channel_id"]) for row in rows}
    tracks = defaultdict[tuple[int, str], list[int]](list)
    for audio in move.legacy.each(
        "audio_audio", "id", "owner_id", "channel_id", order="published_date DESC, downloaded_date DESC, id DESC"
    ):
        if (key := (audio["owner_id"], audio["channel_id"])) in wanted and audio["id"] in sources:
            tracks[key].append(audio["id"])

    def add(tx: Database, row: Row) -> None:
        at, uid = move.stamp(row["created_date"]), move.uid("channel", row, move.legacy.stamp(row["created_date"]))
        places = [
            Place(move.legacy.uid("channel-item", f"{row['id']} {audio}"), str(move.track(audio)), at, sources[audio])
            for audio in tracks[row["owner_id"], row["channel_id"]]
        ]
        url = channel_url(clean(row["channel_id"]))
        shown = {**row, "title": row["channel_name"] or url, "description": row["channel_description"],
                 "last_updated": row["last_refreshed"]}  # fmt: skip
        if add_playlist(move, tx, uid, shown, "mirrored", url, places):
            move.section("Channels").imported += 1
            move.legacy.bind("channel_playlist", row["id"], uid)

    move.each(rows, add)


def _user_name(move: Move, row: Row) -> str:
    users = move.legacy.rows("user_account", "id", "username")
    return next((clean(user["username"]) for user in users if user["id"] == row["owner_id"]), "?")
