"""Old audio rows as tracks: stored once, an entry for each owner, bound to the files that are there."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from .legacy_files import File, Shelves, free_path, is_inside
from .legacy_move import Move, Row, clean, seconds, whole
from .store import NO_HASH, Arrivals, NewTrack, Tracks

if TYPE_CHECKING:
    from soundwave_core import Database

# yt-dlp's name of the site in lower case, as the downloads plugin keeps it, and the form of its ids.
YOUTUBE, YOUTUBE_ID = "youtube", re.compile(r"[0-9A-Za-z_-]{11}")
ELSEWHERE = "legacy"  # some other site: which one, the old database did not say
UNKNOWN_DATE = "2023-01-01 00:00:00"  # what it wrote where it knew no date
_PICKED = ("id", "owner_id", "youtube_id", "title", "file_path", "downloaded_date")
Source = tuple[str, str]  # (extractor, the id at its site)
_COLUMNS = (
    "id", "youtube_id", "title", "description", "channel_name", "duration", "published_date", "bitrate",
    "artist", "album", "year", "genre", "track_number",
)  # fmt: skip
NOT_TAKEN = {
    "view_count": "view counts", "like_count": "like counts", "thumbnail_url": "addresses of pictures",
    "cover_art_url": "addresses of covers", "chapters": "chapters", "loudness_lufs": "loudness", "bpm": "tempo",
    "music_key": "key", "energy": "energy", "feature_vector": "sound features", "musicbrainz_id": "MusicBrainz ids",
}  # fmt: skip


@dataclass
class Plan:
    """What becomes of the rows of one track. ``chosen`` is the row whose file and words it gets."""

    chosen: int
    file: File
    added_at: str
    uid: str = ""
    titles: set[str] = field(default_factory=set)


def bring(move: Move) -> None:
    """Tracks first, then whose they are."""
    section, plans = move.section("Tracks"), _plans(move)
    section.found = move.legacy.count("audio_audio")
    by_row = {plan.chosen: (source, plan) for source, plan in plans.items()}
    links = _links(move)

    def add(tx: Database, row: Row) -> None:
        if row["id"] in by_row:
            source, plan = by_row[row["id"]]
            plan.uid = _add(move, tx, source, plan, row, links)

    move.each(move.legacy.each("audio_audio", *_COLUMNS), add)
    _bring_entries(move, plans)
    _tell(move, plans)


def source_of(move: Move, row: Row) -> Source:
    """A track's identity: (extractor, the id at its site). A row without an id stands for itself."""
    text = str(row["youtube_id"] or "")
    if not text or not text.isprintable():
        return ELSEWHERE, move.uid("audio", row)
    return (YOUTUBE if YOUTUBE_ID.fullmatch(text) else ELSEWHERE), text


def _plans(move: Move) -> dict[Source, Plan]:
    """One for each track: which row it is made of. A file that is there decides, then the lowest owner's id."""
    shelves, plans = Shelves(move), dict[Source, Plan]()
    others, names = move.section("Files"), list[str]()
    strangers = 0
    for row in move.legacy.each("audio_audio", *_PICKED, order="owner_id, rowid"):
        if row["owner_id"] not in move.owners:
            strangers += 1
            continue
        source, path = source_of(move, row), str(row["file_path"] or "")
        at, plan = move.stamp(row["downloaded_date"]), plans.get(source)
        found = shelves.find(path)
        file = found or File(path if is_inside(path) else "", None)
        if plan is None:
            plans[source] = plan = Plan(row["id"], file, at)
        elif _is_better(file, plan.file):
            plan.chosen, plan.file = row["id"], file
        elif found is not None and found.path != plan.file.path:
            names.append(f"{found.path} (kept is {plan.file.path})")
        plan.added_at = min(at, plan.added_at)
        plan.titles.add(clean(row["title"]))
    others.tell("second files of tracks that are stored once, left where they are", names)
    if strangers:
        move.section("Tracks").notes.append(f"{strangers} rows belong to users who did not come over")
    return plans


def _is_better(file: File, than: File) -> bool:
    def rank(one: File) -> tuple[bool, bool]:
        return one.size_bytes is not None, not one.is_renamed

    return rank(file) > rank(than)


def _links(move: Move) -> dict[str, str]:
    """Where a track that is not YouTube's came from, as far as the old queue remembers."""
    rows = move.legacy.each("download_downloadqueue", "youtube_id", "url")
    return {str(row["youtube_id"]): str(row["url"]) for row in rows if row["youtube_id"] and row["url"]}


