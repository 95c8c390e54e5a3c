"""The app's outbox, rebase and sync, as they are shipped, against a real server: all devices end up the same.

Generated histories of four devices each; ``SOUNDWAVE_SEED=17`` tells one of them again, ``SOUNDWAVE_SOAK=1`` more.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import subprocess
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import count, islice
from pathlib import Path
from typing import Any

import pytest

from soundwave_core import SoundWave, transaction
from soundwave_core.testing import PASSWORD, Client, setup_code_of
from soundwave_library import Channels, Entries, NewTrack, Tracks
from tests.bundled import bundle, node
from tests.web.servers import ServerProcess

HERE = Path(__file__).parent
HISTORIES = 300 if os.environ.get("SOUNDWAVE_SOAK") else 100
SEEDS = [int(os.environ["SOUNDWAVE_SEED"])] if "SOUNDWAVE_SEED" in os.environ else list(range(1, HISTORIES + 1))
KINDS = ("lossy", "offline", "silent", "lossy", "two")  # history.ts says what they are
AT_ONCE = 8
HOUSEHOLD_TRACKS, OWN_TRACKS = 8, 4
LARGE = 1100  # more than one answer of a sync holds
SWEEP = "/api/task/system.sweep-tombstones/"
SCOPES = ["read", "play", "write"]
World = dict[str, Any]


def add_track(core: SoundWave, number: int, **fields: Any) -> NewTrack:
    content = f"track {number} ".encode() * 20
    digest = hashlib.sha256(content).hexdigest()
    path = core.config.media_root / f"{number}.opus"
    path.write_bytes(content)
    return NewTrack(
        uid=core.clock.new_id(), added_at=core.clock.stamp(), title=f"Track {number}", path=path.name,
        size_bytes=len(content), codec="opus", content_hash=digest, revision=digest, block_hashes=[digest],
        duration_seconds=10.0 + number, **fields,
    )  # fmt: skip


def settle_in(folder: Path, libraries: list[int]) -> World:
    """An admin, and people with so many tracks of their own beside the household's, each with a token."""
    folders = {"DATA_DIR": "data", "MEDIA_ROOT": "audio", "CACHE_DIR": "cache"}
    environ = {name: str(folder / below) for name, below in folders.items()}
    cheap = {"SOUNDWAVE_AUTH_BCRYPT_COST": "4", "SOUNDWAVE_SYSTEM_BACKUP_SCHEDULE": "off"}
    core = SoundWave(environ | cheap, directory=folder, is_manual=True, notice=lambda line: None).start()
    try:
        alice = Client(core)
        assert alice.register("alice", setup_code=setup_code_of(core)).status == 201
        people = [move_in(core, alice, number) for number in range(len(libraries))]
        with transaction(core.db) as tx:
            channel = Channels(tx).add("A channel", "https://example.org/", core.clock)
            for number in range(HOUSEHOLD_TRACKS):
                Tracks(tx).add(add_track(core, number, channel=channel))
            numbers = count(HOUSEHOLD_TRACKS)
            for person, size in zip(people, libraries, strict=True):
                for number in islice(numbers, size):
                    person["own"].append(Tracks(tx).add(add_track(core, number)))
                    Entries(tx).ensure(person["id"], person["own"][-1], core.clock)
        return {"people": people, "admin": token_of(alice, ["admin", "read"])}
    finally:
        core.stop()


def move_in(core: SoundWave, alice: Client, number: int) -> World:
    wish = {"username": f"person{number}", "password": PASSWORD}
    assert alice.post("/api/user/admin/users/", wish).status == 201
    client = Client(core, address=f"127.0.{number // 250}.{number % 250 + 1}")
    assert client.sign_in(wish["username"]).status == 200
    return {"id": client.user_id, "token": token_of(client, SCOPES), "own": []}


def token_of(client: Client, scopes: list[str]) -> str:
    answer = client.post("/api/user/tokens/", {"name": "x", "scopes": scopes, "expires_in_days": 90})
    assert answer.status == 201, answer.body
    return str(answer.json.token)


def kind_of(seed: int) -> str:
    return "large" if seed % 100 == 3 else KINDS[seed % len(KINDS)]


