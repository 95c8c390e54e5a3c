"""Whatever comes in between, and wherever: one track, one file, nothing left over, and the queue goes on."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from core.toys import toy

from soundwave_core import Clock, SoundWave, transaction
from soundwave_core.testing import Cast, Client, MakeCore, VirtualClock, make_cast
from soundwave_downloads import importing
from soundwave_downloads.queue import Engine
from soundwave_downloads.store import PlacedFiles
from soundwave_library import Tracks
from tests.plugins.downloads.stub import OWN, SITE, StubWorker, ask, drain, failure, files_of, look, placed, staged

POINTS = ("waiting", "resolving", "resolved", "running", "fetched", "placed")
ACTIONS = ("pause", "cancel", "remove")


@pytest.fixture
def worker() -> StubWorker:
    return StubWorker()


def act(bob: Client, uid: str, action: str) -> None:
    answer = bob.delete(f"{OWN}{uid}/") if action == "remove" else bob.post(f"{OWN}{uid}/{action}/")
    assert answer.status in (200, 204), answer.body


def interrupt(worker: StubWorker, point: str, monkeypatch: pytest.MonkeyPatch, call: Callable[[], Any]) -> None:
    """Have ``call`` called once, at this point of the work."""
    done: list[bool] = []

    def once() -> None:
        if not done:
            done.append(True)
            call()

    if point == "placed":
        place = importing.place

        def then(staged: Path, root: Path, relative: str) -> None:
            place(staged, root, relative)
            once()

        monkeypatch.setattr(importing, "place", then)
    else:
        worker.steps[point] = once


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("point", POINTS)
def test_stopped_anywhere_nothing_half_made_stays_and_it_goes_on(
    core: SoundWave, cast: Cast, worker: StubWorker, monkeypatch: pytest.MonkeyPatch, action: str, point: str
) -> None:
    bob, uid = cast.bob, ask(cast.bob, "song")
    if point in ("waiting", "resolved"):
        drain(core, worker, 1 if point == "resolved" else 0)
        act(bob, uid, action)
    else:
        interrupt(worker, point, monkeypatch, lambda: act(bob, uid, action))
    drain(core, worker)
    assert (placed(core), bob.get("/api/audio/").json.count) == ([], 0)
    assert action == "pause" or staged(core) == []
    if action == "remove":
        assert bob.get(f"{OWN}{uid}/").status == 404
        uid = ask(bob, "song")
    else:
        shown = look(bob, uid)
        assert shown.state == {"pause": "paused", "cancel": "cancelled"}[action]
        assert {item.state for item in shown.items} <= {shown.state}
        assert bob.post(f"{OWN}{uid}/{'resume' if action == 'pause' else 'retry'}/").status == 200
    drain(core, worker)
    done = look(bob, uid)
    assert (done.state, done.items_done, done.items[0].attempts) == ("done", 1, 1)
    assert len(files_of(core)) == 1
    assert bob.get("/api/audio/").json.count == 1


KILLED = """
import os, sys
from soundwave_core import SoundWave, transaction
from soundwave_downloads import attempts, importing
from tests.plugins.downloads.stub import StubWorker, drain
point, folder = sys.argv[1:]
names = {"DATA_DIR": "data", "MEDIA_ROOT": "audio", "CACHE_DIR": "cache"}
core = SoundWave({n: f"{folder}/{v}" for n, v in names.items()}, is_manual=True, notice=lambda line: None).start()
worker, kill = StubWorker(), lambda *a, **k: os.kill(os.getpid(), 9)
place, adopt = importing.place, importing.adopt
if point == "placed":
    importing.place = lambda *a: (place(*a), kill())
elif point == "committed":
    importing.adopt = lambda *a: (adopt(*a), kill())
else:
    worker.steps[point] = kill
