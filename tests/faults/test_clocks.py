"""Clocks that jump: jobs and checks go on, nobody is signed out before or kept in after their time, ids grow."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from faults.checking import ensure_sound, recovered
from faults.furnished import Furnished
from faults.serving import Browser, Served, member_of, serving

from soundwave_core import SoundWave, from_stamp, transaction
from soundwave_core.testing import PASSWORD, START, Client, MakeCore, VirtualClock, make_cast

pytestmark = pytest.mark.machine

Tell = Callable[[str], None]
HOUR, DAY = 3600.0, 86400.0
TO_1970 = -(START - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()
JUMPS = {"+1 h": HOUR, "-1 h": -HOUR, "+1 day": DAY, "-1 day": -DAY, "1970": TO_1970, "+10 years": 3650 * DAY}
jumps = pytest.mark.parametrize("seconds", JUMPS.values(), ids=JUMPS)
LONGEST_WAIT = 60.0  # until what comes every minute has come again


class Jumping(VirtualClock):
    """Set by hand, or by a time server: the moment jumps, the seconds that passed do not."""

    def jump(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Jumping:
    return Jumping()


# A virtual clock in the real core


@jumps
def test_jobs_go_on(core: SoundWave, clock: Jumping, seconds: float) -> None:
    """Each that comes every so often has come again after that time, and one by the hour at its hour."""
    for _ in range(3):
        core.jobs.run_due()
        clock.advance(LONGEST_WAIT)
    clock.jump(seconds)
    core.jobs.run_due()
    clock.advance(LONGEST_WAIT)
    often = {"auth.flush-refusals", "downloads.check-sources"}
    assert often <= {run.job_id for run in core.jobs.run_due()}
    clock.advance(2 * DAY)
    everything = {status.id for status in core.jobs.list()}
    assert {run.job_id for run in core.jobs.run_due()} == everything


@jumps
def test_sessions_keep_to_their_rule(core: SoundWave, clock: Jumping, seconds: float) -> None:
    """They end when the clock says so, are never moved beyond their last day, and are there when it comes back."""
    cast = make_cast(core)
    last_day = core.db.rows("SELECT uid, absolute_at FROM sessions ORDER BY uid")
    clock.jump(seconds)
    is_over = seconds >= 12 * HOUR  # without "remember" it ends after twelve hours
    for member in (cast.alice, cast.bob, cast.carol):
        assert member.get("/api/user/account/").status == (401 if is_over else 200)
    newcomer = Client(core)
    assert newcomer.sign_in("bob").status == 200
    core.jobs.run("auth.flush-last-seen")
    clock.jump(-seconds)
    for member in (cast.alice, cast.bob, cast.carol):
        assert member.get("/api/user/account/").status == 200
    known = core.db.rows("SELECT uid, absolute_at FROM sessions ORDER BY uid")
    assert all(row in known for row in last_day)
    assert core.db.rows("SELECT uid FROM sessions WHERE expires_at > absolute_at") == []
    if seconds < -12 * HOUR:  # begun in the past that was none: it is over
        assert newcomer.get("/api/user/account/").status == 401


@jumps
def test_waits_for_wrong_passwords_end(core: SoundWave, clock: Jumping, seconds: float) -> None:
    make_cast(core)
    thief = Client(core, address="203.0.113.9")
    for _ in range(12):
        thief.sign_in("bob", "a wrong password")
    assert thief.sign_in("bob", "a wrong password").status == 429
    clock.jump(seconds)
    clock.advance(200)
    assert Client(core, address="203.0.113.9").sign_in("bob").status == 200


@jumps
def test_sources_are_checked_again(core: SoundWave, clock: Jumping, seconds: float) -> None:
    """What was checked while the clock was wrong does not wait until it is that late once more."""
    cast = make_cast(core)
    clock.jump(seconds)
    assert cast.alice.sign_in("alice").status == 200
    added = cast.alice.post("/api/channel/", {"url": "https://example.org/feed.xml"})
    assert added.status == 201, added.body
    interval = core.db.value("SELECT interval_seconds FROM sources")
    clock.jump(-seconds)
    clock.advance(max(interval, DAY) + LONGEST_WAIT)
    core.jobs.run("downloads.check-sources")
    due = from_stamp(core.db.value("SELECT next_check_at FROM sources"))
    assert clock.now() < due <= clock.now() + timedelta(seconds=interval)


@jumps
def test_leases_end(core: SoundWave, clock: Jumping, seconds: float, make_core: MakeCore) -> None:
    """What was claimed under a wrong clock is free after a restart, whatever the lease says."""
    cast = make_cast(core)
    clock.jump(seconds)
    with transaction(core.db) as tx:
        now, until = clock.stamp(), clock.stamp_after(minutes=15)
        tx["downloads"].insert(
            {"uid": clock.new_id(), "user_id": cast.bob.user_id, "url": "https://example.org/x", "state": "resolving",
             "lease_until": until, "created_at": now, "updated_at": now}
        )  # fmt: skip
    clock.jump(-seconds)
    core.stop()
    again = make_core()
    assert again.db.value("SELECT lease_until FROM downloads") is None


@jumps
def test_ids_and_revs_keep_growing(core: SoundWave, clock: Jumping, seconds: float) -> None:
    cast = make_cast(core)
    made = []
    for step in (0.0, seconds, -seconds, 0.0):
        clock.jump(step)
        answer = cast.alice.post("/api/playlist/", {"title": "x"}) if abs(step) < 12 * HOUR else None
        made.append((clock.new_id(), core.db.rev(), answer and answer.status))
    ids, revs = [one[0] for one in made], [one[1] for one in made]
    assert ids == sorted(set(ids))
    assert revs == sorted(revs)
    assert {one[2] for one in made} <= {201, None}


@pytest.mark.parametrize(
    "moment",
    ["2028-02-28T23:59:30Z", "2028-02-29T12:00:00Z", "2026-03-29T00:59:30Z", "2026-10-25T00:59:30Z",
     "2026-12-31T23:59:30Z", "2038-01-19T03:13:30Z"],
)  # fmt: skip
def test_odd_days(make_core: MakeCore, moment: str) -> None:
    """The 29th of February, the hours that summer time takes and gives, the year's end, and 32 bits of seconds."""
    clock = Jumping(datetime.fromisoformat(moment))
    core = make_core(clock=clock)
    bob = make_cast(core).bob
    core.jobs.run_due()
    for _ in range(3):
        clock.advance(LONGEST_WAIT)
        assert "downloads.check-sources" in {run.job_id for run in core.jobs.run_due()}
        assert bob.get("/api/user/account/").status == 200
    runs = core.jobs.runs("downloads.check-sources", 3)
    starts = [from_stamp(run.started_at) for run in runs]
    assert [a - b for a, b in pairwise(starts)] == [timedelta(seconds=LONGEST_WAIT)] * 2


