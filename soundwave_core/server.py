"""waitress in front of the core, and the signals that stop it."""

from __future__ import annotations

import logging
import os
import resource
import signal
import socket
import sys
import threading
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from waitress import wasyncore
from waitress.adjustments import Adjustments

from . import control
from .ballast import Ballast
from .connections import Door
from .errors import StartError
from .watchdog import Watchdog

if TYPE_CHECKING:
    from .app import SoundWave

log = logging.getLogger(__name__)

CONNECTIONS = 2000
SEND_BUFFER_BYTES = 128 * 1024  # less is read ahead for a slow listener, and dropped
LARGEST_HEAD_BYTES = 32 * 1024
LARGEST_BODY_BYTES = 16 * 1024 * 1024  # what body_limit_bytes may be set to; beyond, nothing is even read
BODY_IN_MEMORY_BYTES = 64 * 1024  # the rest of it waits in a file
TURN_SECONDS = 2.0  # how late a look at slow requests may be where nothing else happens
DRAIN_SECONDS = 1.0


class Server:
    """One listening socket. ``run()`` blocks until ``stop()`` or a signal."""

    def __init__(self, core: SoundWave, listener: socket.socket) -> None:
        self.core = core
        self.host, self.port = listener.getsockname()[:2]
        settings = Adjustments(
            sockets=[listener], threads=core.config["threads"], connection_limit=_allowed_connections(),
            asyncore_use_poll=True, ident=None, channel_timeout=60, inbuf_overflow=BODY_IN_MEMORY_BYTES,
            max_request_header_size=LARGEST_HEAD_BYTES, max_request_body_size=LARGEST_BODY_BYTES + 1,
            expose_tracebacks=False, clear_untrusted_proxy_headers=False,
        )  # fmt: skip
        send_buffer = (socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        settings.socket_options = [*settings.socket_options, send_buffer]
        self._door = Door(core, listener, settings)
        self.turns = 0  # of the loop, for the watchdog
        core.server = self
        self.is_restarting = self._is_stopping = self._is_closed = False
        self._lock = threading.RLock()  # a signal may come while this thread holds it

    @property
    def url(self) -> str:
        """The address to open in a browser on this machine."""
        host = "localhost" if self.host in ("127.0.0.1", "0.0.0.0", "::", "::1") else self.host
        host = f"[{host}]" if ":" in host else host
        return f"http://{host}:{self.port}{self.core.config['base_path']}/"

    def run(self) -> None:
        """Serve until told to stop, then give answers under way a second to end."""
        sockets = self._door._map
        while not self._is_stopping:
            wasyncore.loop(timeout=TURN_SECONDS, use_poll=True, map=sockets, count=1)
            self._door.look()
            self.turns += 1
        wasyncore.dispatcher.close(self._door)  # stop listening; the connections stay
        end = time.monotonic() + DRAIN_SECONDS
        while self._is_busy() and time.monotonic() < end:
            wasyncore.loop(timeout=0.1, use_poll=True, map=sockets, count=1)
        self._door.task_dispatcher.shutdown(cancel_pending=True, timeout=DRAIN_SECONDS)
        with self._lock:
            self._is_closed = True
            for channel in list(self._door.active_channels.values()):
                channel.handle_close()  # closes the file it was sending too; close_all only drops it
            wasyncore.close_all(sockets)

    def stop(self, number: int = 0, frame: FrameType | None = None) -> None:
        """Ask ``run()`` to return; may be called from a signal or another thread, and again."""
        with self._lock:
            if not self._is_stopping and not self._is_closed:
                self._is_stopping = True
                self._door.pull_trigger()

    def restart(self) -> None:
        """As ``stop()``; ``serve`` then begins anew with the same command line."""
        self.is_restarting = True
        self.stop()

    @property
    def connections(self) -> int:
        """How many are open, idle ones included."""
        return len(self._door.active_channels)

    @property
    def waiting(self) -> int:
        """How many requests have come in whole, and wait for a thread."""
        return len(self._door.task_dispatcher.queue)

    def _is_busy(self) -> bool:
        return any(channel.requests for channel in self._door.active_channels.values())


def open_listener(host: str, port: int) -> socket.socket:
    """The socket to listen on; StartError where the system refuses it. Port 0 takes a free one."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family, backlog=1024)
    except OSError as error:
        raise StartError(f"Port {port} on {host} cannot be opened: {error.strerror}.") from error


def serve(core: SoundWave, listener: socket.socket) -> None:
    """Run a started core until SIGTERM or SIGINT; from the first line on it is stopped in order, whatever happens."""
    with ExitStack() as ends:  # the last one first
        ends.callback(core.stop)
        server = Server(core, listener)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, server.stop)
        address = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(server.host, server.host)
        core.control = control.Control(address, server.port, control.new_token())
        path = control.write(core.config.data_dir, core.control)
        ends.callback(_forget, path)
        core.part(Ballast).take()
        watchdog = Watchdog(core, server)
        ends.callback(watchdog.stop)
        if core.config["watchdog"]:
            watchdog.start()
        core.notice(f"SoundWave listens on {server.url}")
        try:
            server.run()
        except OSError:  # the command line makes one sentence of it, which does not say where it was
            log.exception("the server's loop has failed")
            raise
    log.info("stopped")
    if server.is_restarting:  # the same process, so that whatever watches over it sees no end
        listener.close()
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])


def _forget(path: Path) -> None:
    with suppress(OSError):  # the disk is read-only by now, say; the next start forgets it
        path.unlink()


def _allowed_connections() -> int:
    """How many there may be. Each listener takes a socket and a file: the system's limit is raised, or obeyed."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 3 * CONNECTIONS if hard == resource.RLIM_INFINITY else min(3 * CONNECTIONS, hard)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return min(CONNECTIONS, max(soft, wanted) // 3)
