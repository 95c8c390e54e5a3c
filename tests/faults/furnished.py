"""A home with people who are signed in and tracks whose files are there, made once and copied for each test."""

from __future__ import annotations

import hashlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from faults.serving import Home, Member

from soundwave_core import SoundWave, transaction
from soundwave_core.testing import PASSWORD, Client, setup_code_of
from soundwave_library import Entries, NewTrack, Tracks

ADMIN = "alice"
NAMES = (ADMIN, "bob", "carol", "dave", "erin", "frank")
TRACKS = 24


@dataclass(frozen=True, slots=True)
class Furnished:
    """``tracks`` are everybody's, by uid; ``hashes`` are of their files, by path below the media folder."""

    home: Home
    members: dict[str, Member]
    tracks: list[str]
    hashes: dict[str, str]

    def moved_to(self, folder: Path) -> Furnished:
        """A copy of all of it below another folder."""
        return self.placed(Home.within(folder))

    def placed(self, home: Home) -> Furnished:
        """A copy with each part where ``home`` has it."""
        pairs = [(self.home.data, home.data), (self.home.media, home.media), (self.home.cache, home.cache)]
        for old, new in pairs:
            shutil.copytree(old, new, dirs_exist_ok=True)
        return Furnished(home, self.members, self.tracks, self.hashes)


def furnish(folder: Path) -> Furnished:
    """The first of them, by the real core and the real routes."""
    home = Home.within(folder)
    core = SoundWave(home.environ, directory=folder, is_manual=True, notice=lambda line: None).start()
    try:
        members = _let_in(core)
        tracks, hashes = _add_tracks(core, [member.id for member in members.values()])
    finally:
        core.stop()
    return Furnished(home, members, tracks, hashes)


def _let_in(core: SoundWave) -> dict[str, Member]:
    members, admin = {}, Client(core)
    assert admin.register(ADMIN, setup_code=setup_code_of(core)).status == 201
    for name in NAMES:
        client = Client(core)
        if name == ADMIN:
            client = admin
        else:
            added = admin.post("/api/user/admin/users/", {"username": name, "password": PASSWORD})
            assert added.status == 201, added.body
            assert client.sign_in(name).status == 200
        cookie = f"soundwave_session={client.cookies['soundwave_session']}"
        assert client.csrf_token is not None
        members[name] = Member(client.user_id, name, cookie, client.csrf_token)
    return members


def _add_tracks(core: SoundWave, user_ids: list[str]) -> tuple[list[str], dict[str, str]]:
    tracks, hashes = [], {}
    with transaction(core.db) as tx:
        for number in range(TRACKS):
            content, name = os.urandom(2000 + number), f"A track {number}.opus"
            digest = hashlib.sha256(content).hexdigest()
            (core.config.media_root / name).write_bytes(content)
            new = NewTrack(
                uid=core.clock.new_id(), added_at=core.clock.stamp(), title=name[:-5], path=name,
                size_bytes=len(content), codec="opus", content_hash=digest, revision=digest,
                block_hashes=[digest], duration_seconds=60.125 + number,
            )  # fmt: skip
            tracks.append(Tracks(tx).add(new))
            hashes[name] = digest
            for user_id in user_ids:
                Entries(tx).ensure(user_id, new.uid, core.clock)
    return tracks, hashes
