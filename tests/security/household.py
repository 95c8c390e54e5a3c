"""A household for attackers: accounts by name, ways to come in, and things that are somebody's."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyotp

from soundwave_core import NotFound, SoundWave, transaction
from soundwave_core.rules import Rule
from soundwave_core.testing import PASSWORD, Client, ClientAnswer, VirtualClock, setup_code_of
from soundwave_library import Artworks, Channels, Entries, NewTrack, Playlists, Tracks
from soundwave_offline.store import Devices
from soundwave_system.backup_uploads import Uploads

USER_SCOPES = ("read", "play", "write", "download")
SCOPES = (*USER_SCOPES, "admin")
SITE = "https://example.org/"
PART = b"part"  # of a file that is sent in parts
PICTURE = b"\x89PNG\r\n\x1a\n a small picture"
Made = dict[str, str]


@dataclass(slots=True)
class Program(Client):
    """A client that sends these headers with everything: a token's, say."""

    always: dict[str, str] = field(default_factory=dict)

    def request(
        self, method: str, path: str, *, json: Any = None, body: bytes | None = None, headers: Any = None
    ) -> ClientAnswer:
        both = self.always | dict(headers or {})
        return Client.request(self, method, path, json=json, body=body, headers=both)


@dataclass
class Household:
    """A started server with alice, who is an admin; all others come as they are named."""

    core: SoundWave
    clock: VirtualClock
    alice: Client = field(init=False)
    made: int = 0
    upload: str = ""
    _ids: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.alice = Client(self.core)
        assert self.alice.register("alice", setup_code=setup_code_of(self.core)).status == 201
        self._ids["alice"] = self.alice.user_id

    # Accounts, and how they come in

    def add(self, name: str, is_admin: bool = False) -> str:
        """The account's id; it is made at the first call."""
        if name not in self._ids:
            wish = {"username": name, "password": PASSWORD, "is_admin": is_admin}
            answer = self.alice.post("/api/user/admin/users/", wish)
            assert answer.status == 201, answer.body
            self._ids[name] = str(answer.json.id)
        return self._ids[name]

    def sign_in(self, name: str, is_admin: bool = False) -> Client:
        """A browser of its own, with a new session."""
        self.add(name, is_admin)
        client = Client(self.core)
        answer = client.sign_in(name)
        assert answer.status == 200, answer.body
        return client

    def again(self, member: Client) -> Client:
        """The same account in another browser."""
        return self.sign_in(next(name for name, uid in self._ids.items() if uid == member.user_id))

    def token(self, name: str, *scopes: str, is_admin: bool = False, days: int = 90) -> Program:
        """A program with a new token."""
        wish = {"name": "x", "scopes": scopes, "expires_in_days": days}
        client = self.sign_in(name, is_admin)
        answer = client.post("/api/user/tokens/", wish)
        assert answer.status == 201, answer.body
        return self.program(answer.json.token, client.user_id)

    def program(self, token: str, user_id: str = "") -> Program:
        return Program(self.core, user_id=user_id, always={"Authorization": f"Bearer {token}"})

    def change(self, name: str, **values: Any) -> None:
        """alice changes this account: state, is_admin."""
        answer = self.alice.patch(f"/api/user/admin/users/{self._ids[name]}/", values)
        assert answer.status == 200, answer.body

    def begin_second_factor(self, client: Client) -> str:
        """The secret that is set up and not yet in force."""
        answer = client.post("/api/user/second-factor/", {})
        assert answer.status == 201, answer.body
        return str(answer.json.secret)

    def turn_on_second_factor(self, client: Client) -> list[str]:
        """Set up and prove; the recovery codes."""
        code = pyotp.TOTP(self.begin_second_factor(client)).at(self.clock.now())
        answer = client.put("/api/user/second-factor/", {"code": code})
        assert answer.status == 200, answer.body
        return list(answer.json.recovery_codes)

    # Things

    def number(self) -> int:
        self.made += 1
        return self.made

    def new_name(self) -> str:
        return f"user {self.number()}"

    def make(self, kind: str, owner: Client, made: Made | None = None) -> str:
        """A new thing of this kind, owned by whoever that client is; its id. ``made``: what it is in."""
        return MAKERS[kind](self, owner, {} if made is None else made)

    def path_to(self, rule: Rule, owner: Client, made: Made | None = None) -> str:
        """A path that matches: to what is ``made`` already, and to new things of the owner's, which are added to it."""
        path, made = rule.text, {} if made is None else made
        for wildcard in rule.wildcards:
            if wildcard.name not in made:
                made[wildcard.name] = self.make(wildcard.name, owner, made)
            path = re.sub(f"<{wildcard.name}:[^>]+>", made[wildcard.name], path)
        return path


def make_track(house: Household, owner: Client, made: Made, **fields: Any) -> str:
    content = f"track {house.number()} ".encode() * 50
    digest = hashlib.sha256(content).hexdigest()
    path = house.core.config.media_root / f"{house.made}.opus"
    path.write_bytes(content)
    new = NewTrack(
        uid=house.core.clock.new_id(), added_at=house.core.clock.stamp(), title=f"A track {house.made}",
        path=path.name, size_bytes=len(content), codec="opus", content_hash=digest, revision=digest,
        block_hashes=[digest], duration_seconds=60.0, artwork_id=make_picture(house), **fields,
    )  # fmt: skip
    with transaction(house.core.db) as tx:
        uid = Tracks(tx).add(new)
        if new.channel is None:
            Entries(tx).ensure(owner.user_id, uid, house.core.clock)
    return uid


