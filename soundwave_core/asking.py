"""Asking a core that serves nobody: what a copy of the database would answer, before anybody relies on it."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from . import control

if TYPE_CHECKING:
    from .app import SoundWave

_HERE = "127.0.0.1"


def ask_copy(core: SoundWave, path: str, **headers: str) -> tuple[int, bytes]:
    """GET a path of an opened core, as the command line would; header names have ``_`` for ``-``. Status and body."""
    core.control = core.control or control.Control(_HERE, 0, control.new_token())
    sent = {"Host": "localhost", "Authorization": f"Bearer {core.control.token}"} | headers
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": "", "SCRIPT_NAME": "", "REMOTE_ADDR": _HERE,
        "SERVER_NAME": "localhost", "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1", "CONTENT_LENGTH": "0",
        "wsgi.version": (1, 0), "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(), "wsgi.errors": io.StringIO(),
        "wsgi.multithread": False, "wsgi.multiprocess": False, "wsgi.run_once": False,
    }  # fmt: skip
    environ |= {"HTTP_" + name.upper().replace("-", "_"): value for name, value in sent.items()}
    status: list[int] = []
    answer = core.wsgi().app(environ, lambda line, fields, *rest: status.append(int(line.split()[0])))
    try:
        return status[0], b"".join(answer)
    finally:
        getattr(answer, "close", lambda: None)()
