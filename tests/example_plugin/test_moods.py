"""The plugin's own tests, as its author would write them: each starts a real server in one line."""

from __future__ import annotations

import hashlib

import pytest
import soundwave_moods

from soundwave_core import SoundWave, transaction
from soundwave_core.testing import Cast, MakeCore
from soundwave_library import Entries, NewTrack, Tracks


@pytest.fixture
def core(make_core: MakeCore) -> SoundWave:
    """A server with this plugin, whether it is installed or not; ``cast`` and ``client`` use it."""
    return make_core(plugins={"moods": soundwave_moods})


@pytest.fixture
def track(core: SoundWave, cast: Cast) -> str:
    """A track in bob's library."""
    digest = hashlib.sha256(b"rain").hexdigest()
    file = core.config.media_root / "Rain/Rain.opus"
    file.parent.mkdir()
    file.write_bytes(b"rain")
    with transaction(core.db) as tx:
        track = Tracks(tx).add(
            NewTrack(
                uid=core.clock.new_id(), added_at=core.clock.stamp(), title="Rain", path="Rain/Rain.opus",
                size_bytes=4, codec="opus", content_hash=digest, revision=digest, block_hashes=[digest],
            )
        )  # fmt: skip
        Entries(tx).ensure(cast.bob.user_id, track, core.clock)
    return track


def add_mood(cast: Cast, track: str, word: str = "rainy") -> str:
    answer = cast.bob.post("/api/mood/", {"track": track, "word": word})
    assert answer.status == 201, answer.body
    mood: str = answer.json.id
    return mood


def test_a_mood_is_kept_and_taken_back(cast: Cast, track: str) -> None:
    mood = add_mood(cast, track)
    [kept] = cast.bob.get("/api/mood/").json.results
    assert (kept.track_id, kept.title, kept.word) == (track, "Rain", "rainy")
    assert cast.bob.delete(f"/api/mood/{mood}/").status == 204
    assert cast.bob.get("/api/mood/").json.count == 0


def test_saying_it_twice_is_a_conflict(cast: Cast, track: str) -> None:
    add_mood(cast, track)
    assert cast.bob.post("/api/mood/", {"track": track, "word": "rainy"}).status == 409


def test_moods_are_private(cast: Cast, track: str) -> None:
    mood = add_mood(cast, track)
    assert cast.carol.get("/api/mood/").json.count == 0
    assert cast.carol.delete(f"/api/mood/{mood}/").json["code"] == "mood_not_found"
    assert cast.nobody.get("/api/mood/").status == 401
    assert cast.carol.post("/api/mood/", {"track": track, "word": "calm"}).json["code"] == "track_not_found"


def test_the_words_are_a_setting(cast: Cast, track: str) -> None:
    assert cast.bob.post("/api/mood/", {"track": track, "word": "wild"}).json["code"] == "mood_unknown"
    assert cast.alice.patch("/api/appsettings/", {"values": {"moods.words": ["wild"]}}).status == 200
    add_mood(cast, track, "wild")


def test_moods_go_with_their_track(cast: Cast, track: str) -> None:
    add_mood(cast, track)
    assert cast.bob.delete(f"/api/audio/{track}/").status == 204
    assert cast.bob.get("/api/mood/").json.count == 0


def test_what_the_announcement_missed_the_job_finds(core: SoundWave, cast: Cast, track: str) -> None:
    add_mood(cast, track)
    with transaction(core.db) as tx:
        Entries(tx).remove(cast.bob.user_id, track, core.clock)
    assert cast.bob.get("/api/mood/").json.count == 1
    core.jobs.run("moods.remove-lost")
    assert cast.bob.get("/api/mood/").json.count == 0


def test_the_page_is_in_the_navigation_and_its_script_is_served(cast: Cast) -> None:
    [page] = [page for page in cast.bob.get("/api/session/").json.pages if page.plugin == "moods"]
    assert (page.path, page.element, page.module) == ("/moods/", "moods-page", "moods-page.js")
    script = cast.bob.get("/static/plugins/moods/moods-page.js")
    assert script.status == 200
    assert b"../../sdk.js" in script.body


def test_a_tracks_menu_has_a_line_of_its_own(cast: Cast) -> None:
    [slot] = [slot for slot in cast.bob.get("/api/session/").json.slots if slot.plugin == "moods"]
    assert (slot.place, slot.element, slot.module) == ("track-actions", "mood-action", "mood-action.js")
    assert cast.nobody.get("/api/session/").json.slots == []
    assert cast.bob.get("/static/plugins/moods/mood-action.js").status == 200
