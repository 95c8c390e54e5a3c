"""Whatever happens to a library, a device that is only told what changed knows what one that begins anew is told.

Histories are drawn at random, by seed: users, channels, households that take and withdraw, lists, departures.
``SOUNDWAVE_HISTORIES=200`` plays that many.
"""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from soundwave_core import SoundWave, transaction
from soundwave_core.testing import PASSWORD, Cast, Client, VirtualClock
from soundwave_library import Channels, Entries, FileStates, Playlists, Tracks
from soundwave_library.store import Arrivals, changed
from tests.conftest import Tell
from tests.plugins.library.conftest import Shelf

from .devices import Device, in_the_form_of_seen, one, seen

HISTORIES = int(os.environ.get("SOUNDWAVE_HISTORIES", "6"))
STEPS = 70


@dataclass
class World:
    """A household and its devices. Each step is one thing that somebody does."""

    core: SoundWave
    clock: VirtualClock
    cast: Cast
    shelf: Shelf
    draw: random.Random
    users: list[Client] = field(init=False)
    tracks: list[str] = field(default_factory=list)
    sources: int = 0
    done: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.users = [self.cast.alice, self.cast.bob, self.cast.carol]
        self.prompt = [Device(user, one(number + 1)) for number, user in enumerate(self.users)]
        self.slow = [Device(user, one(number + 11)) for number, user in enumerate(self.users)]

    # What is there to choose from

    def user(self) -> Client:
        return self.draw.choice(self.users)

    def track(self) -> str:
        return self.draw.choice(self.tracks) if self.tracks else one(99)

    def channel(self) -> str | None:
        channels = [channel.uid for channel in Channels(self.core.db).list()]
        return self.draw.choice(channels) if channels else None

    def playlist(self) -> tuple[Client, str]:
        rows = self.core.db.rows("SELECT uid, user_id FROM playlists ORDER BY id")
        rows = [row for row in rows if row["user_id"] in {user.user_id for user in self.users}]
        if not rows:
            return self.user(), one(98)
        row = self.draw.choice(rows)
        return next(user for user in self.users if user.user_id == row["user_id"]), row["uid"]

    def item(self, playlist: str) -> str | None:
        rows = self.core.db.rows("SELECT i.uid FROM playlist_items i JOIN playlists p ON p.id = i.playlist_id"
                                 " WHERE p.uid = :uid ORDER BY i.id", uid=playlist)  # fmt: skip
        return self.draw.choice(rows)["uid"] if rows else None

    # What may happen

    def add_track(self) -> None:
        owners = self.draw.sample(self.users, self.draw.choice([0, 1, 1, 2]))
        channel = self.channel() if self.draw.random() < 0.4 or not owners else None
        self.sources += 1
        self.tracks.append(self.shelf.add(f"Track {self.sources}", *owners, source=str(self.sources), channel=channel))

    def give_track(self) -> None:
        with transaction(self.core.db) as tx:
            if Tracks(tx).find(track := self.track()):
                Entries(tx).ensure(self.user().user_id, track, self.core.clock)

    def share_track(self) -> None:
        channel = self.channel()
        with transaction(self.core.db) as tx:
            if channel and Tracks(tx).find(track := self.track()):
                Tracks(tx).share(track, channel)

    def remove_track(self) -> None:
        self.user().delete(f"/api/audio/{self.track()}/")

    def remove_track_of_another(self) -> None:
        self.cast.alice.delete(f"/api/audio/{self.track()}/?user={self.user().user_id}")

    def add_channel(self) -> None:
        self.sources += 1
        self.shelf.channel(f"Channel {self.sources}", f"https://site.test/{self.sources}")

    def rename_channel(self) -> None:
        self.sources += 1
        if channel := self.channel():
            with transaction(self.core.db) as tx:
                Channels(tx).patch(channel, title=f"Renamed {self.sources}")

    def remove_channel(self) -> None:
        if channel := self.channel():
            with transaction(self.core.db) as tx:
                Channels(tx).remove(channel, self.cast.alice.user_id, self.core.clock)

    def mark(self) -> None:
        self.user().put(f"/api/audio/{self.track()}/favorite/")

    def unmark(self) -> None:
        self.user().delete(f"/api/audio/{self.track()}/favorite/")

    def listen(self) -> None:
        user, track = self.user(), self.track()
        user.put(f"/api/audio/{track}/position/", {"seconds": self.draw.randint(0, 60)})
        user.post("/api/play/", {"track": track, "seconds": 30})

    def lose_file(self) -> None:
        with transaction(self.core.db) as tx:
            FileStates(tx).set(self.track(), self.draw.choice(["missing", "present"]))

    def renew_file(self) -> None:
        with transaction(self.core.db) as tx:
            if Tracks(tx).find(track := self.track()):
                fields = {"duration_seconds": float(self.draw.randint(1, 100))}
                Tracks(tx).renew(track, self.shelf.new("Renewed", **fields))

    def show_picture(self) -> None:
        picture = self.shelf.picture(b"\x89PNG\r\n\x1a\n" + self.draw.randbytes(2))
        with transaction(self.core.db) as tx:
            Arrivals(tx).picture("tracks", self.track(), picture)

    def write_lyrics(self) -> None:
        self.user().put(f"/api/audio/{self.track()}/lyrics/", {"plain": "La la."})

    def add_playlist(self) -> None:
        self.user().post("/api/playlist/", {"title": f"List {self.draw.randint(0, 99)}"})

    def mirror(self) -> None:
        self.sources += 1
        with transaction(self.core.db) as tx:
            owner, url = self.user().user_id, f"https://site.test/{self.sources}"
            uid = Playlists(tx).create(owner, "Mirror", self.core.clock, kind="mirrored", source_url=url)
            for track in self.tracks[-3:]:
                if found := Tracks(tx).find(track):
                    Playlists(tx).append(uid, track, self.core.clock, (str(found.extractor), str(found.source_id)))

    def rename_playlist(self) -> None:
        user, playlist = self.playlist()
        user.patch(f"/api/playlist/{playlist}/", {"title": f"Renamed {self.draw.randint(0, 99)}"})

    def remove_playlist(self) -> None:
        user, playlist = self.playlist()
        user.delete(f"/api/playlist/{playlist}/")

    def add_items(self) -> None:
        user, playlist = self.playlist()
        user.post(f"/api/playlist/{playlist}/items/", {"tracks": [self.track()], "after": self.item(playlist)})

    def move_item(self) -> None:
        user, playlist = self.playlist()
        user.patch(f"/api/playlist/{playlist}/items/{self.item(playlist)}/", {"after": self.item(playlist)})

    def remove_item(self) -> None:
        user, playlist = self.playlist()
        user.delete(f"/api/playlist/{playlist}/items/{self.item(playlist)}/")

    def tell_ops(self) -> None:
        device, [_, playlist] = self.draw.choice(self.prompt), self.playlist()
        self.sources += 1
        made, item = one(5000 + self.sources), {"id": one(9000 + self.sources), "position": "a5", "track": self.track()}
        device.result(kind="playlist-create", playlist=made, title="From a device", description="", items=[item])
        moved = self.item(playlist) or one(97)
        device.result(kind="item-move", playlist=playlist, item=moved, position=self.draw.choice(["a0V", "Zz", "b00"]))
        device.result(kind="favorite", track=self.track(), is_favorite=self.draw.random() < 0.5)
        device.result(kind="playlist-remove", playlist=self.draw.choice([made, playlist]))

    def leave(self) -> None:
        """A user goes, perhaps with an heir; somebody new comes in their place."""
        user = self.users.pop(self.draw.choice([1, 2]))
        self.prompt = [device for device in self.prompt if device.client is not user]
        self.slow = [device for device in self.slow if device.client is not user]
        heir = self.draw.choice([*self.users, None])
        query = "tracks=remove" if heir is None else f"tracks=give&to={heir.user_id}"
        assert self.cast.alice.delete(f"/api/user/admin/users/{user.user_id}/?{query}").status == 204
        self.core.jobs.run_due()
        name, fresh = f"user{len(self.done)}", Client(self.core)
        self.cast.alice.post("/api/user/admin/users/", {"username": name, "password": PASSWORD})
        fresh.sign_in(name)
        self.users.append(fresh)
        self.prompt.append(Device(fresh, one(100 + len(self.done))))
        self.slow.append(Device(fresh, one(500 + len(self.done))))

    def step(self) -> None:
        """Something happens, some of it more often."""
        often: list[Callable[[], Any]] = [self.add_track, self.add_items, self.mark, self.listen, self.remove_track]
        rare = [
            self.give_track, self.share_track, self.remove_track_of_another, self.add_channel, self.rename_channel,
            self.remove_channel, self.unmark, self.lose_file, self.renew_file, self.show_picture, self.write_lyrics,
            self.add_playlist, self.mirror, self.rename_playlist, self.remove_playlist, self.move_item,
            self.remove_item, self.tell_ops,
        ]  # fmt: skip
        action = self.leave if self.draw.random() < 0.02 else self.draw.choice([*often, *often, *rare])
        self.done.append(action.__name__)
        action()
        self.clock.advance(1)

    def ensure_equal(self, device: Device) -> None:
        """What it was told over time, what it would be told anew, and what the library's routes say."""
        device.pull()
        fresh = Device(device.client, device.id)
        fresh.pull()
        assert device.knows == fresh.knows, self.done
        assert in_the_form_of_seen(device.knows) == seen(device.client), self.done


