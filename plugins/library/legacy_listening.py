"""What was heard, how often, and where everybody is."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from .legacy_move import Move, Row, clean, seconds, whole
from .store import Arrivals

if TYPE_CHECKING:
    from soundwave_core import Database

Heard = Counter[tuple[int, int]]  # (old user, old audio row): plays with a time


def bring(move: Move) -> None:
    """Plays with a time first: what was counted beyond them is a number without one."""
    heard: Heard = Counter()
    _bring_history(move, heard)
    _bring_progress(move, heard)
    _bring_counts(move, heard)


def _bring_history(move: Move, heard: Heard) -> None:
    """Later versions noted each play."""
    section = move.section("Plays")

    def add(tx: Database, row: Row) -> None:
        user, at = move.owners.get(row["user_id"]), move.legacy.stamp(row["listened_at"])
        section.found += 1
        if user is None or at is None:
            return
        heard[row["user_id"], row["audio_id"]] += 1
        section.imported += 1
        if Arrivals(tx).claim(move.uid("history", row)):
            Arrivals(tx).play(
                move.uid("history-play", row, at), user, move.track(row["audio_id"]), at, title=clean(row["title"]),
                artist=clean(row["artist"] or row["channel_name"]), seconds=seconds(row["duration_listened"]) or 0.0,
            )  # fmt: skip

    columns = (
        "id", "user_id", "audio_id", "title", "artist", "channel_name", "listened_at", "duration_listened",
    )  # fmt: skip
    move.each(move.legacy.each("stats_listeninghistory", *columns), add)


def _bring_progress(move: Move, heard: Heard) -> None:
    """Where somebody is; one who was at the end begins again, and has heard it once, at that time."""
    section, plays, left = move.section("Positions"), move.section("Plays"), list[str]()
    section.found = move.legacy.count("audio_audioprogress")

    def add(tx: Database, row: Row) -> None:
        user, track = move.owners.get(row["user_id"]), move.track(row["audio_id"])
        if user is None or track is None or not Arrivals(tx).tracks_of(user, [track]):
            left.append(f"row {row['id']}")
            return
        at, key = move.stamp(row["last_updated"]), (row["user_id"], row["audio_id"])
        is_first = row["completed"] and not heard[key]
        if is_first:
            heard[key] += 1
            plays.found += 1
            plays.imported += 1
        section.imported += 1
        if not Arrivals(tx).claim(move.uid("progress", row)):
            return
        reached = None if row["completed"] else seconds(row["position"])
        Arrivals(tx).position(user, track, reached or 0.0, at)
        if is_first:
            Arrivals(tx).play(move.uid("progress-play", row, at), user, track, at)

    columns = ("id", "user_id", "audio_id", "position", "completed", "last_updated")
    move.each(move.legacy.each("audio_audioprogress", *columns), add)
    section.tell("its listener or its track is not there", left)
    if section.found:
        section.notes.append("tracks that were heard to the end begin at their start, and count as a play at that time")


def _bring_counts(move: Move, heard: Heard) -> None:
    """How often the owner of a row played it, beyond the plays that have a time."""
    section = move.section("Plays")

    def add(tx: Database, row: Row) -> None:
        user, track, count = move.owners.get(row["owner_id"]), move.track(row["id"]), whole(row["play_count"]) or 0
        if user is None or track is None:
            return
        key, last = (row["owner_id"], row["id"]), move.legacy.stamp(row["last_played"])
        rest = max(0, count - heard[key])
        section.found += rest
        section.imported += rest
        if not rest or not Arrivals(tx).claim(move.uid("plays", row)):
            return
        if last is not None and not heard[key]:
            Arrivals(tx).play(move.uid("last-play", row, last), user, track, last)
            rest -= 1
        if rest:
            Arrivals(tx).earlier_plays(user, track, rest)

    move.each(move.legacy.each("audio_audio", "id", "owner_id", "play_count", "last_played"), add)
    section.notes.append("what was counted without a time is added to a track's number of plays, not to the history")
