"""A playlist to complete whose tracks have lost their files: they are fetched again, each from where it came."""

from __future__ import annotations

import pathlib
from typing import Any

import msgspec

from soundwave_core import SoundWave, transaction
from soundwave_core.testing import Cast
from soundwave_downloads.messages import Failed, Fetched
from tests.plugins.downloads.stub import OWN, SITE, StubWorker, ask, drain, look


class Elsewhere(StubWorker):
    """What it fetches has the name of another site than it was asked for by."""

    def fetch(self, url: str, staging: pathlib.Path, **more: Any) -> Fetched | Failed:
        fetched = super().fetch(url, staging, **more)
        return msgspec.structs.replace(fetched, extractor="elsewhere") if isinstance(fetched, Fetched) else fetched


def furnish(core: SoundWave, cast: Cast, worker: StubWorker) -> tuple[str, list[str]]:
    """A custom playlist of bob's with three fetched tracks, of which one is in it twice."""
    tracks = []
    for name in ("one", "two", "three"):
        uid = ask(cast.bob, name)
        drain(core, worker)
        tracks.append(look(cast.bob, uid).items[0].track_id)
    playlist = cast.bob.post("/api/playlist/", {"title": "Mine"}).json.id
    cast.bob.post(f"/api/playlist/{playlist}/items/", {"tracks": [*tracks, tracks[0]]})
    return playlist, tracks


def lose(core: SoundWave, *tracks: str) -> None:
    for uid in tracks:
        path = core.db.value("SELECT path FROM tracks WHERE uid = :uid", uid=uid)
        (core.config.media_root / path).unlink()
    core.jobs.run("library.check-files")


def listed(cast: Cast, playlist: str) -> list[tuple[str, bool]]:
    items = cast.bob.get(f"/api/playlist/{playlist}/").json.items
    return [(item.track.title, item.track.is_missing) for item in items]


def complete(cast: Cast, playlist: str) -> Any:
    return cast.bob.post(OWN, {"playlist": playlist})


def test_a_custom_playlist_gets_its_files_back(core: SoundWave, cast: Cast) -> None:
    worker = StubWorker()
    playlist, tracks = furnish(core, cast, worker)
    before = listed(cast, playlist)
    assert complete(cast, playlist).json["code"] == "playlist_has_no_source"
    lose(core, tracks[0], tracks[2])
    assert [title for title, is_missing in listed(cast, playlist) if is_missing] == ["One", "Three", "One"]
    answer = complete(cast, playlist)
    assert (answer.status, answer.json.items_total, answer.json.playlist_id) == (202, 2, playlist)
    assert complete(cast, playlist).json.id == answer.json.id  # asked for twice, it is one
    drain(core, worker)
    assert look(cast.bob, answer.json.id).state == "done"
    assert listed(cast, playlist) == before
    assert [cast.bob.get(f"/api/audio/{uid}/stream/").status for uid in tracks] == [200] * 3
    assert core.db.value("SELECT count(*) FROM tracks") == 3


def test_a_mirrored_one_is_looked_at_as_well(core: SoundWave, cast: Cast) -> None:
    worker = StubWorker()
    worker.lists[f"{SITE}/list"] = ["a", "b"]
    uid = ask(cast.bob, "list", follow=True)
    drain(core, worker)
    playlist = look(cast.bob, uid).playlist_id
    track = cast.bob.get(f"/api/playlist/{playlist}/").json.items[0].track.id
    lose(core, track)
    worker.lists[f"{SITE}/list"] = ["a", "b", "c"]
    answer = complete(cast, playlist)
    assert [item.title for item in answer.json.items] == ["A"]
    drain(core, worker)
    assert listed(cast, playlist) == [("A", False), ("B", False), ("C", False)]


def test_a_track_of_another_name_is_the_same_track(core: SoundWave, cast: Cast) -> None:
    """What an old deployment did not name the site of gets its own file back, not a second track."""
    worker = Elsewhere()
    playlist, tracks = furnish(core, cast, StubWorker())
    with transaction(core.db) as tx:
        tx.execute("UPDATE tracks SET extractor = 'legacy', source_id = '123' WHERE uid = :uid", uid=tracks[1])
    lose(core, tracks[1])
    complete(cast, playlist)
    drain(core, worker)
    assert listed(cast, playlist)[1] == ("Two", False)
    assert core.db.value("SELECT count(*) FROM tracks") == 3


def test_a_track_from_nowhere_cannot_be_fetched(core: SoundWave, cast: Cast) -> None:
    worker = StubWorker()
    playlist, tracks = furnish(core, cast, worker)
    with transaction(core.db) as tx:
        tx.execute("UPDATE tracks SET source_url = NULL WHERE uid = :uid", uid=tracks[1])
    lose(core, tracks[1])
    answer = complete(cast, playlist)
    assert (answer.status, answer.json["code"]) == (409, "tracks_have_no_source")


def test_a_single_track_is_fetched_again_by_its_link(core: SoundWave, cast: Cast) -> None:
    worker = StubWorker()
    playlist, tracks = furnish(core, cast, worker)
    lose(core, tracks[1])
    ask(cast.bob, "two")
    drain(core, worker)
    assert listed(cast, playlist)[1] == ("Two", False)
    assert core.db.value("SELECT count(*) FROM tracks") == 3


def test_anothers_playlist_is_nobodys_to_complete(core: SoundWave, cast: Cast) -> None:
    playlist, tracks = furnish(core, cast, StubWorker())
    lose(core, tracks[0])
    assert cast.carol.post(OWN, {"playlist": playlist}).status == 404
