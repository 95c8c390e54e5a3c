"""Sources: mirrored playlists and channels that follow what is upstream, on a virtual clock."""

from __future__ import annotations

from typing import Any

import pytest

from soundwave_core import SoundWave
from soundwave_core.testing import Cast, MakeCore, VirtualClock
from soundwave_downloads.queue import Engine
from tests.site.server import Page, Site

OWN = "/api/playlist/downloads/"
HOUR = 3600


@pytest.fixture
def core(make_core: MakeCore) -> SoundWave:
    return make_core(SOUNDWAVE_DOWNLOADS_ALLOWED_NETWORKS="127.0.0.1/32")


def pass_time(core: SoundWave, clock: VirtualClock, seconds: int) -> None:
    clock.advance(seconds)
    core.jobs.run_due()
    core.part(Engine).drain()


def follow(core: SoundWave, cast: Cast, site: Site) -> str:
    answer = cast.bob.post(OWN, {"url": f"{site.url}/feed.xml", "follow": True, "interval_seconds": HOUR})
    core.part(Engine).drain()
    return str(cast.bob.get(f"{OWN}{answer.json.id}/").json.playlist_id)


def titles(cast: Cast, playlist: str) -> list[str]:
    return [item.track.title for item in cast.bob.get(f"/api/playlist/{playlist}/").json.items]


def upstream(site: Site) -> list[str]:
    return [episode.title for episode in site.episodes]


