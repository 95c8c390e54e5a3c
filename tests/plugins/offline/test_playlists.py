"""What devices keep, as they tell it; the devices themselves; and what becomes of both."""

from __future__ import annotations

from typing import Any

import pytest

from soundwave_core import SoundWave, transaction
from soundwave_core.testing import Cast, Client, ClientAnswer, VirtualClock
from soundwave_offline.store import MOST_DEVICES, add_counts, saw_device
from tests.plugins.library.conftest import Shelf, make_playlist

DAY = 86_400
PHONE, TABLET = "1" * 32, "2" * 32


def path(playlist: str) -> str:
    return f"/api/offline/playlist/{playlist}/"


def tell(client: Client, playlist: str, device: str = PHONE, **said: Any) -> ClientAnswer:
    wish = {"device": device, "device_name": "A phone", "state": "ready"} | said
    return client.put(path(playlist), wish)


def kept(client: Client, where: str = "/api/offline/playlist/") -> list[tuple[str, str]]:
    answer = client.get(where)
    assert answer.status == 200, answer.body
    assert answer.json.count == len(answer.json.results)
    return [(row.device, row.playlist) for row in answer.json.results]


def devices(client: Client) -> list[Any]:
    answer = client.get("/api/offline/device/")
    assert answer.status == 200, answer.body
    return list(answer.json.results)


def test_a_device_tells_what_it_keeps(cast: Cast, clock: VirtualClock) -> None:
    bob = cast.bob
    playlist, other = make_playlist(bob, "Mix"), make_playlist(bob, "Other")
    assert kept(bob) == []
    assert tell(bob, playlist, state="fetching", size_bytes=100, stored_bytes=40, items=5, stored_items=2).status == 204
    clock.advance(60)
    assert tell(bob, other, TABLET, is_pinned=True).status == 204
    assert kept(bob) == [(PHONE, playlist), (TABLET, other)]
    (row,) = bob.get(path(playlist)).json.results
    assert (row.state, row.is_pinned, row.size_bytes, row.stored_bytes) == ("fetching", False, 100, 40)
    assert (row.items, row.stored_items, row.device_name) == (5, 2, "A phone")
    (row,) = bob.get(path(other)).json.results
    assert row.is_pinned is True


def test_what_it_says_next_takes_its_place(cast: Cast, clock: VirtualClock) -> None:
    bob = cast.bob
    playlist = make_playlist(bob)
    tell(bob, playlist, state="waiting")
    (first,) = bob.get(path(playlist)).json.results
    clock.advance(60)
    tell(bob, playlist, stored_bytes=7, device_name="My phone")
    (row,) = bob.get(path(playlist)).json.results
    assert (row.state, row.stored_bytes, row.device_name) == ("ready", 7, "My phone")
    assert row.saved_at == first.saved_at < row.updated_at


def test_a_device_keeps_it_no_longer(cast: Cast) -> None:
    bob = cast.bob
    playlist = make_playlist(bob)
    tell(bob, playlist)
    tell(bob, playlist, TABLET)
    for _ in range(2):  # told twice, it is as true
        assert bob.delete(f"{path(playlist)}?device={PHONE}").status == 204
    assert kept(bob) == [(TABLET, playlist)]
    assert len(devices(bob)) == 2
    assert bob.delete(path(playlist)).status == 422


@pytest.mark.parametrize(
    "said",
    [
        {"device": "x"}, {"device": PHONE.upper() + "A"}, {"device_name": ""}, {"device_name": "a" * 101},
        {"device_name": "two\nlines"}, {"state": "lost"}, {"size_bytes": -1}, {"size_bytes": 2**60}, {"items": 1.5},
        {"stored_items": None}, {"is_pinned": 1}, {"more": 1},
    ],
    ids=str,
)  # fmt: skip
def test_nonsense_is_refused(cast: Cast, said: dict[str, Any]) -> None:
    playlist = make_playlist(cast.bob)
    assert tell(cast.bob, playlist, **said).status == 422
    assert (kept(cast.bob), devices(cast.bob)) == ([], [])


