"""Other versions of the old database, odd rows in it, what was changed here since, and a large one."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest

from soundwave_core import SoundWave, transaction
from soundwave_core.legacy import open_legacy
from soundwave_core.takeover import bring_over
from soundwave_core.testing import Client, MakeCore
from soundwave_library import Tracks
from tests.conftest import Tell
from tests.legacy.fixtures import Home, expected, home, moved, notes_of, report_of, sign_in
from tests.legacy.later import make_later

__all__ = ["expected", "home", "moved"]


def uid_of(core: SoundWave, source_id: str) -> str:
    return str(core.db.value("SELECT uid FROM tracks WHERE source_id = :id", id=source_id))


def detail(client: Client, source_id: str) -> Any:
    return client.get(f"/api/audio/{uid_of(client.core, source_id)}/").json


@pytest.fixture
def later(home: Home, make_core: MakeCore) -> SoundWave:
    make_later(home)
    return make_core()


@pytest.fixture
def alice(later: SoundWave, expected: dict[str, Any]) -> Client:
    plain = [{**user, "two_factor": {"enabled": False}} for user in expected["users"]]
    return sign_in(later, {**expected, "users": plain}, "alice")


def test_what_later_versions_know_comes_along(later: SoundWave, alice: Client) -> None:
    ferry = detail(alice, "6Lxo8NjM2Ze")
    assert (ferry.artist, ferry.album, ferry.is_favorite) == ("Harbour Lights", "Ferries", True)
    row = later.db.row("SELECT * FROM tracks WHERE uid = :uid", uid=ferry.id) or {}
    assert (row["year"], row["genre"], row["track_number"], row["album_artist"]) == (2023, "slow", 7, "Harbour Lights")
    favorites = [track.title for track in alice.get("/api/audio/?is_favorite=true").json.results]
    assert favorites == ["Kitchen demo", "Night Ferry (Full Album)"]
    assert "chapters of 1 rows" in notes_of(report_of(later), "Tracks")


def test_each_play_that_was_noted_is_one(later: SoundWave, alice: Client) -> None:
    history = [(play.title, play.played_at, play.seconds) for play in alice.get("/api/play/?limit=200").json.results]
    assert ("Night Ferry (Full Album)", "2026-01-15T20:00:00.000Z", 4.0) in history
    assert ("Gone", "2026-01-17T20:00:00.000Z", 60.0) in history
    assert detail(alice, "6Lxo8NjM2Ze").play_count == 17  # as it was counted, these two among them
    assert sum(title == "Night Ferry (Full Album)" for title, _, _ in history) == 2
    assert ("Basement demo (not from YouTube)", "2026-01-18T10:00:00.000Z", None) in history
    assert detail(alice, "1284456789").play_count == 1


def test_a_row_from_an_export_has_neither_file_nor_title(later: SoundWave, alice: Client) -> None:
    track = detail(alice, "8PYgX3swk75")
    assert track.is_missing
    assert track.title
    assert track.source_url == "https://www.youtube.com/watch?v=8PYgX3swk75"
    assert alice.get(f"/api/audio/{track.id}/stream/").status == 410


def test_what_has_no_place_is_named(later: SoundWave) -> None:
    text = report_of(later).text()
    for table in ("playlist_smartplaylist", "playlist_smartplaylistrule", "stats_achievement", "audio_audiosegment"):
        assert f"rows of {table}: nothing here takes them" in text
    assert "stats_listeninghistory" not in text


# Odd rows


def odd(home: Home, **columns: Any) -> None:
    changes = ", ".join(f"{name} = {value}" for name, value in columns.items())
    home.change(f"UPDATE audio_audio SET {changes} WHERE youtube_id = '2ukU6hkzl-H'")


@pytest.mark.parametrize(
    "path",
    ["'../../etc/passwd'", "'/etc/passwd'", "''", "'.'", "'a/../../b.m4a'", "CAST(x'66fc2e6d3461' AS TEXT)",
     "'a' || char(0)"],
)  # fmt: skip
def test_a_path_that_cannot_be_is_a_missing_file(
    home: Home, make_core: MakeCore, expected: dict[str, Any], path: str
) -> None:
    odd(home, file_path=path)
    core = make_core()
    admin = sign_in(core, expected, "admin")
    assert detail(admin, "2ukU6hkzl-H").is_missing
    assert admin.get(f"/api/audio/{uid_of(core, '2ukU6hkzl-H')}/stream/").status == 410
    stored = Tracks(core.db).get(uid_of(core, "2ukU6hkzl-H")).path
    assert stored.startswith(".soundwave/none/")


def test_two_tracks_of_one_file(home: Home, make_core: MakeCore, expected: dict[str, Any]) -> None:
    """The first of them has it."""
    same = home.expected["files"]["present"][0]["path"]
    odd(home, file_path=f"'{same}'")
    core = make_core()
    core.jobs.run("library.read-files")
    admin, alice = (sign_in(core, expected, name) for name in ("admin", "alice"))
    assert [detail(admin, "2ukU6hkzl-H").is_missing, detail(alice, "eFA4BfI2Gw4").is_missing] == [False, True]
    assert admin.get(f"/api/audio/{uid_of(core, '2ukU6hkzl-H')}/stream/").status == 200


def test_a_link_out_of_the_media_root_is_a_missing_file(
    home: Home, make_core: MakeCore, expected: dict[str, Any], tmp_path: Path
) -> None:
    path = home.audio / home.expected["files"]["present"][-1]["path"]
    secret = tmp_path / "secret.m4a"
    path.rename(secret)
    path.symlink_to(secret)
    core = make_core()
    admin = sign_in(core, expected, "admin")
    assert detail(admin, "2ukU6hkzl-H").is_missing
    assert admin.get(f"/api/audio/{uid_of(core, '2ukU6hkzl-H')}/stream/").status == 404


def test_wrong_words_are_no_obstacle(home: Home, make_core: MakeCore, expected: dict[str, Any]) -> None:
    odd(home, title="CAST(x'ff41' AS TEXT)", duration=-5, published_date="'soon'", description="'a' || char(0) || 'b'",
        downloaded_date="''", play_count=-3)  # fmt: skip
    core = make_core()
    track = detail(sign_in(core, expected, "admin"), "2ukU6hkzl-H")
    assert (track.title, track.duration_seconds, track.published_at, track.play_count) == ("?A", None, None, 1)
    assert (track.description, track.added_at) == ("ab", core.clock.stamp())


def test_of_a_longer_title_a_playlist_has_the_beginning(
    home: Home, make_core: MakeCore, expected: dict[str, Any]
) -> None:
    """What its owner could send back: a change of it is no refusal."""
    home.change("UPDATE playlist_playlist SET title = replace(hex(zeroblob(400)), '0', 'é')")
    alice = sign_in(make_core(), expected, "alice")
    playlist = next(one for one in alice.get("/api/playlist/").json.results if "é" in one.title)
    assert playlist.title == "é" * 500
    assert alice.patch(f"/api/playlist/{playlist.id}/", {"title": playlist.title}).status == 200


def test_rows_of_nobody_are_named(home: Home, make_core: MakeCore) -> None:
    home.change("PRAGMA foreign_keys = OFF", "DELETE FROM user_account WHERE id = 4")
    report = report_of(make_core())
    assert "2 rows belong to users who did not come over" in notes_of(report, "Tracks")
    assert "its owner did not come over (1): " in notes_of(report, "Playlists")


def test_of_many_rows_that_stay_behind_the_first_are_named(home: Home, make_core: MakeCore) -> None:
    tables = {"audio_audioprogress": "user_id", "download_downloadqueue": "owner_id", "playlist_playlist": "owner_id",
              "playlist_playlistdownload": "user_id", "audio_localaudio": "owner_id"}  # fmt: skip
    home.change("PRAGMA foreign_keys = OFF")
    with home.opened() as raw:
        for table, owner in tables.items():
            schema = raw.execute("SELECT sql FROM sqlite_schema WHERE name = ?", (table,)).fetchone()[0]
            columns = [row[1] for row in raw.execute(f"PRAGMA table_info({table})") if row[1] not in ("id", owner)]
            shown, plain = ", ".join(columns), schema.partition("(")[0]
            raw.execute(f"ALTER TABLE {table} RENAME TO was")
            raw.execute(f"{plain} (id INTEGER PRIMARY KEY, {owner}, {shown})")
            raw.execute(
                f"""WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 70)
                INSERT INTO {table} ({owner}, {shown}) SELECT 999, {shown} FROM n, (SELECT * FROM was LIMIT 1)"""
            )
            raw.execute("DROP TABLE was")
        raw.commit()
    report = report_of(make_core())
    for name in ("Positions", "Download queue", "Playlists", "Playlist downloads", "Uploads"):
        notes = notes_of(report, name)
        assert "is not there (70): " in notes or "did not come over (70): " in notes, name
        assert notes.count("; and 20 more") == 1, name
        assert len(notes.splitlines()) < 5, name


ABSENT = [
    ("audio_artwork", "priority"), ("audio_artwork", "is_primary"), ("playlist_playlistitem", "position"),
    ("playlist_playlistdownloaditem", "position"), ("audio_localaudioplaylistitem", "position"),
    ("audio_audio", "published_date"), ("audio_audio", "downloaded_date"), ("download_downloadqueue", "added_date"),
    ("channel_channel", "owner_id"), ("user_account", "date_joined"),
]  # fmt: skip


@pytest.mark.parametrize(("table", "column"), ABSENT)
def test_a_column_that_is_absent_is_no_obstacle(home: Home, make_core: MakeCore, table: str, column: str) -> None:
    with home.opened() as raw:
        columns = ", ".join(row[1] for row in raw.execute(f"PRAGMA table_info({table})") if row[1] != column)
        raw.execute(f"CREATE TABLE without AS SELECT {columns} FROM {table}")
        raw.execute(f"DROP TABLE {table}")
        raw.execute(f"ALTER TABLE without RENAME TO {table}")
        raw.commit()
    assert "Tracks: 60 of 60" in report_of(make_core()).text()


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("audio_audioprogress", "position = 'abc'"),
        ("audio_audioprogress", "position = 9e999"),
        ("user_account", "date_joined = 17"),
        ("user_account", "avatar = x'ff00'"),
        ("user_account", "password = x'ff00'"),
        ("audio_audio", "title = x'ff00', duration = 'x', play_count = 'x'"),
        ("audio_artwork", "width = 70000000000000000000"),
        ("playlist_playlistdownloaditem", "retry_count = 'x'"),
        ("playlist_playlistdownload", "created_at = 5"),
    ],
)
def test_odd_values_keep_no_server_from_starting(home: Home, make_core: MakeCore, table: str, change: str) -> None:
    home.change("PRAGMA ignore_check_constraints = ON", f"UPDATE {table} SET {change}")
    assert "Tracks: 60 of 60" in report_of(make_core()).text()


def test_a_play_of_odd_length(home: Home, make_core: MakeCore) -> None:
    make_later(home)
    home.change("UPDATE stats_listeninghistory SET duration_listened = 'long'")
    assert make_core().db.value("SELECT count(*) FROM plays WHERE title = 'Gone' AND seconds = 0") == 1


def test_a_channel_that_no_admin_had_is_nobody_elses(home: Home, make_core: MakeCore, expected: dict[str, Any]) -> None:
    home.change("UPDATE channel_channel SET owner_id = 3 WHERE channel_id = 'UC8sI8YbDqrnfPDk-zD1qYGJ'")
    core = make_core()
    bob = sign_in(core, expected, "bob")
    url = "https://www.youtube.com/channel/UC8sI8YbDqrnfPDk-zD1qYGJ"
    assert url not in {channel.url for channel in bob.get("/api/channel/").json.results}
    assert url in {playlist.source_url for playlist in bob.get("/api/playlist/").json.results}
    kinds = core.db.rows("SELECT kind, is_enabled FROM sources WHERE url = :url", url=url)
    assert kinds == [{"kind": "playlist", "is_enabled": 0}]


def test_a_picture_that_is_none_is_named(home: Home, make_core: MakeCore) -> None:
    (home.audio / "artwork/audio_6_audio_cover_lastfm.jpg").write_bytes(b"<html>")
    core = make_core()
    assert "audio_6_audio_cover_lastfm.jpg" in notes_of(report_of(core), "Pictures")
    assert core.db.value("SELECT count(*) FROM artworks") == 0


def test_of_several_pictures_the_primary_one(home: Home, make_core: MakeCore) -> None:
    (home.audio / "artwork/better.png").write_bytes(b"\x89PNG\r\n\x1a\n better")
    home.change(
        """INSERT INTO audio_artwork
        (artwork_type, source, url, local_path, priority, fetched_date, is_primary, audio_id)
        VALUES ('audio_cover', 'manual', '', 'artwork/better.png', 99, '2026-01-04 04:00:00', 0, 6)"""
    )
    core = make_core()
    path = "SELECT a.path FROM tracks t JOIN artworks a ON a.id = t.artwork_id WHERE t.source_id = '6Lxo8NjM2Ze'"
    assert core.db.value(path) == "artwork/audio_6_audio_cover_lastfm.jpg"
    assert "1 are second ones" in notes_of(report_of(core), "Pictures")


# What was changed here since


def test_what_people_changed_since_stays(moved: SoundWave, home: Home, expected: dict[str, Any]) -> None:
    """Deleted stays deleted, edited stays edited, also when the tombstones are long gone."""
    alice = sign_in(moved, expected, "alice")
    lists = {one.title: one.id for one in alice.get("/api/playlist/").json.results}
    kitchen = alice.get(f"/api/playlist/{lists['Kitchen 🍳 <b>party</b>']}/").json
    ferry, demo = uid_of(moved, "6Lxo8NjM2Ze"), uid_of(moved, "1284456789")
    assert alice.delete(f"/api/playlist/{lists['Someday maybe..']}/").status == 204
    assert alice.patch(f"/api/playlist/{kitchen.id}/", {"title": "Kitchen"}).status == 200
    assert alice.delete(f"/api/playlist/{kitchen.id}/items/{kitchen.items[0].id}/").status == 204
    assert alice.delete(f"/api/audio/{demo}/").status == 204
    assert alice.put(f"/api/audio/{ferry}/position/", {"seconds": 2}).status == 204
    assert alice.delete(f"/api/audio/{ferry}/lyrics/").status == 204
    upload = next(t for t in alice.get("/api/audio/?is_favorite=true").json.results)
    assert alice.delete(f"/api/audio/{upload.id}/favorite/").status == 204
    channel = alice.get("/api/channel/").json.results[0]
    assert alice.delete(f"/api/channel/{channel.id}/").status == 204
    with transaction(moved.db) as tx:
        tx.execute("DELETE FROM tombstones")
    tables = ("tracks", "entries", "favorites", "positions", "plays", "earlier_plays", "lyrics", "playlists",
              "playlist_items", "channels", "sources", "legacy_rows", "listening_rev")  # fmt: skip
    before, rev = {table: moved.db.rows(f"SELECT * FROM {table}") for table in tables}, moved.db.rev()
    with open_legacy(home.kept[0]) as legacy:
        report = bring_over(moved, legacy, "again")
    assert {table: moved.db.rows(f"SELECT * FROM {table}") for table in tables} == before
    assert moved.db.rev() == rev
    assert "60 rows came over before" in notes_of(report, "Tracks") or "59 rows" in notes_of(report, "Tracks")


# A large one


def test_a_large_one_takes_a_moment(home: Home, make_core: MakeCore, tell: Tell, soak: bool) -> None:
    """Rows only: files are looked for by name, and not read."""
    rows = 50_000 if soak else 2_500
    with home.opened() as raw:
        columns = [row[1] for row in raw.execute("PRAGMA table_info(audio_audio)") if row[1] != "id"]
        others = [name for name in columns if name not in ("youtube_id", "file_path", "title")]
        raw.execute(
            f"""WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows})
            INSERT INTO audio_audio (youtube_id, file_path, title, {", ".join(others)})
            SELECT printf('L%010d', i), printf('Large %d/Track %d-L%010d.m4a', i / 500, i, i), 'Track ' || i,
            {", ".join(others)} FROM n, (SELECT * FROM audio_audio WHERE id = 6)"""
        )
        raw.commit()
    for folder in range(4):
        (home.audio / f"Large {folder}").mkdir()
        for number in range(folder * 500, folder * 500 + 500):
            (home.audio / f"Large {folder}" / f"Track {number}-L{number:010d}.m4a").write_bytes(b"x")
    begun, spent = time.perf_counter(), time.process_time()
    core = make_core()
    seconds, worked = time.perf_counter() - begun, time.process_time() - spent
    size = os.path.getsize(core.config.data_dir / "db.sqlite3") / 1e6
    tell(
        f"an old library of {rows} rows: {seconds:.1f} s until the server runs ({worked:.1f} s of work), {size:.0f} MB"
    )
    assert core.db.value("SELECT entry_count FROM library_counts ORDER BY entry_count DESC LIMIT 1") == rows + 44
    unread = core.db.value("SELECT count(*) FROM file_states WHERE state = 'unread'")
    assert unread == 1999 + 14
