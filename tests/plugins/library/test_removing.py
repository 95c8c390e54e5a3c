"""What goes when somebody removes something, and what stays."""

from __future__ import annotations

import os

import pytest

from soundwave_core import IntegrityError, SoundWave, transaction
from soundwave_core.testing import Cast, VirtualClock
from soundwave_library import Channels, Entries, Tracks, unknown_paths
from soundwave_library.store import FileRemovals

from .conftest import Shelf, items, make_playlist, titles


def test_one_owner_leaves_and_the_other_keeps_it(core: SoundWave, cast: Cast, shelf: Shelf) -> None:
    uid = shelf.add("Both", cast.bob, cast.carol)
    file = shelf.file_of(uid)
    assert cast.bob.delete(f"/api/audio/{uid}/").status == 204
    assert cast.bob.get(f"/api/audio/{uid}/").status == 404
    assert cast.carol.get(f"/api/audio/{uid}/stream/").status == 200
    assert cast.carol.delete(f"/api/audio/{uid}/").status == 204
    assert not file.exists()
    assert core.db.value("SELECT count(*) FROM tracks") == 0
    assert core.db.value("SELECT count(*) FROM file_removals") == 0


def test_a_removed_track_leaves_its_owners_lists_with_tombstones(core: SoundWave, cast: Cast, shelf: Shelf) -> None:
    uid, other = shelf.add("Gone", cast.bob, cast.carol), shelf.add("Stays", cast.bob)
    playlist = make_playlist(cast.bob, tracks=[uid, other, uid])
    theirs = make_playlist(cast.carol, tracks=[uid])
    cast.bob.put(f"/api/audio/{uid}/favorite/")
    cast.bob.post("/api/play/", {"track": uid, "seconds": 30})
    cast.bob.delete(f"/api/audio/{uid}/")
    assert items(cast.bob, playlist) == ["Stays"]
    assert items(cast.carol, theirs) == ["Gone"]
    kinds = [row["kind"] for row in core.db.rows("SELECT kind FROM tombstones WHERE user_id = :bob ORDER BY kind",
                                                 bob=cast.bob.user_id)]  # fmt: skip
    assert kinds == ["entry", "favorite", "item", "item"]
    [play] = cast.bob.get("/api/play/").json.results
    assert (play.title, play.track_id) == ("Gone", uid)
    cast.carol.delete(f"/api/audio/{uid}/")
    assert cast.bob.get("/api/play/").json.results[0].track_id is None


def test_an_own_copy_of_a_household_track(cast: Cast, shelf: Shelf) -> None:
    uid = shelf.add("Episode", cast.bob, channel=shelf.channel(), source="1")
    playlist = make_playlist(cast.bob, tracks=[uid])
    assert cast.bob.delete(f"/api/audio/{uid}/").status == 204
    assert items(cast.bob, playlist) == ["Episode"]
    assert cast.bob.get(f"/api/audio/{uid}/stream/").status == 200


def test_an_admin_takes_a_track_from_the_household(core: SoundWave, cast: Cast, shelf: Shelf) -> None:
    channel = shelf.channel()
    unused = shelf.add("Unused", channel=channel, source="1")
    liked = shelf.add("Liked", channel=channel, source="2")
    listed = shelf.add("Listed", channel=channel, source="3")
    cast.bob.put(f"/api/audio/{liked}/favorite/")
    playlist = make_playlist(cast.carol, tracks=[listed])
    file = shelf.file_of(unused)
    assert [cast.alice.delete(f"/api/audio/{uid}/").status for uid in (unused, liked, listed)] == [204] * 3
    assert not file.exists()
    assert titles(cast.bob.get("/api/audio/")) == ["Liked"]
    assert items(cast.carol, playlist) == ["Listed"]
    upstream = [("site", n) for n in "1234"]
    assert Channels(core.db).missing(channel, upstream) == {("site", "4")}