def test_what_one_keeps_is_ones_own(cast: Cast) -> None:
    """alice, who may look at bob's playlist, sees her devices alone, even those of the same id."""
    playlist = make_playlist(cast.bob)
    tell(cast.bob, playlist, stored_bytes=7)
    assert tell(cast.carol, playlist).status == 404
    assert tell(cast.nobody, playlist).status in (401, 403)
    assert (kept(cast.carol), kept(cast.alice), kept(cast.alice, path(playlist))) == ([], [], [])
    assert tell(cast.alice, playlist, stored_bytes=9).status == 204
    assert cast.alice.delete(f"{path(playlist)}?device={PHONE}").status == 204
    (row,) = cast.bob.get(path(playlist)).json.results
    assert row.stored_bytes == 7


def test_a_removed_playlist_is_kept_nowhere(cast: Cast) -> None:
    playlist, other = make_playlist(cast.bob), make_playlist(cast.bob)
    for each in (playlist, other):
        tell(cast.bob, each)
    assert cast.bob.patch(f"/api/playlist/{other}/", {"title": "New"}).status == 200
    assert cast.bob.delete(f"/api/playlist/{playlist}/").status == 204
    assert kept(cast.bob) == [(PHONE, other)]


def test_a_removal_that_nobody_heard_of_is_swept(cast: Cast, core: SoundWave) -> None:
    """The server was killed between the removal and its announcement."""
    playlist = make_playlist(cast.bob)
    tell(cast.bob, playlist)
    with transaction(core.db) as tx:
        tx.execute("DELETE FROM playlists")
    assert core.jobs.run("offline.sweep-records").state == "done"
    assert kept(cast.bob) == []


# Devices


def test_devices_and_what_they_keep(cast: Cast, clock: VirtualClock) -> None:
    bob = cast.bob
    tell(bob, make_playlist(bob), stored_bytes=5)
    tell(bob, make_playlist(bob), stored_bytes=7)
    clock.advance(60)
    tell(bob, make_playlist(bob), TABLET, device_name="A tablet")
    tablet, phone = devices(bob)
    assert (tablet.id, tablet.name, tablet.playlists, tablet.stored_bytes) == (TABLET, "A tablet", 1, 0)
    assert (phone.id, phone.name, phone.playlists, phone.stored_bytes) == (PHONE, "A phone", 2, 12)
    assert phone.first_seen_at == phone.last_sync_at < tablet.last_sync_at


def test_a_device_is_forgotten_whole(cast: Cast) -> None:
    bob, playlist = cast.bob, make_playlist(cast.bob)
    tell(bob, playlist)
    tell(bob, playlist, TABLET)
    assert cast.carol.delete(f"/api/offline/device/{PHONE}/").status == 404
    assert bob.delete(f"/api/offline/device/{PHONE}/").status == 204
    assert ([device.id for device in devices(bob)], kept(bob)) == ([TABLET], [(TABLET, playlist)])
    assert bob.delete(f"/api/offline/device/{PHONE}/").status == 404
    assert cast.alice.delete(f"/api/offline/device/{TABLET}/").status == 204
    assert devices(bob) == []


def test_of_two_users_with_a_device_of_one_id_each_forgets_their_own(cast: Cast) -> None:
    for client in (cast.bob, cast.carol):
        tell(client, make_playlist(client))
    assert cast.bob.delete(f"/api/offline/device/{PHONE}/").status == 204
    assert (len(devices(cast.bob)), len(devices(cast.carol)), len(kept(cast.carol))) == (0, 1, 1)


def test_an_admin_forgets_their_own_first(cast: Cast) -> None:
    for client in (cast.alice, cast.bob):
        tell(client, make_playlist(client))
    assert cast.alice.delete(f"/api/offline/device/{PHONE}/").status == 204
    assert (devices(cast.alice), len(devices(cast.bob))) == ([], 1)
    assert cast.alice.delete(f"/api/offline/device/{PHONE}/").status == 204
    assert devices(cast.bob) == []


