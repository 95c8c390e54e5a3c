"""Statistics: increments by the devices' days, added up for whoever may look at them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from soundwave_core import SoundWave, transaction
from soundwave_core.testing import Cast, Client, VirtualClock
from soundwave_offline.shapes import Counts, Stats
from soundwave_offline.store import COUNTED, add_counts

STATS = "/api/offline/stats/"


def day(core: SoundWave, ago: int = 0) -> str:
    return (core.clock.now().date() - timedelta(days=ago)).isoformat()


def count(core: SoundWave, client: Client, ago: int = 0, **counts: Any) -> None:
    with transaction(core.db) as tx:
        add_counts(tx, client.user_id, day(core, ago), counts)


def stats(client: Client, query: str = "") -> Stats:
    answer = client.get(STATS + query)
    assert answer.status == 200, answer.body
    found: Stats = answer.json
    return found


def test_there_are_twelve_counts() -> None:
    """As webroot/src/offline/wire.ts has them."""
    assert COUNTED == (
        "audio_hits", "audio_misses", "artwork_hits", "artwork_misses", "shell_hits", "shell_misses", "errors",
        "cache_bytes", "network_bytes", "offline_seconds", "offline_plays", "plays",
    )  # fmt: skip


def test_without_any_there_is_nothing(cast: Cast) -> None:
    assert stats(cast.bob) == Stats(is_counting=True, days=[], totals=Counts(), users=[])


def test_increments_add_up_by_day(cast: Cast, core: SoundWave) -> None:
    count(core, cast.bob, ago=1, plays=2, cache_bytes=100)
    count(core, cast.bob, plays=1)
    count(core, cast.bob, plays=3, audio_hits=7)
    count(core, cast.carol, plays=50)
    found = stats(cast.bob)
    assert [(d.day, d.plays, d.audio_hits, d.cache_bytes) for d in found.days] == [
        (day(core, 1), 2, 0, 100), (day(core), 4, 7, 0),
    ]  # fmt: skip
    assert found.totals == Counts(plays=6, audio_hits=7, cache_bytes=100)
    assert found.users == []


def test_every_count_has_its_own_place(cast: Cast, core: SoundWave) -> None:
    given = {name: number for number, name in enumerate(COUNTED, start=1)}
    for _ in range(2):
        count(core, cast.bob, **given)
    assert stats(cast.bob).totals == Counts(**{name: 2 * number for name, number in given.items()})


def test_so_many_days(cast: Cast, core: SoundWave) -> None:
    for ago in (0, 1, 6, 7, 29, 30, 365, 366):
        count(core, cast.bob, ago=ago, plays=1)
    for query, plays in (("", 5), ("?days=1", 1), ("?days=7", 3), ("?days=8", 4), ("?days=366", 7)):
        assert stats(cast.bob, query).totals.plays == plays, query
    days = [each.day for each in stats(cast.bob, "?days=366").days]
    assert days == sorted(days)


@pytest.mark.parametrize("days", ["0", "367", "-1", "x", "1.5"])
def test_other_numbers_of_days_are_refused(cast: Cast, days: str) -> None:
    assert cast.bob.get(f"{STATS}?days={days}").status == 422


def test_which_days_count(cast: Cast, core: SoundWave) -> None:
    """A device may be a day ahead of the server; more is a clock that is wrong, and old days are of nobody's use."""
    for ago in (-3, -2, -1, 0, 399, 400, 401, 4000):
        count(core, cast.bob, ago=ago, plays=1)
    kept = [row["day"] for row in core.db.rows("SELECT day FROM offline_counts ORDER BY day DESC")]
    assert kept == [day(core, ago) for ago in (-1, 0, 399, 400)]
    assert [each.day for each in stats(cast.bob, "?days=1").days] == [day(core), day(core, -1)]


@pytest.mark.parametrize("text", ["", "2026-1-5", "20260105", "2026-W02-1", "2026-01-32", "x" * 10, "2026-01-05 "])
def test_what_is_no_day_is_ignored(cast: Cast, core: SoundWave, text: str) -> None:
    with transaction(core.db) as tx:
        add_counts(tx, cast.bob.user_id, text, {"plays": 1})
    assert core.db.rows("SELECT day FROM offline_counts") == []


