"""How a command reaches the server that holds the data directory: address and token in DATA_DIR/control.json."""

from __future__ import annotations

import http.client
import os
import secrets
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from .answers import Problem, same_secret
from .errors import SoundWaveError, Unavailable
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
    return PREFIX + secrets.token_urlsafe(32)


def actor_from(token: str | None, request: Request) -> Actor | None:
    """The command line, where the request carries this server's own token over loopback."""
    given = (request.headers.get("Authorization") or "").removeprefix("Bearer ")
    is_ours = token is not None and given.startswith(PREFIX) and same_secret(given, token)
    return COMMAND_LINE if is_ours and request.remote_address in ("127.0.0.1", "::1") else None


def write(data_dir: Path, control: Control) -> Path:
    """Write the file so that only its owner can read it."""
    path = data_dir / "control.json"
    path.unlink(missing_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(msgspec.json.encode(control))
    return path


def read(data_dir: Path) -> Control | None:
    path = data_dir / "control.json"
    return msgspec.json.decode(path.read_bytes(), type=Control) if path.is_file() else None


def call(control: Control, method: str, path: str, body: Any = None) -> Any:
    """Ask the running server; its problem+json is raised again as the error it was."""
    connection = http.client.HTTPConnection(control.host, control.port, timeout=30)
    headers = {"Authorization": f"Bearer {control.token}", "Content-Type": "application/json"}
    try:
        connection.request(method, path, msgspec.json.encode(body) if body is not None else None, headers)
        answer = connection.getresponse()
        content = answer.read()
    except OSError as error:
        raise Unavailable(f"The running server does not answer ({error}).") from error
    finally:
        connection.close()
    if answer.status >= 400:
        problem = msgspec.json.decode(content, type=Problem)
        raise SoundWaveError(problem.detail, code=problem.code, status=problem.status)
    return msgspec.json.decode(content) if content else None


def is_alive(control: Control) -> bool:
    """False for a file that a killed server left behind."""
    try:
        with socket.create_connection((control.host, control.port), timeout=2):
            return True
    except OSError:
        return False