def test_it_is_written_down_once_an_hour(cast: Cast, core: SoundWave, clock: VirtualClock) -> None:
    user = cast.bob.user_id
    saw_device(core, user, PHONE, "A phone")
    (first,) = devices(cast.bob)
    clock.advance(3599)
    saw_device(core, user, PHONE, "A phone")
    assert devices(cast.bob) == [first]
    saw_device(core, user, PHONE, "My phone")
    (renamed,) = devices(cast.bob)
    assert (renamed.name, renamed.last_sync_at > first.last_sync_at) == ("My phone", True)
    clock.advance(3601)
    saw_device(core, user, PHONE, "My phone")
    assert devices(cast.bob)[0].last_sync_at > renamed.last_sync_at
    assert devices(cast.bob)[0].first_seen_at == first.first_seen_at


def test_a_user_has_so_many_devices(cast: Cast, core: SoundWave, clock: VirtualClock) -> None:
    """The one that was silent for longest makes room; others' are left alone."""
    playlist = make_playlist(cast.bob)
    saw_device(core, cast.carol.user_id, PHONE, "Hers")
    ids = [f"{number:032x}" for number in range(MOST_DEVICES + 3)]
    for number, device in enumerate(ids):
        clock.advance(1)
        assert tell(cast.bob, playlist, device).status == 204
        assert len(devices(cast.bob)) == min(number + 1, MOST_DEVICES)
    assert [device.id for device in devices(cast.bob)] == ids[:2:-1]
    assert sorted(kept(cast.bob)) == [(device, playlist) for device in ids[3:]]
    assert len(devices(cast.carol)) == 1


def test_the_one_in_touch_is_never_the_one_that_goes(cast: Cast, core: SoundWave) -> None:
    """Also where all are of one moment."""
    for number in range(MOST_DEVICES):
        saw_device(core, cast.bob.user_id, f"{number:032x}", "Other")
    saw_device(core, cast.bob.user_id, "f" * 32, "New")
    found = {device.id for device in devices(cast.bob)}
    assert ("f" * 32 in found, len(found)) == (True, MOST_DEVICES)


def test_a_silent_device_is_forgotten_after_more_than_a_year(cast: Cast, core: SoundWave, clock: VirtualClock) -> None:
    saw_device(core, cast.bob.user_id, PHONE, "Old")
    clock.advance(100 * DAY)
    saw_device(core, cast.bob.user_id, TABLET, "New")
    clock.advance(301 * DAY)
    core.jobs.run("offline.sweep-records")
    assert cast.bob.sign_in("bob").status == 200
    assert [device.id for device in devices(cast.bob)] == [TABLET]


def test_nothing_stays_of_a_user_who_is_gone(cast: Cast, core: SoundWave) -> None:
    day = core.clock.now().date().isoformat()
    for client in (cast.bob, cast.carol):
        tell(client, make_playlist(client))
        with transaction(core.db) as tx:
            add_counts(tx, client.user_id, day, {"plays": 1})
    assert cast.alice.delete(f"/api/user/admin/users/{cast.bob.user_id}/?tracks=remove").status == 204
    assert "offline.sweep-records" in {run.job_id for run in core.jobs.run_due()}
    for table in ("offline_devices", "offline_playlists", "offline_counts"):
        users = {row["user_id"] for row in core.db.rows(f"SELECT user_id FROM {table}")}
        assert users == {cast.carol.user_id}, table


def test_metrics_count_them(cast: Cast, shelf: Shelf) -> None:
    playlist = make_playlist(cast.bob)
    tell(cast.bob, playlist)
    tell(cast.bob, playlist, TABLET, state="paused")
    text = cast.alice.get("/metrics").body.decode()
    assert "soundwave_offline_devices 2.0" in text
    assert 'soundwave_offline_playlists{state="ready"} 1.0' in text
    assert 'soundwave_offline_playlists{state="paused"} 1.0' in text
