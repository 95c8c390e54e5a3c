"""An old deployment's queue and what it followed: in the states that they had, and nothing begins that did not run."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pytest

from soundwave_core import SoundWave, transaction
from soundwave_core.legacy import open_legacy
from soundwave_core.takeover import bring_over
from soundwave_core.testing import Client, MakeCore, VirtualClock
from soundwave_downloads.messages import Item, Resolved
from tests.conftest import Tell
from tests.legacy.fixtures import Home, expected, home, moved, notes_of, report_of, sign_in
from tests.plugins.downloads.stub import OWN, StubWorker, drain, look

__all__ = ["expected", "home", "moved"]

DAY = 86_400
QUEUE = {"pending": "resolving", "downloading": "resolving", "completed": "done", "failed": "failed",
         "ignored": "cancelled"}  # fmt: skip
ITEMS = {"completed": "done", "skipped": "skipped", "failed": "failed", "downloading": "queued", "pending": "queued"}
LISTS = {"downloading": "queued", "completed": "done", "failed": "failed", "paused": "paused"}
TWICE = "https://www.youtube.com/watch?v=0b2OCuiC6pY"


def people(core: SoundWave, expected: dict[str, Any]) -> dict[str, Client]:
    return {name: sign_in(core, expected, name) for name in ("admin", "alice", "bob")}


def owned(core: SoundWave, admin: Client, name: str) -> list[Any]:
    """Somebody's downloads, as an admin sees them."""
    user = next(u for u in admin.get("/api/user/admin/users/").json.results if u.username == name)
    found: list[Any] = admin.get(f"{OWN}?user={user.id}&limit=200").json.results
    return found


def test_every_fact_of_the_queue_is_here(moved: SoundWave, expected: dict[str, Any], tell: Tell) -> None:
    admin, wrong, compared = sign_in(moved, expected, "admin"), list[str](), 0
    names = {row["uid"]: row["source_id"] for row in moved.db.rows("SELECT uid, source_id FROM tracks")}
    for name, old in expected["library"].items():
        found = owned(moved, admin, name)
        links = [one for one in found if one.playlist_id is None]
        lists = [one for one in found if one.playlist_id is not None]
        facts = [
            (f"{name} count", (len(links), len(lists)), (len(old["download_queue"]), len(old["playlist_downloads"])))
        ]
        for row in old["download_queue"]:
            state = QUEUE[row["status"]]
            if row["status"] == "pending" and (not row["auto_start"] or name == "carol"):
                state = "paused"
            one = next(d for d in links if (d.url, d.state) == (row["url"], state))
            facts.append((f"{row['url']} title", one.title or "", row["title"]))
            facts.append((f"{row['url']} error", one.error or "", re.sub("\x1b.*?m", "", row["error_message"])))
            facts.append((f"{row['url']} added", one.created_at[:19], row["added"][:19]))
            is_over = row["status"] in ("completed", "failed", "ignored")
            facts.append((f"{row['url']} over", one.finished_at is not None, is_over))
        for row in old["playlist_downloads"]:
            if not row["items"]:
                continue
            title = next(p["title"] for p in old["playlists"] if p["playlist_id"] == row["playlist_id"])
            one = look(admin, next(d.id for d in lists if d.title == title))
            facts.append((f"{title} state", one.state, LISTS[row["status"]]))
            facts.append((f"{title} created", one.created_at[:19], row["created"][:19]))
            open_state = "paused" if row["status"] == "paused" else "queued"
            wanted = [(key, open_state if ITEMS[s] == "queued" else ITEMS[s]) for key, s in row["items"]]
            rows = moved.db.rows(
                """SELECT i.source_id, i.state FROM download_items i JOIN downloads d ON d.id = i.download_id
                WHERE d.uid = :uid ORDER BY i.position""",
                uid=one.id,
            )
            facts.append((f"{title} items", [(r["source_id"], r["state"]) for r in rows], wanted))
            facts.append((f"{title} done", one.items_done, sum(s in ("done", "skipped") for _, s in wanted)))
            facts.append((f"{title} failed", one.items_failed, sum(s == "failed" for _, s in wanted)))
            tracks = [names.get(item.track_id) for item in one.items if item.track_id]
            facts.append((f"{title} tracks", tracks, [key for key, s in wanted if s in ("done", "skipped")]))
        compared += len(facts)
        wrong += [f"{what}: {got!r}, expected {want!r}" for what, got, want in facts if got != want]
    tell(f"an old queue: {compared} facts compared")
    assert wrong == []