# The real server under a clock that is set while it runs

LIBRARIES = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))


class SetClock:
    """The clock of one server, by libfaketime: its seconds go on as they are, its moment is set through a file.

    The server looks into that file once a second.
    """

    def __init__(self, folder: Path) -> None:
        assert LIBRARIES, "the tests with another clock need libfaketime: install it"
        self._file = folder / "faketime"
        self.set(0)
        self.environ = {
            "LD_PRELOAD": str(LIBRARIES[0]), "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_CACHE_DURATION": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1",
        }  # fmt: skip

    def set(self, seconds: float) -> None:
        """So far from the true time."""
        part = self._file.with_suffix(".part")
        part.write_text(f"{seconds:+.0f}")
        part.rename(self._file)


@pytest.fixture
def set_clock(tmp_path: Path) -> SetClock:
    return SetClock(tmp_path)


def wait_for_clock(served: Served, shift: float) -> None:
    """Until the server takes the time for that."""
    for _ in range(100):
        reply = served.browser().send("GET", "/api/ping/")
        told = datetime.strptime(reply.headers["Date"], "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=UTC)
        if abs((told - datetime.now(UTC)).total_seconds() - shift) < 60:
            return
        time.sleep(0.1)
    raise AssertionError(f"the server's clock stands at {told}")


def remembered(served: Served, name: str) -> Browser:
    """Signed in for thirty days."""
    browser = served.browser()
    wish = {"username": name, "password": PASSWORD, "remember": True}
    reply = browser.send("POST", "/api/user/login/", wish)
    assert reply.status == 200, reply.body
    browser.member = member_of(reply)
    return browser


@pytest.mark.parametrize("seconds", [-HOUR, DAY, None], ids=["-1 h", "+1 day", "1970"])
def test_the_whole_server(
    furnished: Furnished, tmp_path: Path, set_clock: SetClock, seconds: float | None, soak: bool, tell: Tell
) -> None:
    """Sessions, writes, ids, and one job by hand, before the jump, after it, and after it was put right."""
    offset = seconds if seconds is not None else -datetime.now(UTC).timestamp() + DAY
    with serving(furnished.home, **set_clock.environ) as served:
        bob, ids = remembered(served, "bob"), []
        for shift in (0.0, offset, 0.0):
            set_clock.set(shift)
            wait_for_clock(served, shift)
            bob.close()  # idle connections end at such a jump, as after a long wait
            made = bob.send("POST", "/api/playlist/", {"title": "x"})
            assert made.status == 201, made.body
            ids.append(made.body["id"])
            alice = remembered(served, "alice")
            assert alice.send("POST", "/api/task/downloads.check-sources/run/").status in (200, 202, 409)
            assert alice.get("/api/health/")["checks"]
        assert ids == sorted(ids)
        if soak:
            wait_for_run(served, alice, set_clock, offset)
        assert served.stop() == 0
    with recovered(furnished.home.database, tmp_path / "copy") as raw:
        ensure_sound(raw)
        late = "SELECT count(*) FROM sessions WHERE expires_at > absolute_at"
        assert raw.execute(late).fetchone() == (0,)


def wait_for_run(served: Served, alice: Browser, set_clock: SetClock, offset: float) -> None:
    """A job that comes every minute comes by itself after the jump: the alarm looks every half minute."""

    def runs() -> list[dict[str, str]]:
        return list(alice.get("/api/task/auth.flush-refusals/")["runs"])

    before = len(runs())
    set_clock.set(offset)
    end = time.monotonic() + 150
    while len(runs()) <= before and time.monotonic() < end:
        time.sleep(1)
    assert len(runs()) > before, "the job did not come again"
    set_clock.set(0)
