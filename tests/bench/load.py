"""The load generator, a process of its own: jobs come in as JSON lines, results go out as JSON lines.

Plain sockets, the same for every side, so that ratios hold on any machine. It is no race car: where
``generator_load`` is near 1, the side could have done more.
"""

from __future__ import annotations

import json
import re
import selectors
import socket
import sys
import time
from dataclasses import dataclass
from typing import Any

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)
_BUFFER = bytearray(1 << 20)
_ENOUGH_SECONDS = 20


class WrongAnswer(Exception):
    """Not a 200 of the expected length."""


@dataclass(slots=True)
class Connection:
    """One keep-alive connection: it asks again as soon as the answer is there. ``left``: bytes of it to come."""

    socket: socket.socket
    request: bytes
    length: int
    head: bytes = b""
    left: int = 0

    def ask(self) -> None:
        self.head, self.left = b"", 0
        self.socket.sendall(self.request)

    def take(self) -> int:
        """Read what is there; how many bytes of the body that was."""
        count = self.socket.recv_into(_BUFFER)
        if not count:
            raise WrongAnswer("the connection was closed in the middle of an answer")
        if not self.left:
            self.head += _BUFFER[:count]
            end = self.head.find(b"\r\n\r\n") + 4
            if end < 4:
                return 0
            count = len(self.head) - end
            self.left = self._checked_length(self.head[:end])
        if count > self.left:
            raise WrongAnswer("the answer is longer than it says")
        self.left -= count
        return count

    @property
    def is_done(self) -> bool:
        return not self.left and b"\r\n\r\n" in self.head

    def _checked_length(self, head: bytes) -> int:
        status, found = head.split(b" ", 2)[1], _LENGTH.search(head)
        if status != b"200":
            raise WrongAnswer(f"status {status.decode()} instead of 200")
        if found is None or int(found[1]) != self.length:
            raise WrongAnswer(f"{found[1].decode() if found else 'no'} bytes instead of {self.length}")
        return self.length


def run(
    port: int, path: str, headers: dict[str, str], length: int, connections: int, seconds: float, is_stream: bool
) -> Any:
    """Keep ``connections`` busy for so long, at least to the first answer (of a stream: to its first bytes)."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{lines}\r\n".encode()
    ready = selectors.DefaultSelector()
    for _ in range(connections):
        opened = socket.create_connection(("127.0.0.1", port), timeout=_ENOUGH_SECONDS)
        ready.register(opened, selectors.EVENT_READ, Connection(opened, request, length))
    answers = size = 0
    cpu, began = time.process_time(), time.perf_counter()
    for key in list(ready.get_map().values()):
        key.data.ask()
    while (passed := time.perf_counter() - began) < seconds or not (size if is_stream else answers):
        if not (events := ready.select(_ENOUGH_SECONDS)):
            raise WrongAnswer(f"no answer within {_ENOUGH_SECONDS} s")
        for key, _ in events:
            size += key.data.take()
            if key.data.is_done:
                answers += 1
                key.data.ask()
    used = time.process_time() - cpu
    for key in list(ready.get_map().values()):
        key.data.socket.close()
    return {"answers": answers, "bytes": size, "seconds": passed, "generator_load": used / passed}


def main() -> None:
    """One result a job; a wrong answer is ``{"wrong": why}``."""
    for line in sys.stdin:
        try:
            result = run(**json.loads(line))
        except (OSError, WrongAnswer) as error:
            result = {"wrong": str(error)}
        print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
