"""The server's side of the egress proxy."""

from __future__ import annotations

import os
import secrets
import threading
from collections.abc import Sequence

import msgspec

from .children import Child, WorkerDied

_START_SECONDS = 20.0


class EgressProcess:
    """The one way out: a proxy that connects only to public addresses, and to ``allowed_networks``."""

    def __init__(self, allowed_networks: Sequence[str] = (), ports: Sequence[int] = ()) -> None:
        self._config = {"allowed_networks": list(allowed_networks), "ports": list(ports)}
        self._lock = threading.Lock()
        self._child: Child | None = None
        self._url = ""

    @property
    def is_alive(self) -> bool:
        child = self._child
        return child is not None and child.is_alive

    @property
    def url(self) -> str:
        """The proxy's address with its credential; it starts, or starts again, where it does not run."""
        with self._lock:
            if not self.is_alive:
                self._start()
            return self._url

    def start(self) -> None:
        """Raises WorkerDied where it does not come up."""
        assert self.url

    def stop(self) -> None:
        with self._lock:
            if self._child is not None:
                self._child.close()
            self._child, self._url = None, ""

    def _start(self) -> None:
        if self._child is not None:
            self._child.close()
        token = secrets.token_urlsafe(32)
        child = self._child = Child("egress", {"LANG": "C.UTF-8", "PATH": os.environ.get("PATH", "")})
        try:
            child.send(msgspec.json.encode({**self._config, "token": token}))
            port = msgspec.json.decode(child.receive(_START_SECONDS), type=dict[str, int])["port"]
        except (WorkerDied, TimeoutError, msgspec.DecodeError, KeyError) as error:
            child.close()
            raise WorkerDied("The egress proxy did not start.") from error
        self._url = f"http://soundwave:{token}@127.0.0.1:{port}"