def _add(move: Move, tx: Database, source: Source, plan: Plan, row: Row, links: dict[str, str]) -> str:
    """The track's uid: a new one's, or that of the one with this identity. Gone ones stay gone ("" then)."""
    known = Tracks(tx).find_by_source(*source)
    if known is not None:
        return known.uid
    key = "/".join(source)
    if not Arrivals(tx).claim(move.legacy.uid("track", key)):
        return ""
    uid = move.legacy.uid("track", key, plan.added_at)
    return Tracks(tx).add(_new_track(move, tx, uid, source, plan, row, links))


def _new_track(
    move: Move, tx: Database, uid: str, source: Source, plan: Plan, row: Row, links: dict[str, str]
) -> NewTrack:
    path, size = free_path(tx, uid, plan.file)
    if path != plan.file.path:
        plan.file = File("", None)
    title = clean(row["title"]).strip() or PurePosixPath(path).stem
    published = None if str(row["published_date"])[:19] == UNKNOWN_DATE else move.legacy.stamp(row["published_date"])
    watch = f"https://www.youtube.com/watch?v={source[1]}" if source[0] == YOUTUBE else links.get(source[1])
    return NewTrack(
        uid=uid, added_at=plan.added_at, title=title, path=path, size_bytes=size or 0, codec="unknown",
        content_hash=NO_HASH, revision=NO_HASH, block_hashes=[], extractor=source[0], source_id=source[1],
        artist=clean(row["artist"]) or None, album=clean(row["album"]) or None, genre=clean(row["genre"]) or None,
        year=whole(row["year"]), track_number=whole(row["track_number"]),
        description=clean(row["description"]) or None, channel_title=clean(row["channel_name"]) or None,
        duration_seconds=seconds(row["duration"]), bitrate=whole(row["bitrate"]), source_url=watch,
        published_at=published, file_state="missing" if size is None else "unread",
    )  # fmt: skip


def _bring_entries(move: Move, plans: dict[Source, Plan]) -> None:
    section = move.section("Tracks")
    favorites, again = move.section("Favourites"), 0

    def add(tx: Database, row: Row) -> None:
        nonlocal again
        plan = plans.get(source_of(move, row)) if row["owner_id"] in move.owners else None
        if plan is None or not plan.uid:
            return
        user, at = move.owners[row["owner_id"]], move.stamp(row["downloaded_date"])
        if Arrivals(tx).claim(move.uid("entry", row)):
            Arrivals(tx).entry(user, plan.uid, at)
            if row["is_favorite"]:
                Arrivals(tx).favorite(user, plan.uid, at)
        else:
            again += 1
        move.legacy.bind("track", row["id"], plan.uid)
        section.imported += 1
        favorites.found += bool(row["is_favorite"])
        favorites.imported += bool(row["is_favorite"])

    rows = move.legacy.each("audio_audio", "id", "owner_id", "youtube_id", "downloaded_date", "is_favorite")
    move.each(rows, add)
    if again:
        section.notes.append(f"{again} rows came over before, and are left as they are now")


def _tell(move: Move, plans: dict[Source, Plan]) -> None:
    """What did not come over as it was, for people."""
    tracks, files = move.section("Tracks"), move.section("Files")
    shared = sum(1 for plan in plans.values() if len(plan.titles) > 1)
    tracks.notes.append(f"they are {len(plans)} tracks: what several users have is stored once")
    if shared:
        titles = [" / ".join(sorted(plan.titles)) for plan in plans.values() if len(plan.titles) > 1]
        tracks.tell("had other titles for other users; kept is that of the file that is there", titles)
    files.found += len(plans)
    here = [plan for plan in plans.values() if plan.file.size_bytes is not None]
    files.imported += len(here)
    renamed = [plan.file.path for plan in here if plan.file.is_renamed]
    files.tell("have another extension than their row says, and were taken", renamed)
    gone = [plan.file.path or "(no usable path)" for plan in plans.values() if plan.file.size_bytes is None]
    files.tell("tracks without a file: they stay, marked as missing, and can be fetched again", gone)
    if here:
        files.notes.append(f"{len(here)} files are read in the background (the job library.read-files)")
    _tell_not_taken(move)


def _tell_not_taken(move: Move) -> None:
    counts = dict.fromkeys(NOT_TAKEN, 0)
    for row in move.legacy.each("audio_audio", *NOT_TAKEN):
        for column in NOT_TAKEN:
            counts[column] += row[column] not in (None, "", 0, "[]", "{}")
    named = [f"{NOT_TAKEN[column]} of {number} rows" for column, number in counts.items() if number]
    if named:
        move.section("Tracks").notes.append(f"not taken: {', '.join(named)}")