def test_a_followed_feed_is_mirrored_and_a_new_episode_arrives(
    core: SoundWave, cast: Cast, site: Site, clock: VirtualClock
) -> None:
    playlist = follow(core, cast, site)
    shown = cast.bob.get(f"/api/playlist/{playlist}/").json
    assert (shown.kind, shown.count) == ("mirrored", 5)
    assert titles(cast, playlist) == upstream(site)
    site.add_episode()
    pass_time(core, clock, HOUR // 2)
    assert len(titles(cast, playlist)) == 5
    pass_time(core, clock, HOUR)
    assert titles(cast, playlist) == upstream(site)
    assert len(upstream(site)) == 6


def test_upstream_order_is_followed(core: SoundWave, cast: Cast, site: Site, clock: VirtualClock) -> None:
    playlist = follow(core, cast, site)
    site.reorder_episodes(*[episode.guid for episode in reversed(site.episodes)])
    pass_time(core, clock, 2 * HOUR)
    assert titles(cast, playlist) == upstream(site)


def test_what_is_gone_upstream_is_kept(core: SoundWave, cast: Cast, site: Site, clock: VirtualClock) -> None:
    playlist = follow(core, cast, site)
    before = sorted(titles(cast, playlist))
    site.remove_episode(site.episodes[2].guid)
    pass_time(core, clock, 2 * HOUR)
    assert sorted(titles(cast, playlist)) == before


def test_what_its_user_removed_stays_removed(core: SoundWave, cast: Cast, site: Site, clock: VirtualClock) -> None:
    playlist = follow(core, cast, site)
    item = cast.bob.get(f"/api/playlist/{playlist}/").json.items[1]
    assert cast.bob.delete(f"/api/playlist/{playlist}/items/{item.id}/").status == 204
    pass_time(core, clock, 2 * HOUR)
    assert item.track.title not in titles(cast, playlist)
    assert len(titles(cast, playlist)) == 4


@pytest.mark.parametrize(
    "broken",
    [Page(b"", status=500), Page(b"", status=429), Page(b"", status=404), Page(b"<html>sorry</html>"),
     Page(b"<rss><channel><title>Empty</title></channel></rss>", "application/rss+xml")],
)  # fmt: skip
def test_a_list_that_fails_to_load_deletes_nothing_and_heals(
    core: SoundWave, cast: Cast, site: Site, clock: VirtualClock, broken: Page
) -> None:
    playlist = follow(core, cast, site)
    feed = site.pages["/feed.xml"]
    site.serve("/feed.xml", broken)
    pass_time(core, clock, 2 * HOUR)
    assert titles(cast, playlist) == upstream(site)
    assert cast.bob.get(OWN + "active/").json.count == 0
    site.pages["/feed.xml"] = feed
    site.add_episode()
    pass_time(core, clock, 2 * HOUR)
    assert titles(cast, playlist) == upstream(site)


def test_completing_a_mirrored_playlist_now(core: SoundWave, cast: Cast, site: Site) -> None:
    playlist = follow(core, cast, site)
    site.add_episode()
    answer = cast.bob.post(OWN, {"playlist": playlist})
    assert answer.status == 202
    core.part(Engine).drain()
    assert titles(cast, playlist) == upstream(site)
    assert cast.bob.get(f"{OWN}{answer.json.id}/").json.state == "done"
    own = cast.bob.post("/api/playlist/", {"title": "Mine"}).json.id
    assert cast.bob.post(OWN, {"playlist": own}).json["code"] == "playlist_has_no_source"
    assert cast.carol.post(OWN, {"playlist": playlist}).status == 404


def test_a_removed_playlist_is_followed_no_longer(core: SoundWave, cast: Cast, site: Site, clock: VirtualClock) -> None:
    playlist = follow(core, cast, site)
    assert cast.bob.delete(f"/api/playlist/{playlist}/").status == 204
    asked = site.count("/feed.xml")
    pass_time(core, clock, 3 * HOUR)
    assert site.count("/feed.xml") == asked
    assert cast.bob.get("/api/audio/").json.count == 5


def add_channel(core: SoundWave, cast: Cast, site: Site, **more: Any) -> str:
    answer = cast.alice.post("/api/channel/", {"url": f"{site.url}/feed.xml", "interval_seconds": HOUR, **more})
    assert answer.status == 201, answer.body
    core.part(Engine).drain()
    return str(answer.json.id)


def test_a_channel_is_the_households(core: SoundWave, cast: Cast, site: Site, clock: VirtualClock) -> None:
    channel = add_channel(core, cast, site)
    shown = cast.bob.get(f"/api/channel/{channel}/").json
    assert (shown.title, shown.track_count, shown.error) == ("The Test Podcast", 5, None)
    tracks = cast.carol.get("/api/audio/").json.results
    assert len(tracks) == 5
    assert cast.carol.get(tracks[0].audio_url).status == 200
    site.add_episode()
    pass_time(core, clock, 2 * HOUR)
    assert cast.bob.get("/api/channel/").json.results[0].track_count == 6
    site.add_episode()
    assert cast.alice.post(f"/api/channel/{channel}/refresh/").status == 202
    core.part(Engine).drain()
    assert cast.bob.get(f"/api/channel/{channel}/").json.track_count == 7


def test_only_admins_change_channels(core: SoundWave, cast: Cast, site: Site) -> None:
    channel = add_channel(core, cast, site, title="Ours")
    path = f"/api/channel/{channel}/"
    assert cast.bob.post("/api/channel/", {"url": f"{site.url}/feed.xml"}).status == 403
    assert cast.bob.patch(path, {"title": "x"}).status == 403
    assert cast.bob.delete(path).status == 403
    assert cast.bob.post(f"{path}refresh/").status == 403
    assert cast.nobody.get(path).status == 401
    assert cast.alice.post("/api/channel/", {"url": f"{site.url}/feed.xml"}).json["code"] == "channel_exists"
    changed = cast.alice.patch(path, {"title": "Ours indeed", "is_enabled": False}).json
    assert (changed.title, changed.is_enabled, changed.next_check_at) == ("Ours indeed", False, None)


def test_a_channel_that_goes_takes_nothing_along(core: SoundWave, cast: Cast, site: Site) -> None:
    channel = add_channel(core, cast, site)
    track = cast.bob.get("/api/audio/").json.results[0]
    assert cast.bob.put(f"/api/audio/{track.id}/favorite/").status == 204
    assert cast.alice.delete(f"/api/channel/{channel}/").status == 204
    assert cast.alice.get("/api/audio/").json.count == 5
    assert [found.id for found in cast.bob.get("/api/audio/").json.results] == [track.id]
    assert cast.bob.get(track.audio_url).status == 200


def test_a_failing_channel_says_so(core: SoundWave, cast: Cast, site: Site, clock: VirtualClock) -> None:
    channel = add_channel(core, cast, site)
    site.serve("/feed.xml", Page(b"", status=503))
    pass_time(core, clock, 2 * HOUR)
    shown = cast.alice.get(f"/api/channel/{channel}/").json
    assert shown.error
    assert shown.track_count == 5
