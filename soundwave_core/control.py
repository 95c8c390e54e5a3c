"""How a command reaches the server that holds the data directory: address and token in DATA_DIR/control.json."""

from __future__ import annotations

import http.client
import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from .answers import Problem, same_secret
from .errors import SoundWaveError, StartError, Unavailable
from .lock import DataLock
from .records import Actor

if TYPE_CHECKING:
    from .http import Request

PREFIX = "swc_"
COMMAND_LINE = Actor(id="", name="command line", is_admin=True)


class Control(msgspec.Struct, frozen=True):
    """The content of control.json."""

    host: str
    port: int
    token: str


def new_token() -> str:
    """A token for one run of the server: 256 random bits behind ``PREFIX``."""
    return PREFIX + secrets.token_urlsafe(32)


def actor_from(control: Control | None, request: Request) -> Actor | None:
    """The command line, where the request carries this server's own token and comes from this machine."""
    given = (request.headers.get("Authorization") or "").removeprefix("Bearer ")
    if control is None or not given.startswith(PREFIX) or not same_secret(given, control.token):
        return None
    return COMMAND_LINE if request.remote_address in ("127.0.0.1", "::1", control.host) else None


def write(data_dir: Path, control: Control) -> Path:
    """Write the file, there whole or not at all, so that only its owner can read it. StartError where it cannot be."""
    path = data_dir / "control.json"
    part = data_dir / "control.json.part"
    try:
        part.unlink(missing_ok=True)
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(msgspec.json.encode(control))
        part.rename(path)
    except OSError as error:
        raise StartError(f"{path} cannot be written ({error.strerror}).") from error
    return path


def find(data_dir: Path) -> Control | None:
    """The way to the server that runs on this folder; None where there is none, whatever a killed one left."""
    if not DataLock.is_taken(data_dir):
        return None
    try:
        return msgspec.json.decode((data_dir / "control.json").read_bytes(), type=Control)
    except (OSError, msgspec.DecodeError):
        return None


def forget(data_dir: Path) -> None:
    """Remove what a killed server left, once its lock is ours."""
    (data_dir / "control.json").unlink(missing_ok=True)


def call(control: Control, method: str, path: str, body: Any = None) -> Any:
    """Ask the running server; its problem+json is raised again as the error it was."""
    connection = http.client.HTTPConnection(control.host, control.port, timeout=30)
    headers = {"Authorization": f"Bearer {control.token}", "Content-Type": "application/json"}
    try:
        connection.request(method, path, msgspec.json.encode(body) if body is not None else None, headers)
        answer = connection.getresponse()
        content = answer.read()
    except (OSError, http.client.HTTPException) as error:
        raise Unavailable(f"The running server does not answer ({error}).") from error
    finally:
        connection.close()
    if answer.status >= 400:
        problem = msgspec.json.decode(content, type=Problem)
        raise SoundWaveError(problem.detail, code=problem.code, status=problem.status)
    return msgspec.json.decode(content) if content else None
