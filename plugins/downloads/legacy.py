"""What an old deployment followed and was fetching becomes sources and downloads here.

Nothing begins at once that did not run there: imported sources are first checked some time within the next day, and
what the old queue held goes on in its states. Each old row comes over once (``legacy_downloads``).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING

from soundwave_auth import Users
from soundwave_core import from_stamp, to_stamp, transaction
from soundwave_library import Channels, Playlists

from . import legacy_queue
from .legacy_move import Move, Row, cleaned, code_of
from .source_store import Sources

if TYPE_CHECKING:
    from soundwave_core import ImportReport, Legacy, SoundWave

SPREAD_SECONDS = 24 * 3600


def bring_over(core: SoundWave, legacy: Legacy, report: ImportReport) -> None:
    """Sources of the playlists and channels that came over, playlist downloads, and the queue."""
    move = Move(core, legacy, report)
    for row in legacy.rows("user_account", "id"):
        user = Users(core).find(legacy.id_of("user", row["id"]) or "")
        if user is not None:
            move.owners[row["id"]] = user.id
            if user.state != "active":
                move.inactive.add(row["id"])
    _bring_sources(move)
    legacy_queue.bring(move)


def _bring_sources(move: Move) -> None:
    section, wanted = move.report.section("Followed sources"), [*_playlists(move), *_channels(move)]
    section.found = len(wanted)
    step = SPREAD_SECONDS / (len(wanted) + 1)
    with transaction(move.core.db) as tx:
        for number, source in enumerate(wanted, 1):
            section.imported += 1
            if Sources(tx).find(source["kind"], source["target_id"]) is None:
                first = to_stamp(from_stamp(move.report.at) + timedelta(seconds=number * step))
                Sources(tx).add(
                    uid=move.legacy.uid("source", source["target_id"]), created_at=move.report.at, next_check_at=first,
                    interval_seconds=move.core.config["downloads.interval_seconds"], **source,
                )  # fmt: skip
    resting = sum(not source["is_enabled"] for source in wanted)
    if resting:
        section.notes.append(f"{resting} were not followed any more, or not fetched by themselves: they rest")
    if wanted:
        section.notes.append("they are first checked in the course of a day, not all at once")


_FOLLOWING = ("subscribed", "active", "auto_download", "error_message")


def _is_followed(row: Row) -> int:
    """What was checked by itself there: subscribed, active, and to be downloaded."""
    return int(bool(row["subscribed"] and row["active"] and row["auto_download"]))


def _error_of(row: Row) -> dict[str, str | None]:
    error = cleaned(row["error_message"])
    return {"error": error, "error_code": code_of(error)}


def _playlists(move: Move) -> Iterable[Row]:
    rows = move.legacy.each("playlist_playlist", "id", "owner_id", "playlist_type", *_FOLLOWING)
    for row in rows:
        uid = move.legacy.id_of("playlist", row["id"])
        playlist = Playlists(move.core.db).find(uid or "")
        if playlist is not None and row["playlist_type"] != "custom":
            yield {"kind": "playlist", "target_id": uid, "user_id": playlist["user_id"],
                   "is_enabled": _is_followed(row), "url": playlist["source_url"], **_error_of(row)}  # fmt: skip


def _channels(move: Move) -> Iterable[Row]:
    """The household's once each, though several admins had one; and each list that another's channel has become."""
    shared: dict[str, Row] = {}
    for row in move.legacy.each("channel_channel", "id", "owner_id", *_FOLLOWING, order="owner_id, id"):
        is_enabled = _is_followed(row) and row["owner_id"] not in move.inactive
        channel = Channels(move.core.db).find(move.legacy.id_of("channel", row["id"]) or "")
        if channel is not None:
            known = shared.setdefault(
                channel.uid,
                {"kind": "channel", "target_id": channel.uid, "user_id": move.owners[row["owner_id"]],
                 "is_enabled": 0, "url": channel.url, "takes_new_only": 1, **_error_of(row)},
            )  # fmt: skip
            known["is_enabled"] |= int(is_enabled)
        playlist = Playlists(move.core.db).find(move.legacy.id_of("channel_playlist", row["id"]) or "")
        if playlist is not None:
            yield {"kind": "playlist", "target_id": playlist["uid"], "user_id": playlist["user_id"],
                   "is_enabled": _is_followed(row), "url": playlist["source_url"], "takes_new_only": 1,
                   **_error_of(row)}  # fmt: skip
    yield from shared.values()
