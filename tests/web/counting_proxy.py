"""A proxy that everything of a browser goes through: it writes down what was asked, and can be slow or cut the line."""

from __future__ import annotations

import contextlib
import http.client
import http.server
import socket
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "upgrade"}
BLOCK_BYTES = 65_536


@dataclass
class Asked:
    """One request, and what became of it. ``status`` 0: no answer. ``is_whole``: its last byte went out."""

    method: str
    path: str
    is_kept: bool  # asked by what keeps playlists, not by a player
    status: int = 0
    sent_bytes: int = 0
    is_whole: bool = False
    body: bytes = b""
    began: float = 0.0  # by the clock of time.monotonic()
    ended: float = 0.0  # 0: it has yet to


@dataclass(frozen=True)
class Instead:
    """An answer that is not the server's."""

    status: int
    body: bytes = b"<!doctype html><title>Welcome</title><p>Please accept our terms."
    type: str = "text/html"


@dataclass
class CountingProxy:
    """``url`` stays the same while the server behind it comes and goes; closed, nobody listens there.

    ``before``: called before each block of an answer goes out; it may take its time.
    ``instead``: what it answers in the server's place, of a path; None where it passes on.
    """

    target: str
    port: int = 0
    asked: list[Asked] = field(default_factory=list)
    before: Callable[[Asked], object] | None = None
    instead: Callable[[str], Instead | None] | None = None
    _server: http.server.ThreadingHTTPServer | None = None
    _lines: set[socket.socket] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}/"

    def open(self) -> CountingProxy:
        self._server = _Server(("127.0.0.1", self.port), _handler(self, urlsplit(self.target).netloc))
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def close(self) -> None:
        """Nobody listens any more, and all lines are cut."""
        if self._server is None:
            return
        self._server.shutdown()
        self._server.server_close()
        self._server = None
        self.cut()

    @property
    def is_closed(self) -> bool:
        return self._server is None

    def cut(self) -> None:
        """All lines that are open now."""
        for line in list(self._lines):
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> CountingProxy:
        return self.open()

    def __exit__(self, *exception: object) -> None:
        self.close()

    def of(self, *ends: str, method: str = "GET") -> list[Asked]:
        """What was asked of paths that end so."""
        return [one for one in list(self.asked) if one.method == method and one.path.endswith(ends)]

    def sounds(self) -> list[Asked]:
        """What was asked of audio for keeping."""
        return [one for one in self.of("/stream/") if one.is_kept]


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A side that hangs up is no error."""
        if not isinstance(sys.exception(), OSError | http.client.HTTPException):
            raise


def _handler(proxy: CountingProxy, target: str) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def setup(self) -> None:
            super().setup()
            proxy._lines.add(self.connection)

        def finish(self) -> None:
            proxy._lines.discard(self.connection)
            with contextlib.suppress(OSError):
                super().finish()

        def _pass_on(self) -> None:
            asked = Asked(self.command, urlsplit(self.path).path, self.headers.get("SoundWave-Keep") == "1")
            asked.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            asked.began = time.monotonic()
            proxy.asked.append(asked)
            if proxy.instead is not None and (instead := proxy.instead(asked.path)) is not None:
                self._answer_instead(instead, asked)
                return
            headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
            connection = http.client.HTTPConnection(target, timeout=60)
            try:
                connection.request(self.command, self.path, asked.body or None, headers)
                self._answer(connection.getresponse(), asked)
            finally:
                asked.ended = time.monotonic()
                connection.close()

        def _answer_instead(self, instead: Instead, asked: Asked) -> None:
            asked.status = instead.status
            self.send_response_only(instead.status)
            self.send_header("Content-Type", instead.type)
            self.send_header("Content-Length", str(len(instead.body)))
            self.end_headers()
            self.wfile.write(b"" if self.command == "HEAD" else instead.body)

        def _answer(self, answer: http.client.HTTPResponse, asked: Asked) -> None:
            asked.status = answer.status
            self.send_response_only(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in HOP_BY_HOP:
                    self.send_header(name, value)
            self.end_headers()
            while block := answer.read1(BLOCK_BYTES):
                if proxy.before is not None:
                    proxy.before(asked)
                self.wfile.write(block)
                asked.sent_bytes += len(block)
            length = answer.getheader("Content-Length")
            asked.is_whole = length is None or asked.sent_bytes == int(length)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = _pass_on

        def log_message(self, *arguments: object) -> None:
            """Quiet."""

    return Handler
