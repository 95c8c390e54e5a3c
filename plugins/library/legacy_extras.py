"""What belongs to old tracks besides: lyrics, album facts, pictures."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from .files import find_file
from .legacy_files import is_inside
from .legacy_move import Move, Row, clean, whole
from .reading import picture_type
from .store import Arrivals, Artworks, Lyrics, Tracks

if TYPE_CHECKING:
    from soundwave_core import Database

LARGEST_PICTURE = 15 * 1024 * 1024


def bring(move: Move) -> None:
    """In any order: they meet only at their tracks."""
    _bring_albums(move)
    _bring_lyrics(move)
    _bring_pictures(move)
    _tell_of_artists(move)


def _bring_albums(move: Move) -> None:
    section = move.section("Album facts")
    section.found = move.legacy.count("audio_musicmetadata")

    def add(tx: Database, row: Row) -> None:
        uid = move.track(row["audio_id"])
        if uid is None:
            return
        section.imported += 1
        if Arrivals(tx).claim(move.legacy.uid("album", row["audio_id"])):
            Arrivals(tx).album(
                uid,
                {"album": clean(row["album_name"]), "album_artist": clean(row["album_artist"]),
                 "genre": clean(row["genre"]), "track_number": whole(row["track_number"]),
                 "disc_number": whole(row["disc_number"]), "year": whole(row["release_year"])},
            )  # fmt: skip

    columns = ("audio_id", "album_name", "album_artist", "genre", "track_number", "disc_number", "release_year")
    move.each(move.legacy.each("audio_musicmetadata", *columns), add)
    if section.found:
        section.notes.append("not taken: tags, numbers of listeners, and ids at Last.fm and Fanart")


def _bring_lyrics(move: Move) -> None:
    section, without, others = move.section("Lyrics"), list[str](), list[str]()
    section.found = move.legacy.count("audio_lyrics")

    def add(tx: Database, row: Row) -> None:
        uid = move.track(row["audio_id"])
        track = Tracks(tx).find(uid) if uid is not None else None
        if track is None:
            return
        new = _lyrics_of(row)
        if new is None:
            without.append(track.title)
            return
        section.imported += 1
        if not Arrivals(tx).claim(move.legacy.uid("lyrics", row["audio_id"])):
            return
        known = Lyrics(tx).find(track.uid)
        merged, is_other = merge(known, new)
        if is_other:
            others.append(track.title)
        if merged != known:
            Lyrics(tx).set(track.uid, move.stamp(row["fetched_date"]), **merged)

    columns = (
        "audio_id", "synced_lyrics", "plain_lyrics", "is_instrumental", "source", "language", "fetched_date",
    )  # fmt: skip
    move.each(move.legacy.each("audio_lyrics", *columns, order="audio_id"), add)
    section.tell("were looked for, and none were found", without)
    section.tell("had other words for another user; synced ones were kept, else the first", others)
    if cached := move.legacy.count("audio_lyricscache"):
        section.notes.append(f"not taken: {cached} answers that were kept of searches for lyrics")


def _lyrics_of(row: Row) -> dict[str, Any] | None:
    synced, plain = clean(row["synced_lyrics"]), clean(row["plain_lyrics"])
    if not (synced.strip() or plain.strip() or row["is_instrumental"]):
        return None
    return {
        "synced": synced or None, "plain": plain or None, "is_instrumental": int(bool(row["is_instrumental"])),
        "source": clean(row["source"]) or "legacy", "language": clean(row["language"]) or None,
    }  # fmt: skip


def merge(known: dict[str, Any] | None, new: dict[str, Any]) -> tuple[dict[str, Any], bool]:
    """What a track gets of two users' lyrics, and whether they differ: synced over plain, then the first."""
    if known is None:
        return new, False
    is_other = any(known[part] and new[part] and known[part] != new[part] for part in ("synced", "plain"))
    if new["synced"] and not known["synced"]:
        return {**new, "plain": new["plain"] or known["plain"]}, is_other
    if not is_other and new["plain"] and not known["plain"]:
        return {**known, "plain": new["plain"], "is_instrumental": new["is_instrumental"]}, False
    return known, is_other


def _bring_pictures(move: Move) -> None:
    """Where they lie, by their content; of several, the primary one, then that of the highest priority."""
    section, addresses, missing, spare = move.section("Pictures"), 0, list[str](), 0
    section.found = move.legacy.count("audio_artwork")

    def add(tx: Database, row: Row) -> None:
        nonlocal addresses, spare
        kind = "tracks" if row["audio_id"] is not None else "channels"
        uid = move.track(row["audio_id"]) if kind == "tracks" else move.legacy.id_of("channel", row["channel_id"])
        path = str(row["local_path"] or "")
        if not path or uid is None:
            addresses += 1
            return
        is_new = Arrivals(tx).claim(move.uid("picture", row))
        picture = _ensure_picture(move, tx, path, row) if is_new else None
        if is_new and picture is None:
            missing.append(clean(path))
        elif picture is not None and not Arrivals(tx).picture(kind, uid, picture):
            spare += 1
        else:
            section.imported += 1

    columns = ("id", "audio_id", "channel_id", "local_path", "width", "height")
    order = "is_primary DESC, priority DESC, id"
    move.each(move.legacy.each("audio_artwork", *columns, order=order), add)
    section.tell("are not there, or are no pictures", missing)
    if addresses:
        section.notes.append(f"{addresses} were never fetched, or belong to nothing that came over")
    if spare:
        section.notes.append(f"{spare} are second ones of something that has a picture")


def _ensure_picture(move: Move, tx: Database, path: str, row: Row) -> int | None:
    """The picture's row, by what the file says that it is; None where it is none."""
    found = find_file(move.core, path) if is_inside(path) else None
    if found is None or found[1] > LARGEST_PICTURE:
        return None
    try:
        data = found[0].read_bytes()
    except OSError:
        return None
    mime = picture_type(data[:16])
    if mime is None:
        return None
    return Artworks(tx).ensure(
        hashlib.sha256(data).hexdigest(), path, mime, whole(row["width"]), whole(row["height"]), len(data)
    )


def _tell_of_artists(move: Move) -> None:
    if artists := move.legacy.count("audio_artistinfo"):
        section = move.section("Artists")
        section.found = artists
        section.notes.append("not taken: texts about artists, their tags, and who is similar")
