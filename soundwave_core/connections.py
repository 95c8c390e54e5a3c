"""Connections: how many one address may hold, how long a request may take to come in, and what ends them."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable
from contextlib import suppress
from email.utils import formatdate
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.server import TcpWSGIServer
from waitress.task import ErrorTask, ThreadedTaskDispatcher, WSGITask

from .addresses import network_of
from .answers import problem_body, problem_headers
from .errors import BadRequest, SoundWaveError, TooMany
from .front import Environ, with_headers
from .parsing import StrictParser

if TYPE_CHECKING:
    from .app import SoundWave

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
TOLD_SECONDS = 60.0
REFUSED = {  # what waitress refuses by itself
    413: SoundWaveError("The body is too large.", code="body_too_large", status=413),
    431: SoundWaveError("The headers are too large.", code="headers_too_large", status=431),
    500: SoundWaveError("Something broke in the server."),  # waitress has logged it
    501: SoundWaveError("Only chunked is understood as Transfer-Encoding.", code="not_implemented", status=501),
}


def refusal(error: SoundWaveError, is_head: bool = False) -> bytes:
    """The last answer on a connection, for what never reaches the application: problem+json, as everywhere."""
    body = problem_body(error)
    closing = [("Content-Length", str(len(body))), ("Connection", "close"), ("Date", formatdate(usegmt=True))]
    headers = with_headers([*problem_headers(error), *closing], is_https=False)
    lines = [f"HTTP/1.1 {error.status} {HTTPStatus(error.status).phrase}", *map(": ".join, headers), "", ""]
    return "\r\n".join(lines).encode() + (b"" if is_head else body)


class ProblemTask(ErrorTask):
    """Answers what the parser refused, or what broke in the application, and ends the connection."""

    def execute(self) -> None:
        self.wrote_header = self.close_on_finish = True
        self.channel.write_soon(refusal(_ours(self.request.error), self.request.command == "HEAD"))


def _ours(error: Any) -> SoundWaveError:
    """The parser's error, or waitress's in our words."""
    if isinstance(error, SoundWaveError):
        return error
    return REFUSED.get(error.code) or BadRequest(f"{error.body.rstrip('.')}.")


class AnswerTask(WSGITask):
    """An answer whose head and body leave together: waitress sends each by itself, at twice the price.

    After a 204 or 304 the connection stays: waitress would end it, for want of a Content-Length, and an app
    that polls would connect anew every time.
    """

    wrote_header: bool

    def get_environment(self) -> Environ:
        """The path as it was sent: waitress would take doubled slashes off its beginning, and the door refuses them."""
        environ: Environ = super().get_environment()
        environ["PATH_INFO"] = self.request.path
        return environ

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


class Channel(HTTPChannel):
    """A connection, with our parser, answers and errors."""

    task_class = AnswerTask
    error_task_class = ProblemTask
    parser_class = StrictParser
    request: Any

    def __init__(self, server: Door, connection: socket.socket, address: Any, *rest: Any, **named: Any) -> None:
        self.network = network_of(address[0])
        super().__init__(server, connection, address, *rest, **named)

    @property
    def is_idle(self) -> bool:
        """Between two requests, or before the first."""
        return self.request is None and not self.requests and not self.total_outbufs_len

    def received(self, data: bytes) -> bool:
        """Take in what came, and note when a request began to come."""
        is_taken = bool(super().received(data))
        if self.request is not None and self.request.since is None:
            self.request.since = self.server.core.clock.monotonic()
        return is_taken

    def ensure_in_time(self, now: float) -> None:
        """Answer 408 to a request that comes in too slowly. While we do not read, the time is ours and not its."""
        with self.requests_lock:
            request = self.request
            if request is None or self.will_close or self.close_when_flushed:
                return
            if self.requests or self.total_outbufs_len:
                request.since = now
            elif now - request.since > request.allowed_seconds:
                request.refuse(SoundWaveError("The request came too slowly.", code="request_timeout", status=408))
                self.request = None
                self.requests.append(request)
                self.server.add_task(self)

    def handle_close(self) -> None:
        super().handle_close()
        if self.request is not None:
            self.request.close()  # half a body may be a file by now


class Door(TcpWSGIServer):
    """The listening socket and its connections."""

    channel_class = Channel

    def __init__(self, core: SoundWave, listener: socket.socket, settings: Adjustments) -> None:
        self.core = core
        self._next_look = 0.0
        self._log = Sparing(log, core.clock.monotonic)
        tasks = ThreadedTaskDispatcher()
        tasks.queue_logger = Sparing(tasks.queue_logger, core.clock.monotonic)
        tasks.set_thread_count(settings.threads)
        sockinfo = (listener.family, listener.type, listener.proto, listener.getsockname())
        super().__init__(
            core.wsgi(), {}, True, listener, dispatcher=tasks, adj=settings, bind_socket=False, sockinfo=sockinfo
        )

    def accept(self) -> tuple[socket.socket, Any] | None:
        """The next connection, if its address does not hold too many."""
        accepted: tuple[socket.socket, Any] | None = super().accept()
        if accepted is None or not self._is_crowded(accepted[1][0]):
            return accepted
        crowded = TooMany("This address holds too many connections.", 5, code="too_many_connections")
        with accepted[0] as connection, suppress(OSError):
            connection.setblocking(False)
            connection.send(refusal(crowded))
        return None

    def look(self) -> None:
        """Once a second: end the requests that come too slowly; where all places are taken, the idle ones too."""
        now = self.core.clock.monotonic()
        if now < self._next_look:
            return
        self._next_look = now + LOOK_SECONDS
        for channel in list(self.active_channels.values()):
            channel.ensure_in_time(now)
            if self.in_connection_overflow and channel.is_idle:
                channel.will_close = True

    def maintenance(self, now: float) -> None:
        """As waitress's, on a copy: a thread that answers may end a connection meanwhile."""
        for channel in list(self.active_channels.values()):
            if not channel.requests and channel.last_activity < now - self.adj.channel_timeout:
                channel.will_close = True

    def handle_error(self) -> None:
        """One connection could not be taken; waitress would listen no more, for good."""
        log.exception("a connection could not be taken")

    def _is_crowded(self, address: str) -> bool:
        """A trusted proxy may hold as many as it likes: they are those of everybody behind it."""
        if self.core.wsgi().is_trusted(address):
            return False
        limit, network = self.core.config["connections_per_address"], network_of(address)
        if sum(channel.network == network for channel in list(self.active_channels.values())) < limit:
            return False
        self._log.warning("%s holds %d connections, and gets no more", network, limit)
        return True


class Sparing:
    """Warnings of one kind, at most one a minute: a flood of requests must not become one of lines."""

    def __init__(self, log: logging.Logger, monotonic: Callable[[], float]) -> None:
        self._log, self._monotonic = log, monotonic
        self._next = float("-inf")
        self._left_out = 0

    def warning(self, sentence: str, *values: object) -> None:
        """Log it, or count it."""
        now = self._monotonic()
        if now < self._next:
            self._left_out += 1
            return
        more = f" ({self._left_out} more since the last such line)" if self._left_out else ""
        self._log.warning(sentence + more, *values)
        self._next, self._left_out = now + TOLD_SECONDS, 0
