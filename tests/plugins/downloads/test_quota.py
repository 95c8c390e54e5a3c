"""How much somebody may have: by the bytes on the disk, exact at the quota, and nothing left of what did not fit."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import pytest
from core.toys import unheard

from soundwave_core import SoundWave
from soundwave_core.testing import Cast, Client, VirtualClock
from soundwave_downloads.messages import Failed, Fetched, Options
from soundwave_downloads.process import WorkerProcess
from soundwave_library import Entries
from tests.plugins.downloads.stub import OWN, SITE, StubWorker, ask, drain, failure, files_of, look, placed, staged
from tests.plugins.library.conftest import Shelf
from tests.site import Page, Site

SIZE = len(b"sound of " + f"{SITE}/a".encode())  # of each item with a name of one letter
SENTENCE = "There is no room left in your quota."
DAY = 86400


@pytest.fixture
def stub() -> StubWorker:
    return StubWorker()


def limit(cast: Cast, user: Client, quota_bytes: int | None) -> None:
    answer = cast.alice.patch(f"/api/user/admin/users/{user.user_id}/", {"quota_bytes": quota_bytes})
    assert answer.status == 200, answer.body


def used(client: Client) -> int:
    return int(client.get("/api/audio/usage/").json.used_bytes)


def ended(client: Client, uid: str) -> tuple[str, str | None, str | None]:
    shown = look(client, uid)
    return shown.state, shown.error_code, shown.error


def test_who_has_no_room_left_asks_in_vain(core: SoundWave, cast: Cast, stub: StubWorker) -> None:
    """Exactly the quota fits, and then nothing: refused before anything is made, for the own downloads only."""
    limit(cast, cast.bob, SIZE)
    stub.lists[f"{SITE}/list"] = ["a", "b"]
    uid = ask(cast.bob, "a")
    drain(core, stub)
    assert (look(cast.bob, uid).state, used(cast.bob)) == ("done", SIZE)
    downloads = cast.bob.get(OWN).json.count
    for wish in ({"url": f"{SITE}/b"}, {"url": f"{SITE}/list", "follow": True}, {"url": f"{SITE}/a"}):
        answer = cast.bob.post(OWN, wish)
        assert (answer.status, answer.json["code"], answer.json["detail"]) == (409, "quota_exceeded", SENTENCE)
    assert cast.bob.get(OWN).json.count == downloads
    assert ask(cast.carol, "b")
    assert drain(core, stub)
    limit(cast, cast.bob, None)
    assert ask(cast.bob, "b")


def test_completing_a_playlist_is_asking_too(core: SoundWave, cast: Cast, stub: StubWorker) -> None:
    """It counts for the playlist's owner, whoever asks."""
    stub.lists[f"{SITE}/list"] = ["a"]
    uid = ask(cast.bob, "list", follow=True)
    drain(core, stub)
    limit(cast, cast.bob, SIZE)
    playlist = look(cast.bob, uid).playlist_id
    for client in (cast.bob, cast.alice):
        assert client.post(OWN, {"playlist": playlist}).json["code"] == "quota_exceeded"


def test_what_is_under_way_is_still_one_wish(cast: Cast) -> None:
    uid = ask(cast.bob, "a")
    limit(cast, cast.bob, 0)
    assert ask(cast.bob, "a") == uid


def test_a_list_that_does_not_fit_whole(core: SoundWave, cast: Cast, stub: StubWorker, clock: VirtualClock) -> None:
    """What fits is fetched; the rest is not even asked for, waits for nobody, and can be had once there is room."""
    stub.lists[f"{SITE}/list"] = ["a", "b", "c", "d"]
    uid = ask(cast.bob, "list")
    limit(cast, cast.bob, 2 * SIZE)
    drain(core, stub)
    shown = look(cast.bob, uid)
    assert [item.error_code for item in shown.items] == [None, None, "quota_exceeded", "quota_exceeded"]
    assert (shown.state, shown.items[2].error, shown.not_before) == ("failed", SENTENCE, None)
    assert stub.names == ["list", "a", "b"]
    assert (used(cast.bob), len(files_of(core))) == (2 * SIZE, 2)
    clock.advance(30 * DAY)
    assert drain(core, stub) == 0
    cast.bob.sign_in("bob")
    assert cast.bob.post(f"{OWN}{uid}/retry/").status == 200
    drain(core, stub)
    assert (look(cast.bob, uid).items_failed, len(stub.names)) == (2, 3)
    cast.bob.delete(f"/api/audio/{shown.items[0].track_id}/")
    cast.bob.post(f"{OWN}{uid}/retry/")
    drain(core, stub)
    assert (look(cast.bob, uid).items_failed, used(cast.bob)) == (1, 2 * SIZE)


