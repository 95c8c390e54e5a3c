"""What a household takes along to another server is there again, once; and nobody gets what is not theirs."""

from __future__ import annotations

import hashlib
import shutil
import zipfile
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner
from core.toys import toy

from soundwave_auth import Users, add_user
from soundwave_core import Export, Import, ImportReport, Invalid, NotFound, SoundWave, transaction
from soundwave_core.cli import cli
from soundwave_core.testing import Cast, Client, MakeCore, VirtualClock
from soundwave_library import Entries, NewTrack, Tracks, imports
from soundwave_library.store import Arrivals, Taking
from soundwave_system.exports import export_to, import_from

LEGACY = Path(__file__).parents[2] / "legacy/v1.0"
NAMES = ["admin", "alice", "bob", "carol"]


def folders(root: Path) -> dict[str, str]:
    return {"DATA_DIR": str(root / "data"), "MEDIA_ROOT": str(root / "audio"), "CACHE_DIR": str(root / "cache")}


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folders of a household with everything that one has: an imported one, its files read."""
    root = tmp_path_factory.mktemp("imported")
    shutil.copytree(LEGACY / "audio", root / "audio")
    shutil.copytree(LEGACY / "avatars", root / "data/avatars")
    shutil.copy(LEGACY / "db.sqlite3", root / "data")
    settings = folders(root) | {"SOUNDWAVE_AUTH_BCRYPT_COST": "4"}
    core = SoundWave(settings, clock=VirtualClock(), is_manual=True, notice=lambda line: None).start()
    core.jobs.run("library.read-files")
    core.stop()
    return root


@pytest.fixture
def old(imported: Path, make_core: MakeCore, tmp_path: Path) -> SoundWave:
    """That household, running in a copy of its folders."""
    shutil.copytree(imported, tmp_path / "old")
    return make_core(**folders(tmp_path / "old"))


@pytest.fixture
def new(make_core: MakeCore, tmp_path: Path) -> SoundWave:
    """Another server, where three of the four have an account."""
    core = make_core(**folders(tmp_path / "new"))
    for name in NAMES[:3]:
        add_user(core, name, "correct horse battery", name == "admin")
    return core


def what_they_have(core: SoundWave, name: str) -> dict[str, Any]:
    """Everything of a user, without the ids, which may be others."""
    user = Users(core).find_by_name(name)
    assert user is not None
    taking = Taking(core.db, user.id)
    tracks = {track["id"]: track for track in taking.tracks()}
    own = [{k: v for k, v in track.items() if k not in ("id", "path")} for track in tracks.values()]
    lists = [
        [playlist[k] for k in ("title", "description", "kind", "source_url", "created_at", "updated_at")]
        + [(tracks[item["track"]]["title"], item["added_at"], item["source_id"]) for item in playlist["items"]]
        for playlist in taking.playlists()
    ]
    plays = [(play["title"], play["artist"], play["played_at"], play["seconds"]) for play in taking.plays()]
    sources = core.db.rows(
        "SELECT url, interval_seconds, is_enabled FROM sources WHERE user_id = :user AND kind = 'playlist'"
        " ORDER BY url",
        user=user.id,
    )
    picture = core.db.value("SELECT sha256 FROM avatars WHERE user_id = :user", user=user.id)
    config = core.db.rows("SELECT name, value FROM user_config WHERE user_id = :user ORDER BY name", user=user.id)
    tracks_sorted = sorted(own, key=lambda track: str((track["extractor"], track["source_id"], track["sha256"])))
    return {
        "tracks": tracks_sorted,
        "lists": lists,
        "plays": plays,
        "sources": sources,
        "config": config,
        "picture": picture,
    }


def counters(core: SoundWave) -> list[int]:
    return [core.db.rev(), core.db.value("SELECT value FROM listening_rev")]


def test_a_household_moves(old: SoundWave, new: SoundWave, tmp_path: Path) -> None:
    bob = Users(old).find_by_name("bob")
    assert bob is not None
    with transaction(old.db) as tx:
        tx.execute("INSERT INTO user_config VALUES (:user, 'theme', '\"dark\"')", user=bob.id)
    path = tmp_path / "all.zip"
    export_to(old, path, sorted(Users(old).list(), key=lambda user: user.number), with_media=True)
    report = import_from(new, path)
    people = report.section("Users")
    assert (people.found, people.imported) == (4, 3)
    assert people.notes == ["carol has no account here: add one, and import again"]
    assert what_they_have(old, "alice")["picture"]
    for name in NAMES[:3]:
        before = what_they_have(old, name)
        assert what_they_have(new, name) == before
        assert before["tracks"], name
    media = {file.name for file in (tmp_path / "old/audio").rglob("*") if file.is_file()}
    moved = {file.name for file in (tmp_path / "new/audio").rglob("*") if file.is_file()} - {"lock"}
    assert moved <= media
    assert len(moved) >= 12
    unchanged = counters(new)
    again = import_from(new, path)
    assert counters(new) == unchanged
    assert [(s.name, s.found, s.imported) for s in again.sections[1:]] == [
        (s.name, s.found, s.imported if s.name != "Preferences" else 0) for s in report.sections[1:]
    ]
    assert not list((tmp_path / "new/audio/.soundwave").glob("import-*"))


def test_what_moved_is_played(old: SoundWave, new: SoundWave, tmp_path: Path) -> None:
    path = tmp_path / "bob.zip"
    bob = Users(old).find_by_name("bob")
    assert bob is not None
    export_to(old, path, [bob], with_media=True)
    import_from(new, path, ["bob"])
    client = Client(new)
    assert client.sign_in("bob").status == 200
    tracks = client.get("/api/audio/?limit=200").json.results
    there = [track for track in tracks if not track.is_missing]
    assert there
    for track in there:
        sent = client.get(track.audio_url)
        files = [file for file in (tmp_path / "old/audio").rglob("*") if file.is_file()]
        assert hashlib.sha256(sent.body).digest() in {hashlib.sha256(f.read_bytes()).digest() for f in files}
    playlists = client.get("/api/playlist/").json.results
    assert {playlist.title for playlist in playlists} >= {"downloads"} or playlists


def test_it_opens_in_other_players(old: SoundWave, tmp_path: Path) -> None:
    path = tmp_path / "alice.zip"
    alice = Users(old).find_by_name("alice")
    assert alice is not None
    export_to(old, path, [alice], with_media=True)
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        lists = [name for name in names if name.endswith(".m3u8")]
        assert len(lists) == len(what_they_have(old, "alice")["lists"])
        for name in lists:
            lines = archive.read(name).decode().splitlines()
            assert lines[0] == "#EXTM3U"
            named = [line for line in lines if not line.startswith("#")]
            assert all(line.startswith("../media/") for line in named)
            assert len(lines) == 2 + 2 * len(named)
        media = [name for name in names if "/media/" in name]
        assert len(media) == sum(track["sha256"] is not None for track in what_they_have(old, "alice")["tracks"]) > 8
        assert archive.testzip() is None


def test_a_medium_of_the_same_name_is_not_written_over(old: SoundWave, new: SoundWave, tmp_path: Path) -> None:
    path, alice = tmp_path / "alice.zip", Users(old).find_by_name("alice")
    assert alice is not None
    export_to(old, path, [alice], with_media=True)
    taken = tmp_path / "new/audio/Mr. Ellipsis../Wait for it.. the drop-mORFc_BucPy.m4a"
    taken.parent.mkdir(parents=True)
    taken.write_bytes(b"another")
    import_from(new, path, ["alice"])
    assert taken.read_bytes() == b"another"
    assert what_they_have(new, "alice") == what_they_have(old, "alice")
    assert list((tmp_path / "new/audio/Imported").iterdir())


def changed(path: Path, name: str, change: Any) -> Path:
    """The file with one of its texts changed."""
    target = path.with_name("changed.zip")
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(target, "w") as copy:
        for entry in source.infolist():
            content = source.read(entry)
            if entry.filename.endswith(name):
                content = msgspec.json.encode(change(msgspec.json.decode(content)))
            copy.writestr(entry, content)
    return target


def test_a_hash_alone_gives_nobody_anothers_track(cast: Cast, core: SoundWave, tmp_path: Path) -> None:
    """bob claims to have had what only alice has: without a link, by its hash."""
    user = Users(core).find_by_name("alice")
    bob = Users(core).find_by_name("bob")
    assert user is not None
    assert bob is not None
    file = core.config.media_root / "private.opus"
    file.write_bytes(b"private")
    digest = hashlib.sha256(b"private").hexdigest()
    with transaction(core.db) as tx:
        uid = Tracks(tx).add(
            NewTrack(uid=core.clock.new_id(), added_at=core.clock.stamp(), title="Private", path="private.opus",
                     size_bytes=7, codec="opus", content_hash=digest, revision=digest, block_hashes=[digest])
        )  # fmt: skip
        Entries(tx).ensure(user.id, uid, core.clock)
    export_to(core, tmp_path / "alice.zip", [user])
    forged = changed(tmp_path / "alice.zip", "soundwave.json",
                     lambda index: {**index, "users": [{**index["users"][0], "name": "bob"}]})  # fmt: skip
    report = import_from(core, forged)
    assert report.section("Tracks").imported == 0
    assert report.section("Tracks").notes == ["Private: its file is not there, and nothing says where it came from"]
    assert not Entries(core.db).has(bob.id, uid)
    import_from(core, tmp_path / "alice.zip")
    assert Entries(core.db).has(user.id, uid)


@pytest.mark.parametrize(
    "path", ["../outside.opus", "/etc/outside.opus", "a/../../outside.opus", ".soundwave/lock", "a\0b.opus", ""]
)
def test_no_path_leads_out(old: SoundWave, new: SoundWave, tmp_path: Path, path: str) -> None:
    alice, made = Users(old).find_by_name("alice"), tmp_path / "alice.zip"
    assert alice is not None
    export_to(old, made, [alice], with_media=True)

    def elsewhere(tracks: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [{**track, "path": path} for track in tracks if track.get("sha256")]

    forged = changed(made, "tracks.json", elsewhere)
    if path and "\0" not in path:
        with zipfile.ZipFile(forged, "a") as archive:
            archive.writestr(f"001 alice/media/{path}", b"outside")
    lock = (tmp_path / "new/audio/.soundwave/lock").read_bytes()
    import_from(new, forged)
    assert not list(tmp_path.rglob("outside.opus"))
    assert (tmp_path / "new/audio/.soundwave/lock").read_bytes() == lock


def test_a_path_in_another_spelling_is_nobodys(old: SoundWave, tmp_path: Path) -> None:
    """alice has lost a file; bob's import names its place by a detour, and does not get it."""
    alice, bob = Users(old).find_by_name("alice"), Users(old).find_by_name("bob")
    assert alice is not None
    assert bob is not None
    lost = next(track for track in Taking(old.db, alice.id).tracks() if track["sha256"] and not track["lyrics_source"])
    (old.config.media_root / lost["path"]).unlink()
    folder = lost["path"].rpartition("/")[0]
    path = f"{folder}/x/../{lost['path'].rpartition('/')[2]}"
    track = {"id": "0" * 31 + "1", "title": "T", "path": path, "added_at": "2026-01-01T00:00:00.000Z"}
    forged = forge(tmp_path / "f.zip", "bob", [track], {path: b"another sound"})
    assert import_from(old, forged).section("Tracks").imported == 1
    assert not (old.config.media_root / lost["path"]).exists()
    (mine,) = [track for track in Taking(old.db, bob.id).tracks() if track["title"] == "T"]
    assert mine["path"].startswith("Imported/")


