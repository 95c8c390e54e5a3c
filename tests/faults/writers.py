"""Listeners who change things all the time, and who know what they were promised: every 2xx is in their ledger."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Iterable
from contextlib import closing, suppress
from dataclasses import dataclass, field
from threading import Barrier, Condition, Thread
from typing import Any

from faults.serving import Browser, Gone, Member, Reply

DISK = ("disk_full", "disk_failed")
LONGEST_LIST = 12
MOST_LISTS = 5


class Refused(Exception):
    """The disk said no, and the server said so."""


@dataclass
class State:
    """What is somebody's. ``playlists``: uid to title and the tracks in order."""

    playlists: dict[str, tuple[str, list[str]]] = field(default_factory=dict)
    favorites: set[str] = field(default_factory=set)
    positions: dict[str, float] = field(default_factory=dict)
    plays: set[str] = field(default_factory=set)


@dataclass
class Wish:
    """One write: how it is asked for, and what it makes of a state once it is granted.

    ``items``: the playlist whose items' ids change by it.
    """

    method: str
    path: str
    content: Any
    apply: Callable[[State, Any], None]
    kind: str = ""
    items: str | None = None
    key: str = field(default_factory=lambda: uuid.uuid4().hex)

    def send(self, browser: Browser) -> Reply:
        return browser.send(self.method, self.path, self.content, Idempotency_Key=self.key)


class Tally:
    """How much was acknowledged, by everybody together."""

    def __init__(self) -> None:
        self.count = 0
        self._changed = Condition()

    def add(self) -> None:
        """One more."""
        with self._changed:
            self.count += 1
            self._changed.notify_all()

    def wait_for(self, more: int, seconds: float = 60) -> None:
        """Until so many more are acknowledged."""
        with self._changed:
            wanted = self.count + more
            assert self._changed.wait_for(lambda: self.count >= wanted, seconds), "nobody got an answer any more"