drain(core, worker)
"""


@pytest.mark.parametrize("point", ["resolving", "running", "fetched", "placed", "committed"])
def test_a_server_that_is_killed_goes_on_where_it_was(make_core: MakeCore, tmp_path: Path, point: str) -> None:
    """kill -9 of the whole process, then a start on the same folders."""
    core = make_core(clock=Clock())
    bob = make_cast(core).bob
    uid = ask(bob, "song")
    core.stop()
    command = [sys.executable, "-c", KILLED, point, str(tmp_path)]
    assert subprocess.run(command, timeout=60, check=False).returncode == -9
    again, worker = make_core(clock=Clock()), StubWorker()
    assert point == "committed" or placed(again) == []
    bob = Client(again, cookies=bob.cookies, csrf_token=bob.csrf_token)
    drain(again, worker)
    done = look(bob, uid)
    assert (done.state, done.items_done) == ("done", 1)
    assert bob.get("/api/audio/").json.count == 1
    assert len(files_of(again)) == 1
    assert PlacedFiles(again.db).list("~") == []
    assert bob.get(f"/api/audio/{done.items[0].track_id}/stream/").status == 200


@pytest.fixture
def threads() -> Iterator[Callable[..., None]]:
    """Run functions at the same time, each in a thread of its own; what one raises is raised here."""
    errors: list[BaseException] = []

    def guarded(call: Callable[[], Any]) -> None:
        try:
            call()
        except BaseException as error:
            errors.append(error)

    def run(*calls: Callable[[], Any]) -> None:
        started = [threading.Thread(target=guarded, args=(call,)) for call in calls]
        for thread in started:
            thread.start()
        for thread in started:
            thread.join(timeout=60)
            assert not thread.is_alive()

    yield run
    assert errors == []


@pytest.mark.parametrize("is_lost", [False, True])
def test_the_same_track_for_two_users_at_the_same_moment(
    core: SoundWave, cast: Cast, threads: Callable[..., None], is_lost: bool
) -> None:
    """Both fetch it, as neither finds it; with ``is_lost`` they also both find that its file is gone."""
    if is_lost:
        ask(cast.alice, "song")
        drain(core, StubWorker())
        (core.config.media_root / placed(core)[0]).unlink()
    uids = [ask(cast.bob, "song"), ask(cast.carol, "song")]
    drain(core, StubWorker(), 2)
    both, workers = threading.Barrier(2), [StubWorker(), StubWorker()]
    for worker in workers:
        worker.steps["fetched"] = lambda: both.wait(timeout=30)
    threads(*(lambda worker=worker: drain(core, worker, 1) for worker in workers))
    first, second = look(cast.bob, uids[0]), look(cast.carol, uids[1])
    assert (first.state, second.state) == ("done", "done")
    assert first.items[0].track_id == second.items[0].track_id
    assert len(files_of(core)) == 1
    assert [client.get("/api/audio/").json.count for client in (cast.bob, cast.carol)] == [1, 1]
    assert cast.bob.get(f"/api/audio/{first.items[0].track_id}/stream/").status == 200


def test_a_claim_that_nobody_works_on_lapses(
    core: SoundWave, cast: Cast, clock: VirtualClock, worker: StubWorker
) -> None:
    """The thread that had it hangs: another takes over, and what the first one brings later is not taken."""
    uid = ask(cast.bob, "song")
    drain(core, worker, 1)
    other = StubWorker()

    def hang() -> None:
        clock.advance(3600)
        core.part(Engine)._working.clear()  # the thread is not waited for: it is gone
        drain(core, other)
        core.part(Engine)._working[look(cast.bob, uid).items[0].id] = worker

    worker.steps["running"] = hang
    drain(core, worker, 1)
    done = look(cast.bob, uid)
    assert (done.state, done.items[0].attempts, worker.names, other.names) == (
        "done", 2, ["song", "song"], ["song"],
    )  # fmt: skip
    assert len(files_of(core)) == 1


def test_who_takes_over_waits_until_the_one_before_has_left(
    core: SoundWave, cast: Cast, threads: Callable[..., None]
) -> None:
    """Paused and resumed at once: two workers never write into one staging directory."""
    uid = ask(cast.bob, "song")
    first, second = StubWorker(), StubWorker()
    drain(core, first, 1)
    is_running, is_asked, held = threading.Event(), threading.Event(), threading.Event()
    first.steps["running"] = lambda: (is_running.set(), held.wait(30))
    cancel = first.cancel
    first.cancel = lambda: (cancel(), is_asked.set())

    def other() -> None:
        assert is_running.wait(30)
        with transaction(core.db) as tx:  # what pause and resume do to the row, before the worker hears of it
            tx.execute("UPDATE download_items SET state = 'queued', fence = fence + 1")
        drain(core, second, 1)

    def release() -> None:
        assert is_asked.wait(30)
        assert second.asked == []
        held.set()

    threads(lambda: drain(core, first, 1), other, release)
    assert look(cast.bob, uid).state == "done"
    assert (len(files_of(core)), second.names) == (1, ["song"])


@pytest.mark.parametrize("point", ["resolving", "running"])
def test_a_worker_needed_elsewhere_does_not_cost_a_try(
    core: SoundWave, cast: Cast, worker: StubWorker, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    """A cancel that was meant for what the worker did before: the claim is still held, so it is put back."""
    uid = ask(cast.bob, "song")
    interrupt(worker, point, monkeypatch, worker.cancel)
    drain(core, worker)
    done = look(cast.bob, uid)
    assert (done.state, done.items[0].attempts) == ("done", 1)


def test_what_breaks_in_the_server_is_one_items_trouble(
    core: SoundWave, cast: Cast, clock: VirtualClock, worker: StubWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No item stays "running" for nobody: bugs are tried again later, a full disk is waited out."""
    broken, good = ask(cast.bob, "broken"), ask(cast.bob, "good")
    worker.faults[f"{SITE}/broken"] = KeyError("a bug")
    drain(core, worker)
    assert (look(cast.bob, broken).state, look(cast.bob, good).state) == ("queued", "done")
    del worker.faults[f"{SITE}/broken"]
    place, errors = importing.place, iter([OSError(28, "No space left on device"), KeyError("a bug")])

    def failing(*arguments: Any) -> None:
        for error in errors:
            raise error
        place(*arguments)

    monkeypatch.setattr(importing, "place", failing)
    for code in ("disk_full", "internal"):
        clock.advance(3600)
        drain(core, worker)
        shown = look(cast.bob, broken)
        assert (shown.state, shown.items[0].state, shown.items[0].error_code) == ("queued", "queued", code)
    clock.advance(3600)
    drain(core, worker)
    assert look(cast.bob, broken).state == "done"
    assert len(placed(core)) == 2