def make_household_track(house: Household, owner: Client, made: Made) -> str:
    """A track that a channel brought: everybody may hear it, nobody owns it."""
    with transaction(house.core.db) as tx:
        channel = Channels(tx).add("A channel", f"{SITE}{house.number()}", house.core.clock)
    return make_track(house, owner, made, channel=channel)


def make_picture(house: Household) -> int:
    """A picture of its own for each."""
    content = PICTURE + str(house.number()).encode()
    digest = hashlib.sha256(content).hexdigest()
    file = house.core.config.media_root / f"{digest}.png"
    file.write_bytes(content)
    with transaction(house.core.db) as tx:
        return Artworks(tx).ensure(digest, file.name, "image/png", 10, 10, len(content))


def make_playlist(house: Household, owner: Client, made: Made) -> str:
    picture = make_picture(house)
    with transaction(house.core.db) as tx:
        return Playlists(tx).create(owner.user_id, f"A playlist {house.number()}", house.clock, artwork_id=picture)


def make_item(house: Household, owner: Client, made: Made) -> str:
    track = make_track(house, owner, made)
    with transaction(house.core.db) as tx:
        uid = Playlists(tx).append(made["playlist"], track, house.core.clock)
    assert uid is not None
    return uid


def make_channel(house: Household, owner: Client, made: Made) -> str:
    answer = house.alice.post("/api/channel/", {"url": f"{SITE}{house.number()}"})
    assert answer.status == 201, answer.body
    return str(answer.json.id)


def make_download(house: Household, owner: Client, made: Made) -> str:
    uid, now = house.core.clock.new_id(), house.core.clock.stamp()
    row = {
        "uid": uid, "user_id": owner.user_id, "url": f"{SITE}{house.number()}", "state": "failed",
        "is_resolved": 1, "created_at": now, "updated_at": now,
    }  # fmt: skip
    with transaction(house.core.db) as tx:
        tx["downloads"].insert(row)
    return uid


def make_download_item(house: Household, owner: Client, made: Made) -> str:
    download, uid = make_download(house, owner, made), house.core.clock.new_id()
    row = {
        "uid": uid, "user_id": owner.user_id, "is_quiet": 0, "position": 0, "url": f"{SITE}a",
        "extractor": "site", "source_id": uid, "item": "{}", "state": "failed", "updated_at": house.core.clock.stamp(),
    }  # fmt: skip
    with transaction(house.core.db) as tx:
        rowid = tx.value("SELECT id FROM downloads WHERE uid = :uid", uid=download)
        tx["download_items"].insert({**row, "download_id": rowid})
    return uid


def make_session(house: Household, owner: Client, made: Made) -> str:
    other = house.again(owner)
    return next(str(s.id) for s in other.get("/api/user/sessions/").json.results if s.is_current)


def make_token(house: Household, owner: Client, made: Made) -> str:
    return str(house.again(owner).post("/api/user/tokens/", {"name": "x", "scopes": ["read"]}).json.id)


def make_user(house: Household, owner: Client, made: Made) -> str:
    """A throw-away account: only admins get in, and what they do to it ends it."""
    return house.add(house.new_name())


def make_invite(house: Household, owner: Client, made: Made) -> str:
    return str(house.alice.post("/api/user/admin/invites/", {}).json.id)


def make_upload(house: Household, owner: Client, made: Made) -> str:
    """The first one begun, and whole; another one would have to wait for its end."""
    uploads = house.core.part(Uploads)
    try:
        uploads.view(house.upload)
    except NotFound:
        house.upload = uploads.begin(len(PART)).id
        uploads.put(house.upload, 0, PART)
    return house.upload


def make_device(house: Household, owner: Client, made: Made) -> str:
    uid = house.core.clock.new_id()
    with transaction(house.core.db) as tx:
        Devices(tx).ensure(owner.user_id, uid, "A phone", house.clock)
    return uid


MAKERS: dict[str, Callable[[Household, Client, Made], str]] = {
    "track": make_track,
    "playlist": make_playlist,
    "item": make_item,
    "channel": make_channel,
    "download": make_download,
    "download_item": make_download_item,
    "session": make_session,
    "token": make_token,
    "user": make_user,
    "invite": make_invite,
    "task": lambda house, owner, made: "system.sweep-operations",
    "backup": lambda house, owner, made: house.core.backups.make(house.core.db, "manual").id,
    "upload": make_upload,
    "device": make_device,
    "offset": lambda house, owner, made: "0",
    "file": lambda house, owner, made: "nothing.js",
}


@contextmanager
def open_house(folder: Path, **environ: str) -> Iterator[Household]:
    """A household on a fresh directory, for a whole module."""
    clock = VirtualClock()
    paths = {name: str(folder / name) for name in ("DATA_DIR", "MEDIA_ROOT", "CACHE_DIR")}
    settings = {"SOUNDWAVE_AUTH_BCRYPT_COST": "4", **paths, **environ}
    core = SoundWave(settings, clock=clock, directory=folder, is_manual=True, notice=lambda line: None).start()
    try:
        yield Household(core, clock)
    finally:
        core.stop()
