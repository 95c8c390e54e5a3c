"""The API, attacked from its own description: every operation, as a user and as an admin, over a real socket."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest

from soundwave_core.testing import Listening, MakeCore, VirtualClock, listening

from .fuzzing import SEED, Attack
from .household import Household

CASES, CASES_IN_SOAK = 3_000, 20_000  # of all these tests together
EXAMPLES, EXAMPLES_IN_SOAK = 10, 120  # a phase and operation: more than enough for those
BY_THE_COMMAND_LINE = {"POST /api/appsettings/backup/hold/"}  # and by no user, whatever they may
FFMPEG = (["-version"], ["-v", "error", "-encoders"])
PARTS = 4  # of the document, for two cores to share, and for none to take minutes


@pytest.fixture
def left(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was tried and did not come about: connections to anywhere else, and other programs."""
    tried: list[str] = []
    connect = socket.socket.connect

    def connect_here(own: socket.socket, address: Any) -> None:
        if address[0] != "127.0.0.1":
            tried.append(f"a connection to {address}")
            raise OSError("The network is closed.")
        connect(own, address)

    def start_nothing(command: list[str], **options: Any) -> None:
        # Health and smaller pictures ask ffmpeg about itself; a backup is tried out by a process of our own.
        if command[1:] not in FFMPEG and command[1:3] != ["-m", "soundwave_core"]:
            tried.append(f"the program {command}")
        raise OSError("No program is started.")

    monkeypatch.setattr(socket.socket, "connect", connect_here)
    monkeypatch.setattr(subprocess, "Popen", start_nothing)
    return tried


@pytest.fixture
def served(make_core: MakeCore) -> Iterator[Listening]:
    with listening(make_core(SOUNDWAVE_AUTH_REGISTRATION="invite")) as it:
        yield it


@pytest.mark.parametrize("is_admin", [pytest.param(False, id="user"), pytest.param(True, id="admin")])
@pytest.mark.parametrize("part", range(PARTS))
def test_every_operation_keeps_to_the_document(
    served: Listening, clock: VirtualClock, left: list[str], is_admin: bool, part: int, soak: bool,
    tell: Callable[[str], None],
) -> None:  # fmt: skip
    house = Household(served.core, clock)
    document = msgspec.json.decode(house.alice.get("/api/openapi.json").body)
    operations = sum(map(len, document["paths"].values()))
    document["paths"] = dict(list(document["paths"].items())[part::PARTS])
    attack = Attack(house, served.url, is_admin=is_admin, is_curious=soak)
    findings = attack.run(document, EXAMPLES_IN_SOAK if soak else EXAMPLES)
    who = "admin" if is_admin else "user"
    tell(f"schemathesis as {who}, part {part + 1} of {PARTS}, {operations} in all: {findings}; seed {SEED}")
    faults = [f"{label}: {title}\n{told}" for (label, title), told in findings.faults.items()]
    assert not faults, "\n\n".join(faults)
    assert set(findings.cases) == findings.wanted
    assert findings.total >= (CASES_IN_SOAK if soak else CASES) * len(findings.wanted) / (2 * operations)
    assert set(+findings.carried_out) == allowed(document, is_admin), "what was carried out is what is allowed"
    assert not left


def allowed(document: dict[str, Any], is_admin: bool) -> set[str]:
    """The operations that the permissions let the attacker carry out, on the right things."""
    return {
        f"{method.upper()} {path}"
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if f"{method.upper()} {path}" not in BY_THE_COMMAND_LINE
        and (is_admin or operation["x-permission"] not in ("AdminOnly", "AdminWriteOnly" if method != "get" else ""))
    }
