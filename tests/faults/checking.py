"""What must hold of a database whatever has happened to its server. It is read from a copy, as SQLite recovers it."""

from __future__ import annotations

import copy
import hashlib
import json
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from faults.serving import Home
from faults.writers import State, Writer

from soundwave_core.sqlite import connect

# Each finds rows that a transaction torn in two would leave; none may find any.
TORN = {
    "playlists that do not count their items": """
        SELECT p.uid, p.item_count, count(i.id) FROM playlists p LEFT JOIN playlist_items i ON i.playlist_id = p.id
        GROUP BY p.id HAVING p.item_count <> count(i.id)""",
    "playlists that are not as long as their items": """
        SELECT p.uid, p.duration_seconds, total(t.duration_seconds) FROM playlists p
        LEFT JOIN playlist_items i ON i.playlist_id = p.id LEFT JOIN tracks t ON t.id = i.track_id
        GROUP BY p.id HAVING abs(p.duration_seconds - total(t.duration_seconds)) > 0.01""",
    "libraries that do not count their entries": """
        SELECT c.user_id, c.entry_count, count(e.user_id) FROM library_counts c
        LEFT JOIN entries e ON e.user_id = c.user_id WHERE c.user_id <> ''
        GROUP BY c.user_id HAVING c.entry_count <> count(e.user_id)""",
    "changes that the counter does not know": """
        SELECT kind, rev FROM (
            SELECT 'playlist' AS kind, max(rev) AS rev FROM playlists
            UNION ALL SELECT 'content', max(content_rev) FROM playlists
            UNION ALL SELECT 'item', max(rev) FROM playlist_items
            UNION ALL SELECT 'favorite', max(rev) FROM favorites
            UNION ALL SELECT 'track', max(rev) FROM tracks
            UNION ALL SELECT 'tombstone', max(rev) FROM tombstones
        ) WHERE rev > (SELECT value FROM counters WHERE name = 'rev')""",
    "positions and plays that their counter does not know": """
        SELECT rev FROM (SELECT rev FROM positions UNION ALL SELECT rev FROM plays)
        WHERE rev > (SELECT value FROM listening_rev)""",
    "playlists without an owner": "SELECT uid FROM playlists WHERE user_id NOT IN (SELECT uid FROM users)",
    "finished items without a track": """
        SELECT uid FROM download_items WHERE state = 'done' AND track_id IS NULL""",
}


@contextmanager
def recovered(database: Path, scratch: Path) -> Iterator[Any]:
    """A connection to a copy of what is there, journal and all; the original is not touched."""
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    for suffix in ("", "-wal"):
        source = database.with_name(database.name + suffix)
        if source.exists():
            shutil.copyfile(source, scratch / source.name)
    with closing(connect(scratch / database.name, query_only=False)) as raw:
        yield raw


def ensure_sound(raw: Any) -> None:
    """SQLite finds no fault, keys point somewhere, and nothing is torn. ``raw`` is of a copy."""
    assert raw.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert raw.execute("PRAGMA foreign_key_check").fetchall() == []
    raw.execute("INSERT INTO tracks_fts (tracks_fts, rank) VALUES ('integrity-check', 1)")
    for what, sql in TORN.items():
        assert raw.execute(sql).fetchall() == [], what


def ensure_files_whole(raw: Any, media: Path) -> int:
    """Every track's file has the content that its row says; how many there are."""
    rows = raw.execute("SELECT path, content_hash FROM tracks").fetchall()
    for path, content_hash in rows:
        file = media / path
        assert file.is_file(), f"{path} is missing"
        assert hashlib.sha256(file.read_bytes()).hexdigest() == content_hash, f"{path} is torn"
    return len(rows)


def state_of(raw: Any, user_id: str) -> State:
    """What is in the database of one user's."""
    state = State()
    rows = raw.execute(
        """SELECT p.uid, p.title, (SELECT json_group_array(uid) FROM (
            SELECT t.uid FROM playlist_items i JOIN tracks t ON t.id = i.track_id
            WHERE i.playlist_id = p.id ORDER BY i.position, i.uid))
        FROM playlists p WHERE p.user_id = ?""",
        (user_id,),
    )
    state.playlists = {uid: (title, json.loads(tracks)) for uid, title, tracks in rows}
    of_user = "JOIN tracks t ON t.id = x.track_id WHERE x.user_id = ?"
    state.favorites = {uid for (uid,) in raw.execute(f"SELECT t.uid FROM favorites x {of_user}", (user_id,))}
    state.positions = dict(raw.execute(f"SELECT t.uid, x.seconds FROM positions x {of_user}", (user_id,)))
    state.plays = {uid for (uid,) in raw.execute("SELECT uid FROM plays WHERE user_id = ?", (user_id,))}
    return state


def ensure_kept(raw: Any, writers: list[Writer]) -> int:
    """Each finds what was acknowledged, all of it and nothing else; how many had more: the write under way."""
    ahead = 0
    for writer in writers:
        found, promised = state_of(raw, writer.member.id), writer.state
        if found == promised:
            continue
        assert writer.pending is not None, f"{writer.member.name}: lost {difference(promised, found)}"
        assert found == _with_pending(writer, found), f"{writer.member.name}: {difference(promised, found)}"
        ahead += 1
    return ahead


def difference(promised: State, found: State) -> str:
    """Only where the two differ."""
    parts = [name for name in vars(promised) if getattr(promised, name) != getattr(found, name)]
    return "; ".join(f"{name}: promised {getattr(promised, name)}, found {getattr(found, name)}" for name in parts)


def _with_pending(writer: Writer, found: State) -> State:
    """The ledger as if the last wish had been granted."""
    state, wish = copy.deepcopy(writer.state), writer.pending
    assert wish is not None
    new = next(iter(found.playlists.keys() - state.playlists.keys()), None)
    items = {key: list(value) for key, value in writer._items.items()}
    wish.apply(state, {"id": new})
    writer._items = items
    return state


def snapshot(home: Home) -> dict[str, bytes]:
    """The bytes of a database and of its journal. An empty journal is none: whoever only looks makes one."""
    wal = home.database.with_name(home.database.name + "-wal")
    found = {path.name: path.read_bytes() for path in (home.database, wal) if path.exists()}
    return {name: content for name, content in found.items() if content or name == home.database.name}