def test_a_plugin_that_raises_refuses_the_item(make_core: MakeCore, worker: StubWorker) -> None:
    from soundwave_core import Forbidden

    def refuse(download: dict[str, Any]) -> str | None:
        if "bad" in download["url"]:
            raise Forbidden("Not in this house.", code="house_rule")
        return None

    core = make_core(plugins={"toy": toy(before_download=refuse)})
    bob = make_cast(core).bob
    bad, good = ask(bob, "bad"), ask(bob, "good")
    drain(core, worker)
    refused = look(bob, bad)
    assert (refused.state, refused.error_code, refused.error) == ("failed", "house_rule", "Not in this house.")
    assert look(bob, good).state == "done"


def test_a_track_that_goes_while_it_is_given_away(
    core: SoundWave, cast: Cast, worker: StubWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bob asks for what carol had, and she removes it between the look and the transaction: it is fetched again."""
    ask(cast.carol, "song")
    drain(core, worker)
    track = cast.carol.get("/api/audio/").json.results[0].id
    uid = ask(cast.bob, "song")
    find = importing.find_known

    def found_and_lost(core: SoundWave, item: dict[str, Any]) -> str | None:
        known = find(core, item)
        if known is not None:
            assert cast.carol.delete(f"/api/audio/{track}/").status == 204
        return known

    monkeypatch.setattr(importing, "find_known", found_and_lost)
    drain(core, worker)
    done = look(cast.bob, uid)
    assert (done.state, len(placed(core))) == ("done", 1)
    assert cast.bob.get(f"/api/audio/{done.items[0].track_id}/stream/").status == 200


def test_a_failing_import_leaves_no_file(
    core: SoundWave, cast: Cast, clock: VirtualClock, worker: StubWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    uid = ask(cast.bob, "song")
    add = Tracks.add
    monkeypatch.setattr(Tracks, "add", lambda self, new: [].pop())
    drain(core, worker)
    assert (placed(core), look(cast.bob, uid).items[0].state) == ([], "queued")
    monkeypatch.setattr(Tracks, "add", add)
    clock.advance(3600)
    drain(core, worker)
    assert len(files_of(core)) == 1


def test_the_sweep_removes_what_is_nobodys_and_nothing_else(
    core: SoundWave, cast: Cast, clock: VirtualClock, worker: StubWorker
) -> None:
    uid = ask(cast.bob, "song")
    drain(core, worker)
    root, kept = core.config.media_root, placed(core)
    held = ask(cast.bob, "held")
    worker.faults[f"{SITE}/held"] = failure("server_error")
    drain(core, worker)
    mine = root / "My own" / "Song [0badcafe].opus"  # put there by hand: not ours to remove
    mine.parent.mkdir()
    mine.write_bytes(b"mine")
    half = {old: root / "Singles" / f"{old} [01234567].opus" for old in (True, False)}
    for is_old in (True, False):
        with transaction(core.db) as tx:
            PlacedFiles(tx).add(half[is_old].relative_to(root).as_posix(), core.clock.stamp())
            PlacedFiles(tx).add(kept[0], core.clock.stamp())
        half[is_old].write_bytes(b"half")
        if is_old:
            clock.advance(2 * 86400)
    stray = root / ".soundwave" / f"{core.clock.new_id()}-1"
    stray.mkdir()
    assert len(staged(core)) == 1
    assert core.jobs.run("downloads.sweep").state == "done"
    assert (half[True].exists(), half[False].exists(), mine.exists(), stray.exists()) == (False, True, True, False)
    assert set(kept) <= set(placed(core))
    assert len(staged(core)) == 1
    cast.bob.sign_in("bob")
    assert [look(cast.bob, one).state for one in (uid, held)] == ["done", "queued"]
