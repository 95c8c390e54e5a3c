"""Ops by id, beside the keys of requests; and what is forgotten when: both, and tombstones."""

from __future__ import annotations

import pytest

from soundwave_core import Operations, SoundWave, operations, swept_rev, transaction
from soundwave_core.testing import Cast, VirtualClock

DAY = 86_400


def keep(core: SoundWave, user: str, *names: str) -> None:
    with transaction(core.db) as tx:
        for name in names:
            Operations(tx, user).keep(name, name.encode())


def kept(core: SoundWave, user: str) -> list[str]:
    rows = core.db.rows("SELECT key FROM operations WHERE user_id = :user ORDER BY rowid", user=user)
    return [row["key"] for row in rows]


def test_what_an_op_came_to_is_known_by_its_user_and_id(core: SoundWave) -> None:
    keep(core, "bob", "one")
    with transaction(core.db) as tx:
        Operations(tx, "bob").keep("one", b"something else")
    assert Operations(core.db, "bob").find("one") == b"one"
    assert Operations(core.db, "bob").find("two") is None
    assert Operations(core.db, "carol").find("one") is None


def test_it_is_undone_with_what_it_stands_for(core: SoundWave) -> None:
    with pytest.raises(ZeroDivisionError), transaction(core.db) as tx:
        Operations(tx, "bob").keep("one", b"")
        raise ZeroDivisionError
    assert Operations(core.db, "bob").find("one") is None


def test_a_key_of_a_request_is_no_op(core: SoundWave, cast: Cast) -> None:
    assert cast.bob.post("/api/playlist/", {"title": "Mix"}, Idempotency_Key="k").status == 201
    [key] = kept(core, cast.bob.user_id)
    assert Operations(core.db, cast.bob.user_id).find(key) is None


def test_ops_do_not_push_out_keys_nor_keys_ops(core: SoundWave, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operations, "MOST_OF_A_USER", 3)
    monkeypatch.setattr("soundwave_core.idempotency.MOST_OF_A_USER", 2)
    bob = cast.bob.user_id
    keep(core, "carol", "hers")
    for number in range(5):
        keep(core, bob, f"op{number}")
        assert cast.bob.post("/api/playlist/", {"title": "Mix"}, Idempotency_Key=f"k{number}").status == 201
    with transaction(core.db) as tx:
        assert Operations(tx, bob).trim() == 2
    ops = [key for key in kept(core, bob) if key.startswith("op")]
    assert ops == ["op2", "op3", "op4"]
    assert len(kept(core, bob)) == 3 + 2
    assert kept(core, "carol") == ["hers"]


def test_trimming_reads_an_index(core: SoundWave) -> None:
    plan = core.db.rows(
        "EXPLAIN QUERY PLAN SELECT rowid FROM operations WHERE user_id = :user AND kind = 'op'"
        " ORDER BY rowid DESC LIMIT -1 OFFSET 9", user="bob",
    )  # fmt: skip
    [step] = [row["detail"] for row in plan]
    assert "COVERING INDEX operations_of_users" in step


def test_each_is_forgotten_in_its_time(core: SoundWave, clock: VirtualClock, cast: Cast) -> None:
    """A key after a week, an op after ninety days."""
    bob = cast.bob.user_id
    keep(core, bob, "op")
    cast.bob.post("/api/playlist/", {"title": "Mix"}, Idempotency_Key="k")
    left = []
    for days in (6.9, 0.2, 82.8, 0.2):
        clock.advance(days * DAY)
        core.jobs.run("system.sweep-operations")
        core.jobs.run("system.sweep-ops")
        left.append(len(kept(core, bob)))
    assert left == [2, 1, 1, 0]


def test_it_is_known_up_to_when_tombstones_may_be_missing(core: SoundWave, clock: VirtualClock) -> None:
    sweep = "system.sweep-tombstones"
    assert swept_rev(core.db) == 0
    core.jobs.run(sweep)
    assert swept_rev(core.db) == 0
    with transaction(core.db) as tx:
        first = tx.bury("entry", "a", "bob")
    clock.advance(60 * DAY)
    with transaction(core.db) as tx:
        second = tx.bury("entry", "b", "bob")
    clock.advance(31 * DAY)
    core.jobs.run(sweep)
    assert [row["rev"] for row in core.db.rows("SELECT rev FROM tombstones")] == [second]
    assert swept_rev(core.db) == first
    core.jobs.run(sweep)
    assert swept_rev(core.db) == first


def test_a_clock_that_went_back_does_not_hide_what_was_forgotten(core: SoundWave, clock: VirtualClock) -> None:
    """The later rev may have the earlier moment."""
    with transaction(core.db) as tx:
        tx.bury("entry", "a", "bob")
        later = tx.bury("entry", "b", "bob")
        tx.execute("UPDATE tombstones SET buried_at = '2020-01-01T00:00:00.000Z' WHERE rev = :rev", rev=later)
    core.jobs.run("system.sweep-tombstones")
    assert core.db.value("SELECT count(*) FROM tombstones") == 1
    assert swept_rev(core.db) == later