class Writer:
    """One member's ledger. ``pending``: what was asked for last and not answered, if anything was."""

    def __init__(self, member: Member, tracks: list[str], seed: int, tally: Tally) -> None:
        self.member, self.tracks, self.tally = member, tracks, tally
        self.state = State()
        self.pending: Wish | None = None
        self.acknowledged = 0
        self.odd: list[str] = []
        self._items: dict[str, list[str]] = {}  # the ids of a playlist's items, in order
        self._random, self._made = random.Random(seed), 0

    def write(self, port: int, start: Barrier, at_most: int | None = None) -> None:
        """Ask for one thing after the other until the server is gone, or so many times."""
        done = 0
        start.wait()
        with closing(Browser(port, self.member)) as browser, suppress(Gone):
            while at_most is None or done < at_most:
                self.ask(browser, self._wish())
                done += 1

    def settle(self, port: int) -> None:
        """Ask again, under the same key, for what was not answered: it counts once, whether it was done or not.

        Refused where the disk says no.
        """
        wish = self.pending
        if wish is None:
            return
        with closing(Browser(port, self.member)) as browser:
            reply = wish.send(browser)
            is_done = reply.status == 409 and reply.code == "already_applied"
            if reply.code in DISK:
                raise Refused(wish.kind)
            assert reply.status < 300 or is_done, (wish.kind, reply.status, reply.body)
            if is_done and wish.kind == "create":
                found = browser.get("/api/playlist/?limit=200")["results"]
                reply.body = next(one for one in found if one["title"] == wish.content["title"])
            self._granted(wish, reply)
            if wish.items is not None and wish.items in self.state.playlists:
                self._look(browser, wish.items)

    def ask(self, browser: Browser, wish: Wish) -> None:
        """One write, and what came of it."""
        self.pending = wish
        reply = wish.send(browser)
        if reply.status >= 300:
            self.odd.append(f"{self.member.name}: {wish.kind} {reply.status} {reply.body}")
            if reply.status >= 500:  # it may be done all the same: only asking again will tell
                raise Gone(wish.kind)
            self.pending = None
            return
        self._granted(wish, reply)
        if wish.kind == "add":
            self._look(browser, str(wish.items))

    def _granted(self, wish: Wish, reply: Reply) -> None:
        wish.apply(self.state, reply.body)
        self.pending = None
        self.acknowledged += 1
        self.tally.add()

    def _look(self, browser: Browser, playlist: str) -> None:
        """The ids of the items, and whether the server shows what it promised."""
        reply = browser.send("GET", f"/api/playlist/{playlist}/")
        if reply.status >= 500:  # the disk is gone under a read
            self.odd.append(f"{self.member.name}: look {reply.status} {reply.body}")
            raise Gone("look")
        shown = reply.body["items"]
        tracks = [item["track"]["id"] for item in shown]
        if tracks != self.state.playlists[playlist][1]:
            self.odd.append(f"{self.member.name}: {playlist} shows {tracks}")
        self._items[playlist] = [item["id"] for item in shown]

    # What to wish for

    def _wish(self) -> Wish:
        lists = list(self.state.playlists)
        if not lists:
            return self._create()
        chosen = self._random.choice(lists)
        makers = [self._favorite, self._position, self._play, lambda: self._rename(chosen)]
        if len(lists) < MOST_LISTS:
            makers.append(self._create)
        else:
            makers.append(lambda: self._drop(chosen))
        size = len(self.state.playlists[chosen][1])
        if size < LONGEST_LIST:
            makers += [lambda: self._add(chosen)] * 3
        if size and len(self._items.get(chosen, ())) == size:
            makers.append(lambda: self._remove(chosen))
        return self._random.choice(makers)()

    def _title(self) -> str:
        self._made += 1
        return f"{self.member.name} {self._made}"

    def _create(self) -> Wish:
        title = self._title()

        def apply(state: State, body: Any) -> None:
            state.playlists[body["id"]] = (title, [])

        return Wish("POST", "/api/playlist/", {"title": title}, apply, "create")

    def _rename(self, playlist: str) -> Wish:
        title = self._title()

        def apply(state: State, body: Any) -> None:
            state.playlists[playlist] = (title, state.playlists[playlist][1])

        return Wish("PATCH", f"/api/playlist/{playlist}/", {"title": title}, apply, "rename")

    def _drop(self, playlist: str) -> Wish:
        return Wish(
            "DELETE", f"/api/playlist/{playlist}/", None, lambda s, b: s.playlists.pop(playlist) and None, "drop"
        )

    def _add(self, playlist: str) -> Wish:
        tracks = self._random.choices(self.tracks, k=self._random.randint(1, 4))

        def apply(state: State, body: Any) -> None:
            title, present = state.playlists[playlist]
            state.playlists[playlist] = (title, [*present, *tracks])

        path = f"/api/playlist/{playlist}/items/"
        return Wish("POST", path, {"tracks": tracks}, apply, "add", playlist)

    def _remove(self, playlist: str) -> Wish:
        index = self._random.randrange(len(self._items[playlist]))
        item = self._items[playlist][index]

        def apply(state: State, body: Any) -> None:
            title, present = state.playlists[playlist]
            state.playlists[playlist] = (title, present[:index] + present[index + 1 :])
            self._items[playlist] = [one for one in self._items[playlist] if one != item]

        return Wish("DELETE", f"/api/playlist/{playlist}/items/{item}/", None, apply, "remove", playlist)

    def _favorite(self) -> Wish:
        track = self._random.choice(self.tracks)
        path = f"/api/audio/{track}/favorite/"
        if track in self.state.favorites:
            return Wish("DELETE", path, None, lambda s, b: s.favorites.discard(track), "unmark")
        return Wish("PUT", path, None, lambda s, b: s.favorites.add(track), "mark")

    def _position(self) -> Wish:
        track, seconds = self._random.choice(self.tracks), round(self._random.random() * 60, 3)
        path = f"/api/audio/{track}/position/"
        return Wish("PUT", path, {"seconds": seconds}, lambda s, b: s.positions.update({track: seconds}), "position")

    def _play(self) -> Wish:
        track, uid = self._random.choice(self.tracks), uuid.uuid4().hex
        return Wish("POST", "/api/play/", {"track": track, "id": uid}, lambda s, b: s.plays.add(uid), "play")


def writers_of(members: Iterable[Member], tracks: list[str]) -> tuple[list[Writer], Tally]:
    """One for each member, and their common tally."""
    tally = Tally()
    return [Writer(member, tracks, seed, tally) for seed, member in enumerate(members)], tally


def begin(writers: list[Writer], port: int, at_most: int | None = None) -> list[Thread]:
    """All of them at once, each in a thread."""
    start = Barrier(len(writers) + 1)
    threads = [Thread(target=writer.write, args=(port, start, at_most), daemon=True) for writer in writers]
    for thread in threads:
        thread.start()
    start.wait()
    return threads