def test_a_download_that_was_not_begun_is_for_what_is_missing(moved: SoundWave, expected: dict[str, Any]) -> None:
    bob = sign_in(moved, expected, "bob")
    one = next(d for d in bob.get(OWN).json.results if d.title == "أغاني الطريق")
    assert (one.state, [item.url[-11:] for item in one.items]) == (
        "queued", ["I2glRZOKyNy", "0ys4zSJDNBm", "jO7Naw3ux74"],
    )  # fmt: skip


def test_what_it_followed_is_followed(moved: SoundWave, expected: dict[str, Any]) -> None:
    rows = moved.db.rows("SELECT * FROM sources ORDER BY next_check_at")
    followed = Counter((row["kind"], row["is_enabled"], row["takes_new_only"]) for row in rows)
    assert followed == {
        ("playlist", 1, 0): 2,  # the same list, of alice and of bob
        ("playlist", 0, 0): 2,  # one that is not active, one that is not subscribed
        ("playlist", 1, 1): 1,  # bob's channel
        ("channel", 1, 1): 2,
        ("channel", 0, 1): 1,
    }
    steps = {row["next_check_at"] for row in rows}
    assert len(steps) == len(rows)
    assert "2026-01-05T14:00:00.000Z" < min(steps) < max(steps) < "2026-01-06T12:00:00.000Z"
    old = next(row for row in rows if row["url"].endswith("PLTOik_bRcQxTK48C6sf091PJWSPUQJJFj"))
    assert (old["error_code"], "does not exist" in old["error"]) == ("not_found", True)


def test_nothing_begins_at_once_but_what_was_under_way(moved: SoundWave, expected: dict[str, Any]) -> None:
    moved.jobs.run_due()
    states = Counter(row["state"] for row in moved.db.rows("SELECT state FROM downloads"))
    assert states == {"resolving": 4, "paused": 3, "done": 8, "failed": 7, "cancelled": 2, "queued": 2}
    assert moved.db.value("SELECT count(*) FROM downloads WHERE is_quiet") == 0


def test_the_queue_goes_on_and_brings_lost_files_back(moved: SoundWave, expected: dict[str, Any]) -> None:
    alice = sign_in(moved, expected, "alice")
    worker = StubWorker()
    drain(moved, worker)
    assert "kAlKLqkpysS" in {name.rpartition("=")[2] for name in worker.names}  # it was stuck for weeks
    done = next(d for d in alice.get(f"{OWN}?limit=200").json.results if d.title == "Evening Focus Session 🎧")
    assert (done.state, done.items_done, done.items_failed) == ("failed", 39, 1)
    playlist = alice.get(f"/api/playlist/{done.playlist_id}/").json
    assert playlist.count == 40
    for item in playlist.items[24:]:
        assert alice.get(f"/api/audio/{item.track.id}/stream/").status == 200, item.track.title
    assert not any(item.track.is_missing for item in playlist.items[24:])
    assert playlist.items[5].track.is_missing  # it says that it was fetched, and its file is not there


def test_an_address_that_is_none_fails_with_a_reason(home: Home, make_core: MakeCore, expected: dict[str, Any]) -> None:
    home.change("UPDATE download_downloadqueue SET url = 'kAlKLqkpysS' WHERE title = 'Stuck since December'")
    core = make_core()
    one = next(d for d in owned(core, sign_in(core, expected, "admin"), "alice") if d.url == "kAlKLqkpysS")
    assert (one.state, one.error_code) == ("failed", "not_a_link")


def test_asked_twice_waits_once(home: Home, make_core: MakeCore, expected: dict[str, Any]) -> None:
    home.change(f"UPDATE download_downloadqueue SET status = 'pending' WHERE url = '{TWICE}'")
    core = make_core()
    alice = sign_in(core, expected, "alice")
    assert sum(d.url == TWICE for d in alice.get(f"{OWN}?limit=200").json.results) == 1
    assert TWICE in notes_of(report_of(core), "Download queue")