def forge(path: Path, name: str, tracks: list[dict[str, Any]], media: dict[str, bytes]) -> Path:
    """A file for this user, as somebody wrote it by hand."""
    with zipfile.ZipFile(path, "w") as archive:
        index = {"format": 1, "version": "1", "made_at": "x", "users": [{"name": name, "folder": "f"}]}
        archive.writestr("soundwave.json", msgspec.json.encode(index))
        archive.writestr("f/tracks.json", msgspec.json.encode(tracks))
        for file, content in media.items():
            archive.writestr(f"f/media/{file}", content)
    return path


TRACK = {"id": "0" * 31 + "1", "title": "T", "path": "a.opus", "added_at": "2026-01-01T00:00:00.000Z"}


def test_to_name_a_source_gives_nobody_anothers_track(cast: Cast, core: SoundWave, tmp_path: Path) -> None:
    """Nor its missing file, nor its words: of a track without a link, bob knows the name that its source has."""
    alice, bob = Users(core).find_by_name("alice"), Users(core).find_by_name("bob")
    assert alice is not None
    assert bob is not None
    with transaction(core.db) as tx:
        uid = Tracks(tx).add(
            NewTrack(uid=core.clock.new_id(), added_at=core.clock.stamp(), title="Private", path="p.opus", size_bytes=0,
                     codec="opus", content_hash="0" * 64, revision="0" * 64, block_hashes=[], extractor="upload",
                     source_id="7", file_state="missing")
        )  # fmt: skip
        Entries(tx).ensure(alice.id, uid, core.clock)
    claim = TRACK | {"extractor": "upload", "source_id": "7", "plain": "bob's words", "sha256": "0" * 64}
    report = import_from(core, forge(tmp_path / "f.zip", "bob", [claim], {"a.opus": b"bob's sound"}))
    assert report.section("Tracks").imported == 0
    assert "somebody else has it" in report.section("Tracks").notes[0]
    assert not Entries(core.db).has(bob.id, uid)
    track = Tracks(core.db).get(uid)
    assert (track.file_state, track.path) == ("missing", "p.opus")
    assert cast.alice.get(f"/api/audio/{uid}/lyrics/").status == 404
    assert not list(core.config.media_root.rglob("*.opus"))


