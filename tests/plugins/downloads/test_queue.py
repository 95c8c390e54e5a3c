"""The queue, through HTTP and the real worker: states, retries, fencing, exactly-once import."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from soundwave_core import SoundWave, transaction
from soundwave_core.testing import Cast, Client, MakeCore, VirtualClock, make_cast
from soundwave_downloads.messages import Failed
from soundwave_downloads.queue import Engine
from soundwave_downloads.waiting import check_wait_seconds, wait_seconds
from tests.plugins.downloads.stub import LONGEST, OWN, Background, ask_slow, ask_url, files_of, look, placed
from tests.site.server import Page, Site


@pytest.fixture
def core(make_core: MakeCore) -> SoundWave:
    return make_core(SOUNDWAVE_DOWNLOADS_ALLOWED_NETWORKS="127.0.0.1/32")


def drain(core: SoundWave) -> int:
    return core.part(Engine).drain()


def test_a_link_becomes_a_track_that_streams(core: SoundWave, cast: Cast, site: Site) -> None:
    uid = ask_url(cast.bob, f"{site.url}/media/tone.mp3")
    assert look(cast.bob, uid).state == "resolving"
    drain(core)
    done = look(cast.bob, uid)
    assert (done.state, done.items_done, done.items[0].state) == ("done", 1, "done")
    track = cast.bob.get(f"/api/audio/{done.items[0].track_id}/").json
    content = cast.bob.get(track.audio_url).body
    assert len(content) == track.size_bytes == done.bytes_done
    assert cast.bob.get(track.audio_url, Range="bytes=100-199").body == content[100:200]
    assert [cast.carol.get(track.audio_url).status, cast.nobody.get(track.audio_url).status] == [404, 401]
    assert cast.carol.get(f"{OWN}{uid}/").status == 404
    assert len(files_of(core)) == 1


@pytest.mark.parametrize(
    ("path", "codec"), [("/page.html", "mp3"), ("/media/hls/list.m3u8", "aac"), ("/media/tone.opus", "opus")]
)
def test_pages_streams_and_files_become_tracks(core: SoundWave, cast: Cast, site: Site, path: str, codec: str) -> None:
    uid = ask_url(cast.bob, site.url + path)
    drain(core)
    done = look(cast.bob, uid)
    assert (done.state, done.error) == ("done", None)
    track = cast.bob.get(f"/api/audio/{done.items[0].track_id}/").json
    assert (track.codec, round(track.duration_seconds)) == (codec, 4)
    assert cast.bob.get(track.audio_url, Range="bytes=0-99").status == 206
    [file] = files_of(core)
    assert (core.config.media_root / file).stat().st_mode & 0o777 == 0o644


def test_a_feed_becomes_a_playlist_in_its_order(core: SoundWave, cast: Cast, site: Site) -> None:
    uid = ask_url(cast.bob, f"{site.url}/feed.xml")
    drain(core)
    done = look(cast.bob, uid)
    assert (done.state, done.items_total, done.items_done) == ("done", 5, 5)
    playlist = cast.bob.get(f"/api/playlist/{done.playlist_id}/").json
    assert (playlist.kind, playlist.count) == ("custom", 5)
    assert [item.track.title for item in playlist.items] == [item.title for item in done.items]
    assert all(item.track.artwork_url for item in playlist.items)
    assert cast.bob.get(playlist.items[0].track.artwork_url).status == 200


def test_the_same_track_is_stored_once_for_two_users(core: SoundWave, cast: Cast, site: Site) -> None:
    first, second = (ask_url(member, f"{site.url}/media/tone.mp3") for member in (cast.bob, cast.carol))
    drain(core)
    tracks = {look(cast.bob, first).items[0].track_id, look(cast.carol, second).items[0].track_id}
    assert len(tracks) == 1
    assert len(files_of(core)) == 1
    assert cast.bob.delete(f"/api/audio/{tracks.copy().pop()}/").status == 204
    assert cast.carol.get(f"/api/audio/{tracks.pop()}/stream/").status == 200


def test_asking_twice_is_one_wish(core: SoundWave, cast: Cast, site: Site) -> None:
    url = f"{site.url}/media/tone.mp3"
    assert ask_url(cast.bob, url) == ask_url(cast.bob, url) != ask_url(cast.carol, url)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"url": "ftp://example.org/x"}, 422, "not_a_link"),
        ({"url": "javascript:alert(1)"}, 422, "not_a_link"),
        ({"url": "http://"}, 422, "not_a_link"),
        ({"url": "http://[::1"}, 422, "not_a_link"),
        ({"url": "http://a:b@example.org/"}, 422, "not_a_link"),
        ({"url": "http://10.1.2.3/x"}, 422, "address_forbidden"),
        ({"url": "http://[::ffff:169.254.169.254]/x"}, 422, "address_forbidden"),
        ({"url": "two words"}, 422, "not_a_link"),
        ({"url": "not-a-url"}, 422, "not_a_link"),
        ({"url": ""}, 422, "not_a_link"),
        ({"url": ["http://example.org/"]}, 422, "invalid"),
        ({"url": "x" * 3000}, 422, "invalid"),
        ({}, 422, "url_or_playlist"),
        ({"url": "http://example.org/", "playlist": "a" * 32}, 422, "url_or_playlist"),
        ({"playlist": "a" * 32}, 404, "playlist_not_found"),
        ({"playlist": "downloads"}, 422, "invalid"),
    ],
)
def test_bad_wishes_leave_nothing(core: SoundWave, cast: Cast, body: Any, status: int, code: str) -> None:
    answer = cast.bob.post(OWN, body)
    assert (answer.status, answer.json["code"]) == (status, code)
    assert "regex" not in answer.json["detail"]
    assert cast.bob.get(OWN).json.count == 0


@pytest.mark.parametrize(
    ("path", "code"),
    [("/empty.html", "no_audio"), ("/status/404", "not_found"), ("/media/cover.png", "no_audio"),
     ("/data.json", "no_audio"), ("/redirect?to=http%3A%2F%2F127.0.0.2%3A1%2F", "address_forbidden")],
)  # fmt: skip
def test_a_link_without_audio_fails_readably_and_leaves_nothing(
    core: SoundWave, cast: Cast, site: Site, path: str, code: str
) -> None:
    site.redirect("/redirect", "http://127.0.0.2:1/")
    uid = ask_url(cast.bob, site.url + path.replace("?to=http%3A%2F%2F127.0.0.2%3A1%2F", ""))
    drain(core)
    failed = look(cast.bob, uid)
    assert (failed.state, failed.error_code) == ("failed", code)
    assert failed.error
    assert failed.error.endswith(".")
    assert files_of(core) == []
    assert cast.bob.get("/api/audio/").json.count == 0


def test_pause_resume_cancel_retry_before_any_work(core: SoundWave, cast: Cast, site: Site) -> None:
    uid = ask_url(cast.bob, f"{site.url}/media/tone.mp3")
    assert cast.bob.post(f"{OWN}{uid}/pause/").json.state == "paused"
    assert drain(core) == 0
    assert cast.bob.post(f"{OWN}{uid}/resume/").json.state == "resolving"
    assert cast.bob.post(f"{OWN}{uid}/resume/").json["code"] == "not_paused"
    assert cast.bob.post(f"{OWN}{uid}/cancel/").json.state == "cancelled"
    assert cast.bob.post(f"{OWN}{uid}/cancel/").json["code"] == "already_over"
    assert drain(core) == 0
    assert cast.bob.post(f"{OWN}{uid}/retry/").json.state == "resolving"
    drain(core)
    assert look(cast.bob, uid).state == "done"
    assert cast.bob.post(f"{OWN}{uid}/retry/").json["code"] == "not_failed"


def test_lists(core: SoundWave, cast: Cast, site: Site) -> None:
    done = ask_url(cast.bob, f"{site.url}/media/tone.mp3")
    failed = ask_url(cast.bob, f"{site.url}/empty.html")
    drain(core)
    waiting = ask_url(cast.bob, f"{site.url}/media/tone.opus")

    def ids(path: str) -> list[str]:
        return [found.id for found in cast.bob.get(OWN + path).json.results]

    assert ids("") == [waiting, failed, done]
    assert (ids("active/"), ids("completed/"), ids("?state=failed")) == ([waiting], [done], [failed])
    page = cast.bob.get(f"{OWN}?limit=2").json
    assert (page.count, len(page.results)) == (3, 2)
    assert [found.id for found in cast.bob.get(page.next).json.results] == [done]
    assert cast.carol.get(OWN).json.count == 0
    queue = cast.alice.get("/api/download/").json
    assert {item.download_id for item in queue.results} == {done}
    assert cast.bob.get("/api/download/").status == 403


def test_removal_keeps_the_track(core: SoundWave, cast: Cast, site: Site) -> None:
    uid = ask_url(cast.bob, f"{site.url}/media/tone.mp3")
    drain(core)
    assert cast.bob.delete(f"{OWN}{uid}/").status == 204
    assert cast.bob.get(f"{OWN}{uid}/").status == 404
    assert cast.bob.get("/api/audio/").json.count == 1


def test_a_busy_site_is_waited_out(core: SoundWave, cast: Cast, site: Site, clock: VirtualClock) -> None:
    answers = iter([429] * 7)
    good = site.file("tone.mp3")
    site.serve("/busy.mp3", lambda hit: Page(b"", status=status) if (status := next(answers, 0)) else good)
    uid = ask_url(cast.bob, f"{site.url}/busy.mp3")
    for _ in range(40):
        drain(core)
        if look(cast.bob, uid).state == "done":
            break
        assert look(cast.bob, uid).state in ("resolving", "queued"), look(cast.bob, uid)
        clock.advance(3600)
    assert look(cast.bob, uid).state == "done"


def test_a_broken_site_is_given_up_and_can_be_retried(
    core: SoundWave, cast: Cast, site: Site, clock: VirtualClock
) -> None:
    site.serve("/broken.mp3", Page(b"", status=500))
    uid = ask_url(cast.bob, f"{site.url}/broken.mp3")
    drain(core)
    assert look(cast.bob, uid).not_before > core.clock.stamp()
    for _ in range(12):
        drain(core)
        clock.advance(7 * 3600)
    cast.bob.sign_in("bob")
    failed = look(cast.bob, uid)
    assert (failed.state, failed.error_code) == ("failed", "server_error")
    site.serve("/broken.mp3", site.file("tone.mp3"))
    assert cast.bob.post(f"{OWN}{uid}/retry/").status == 200
    drain(core)
    assert look(cast.bob, uid).state == "done"


def test_waiting_times() -> None:
    def wait(when: Any, code: str, attempts: int, retry_after: int | None = None) -> int | None:
        failure = Failed(id="", code=code, when=when, reason="", retry_after_seconds=retry_after)
        return wait_seconds(failure, attempts)

    assert wait("never", "not_found", 1) is None
    assert [wait("later", "server_error", n) for n in (1, 2, 5, 9)] == [60, 300, None, None]
    assert [wait("later", "throttled", n) for n in (20, 49, 50)] == [6 * 3600, 6 * 3600, None]
    assert wait("later", "live", 9) == 6 * 3600
    assert wait("later", "throttled", 1, 7200) == 7200
    assert wait("now", "damaged", 1) == 0
    hour, day = 3600, 86400
    assert [check_wait_seconds(n, hour) for n in (1, 2, 3, 4, 99)] == [900, hour, 6 * hour, day, day]
    assert [check_wait_seconds(n, 7 * day) for n in (1, 3, 4)] == [900, 6 * hour, 7 * day]
    assert check_wait_seconds(1, hour, 5 * hour) == 5 * hour


@pytest.mark.parametrize("action", ["pause", "cancel"])
def test_a_running_item_is_stopped_and_nothing_half_made_stays(
    core: SoundWave, cast: Cast, site: Site, action: str
) -> None:
    uid = ask_slow(core, cast.bob, site)
    with Background(core):
        assert site.reached_gate.wait(LONGEST)
        stopped = cast.bob.post(f"{OWN}{uid}/{action}/").json
        assert stopped.state == {"pause": "paused", "cancel": "cancelled"}[action]
    assert cast.bob.get("/api/audio/").json.count == 0
    assert placed(core) == []
    site.gate.set()
    assert cast.bob.post(f"{OWN}{uid}/{'resume' if action == 'pause' else 'retry'}/").status == 200
    drain(core)
    assert look(cast.bob, uid).state == "done"
    assert len(files_of(core)) == 1


def test_a_restart_goes_on_with_what_was_running(make_core: MakeCore, cast: Cast, core: SoundWave, site: Site) -> None:
    uid = ask_slow(core, cast.bob, site)
    with Background(core):
        assert site.reached_gate.wait(LONGEST)
        core.stop()
    site.gate.set()
    again = make_core(SOUNDWAVE_DOWNLOADS_ALLOWED_NETWORKS="127.0.0.1/32")
    bob = Client(again, cookies=cast.bob.cookies, csrf_token=cast.bob.csrf_token)
    drain(again)
    done = look(bob, uid)
    assert done.state == "done"
    assert bob.get(f"/api/audio/{done.items[0].track_id}/stream/").status == 200


def test_a_lost_claim_writes_nothing(core: SoundWave, cast: Cast, site: Site) -> None:
    """Somebody else took the item over while its file was on the way: no second track, no stray file."""
    uid = ask_slow(core, cast.bob, site)
    with Background(core):
        assert site.reached_gate.wait(LONGEST)
        with transaction(core.db) as tx:
            tx.execute("UPDATE download_items SET fence = fence + 1, state = 'cancelled'")
        site.gate.set()
    assert cast.bob.get("/api/audio/").json.count == 0
    assert placed(core) == []
    assert look(cast.bob, uid).items[0].state == "cancelled"


def test_plugins_are_asked_and_told(make_core: MakeCore, site: Site) -> None:
    from core.toys import toy

    heard: list[str] = []
    core = make_core(
        SOUNDWAVE_DOWNLOADS_ALLOWED_NETWORKS="127.0.0.1/32",
        plugins={
            "toy": toy(
                before_download=lambda download: "no Opus here" if "opus" in download["url"] else None,
                download_options=lambda download: {"socket_timeout": 7},
                track_added=lambda track_id: heard.append(f"added {track_id}"),
                download_finished=lambda download, track_id: heard.append(f"finished {track_id}"),
                download_failed=lambda download, code: heard.append(f"failed {code}"),
            )
        },
    )
    bob = make_cast(core).bob
    uids = [ask_url(bob, f"{site.url}/media/{name}") for name in ("tone.mp3", "tone.opus", "cover.png")]
    drain(core)
    first, second, third = (look(bob, uid) for uid in uids)
    track = first.items[0].track_id
    assert (second.items[0].state, second.items[0].error) == ("skipped", "no Opus here")
    assert third.state == "failed"
    assert heard == [f"added {track}", f"finished {track}", "failed no_audio"]


def test_what_was_removed_by_hand_is_fetched_again(core: SoundWave, cast: Cast, site: Site) -> None:
    uid = ask_url(cast.bob, f"{site.url}/media/tone.mp3")
    drain(core)
    path = core.config.media_root / files_of(core)[0]
    track_id = look(cast.bob, uid).items[0].track_id
    Path(path).unlink()
    assert cast.bob.get(f"/api/audio/{track_id}/stream/").json["code"] == "track_file_missing"
    ask_url(cast.bob, f"{site.url}/media/tone.mp3")
    drain(core)
    assert cast.bob.get(f"/api/audio/{track_id}/stream/").status == 200