def test_an_admin_names_whose_entry_it_is(cast: Cast, shelf: Shelf) -> None:
    uid = shelf.add("Bob's", cast.bob)
    refused = cast.alice.delete(f"/api/audio/{uid}/")
    assert (refused.status, refused.json["code"]) == (409, "not_in_library")
    assert cast.alice.delete(f"/api/audio/{uid}/?user={cast.bob.user_id}").status == 204
    assert cast.bob.get("/api/audio/").json.count == 0


def test_the_file_outlives_a_transaction_that_fails(core: SoundWave, cast: Cast, shelf: Shelf) -> None:
    uid = shelf.add("Kept", cast.bob)

    def fail() -> None:
        with transaction(core.db) as tx:
            assert Entries(tx).remove(cast.bob.user_id, uid, core.clock).is_gone
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert shelf.file_of(uid).exists()
    assert cast.bob.get(f"/api/audio/{uid}/stream/").status == 200


def test_the_database_itself_keeps_owned_tracks(core: SoundWave, cast: Cast, shelf: Shelf) -> None:
    shelf.add("Owned", cast.bob)
    with pytest.raises(IntegrityError), transaction(core.db) as tx:
        tx.execute("DELETE FROM tracks")


def test_an_interrupted_removal_is_finished_by_the_sweep(core: SoundWave, cast: Cast, shelf: Shelf) -> None:
    uid = shelf.add("Gone", cast.bob)
    file = shelf.file_of(uid)
    with transaction(core.db) as tx:  # and then the power fails
        Entries(tx).remove(cast.bob.user_id, uid, core.clock)
    assert file.exists()
    core.jobs.run("library.sweep-files")
    assert not file.exists()
    assert FileRemovals(core.db).list() == []


def test_a_file_that_is_used_again_is_not_removed(core: SoundWave, cast: Cast, shelf: Shelf) -> None:
    with transaction(core.db) as tx:
        FileRemovals(tx).add("Somebody/again.opus")
    uid = shelf.add("Again", cast.bob, path="Somebody/again.opus")
    core.jobs.run("library.sweep-files")
    assert shelf.file_of(uid).exists()
    assert FileRemovals(core.db).list() == []


def test_which_files_are_nobodys(core: SoundWave, cast: Cast, shelf: Shelf) -> None:
    """Tracks' and pictures' are somebody's, whoever owns the track."""
    uid = shelf.add("Mine", cast.bob, artwork_id=shelf.picture())
    track = Tracks(core.db).get(uid)
    paths = [track.path, str(track.artwork_path), "Somebody/other.opus", 'it\'s "odd"', ""]
    assert unknown_paths(core.db, paths) == paths[2:]
    assert unknown_paths(core.db, []) == []


def test_pictures_go_a_day_after_their_last_use(core: SoundWave, cast: Cast, shelf: Shelf, clock: VirtualClock) -> None:
    shelf.add("Shown", cast.bob, artwork_id=shelf.picture())
    shelf.picture(b"\x89PNG\r\n\x1a\n unused")
    shown, unused = sorted(
        (core.config.media_root / row["path"] for row in core.db.rows("SELECT path FROM artworks ORDER BY id")),
        key=lambda path: path.read_bytes().endswith(b"unused"),
    )
    for age, is_left in ((3600, True), (90_000, False)):
        moment = clock.now().timestamp() - age
        os.utime(unused, (moment, moment))
        os.utime(shown, (moment, moment))
        core.jobs.run("library.sweep-files")
        assert (shown.exists(), unused.exists()) == (True, is_left)


def test_paths_never_lead_out_of_the_media_folder(core: SoundWave, cast: Cast, shelf: Shelf) -> None:
    secret = core.config.data_dir / "setup-link"
    (core.config.media_root / "link.opus").symlink_to(secret)
    for number, path in enumerate(["../data/setup-link", str(secret), "link.opus", "a/../../data/setup-link"]):
        uid = shelf.add(f"Evil {number}", cast.bob, path=f"evil{number}.opus")
        with transaction(core.db) as tx:
            tx.execute("UPDATE tracks SET path = :path WHERE uid = :uid", path=path, uid=uid)
        answer = cast.bob.get(f"/api/audio/{uid}/stream/")
        assert (answer.status, answer.json["code"]) == (404, "file_missing")