@pytest.mark.parametrize(
    "odd",
    [
        {"title": "x" * 5000}, {"duration_seconds": -1.0}, {"size_bytes": -1}, {"year": 2**60}, {"sha256": "x"},
        {"added_at": "99999-01-01T00:00:00Z"}, {"added_at": "0001-01-01T00:00:00+14:00"}, {"added_at": "now"},
        {"extractor": "x"}, {"id": "../x"}, {"position_seconds": 1e300, "position_at": "2026-01-01T00:00:00Z"},
    ],
)  # fmt: skip
def test_odd_values_are_one_sentence(cast: Cast, core: SoundWave, tmp_path: Path, odd: dict[str, Any]) -> None:
    media = {"a.opus": b"sound"}
    with pytest.raises(Invalid) as caught:
        import_from(core, forge(tmp_path / "f.zip", "bob", [TRACK | odd], media))
    assert caught.value.code == "export_damaged"
    assert not [file for file in core.config.media_root.rglob("*") if file.is_file() and file.name != "lock"]


def test_a_small_file_does_not_fill_the_disk(cast: Cast, core: SoundWave, tmp_path: Path) -> None:
    """One entry, named by many tracks; and one that was packed a thousand times."""
    tracks = [TRACK | {"id": f"{n:032x}", "title": f"T{n}", "extractor": "x", "source_id": str(n)} for n in range(20)]
    import_from(core, forge(tmp_path / "f.zip", "bob", tracks, {"a.opus": b"sound" * 1000}))
    assert sum(file.stat().st_size for file in core.config.media_root.rglob("*.opus")) == 5000
    with zipfile.ZipFile(tmp_path / "b.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        index = {"format": 1, "version": "1", "made_at": "x", "users": [{"name": "bob", "folder": "f"}]}
        archive.writestr("soundwave.json", msgspec.json.encode(index))
        archive.writestr("f/tracks.json", msgspec.json.encode([TRACK | {"id": "f" * 32, "path": "b.opus"}]))
        archive.writestr("f/media/b.opus", bytes(10_000_000))
    with pytest.raises(Invalid, match="no file of ours"):
        import_from(core, tmp_path / "b.zip")
    assert not list((core.config.media_root / ".soundwave").glob("import-*"))


def test_a_failure_leaves_no_file(cast: Cast, core: SoundWave, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk takes the file and the database does not take the track; and a kill in between is cleared away."""
    forged = forge(tmp_path / "f.zip", "bob", [TRACK], {"a.opus": b"sound"})
    with monkeypatch.context() as broken, pytest.raises(ZeroDivisionError):
        broken.setattr(Tracks, "add", lambda *rest: 1 / 0)
        import_from(core, forged)
    assert not (core.config.media_root / "a.opus").exists()
    with monkeypatch.context() as broken, pytest.raises(ZeroDivisionError):
        broken.setattr(Tracks, "add", lambda *rest: 1 / 0)
        broken.setattr(imports, "remove_files", lambda core: None)
        import_from(core, forged)
    assert (core.config.media_root / "a.opus").exists()
    core.jobs.run("library.sweep-files")
    assert not (core.config.media_root / "a.opus").exists()
    import_from(core, forged)
    core.jobs.run("library.sweep-files")
    assert (core.config.media_root / "a.opus").read_bytes() == b"sound"


def test_nobody_takes_along_what_they_may_not_look_at(cast: Cast, core: SoundWave, tmp_path: Path) -> None:
    """A position outlives the household's track; what became of the track is not its listener's to know."""
    bob = Users(core).find_by_name("bob")
    assert bob is not None
    with transaction(core.db) as tx:
        uid = Tracks(tx).add(
            NewTrack(uid=core.clock.new_id(), added_at=core.clock.stamp(), title="Theirs", path="t.opus", size_bytes=1,
                     codec="opus", content_hash="a" * 64, revision="a" * 64, block_hashes=[])
        )  # fmt: skip
        Arrivals(tx).position(bob.id, uid, 1.0, core.clock.stamp())
    assert Taking(core.db, bob.id).tracks() == []


def test_more_preferences_than_there_is_room_for(old: SoundWave, new: SoundWave, tmp_path: Path) -> None:
    """What does not fit is noted, and the library comes all the same."""
    bob, there = Users(old).find_by_name("bob"), Users(new).find_by_name("bob")
    assert bob is not None
    assert there is not None
    for core, user, names in ((old, bob.id, ["new"]), (new, there.id, [f"n{number}" for number in range(100)])):
        with transaction(core.db) as tx:
            for name in names:
                tx.execute("INSERT INTO user_config VALUES (:user, :name, '1')", user=user, name=name)
    export_to(old, tmp_path / "b.zip", [bob])
    report = import_from(new, tmp_path / "b.zip", ["bob"])
    assert "There is room for 100 names" in report.section("Preferences").notes[0]
    assert report.section("Tracks").imported > 0


def test_a_name_that_the_file_has_not(old: SoundWave, tmp_path: Path) -> None:
    alice = Users(old).find_by_name("alice")
    assert alice is not None
    export_to(old, tmp_path / "a.zip", [alice])
    with pytest.raises(NotFound, match="nothing of bob"):
        import_from(old, tmp_path / "a.zip", ["bob"])


# By HTTP and on the shell


def test_everybody_takes_along_their_own(cast: Cast, core: SoundWave, tmp_path: Path) -> None:
    for client, name in ((cast.bob, "bob"), (cast.alice, "alice")):
        answer = client.get("/api/user/export/")
        assert answer.status == 200
        assert answer.headers["Content-Type"] == "application/zip"
        assert f"soundwave-{name}-2026-01-05.zip" in answer.headers["Content-Disposition"]
        file = tmp_path / "e.zip"
        file.write_bytes(answer.body)
        with zipfile.ZipFile(file) as archive:
            index = msgspec.json.decode(archive.read("soundwave.json"))
            assert [person["name"] for person in index["users"]] == [name]
    assert cast.nobody.get("/api/user/export/").status == 401
    everybody = cast.alice.get("/api/appsettings/export/")
    assert everybody.status == 200
    assert cast.bob.get("/api/appsettings/export/").status == 403
    assert not list(core.config.cache_dir.glob("export-*"))


def test_the_report_of_an_old_server(old: SoundWave, cast: Cast) -> None:
    assert cast.alice.get("/api/appsettings/import/").json.results == []
    client = Client(old)
    assert client.sign_in("admin", "correct-horse-battery-1").status == 200
    (report,) = client.get("/api/appsettings/import/").json.results
    assert isinstance(report, ImportReport)
    assert report.section("Tracks").imported == 60


def test_on_the_shell(old: SoundWave, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in folders(tmp_path / "old").items():
        monkeypatch.setenv(name, value)
    file = tmp_path / "bob.zip"
    run = CliRunner().invoke(cli, ["export", str(file), "--user", "bob", "--with-media"])  # beside the server
    assert run.exit_code == 0, run.output
    assert "bob" in run.output
    assert CliRunner().invoke(cli, ["export", str(file)]).exit_code == 1  # it is there already
    nobody = CliRunner().invoke(cli, ["export", str(tmp_path / "n.zip"), "--user", "nobody"])
    assert (nobody.exit_code, nobody.output) == (1, "soundwave: There is no user nobody.\n")
    old.stop()
    run = CliRunner().invoke(cli, ["import", str(file)])
    assert run.exit_code == 0, run.output
    assert "Users: 1 of 1" in run.output


def test_a_strangers_plugin_takes_part(make_core: MakeCore, tmp_path: Path) -> None:
    """``export_user`` and ``import_user`` are asked of every plugin, and one that raises stops the whole."""
    kept: dict[str, str] = {}

    def export_user(user_id: str, export: Export) -> None:
        export.write_value("moods.json", {"mood": "calm"})

    def import_user(user_id: str, given: Import, report: ImportReport) -> None:
        kept.update(given.read_value("moods.json", dict[str, str]) or {})
        report.section("Moods").imported += 1

    core = make_core(plugins={"moods": toy(export_user=export_user, import_user=import_user)})
    user = add_user(core, "alice", "correct horse battery", True)
    path = tmp_path / "a.zip"
    export_to(core, path, [user])
    report = import_from(core, path)
    assert (kept, report.section("Moods").imported) == ({"mood": "calm"}, 1)
    core.stop()

    def fail(user_id: str, export: Export) -> None:
        raise ValueError("no mood")

    core = make_core(plugins={"moods": toy(export_user=fail)})
    with pytest.raises(ValueError, match="no mood"):
        export_to(core, tmp_path / "b.zip", [user])
    assert not list(tmp_path.glob("b.zip*"))