def test_a_worker_is_told_of_the_room(core: SoundWave, cast: Cast, stub: StubWorker, clock: VirtualClock) -> None:
    """And its two reasons stay apart: one is the quota's, which is not waited out, one is the file's own."""
    limit(cast, cast.bob, 10 * SIZE)
    first = ask(cast.bob, "a")
    drain(core, stub)
    stub.faults[f"{SITE}/b"] = failure("quota_exceeded")
    stub.faults[f"{SITE}/c"] = failure("too_large", "never")
    over, large = ask(cast.bob, "b"), ask(cast.bob, "c")
    drain(core, stub)
    ask(cast.carol, "d")
    drain(core, stub)
    assert [options.room_bytes for options in stub.options] == [10 * SIZE, 9 * SIZE, 9 * SIZE, None]
    assert {options.max_bytes for options in stub.options} == {4 * 1024**3}
    assert look(cast.bob, first).state == "done"
    assert [ended(cast.bob, uid)[:2] for uid in (over, large)] == [
        ("failed", "quota_exceeded"),
        ("failed", "too_large"),
    ]
    assert staged(core) == []
    clock.advance(DAY)
    assert drain(core, stub) == 0


@pytest.mark.parametrize(("quota_bytes", "state"), [(SIZE, "done"), (SIZE - 1, "failed")])
def test_to_the_byte_at_the_import(core: SoundWave, cast: Cast, stub: StubWorker, quota_bytes: int, state: str) -> None:
    """Whatever a worker brings."""
    limit(cast, cast.bob, quota_bytes)
    uid = ask(cast.bob, "a")
    drain(core, stub)
    assert look(cast.bob, uid).state == state
    assert len(files_of(core)) == (state == "done")
    assert used(cast.bob) == (SIZE if state == "done" else 0)
    assert core.db.value("SELECT count(*) FROM tracks") == (state == "done")
    assert core.db.value("SELECT count(*) FROM placed_files") == 0