def test_what_was_removed_stays_removed(moved: SoundWave, home: Home, expected: dict[str, Any]) -> None:
    """A second import by command: nothing is new, nothing comes back, and nothing is counted as a change."""
    alice = sign_in(moved, expected, "alice")
    before = alice.get(f"{OWN}?limit=200").json.results
    gone = next(d for d in before if d.state == "cancelled")
    assert alice.delete(f"{OWN}{gone.id}/").status == 204
    state = [moved.db.rows(f"SELECT * FROM {table}") for table in ("downloads", "download_items", "sources")]
    rev = moved.db.rev()
    with open_legacy(home.kept[0]) as legacy:
        bring_over(moved, legacy, "again")
    assert state == [moved.db.rows(f"SELECT * FROM {table}") for table in ("downloads", "download_items", "sources")]
    assert moved.db.rev() == rev


def test_a_disabled_persons_queue_rests(moved: SoundWave, expected: dict[str, Any]) -> None:
    admin = sign_in(moved, expected, "admin")
    assert [(d.title, d.state) for d in owned(moved, admin, "carol")] == [("For carol", "paused")]
    assert "OafN3z4DNLn" in notes_of(report_of(moved), "Download queue")


def upstream(*names: str) -> Resolved:
    items = [
        Item(url=f"https://www.youtube.com/watch?v={name}", extractor="youtube", source_id=name, title=name)
        for name in names
    ]
    return Resolved(id="", kind="list", title="Upstream", items=items)


@pytest.mark.parametrize("is_known", [True, False])
def test_a_channel_brings_what_is_newer_than_what_was_there(
    moved: SoundWave, expected: dict[str, Any], clock: VirtualClock, is_known: bool
) -> None:
    """And never shares what was private: the imported tracks stay their owners'."""
    worker = StubWorker()
    drain(moved, worker)
    url = "https://www.youtube.com/channel/UC4ajoWnirx3i_cTCLBrwUT5"
    here = "fglr8072KLJ" if is_known else "other000000"  # alice's
    worker.lists = {
        row["url"]: upstream("never000001") for row in moved.db.rows("SELECT url FROM sources")
    } | {url: upstream("new00000001", "new00000002", here, "older000001")}  # fmt: skip
    clock.advance(DAY)
    moved.jobs.run_due()
    drain(moved, worker)
    shared = {row["source_id"] for row in moved.db.rows("SELECT source_id FROM tracks WHERE channel_id IS NOT NULL")}
    assert shared == ({"new00000001", "new00000002"} if is_known else set())
    worker.lists[url] = upstream("new00000003", "new00000001", "new00000002", here, "older000001")
    clock.advance(DAY)
    moved.jobs.run_due()
    drain(moved, worker)
    later = {row["source_id"] for row in moved.db.rows("SELECT source_id FROM tracks WHERE channel_id IS NOT NULL")}
    assert later == shared | {"new00000003"}
    bob = sign_in(moved, expected, "bob")
    private = moved.db.value("SELECT uid FROM tracks WHERE source_id = 'fglr8072KLJ'")
    assert bob.get(f"/api/audio/{private}/").status == 404


def test_who_asks_gets_what_is_older(moved: SoundWave, expected: dict[str, Any], clock: VirtualClock) -> None:
    bob, worker = sign_in(moved, expected, "bob"), StubWorker()
    source = moved.db.row("SELECT * FROM sources WHERE kind = 'playlist' AND takes_new_only") or {}
    worker.lists[source["url"]] = upstream("Fzg0EsktYnD", "older000001")
    with transaction(moved.db) as tx:
        tx.execute("UPDATE sources SET next_check_at = :now WHERE id = :id", now=clock.stamp(), id=source["id"])
    moved.jobs.run_due()
    drain(moved, worker)
    assert moved.db.value("SELECT count(*) FROM tracks WHERE source_id = 'older000001'") == 0
    bob.post(OWN, {"playlist": source["target_id"]})
    drain(moved, worker)
    assert moved.db.value("SELECT count(*) FROM tracks WHERE source_id = 'older000001'") == 1
