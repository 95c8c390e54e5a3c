"""waitress in front of the core, and the signals that stop it."""

from __future__ import annotations

import logging
import resource
import signal
import socket
import threading
import time
from types import FrameType
from typing import TYPE_CHECKING, Any

from waitress import create_server, wasyncore
from waitress.channel import HTTPChannel
from waitress.task import ErrorTask, WSGITask

from . import control
from .answers import problem_body
from .errors import SoundWaveError, StartError
from .front import with_headers

if TYPE_CHECKING:
    from .app import SoundWave

log = logging.getLogger(__name__)

CONNECTIONS = 2000
SEND_BUFFER_BYTES = 128 * 1024  # less is read ahead for a slow listener, and dropped
LARGEST_BODY_BYTES = 64 * 1024 * 1024
DRAIN_SECONDS = 1.0
CODES = {400: "bad_request", 413: "body_too_large", 431: "headers_too_large", 501: "not_implemented"}


class ProblemTask(ErrorTask):  # type: ignore[misc]
    """What waitress refuses before the application sees it, as problem+json too."""

    def execute(self) -> None:
        error = self.request.error
        status = int(error.code)
        body = problem_body(SoundWaveError(f"{error.reason}.", code=CODES.get(status, "server_refused"), status=status))
        self.status = f"{status} {error.reason}"
        headers = [("Content-Type", "application/problem+json"), ("Content-Length", str(len(body)))]
        self.response_headers.extend(with_headers(headers, is_https=False))
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)


class AnswerTask(WSGITask):  # type: ignore[misc]
    """An answer whose head and body leave together: waitress sends each by itself, at twice the price.

    After a 204 or 304 the connection stays: waitress would end it, for want of a Content-Length, and an app
    that polls would connect anew every time.
    """

    wrote_header: bool

    def set_close_on_finish(self) -> None:
        is_asked = self.version != "1.1" or self.request.headers.get("CONNECTION", "").lower() == "close"
        if self.has_body or is_asked:
            super().set_close_on_finish()

    def write(self, data: bytes) -> None:
        if self.wrote_header or not data or not self.has_body or self.content_length != len(data):
            super().write(data)
            return
        head = self.build_response_header()
        self.wrote_header, self.content_bytes_written = True, len(data)
        self.channel.write_soon(head + data)


class Channel(HTTPChannel):  # type: ignore[misc]
    """A connection, with our answers and errors."""

    task_class = AnswerTask
    error_task_class = ProblemTask


class Server:
    """One listening socket. ``run()`` blocks until ``stop()`` or a signal."""

    def __init__(self, core: SoundWave, listener: socket.socket) -> None:
        self.core = core
        self.host, self.port = listener.getsockname()[:2]
        _raise_descriptor_limit()
        self._server: Any = create_server(
            core.wsgi(), map={}, sockets=[listener], threads=core.config["threads"],
            connection_limit=CONNECTIONS, asyncore_use_poll=True, ident=None, channel_timeout=60,
            max_request_header_size=32 * 1024, max_request_body_size=LARGEST_BODY_BYTES,
            expose_tracebacks=False, clear_untrusted_proxy_headers=False,
        )  # fmt: skip
        self._server.channel_class = Channel
        self._server.adj.socket_options = [
            *self._server.adj.socket_options,
            (socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES),
        ]
        self._is_stopping = self._is_closed = False
        self._lock = threading.RLock()  # a signal may come while this thread holds it

    @property
    def url(self) -> str:
        """The address to open in a browser on this machine."""
        host = "localhost" if self.host in ("127.0.0.1", "0.0.0.0", "::", "::1") else self.host
        host = f"[{host}]" if ":" in host else host
        return f"http://{host}:{self.port}{self.core.config['base_path']}/"

    def run(self) -> None:
        """Serve until told to stop, then give answers under way a second to end."""
        sockets = self._server._map
        while not self._is_stopping:
            wasyncore.loop(timeout=30, use_poll=True, map=sockets, count=1)
        wasyncore.dispatcher.close(self._server)  # stop listening; the connections stay
        end = time.monotonic() + DRAIN_SECONDS
        while self._is_busy() and time.monotonic() < end:
            wasyncore.loop(timeout=0.1, use_poll=True, map=sockets, count=1)
        self._server.task_dispatcher.shutdown(cancel_pending=True, timeout=DRAIN_SECONDS)
        with self._lock:
            self._is_closed = True
            for channel in list(self._server.active_channels.values()):
                channel.handle_close()  # closes the file it was sending too; close_all only drops it
            wasyncore.close_all(sockets)

    def stop(self, number: int = 0, frame: FrameType | None = None) -> None:
        """Ask ``run()`` to return; may be called from a signal or another thread, and again."""
        with self._lock:
            if not self._is_stopping and not self._is_closed:
                self._is_stopping = True
                self._server.pull_trigger()

    def _is_busy(self) -> bool:
        return any(channel.requests for channel in self._server.active_channels.values())


def open_listener(host: str, port: int) -> socket.socket:
    """The socket to listen on; StartError where the system refuses it. Port 0 takes a free one."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family, backlog=1024)
    except OSError as error:
        raise StartError(f"Port {port} on {host} cannot be opened: {error.strerror}.") from error


def serve(core: SoundWave, listener: socket.socket) -> None:
    """Run a started core until SIGTERM or SIGINT."""
    server = Server(core, listener)
    address = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(server.host, server.host)
    core.control = control.Control(address, server.port, control.new_token())
    path = control.write(core.config.data_dir, core.control)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, server.stop)
    core.notice(f"SoundWave listens on {server.url}")
    try:
        server.run()
    finally:
        path.unlink(missing_ok=True)
        core.stop()
    log.info("stopped")


def _raise_descriptor_limit() -> None:
    """Each listener takes a socket and a file: allow as many as the system lets us."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 3 * CONNECTIONS if hard == resource.RLIM_INFINITY else min(3 * CONNECTIONS, hard)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