def test_two_that_end_at_once_do_not_both_slip_through(core: SoundWave, cast: Cast, stub: StubWorker) -> None:
    limit(cast, cast.bob, 2 * SIZE - 1)
    uids = [ask(cast.bob, name) for name in ("a", "b")]
    drain(core, stub, 2)
    both, workers = threading.Barrier(2), [StubWorker(), StubWorker()]
    threads = []
    for worker in workers:
        worker.steps["fetched"] = lambda: both.wait(timeout=30)
        threads.append(threading.Thread(target=drain, args=(core, worker, 1)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
        assert not thread.is_alive()
    assert sorted(look(cast.bob, uid).state for uid in uids) == ["done", "failed"]
    assert {ended(cast.bob, uid)[1] for uid in uids} == {None, "quota_exceeded"}
    assert (used(cast.bob), len(files_of(core))) == (SIZE, 1)


def test_what_is_here_already_counts_too(core: SoundWave, cast: Cast, stub: StubWorker) -> None:
    """Carol has it; for bob it takes nothing more of the disk, and as much of his quota as it would anyhow."""
    ask(cast.carol, "a")
    drain(core, stub)
    limit(cast, cast.bob, SIZE - 1)
    uid = ask(cast.bob, "a")
    drain(core, stub)
    assert ended(cast.bob, uid) == ("failed", "quota_exceeded", SENTENCE)
    assert (used(cast.bob), used(cast.carol), stub.names.count("a")) == (0, SIZE, 3)
    limit(cast, cast.bob, SIZE)
    cast.bob.post(f"{OWN}{uid}/retry/")
    drain(core, stub)
    assert (look(cast.bob, uid).state, used(cast.bob), len(files_of(core))) == ("done", SIZE, 1)


def test_what_one_has_already_costs_nothing(core: SoundWave, cast: Cast, stub: StubWorker) -> None:
    ask(cast.bob, "a")
    drain(core, stub)
    stub.lists[f"{SITE}/list"] = ["a", "b"]
    uid = ask(cast.bob, "list")
    limit(cast, cast.bob, SIZE)
    drain(core, stub)
    assert [item.state for item in look(cast.bob, uid).items] == ["done", "failed"]


def test_channels_are_the_households(core: SoundWave, cast: Cast, stub: StubWorker) -> None:
    """What they bring counts for nobody, and nobody's quota holds it up; an admin's own downloads are measured."""
    limit(cast, cast.alice, 0)
    stub.lists[f"{SITE}/channel"] = ["a", "b"]
    assert cast.alice.post("/api/channel/", {"url": f"{SITE}/channel"}).status == 201
    drain(core, stub)
    assert (cast.bob.get("/api/audio/").json.count, used(cast.alice)) == (2, 0)
    assert cast.alice.post(OWN, {"url": f"{SITE}/c"}).json["code"] == "quota_exceeded"


def test_a_mirrored_playlist_tries_again_by_its_own_rule(
    core: SoundWave, cast: Cast, stub: StubWorker, clock: VirtualClock
) -> None:
    """A day later, and by itself: for there may be room by then."""
    stub.lists[f"{SITE}/list"] = ["a", "b"]
    limit(cast, cast.bob, SIZE)
    uid = ask(cast.bob, "list", follow=True, interval_seconds=3600)
    drain(core, stub)
    playlist = look(cast.bob, uid).playlist_id
    limit(cast, cast.bob, 2 * SIZE)
    for hours, count in ((2, 1), (24, 2)):
        clock.advance(hours * 3600)
        core.jobs.run_due()
        drain(core, stub)
        cast.bob.sign_in("bob")
        assert cast.bob.get(f"/api/playlist/{playlist}/").json.count == count


def test_a_new_quota_counts_from_the_next_item(core: SoundWave, cast: Cast, stub: StubWorker) -> None:
    stub.lists[f"{SITE}/list"] = ["a", "b", "c"]
    uid = ask(cast.bob, "list")
    drain(core, stub, 2)
    stub.steps["running"] = lambda: limit(cast, cast.bob, SIZE)
    drain(core, stub)
    assert [item.error_code for item in look(cast.bob, uid).items] == [None, "quota_exceeded", "quota_exceeded"]
    assert len(files_of(core)) == 1


def test_tracks_that_came_another_way_count(core: SoundWave, cast: Cast, stub: StubWorker) -> None:
    """By the size of the file, not by what a site once said of it."""
    Shelf(core).add("By hand", cast.bob, content=b"x" * 1000)
    limit(cast, cast.bob, 1000 + SIZE - 1)
    uid = ask(cast.bob, "a")
    drain(core, stub)
    assert ended(cast.bob, uid)[:2] == ("failed", "quota_exceeded")
    assert stub.options[-1].room_bytes == SIZE - 1


# Who is gone, who is locked out


def test_a_download_that_ends_just_then_gives_nothing_to_one_who_is_gone(
    core: SoundWave, cast: Cast, stub: StubWorker
) -> None:
    """The mark is there, and nobody has heard of it yet."""
    ask(cast.bob, "a")

    def remove() -> None:
        with unheard(core):
            assert cast.alice.delete(f"/api/user/admin/users/{cast.bob.user_id}/?tracks=remove").status == 204

    stub.steps["fetched"] = remove
    drain(core, stub)
    assert Entries(core.db).used_bytes(cast.bob.user_id) == 0
    assert (files_of(core), core.db.value("SELECT count(*) FROM tracks")) == ([], 0)
    core.jobs.run("downloads.check-sources")
    assert core.db.value("SELECT count(*) FROM downloads") == 0


@pytest.mark.parametrize("is_told", [True, False])
def test_an_heir_goes_on_following(
    core: SoundWave, cast: Cast, stub: StubWorker, clock: VirtualClock, is_told: bool
) -> None:
    """A mirrored playlist moves with its source; what was under way is ended."""
    stub.lists[f"{SITE}/list"] = ["a", "b"]
    uid = ask(cast.bob, "list", follow=True, interval_seconds=3600)
    drain(core, stub, 2)
    playlist = look(cast.bob, uid).playlist_id
    with unheard(core, not is_told):
        path = f"/api/user/admin/users/{cast.bob.user_id}/?tracks=give&to={cast.carol.user_id}"
        assert cast.alice.delete(path).status == 204
    if not is_told:
        core.jobs.run("downloads.check-sources")
        core.jobs.run("library.clear-departures")
    core.jobs.run_due()
    assert drain(core, stub) == 0
    assert core.db.value("SELECT count(*) FROM downloads") == 0
    assert cast.carol.get(f"/api/playlist/{playlist}/").json.count == 1
    stub.lists[f"{SITE}/list"] = ["c", "a", "b"]
    clock.advance(7200)
    core.jobs.run_due()
    drain(core, stub)
    cast.carol.sign_in("carol")
    shown = cast.carol.get(f"/api/playlist/{playlist}/").json
    assert [item.track.title for item in shown.items] == ["C", "A", "B"]
    assert (shown.kind, used(cast.carol), len(placed(core))) == ("mirrored", 3 * SIZE, 3)


def test_locking_out_stops_what_runs(core: SoundWave, cast: Cast, stub: StubWorker) -> None:
    """At once, in the request that does it: no job has to come first."""
    stub.lists[f"{SITE}/list"] = ["a", "b"]
    uid = ask(cast.bob, "list")
    waiting = ask(cast.bob, "c")
    drain(core, stub, 1)
    path, seen = f"/api/user/admin/users/{cast.bob.user_id}/", []

    def lock_out() -> None:
        assert cast.alice.patch(path, {"state": "disabled"}).status == 200
        seen.extend(cast.alice.get(f"{OWN}{one}/").json.state for one in (uid, waiting))

    stub.steps["running"] = lock_out
    drain(core, stub)
    assert seen == ["paused", "paused"]
    assert (placed(core), cast.bob.get(OWN).status) == ([], 401)
    other = ask(cast.carol, "d")
    drain(core, stub)
    assert look(cast.carol, other).state == "done"


# The worker itself


def fetch(worker: WorkerProcess, url: str, staging: Path, **limits: int) -> str | int:
    """Why it was refused, with nothing left of it; or the size of what was fetched."""
    answer = worker.fetch(url, staging, options=Options(**limits))
    if isinstance(answer, Failed):
        assert list(staging.iterdir()) == []
        return answer.code
    assert isinstance(answer, Fetched)
    return answer.size_bytes


@pytest.mark.parametrize("name", ["tone.mp3", "tone.m4a", "tone.flac"])
def test_a_file_that_is_kept_as_it_is(worker: WorkerProcess, site: Site, staging: Path, name: str) -> None:
    size, url = len(site.media.read(name)), f"{site.url}/media/{name}"
    assert fetch(worker, url, staging, room_bytes=size - 1) == "quota_exceeded"
    assert fetch(worker, url, staging, room_bytes=size - 1, max_bytes=size - 1) == "too_large"
    assert isinstance(fetch(worker, url, staging, room_bytes=size), int)


@pytest.mark.parametrize("has_length", [True, False])
def test_it_stops_as_soon_as_it_cannot_fit(worker: WorkerProcess, site: Site, staging: Path, has_length: bool) -> None:
    """The second half of the file never comes: whoever waited for it would wait for a minute."""
    whole, gate = site.media.read("tone.wav"), threading.Event()
    url = site.serve("/half.wav", Page(whole, "audio/wav", gate=gate, has_length=has_length))
    room = len(whole) - 1 if has_length else len(whole) // 4
    assert fetch(worker, url, staging, room_bytes=room) == "quota_exceeded"
    assert site.hits[-1].bytes_sent < len(whole)
    gate.set()


def test_of_a_film_only_the_sound_counts(worker: WorkerProcess, site: Site, staging: Path) -> None:
    film = len(site.media.read("tone.mp4"))
    sound = fetch(worker, f"{site.url}/media/tone.mp4", staging, room_bytes=film - 1)
    assert isinstance(sound, int)
    assert sound < film
    shutil.rmtree(staging)
    assert fetch(worker, f"{site.url}/media/tone.mp4", staging, room_bytes=sound // 2) == "quota_exceeded"


def test_pieces_count_when_they_are_one(worker: WorkerProcess, site: Site, staging: Path) -> None:
    assert fetch(worker, f"{site.url}/media/hls/list.m3u8", staging, room_bytes=1000) == "quota_exceeded"