def test_what_cannot_be_is_cut_down(cast: Cast, core: SoundWave) -> None:
    count(core, cast.bob, plays=-5, audio_hits=10**30, cache_bytes=2**70, offline_seconds=10**9, strange=7)
    assert stats(cast.bob).totals == Counts(audio_hits=1_000_000, cache_bytes=2**40, offline_seconds=2 * 86_400)


def test_one_looks_at_ones_own(cast: Cast, core: SoundWave) -> None:
    count(core, cast.bob, plays=3)
    assert stats(cast.carol).totals.plays == 0
    assert stats(cast.bob, f"?user={cast.bob.user_id}").totals.plays == 3
    for query in (f"?user={cast.bob.user_id}", "?whole=true"):
        answer = cast.carol.get(STATS + query)
        assert (answer.status, answer.json["code"]) == (403, "admin_only")


def test_an_admin_looks_at_anybodys_and_at_the_whole(cast: Cast, core: SoundWave) -> None:
    count(core, cast.bob, ago=1, plays=3, cache_bytes=10)
    count(core, cast.bob, plays=4)
    count(core, cast.carol, plays=5, cache_bytes=90)
    assert stats(cast.alice).totals.plays == 0
    assert stats(cast.alice, f"?user={cast.bob.user_id}").totals.plays == 7
    whole = stats(cast.alice, "?whole=true")
    assert [(each.day, each.plays) for each in whole.days] == [(day(core, 1), 3), (day(core), 9)]
    assert whole.totals == Counts(plays=12, cache_bytes=100)
    assert [(user.username, user.plays, user.cache_bytes) for user in whole.users] == [("carol", 5, 90), ("bob", 7, 10)]
    assert [user.user_id for user in whole.users] == [cast.carol.user_id, cast.bob.user_id]


def test_of_a_user_who_is_gone_there_is_no_name(cast: Cast, core: SoundWave) -> None:
    """Until the sweep, which may be a moment."""
    count(core, cast.bob, plays=1)
    assert cast.alice.delete(f"/api/user/admin/users/{cast.bob.user_id}/?tracks=remove").status == 204
    (user,) = stats(cast.alice, "?whole=true").users
    assert (user.user_id, user.username) == (cast.bob.user_id, None)


def test_one_clears_ones_own(cast: Cast, core: SoundWave) -> None:
    for client in (cast.bob, cast.carol):
        count(core, client, plays=1)
    assert cast.bob.delete(STATS).status == 204
    assert (stats(cast.bob).totals.plays, stats(cast.carol).totals.plays) == (0, 1)


def test_old_days_are_swept(cast: Cast, core: SoundWave, clock: VirtualClock) -> None:
    count(core, cast.bob, ago=400, plays=1)
    count(core, cast.bob, ago=399, plays=1)
    clock.advance(86_400)
    core.jobs.run("offline.sweep-records")
    assert core.db.value("SELECT count(*) FROM offline_counts") == 1


def push(core: SoundWave, client: Client, **counts: int) -> str:
    """As a device sends them; what became of the op."""
    op = {"id": core.clock.new_id(), "at": core.clock.stamp(), "kind": "stats", "day": day(core), "counts": counts}
    wish = {"device": "1" * 32, "device_name": "A phone", "since": None, "ops": [op]}
    answer = client.post("/api/offline/sync/", wish)
    assert answer.status == 200, answer.body
    return str(answer.json.results[0].status)


def test_they_come_by_sync(cast: Cast, core: SoundWave) -> None:
    assert push(core, cast.bob, plays=2) == "applied"
    assert stats(cast.bob).totals == Counts(plays=2)
    (device,) = cast.bob.get("/api/offline/device/").json.results
    assert device.name == "A phone"


def test_a_server_that_counts_nothing_says_so_and_takes_none(cast: Cast, core: SoundWave) -> None:
    count(core, cast.bob, plays=1)
    assert cast.alice.patch("/api/appsettings/", {"values": {"offline.is_counting": False}}).status == 200
    assert push(core, cast.bob, plays=2) == "applied", "it must not wait on the device for ever"
    found = stats(cast.bob)
    assert (found.is_counting, found.totals.plays) == (False, 1)