@pytest.mark.parametrize("seed", range(HISTORIES))
def test_a_device_that_follows_knows_all_and_no_more(
    seed: int, core: SoundWave, clock: VirtualClock, cast: Cast, shelf: Shelf, monkeypatch: pytest.MonkeyPatch,
    tell: Tell,
) -> None:  # fmt: skip
    if seed % 2:  # pages that end in the midst of everything
        monkeypatch.setattr(changed, "AT_ONCE", 3)
    draw = random.Random(seed)
    world = World(core, clock, cast, shelf, draw)
    for _ in range(STEPS):
        world.step()
        for device in world.prompt:
            world.ensure_equal(device)
        for device in world.slow:
            if draw.random() < 0.1:
                device.pull_page()
            if draw.random() < 0.1:
                world.ensure_equal(device)
    assert all(device.wholes == 1 for device in world.prompt)
    tell(f"sync: {HISTORIES} histories of {STEPS} steps, every device equal after each")


def test_a_device_that_asks_while_others_write_misses_nothing(
    core: SoundWave, clock: VirtualClock, cast: Cast, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is stored between two statements of an answer comes with the next one."""
    monkeypatch.setattr(changed, "AT_ONCE", 5)
    world = World(core, clock, cast, shelf, random.Random(1))
    device, asked, is_over = Device(cast.bob, one(3)), 0, threading.Event()

    def write() -> None:
        for _ in range(150):
            actions = [world.add_track, world.mark, world.unmark, world.remove_track, world.listen, world.add_playlist,
                       world.add_items, world.remove_playlist, world.add_channel, world.remove_channel]  # fmt: skip
            world.draw.choice(actions)()
        core.db.release()
        is_over.set()

    writer = threading.Thread(target=write)
    writer.start()
    while not is_over.is_set():
        device.pull_page()
        asked += 1
    writer.join()
    world.ensure_equal(device)
    assert device.wholes == 1
    assert asked > 10