def libraries_of(kind: str) -> list[int]:
    """The sizes of the libraries of those who are in it."""
    return {"two": [OWN_TRACKS, OWN_TRACKS], "large": [LARGE]}.get(kind, [OWN_TRACKS])


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[ServerProcess, World]]:
    kinds = [kind_of(seed) for seed in SEEDS]
    world = settle_in(tmp_path, [size for kind in kinds for size in libraries_of(kind)])
    people = iter(world["people"])
    world["histories"] = [
        {"seed": seed, "kind": kind, "people": list(islice(people, len(libraries_of(kind))))}
        for seed, kind in zip(SEEDS, kinds, strict=True)
    ]
    server = ServerProcess(tmp_path).start()
    yield server, world
    server.end()


def sweep(server: ServerProcess, token: str) -> None:
    """Ninety days go by for every tombstone, and the job takes them away."""
    with sqlite3.connect(server.folder / "data/db.sqlite3", timeout=20) as database:
        aged = database.execute("UPDATE tombstones SET buried_at = '2000-01-01T00:00:00.000Z'").rowcount
    database.close()
    run = ask(server, token, "POST", f"{SWEEP}run/")
    for _ in range(2000):
        runs = ask(server, token, "GET", SWEEP)["runs"]
        if any(one["id"] == run["id"] and one["state"] == "done" for one in runs):
            break
    else:
        raise AssertionError(f"the tombstones were not swept: {runs}")
    assert aged > 0


def ask(server: ServerProcess, token: str, method: str, path: str) -> Any:
    headers = {"Authorization": f"Bearer {token}"}
    request = urllib.request.Request(f"{server.url.rstrip('/')}{path}", method=method, headers=headers)
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.load(answer)


def known_ops(folder: Path) -> tuple[Counter[tuple[str, str]], set[tuple[str, str]]]:
    """(user, op) by the ids of ops, and by those of plays."""
    database = sqlite3.connect(f"file:{folder / 'data/db.sqlite3'}?mode=ro", uri=True)
    ops = database.execute("SELECT user_id, key FROM operations WHERE kind = 'op'").fetchall()
    plays = database.execute("SELECT user_id, uid FROM plays").fetchall()
    database.close()
    return Counter(ops), set(plays)


def test_all_devices_end_up_as_the_server_is(
    server: tuple[ServerProcess, World], tmp_path: Path, tell: Callable[[str], None]
) -> None:
    process, world = server
    given, came = tmp_path / "world.json", tmp_path / "outcome.json"
    given.write_text(json.dumps({"url": process.url, "histories": world["histories"], "at_once": AT_ONCE}))
    command = [node(), "--enable-source-maps", bundle(HERE / "histories.ts", tmp_path), given, came]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as driver:
        assert driver.stdin is not None and driver.stdout is not None
        for line in driver.stdout:
            assert line == "sweep\n", line
            sweep(process, world["admin"])
            driver.stdin.write("swept\n")
            driver.stdin.flush()
    assert driver.returncode == 0
    outcome = json.loads(came.read_text())
    failed = [f"seed {one['seed']} ({one['kind']}): {one['error']}" for one in outcome["outcomes"] if one["error"]]
    assert not failed, "\n".join([f"{len(failed)} of {len(SEEDS)} histories", *failed[:5]])
    assert process.stop() == 0
    arrived: dict[str, set[tuple[str, str]]] = {}
    for one in outcome["outcomes"]:
        for user, ops in one["arrived"].items():
            for kind, op in (op.split(" ") for op in ops):
                arrived.setdefault(kind, set()).add((user, op))
    known, plays = known_ops(tmp_path)
    heard, positions = arrived.pop("play"), arrived.pop("position")
    lasting = set.union(*arrived.values())
    assert lasting <= set(known) <= lasting | positions, "every op that arrived is known, and no other"
    assert heard <= plays, "and every play by itself"
    assert set(known.values()) == {1}
    tally = outcome["tally"]
    tell(f"convergence: {len(SEEDS)} histories, " + ", ".join(f"{count} {name}" for name, count in tally.items()))
    if len(SEEDS) > 1:
        assert all(tally.values()), tally
