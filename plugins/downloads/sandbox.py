"""What a worker does to itself before it reads anything from a stranger."""

from __future__ import annotations

import contextlib
import os
import resource
import sys
from collections.abc import MutableMapping
from typing import Any
from urllib.parse import urlsplit

_CPU_SECONDS = 1800  # of one request
_FILES = 512
_DATA_BYTES = 2 * 1024**3  # heap, not address space: a JavaScript runtime reserves tens of GiB of that


def confine(environment: MutableMapping[str, str]) -> None:
    """Private files, low priority, limits; and no connection but to the egress proxy."""
    os.umask(0o077)
    with contextlib.suppress(OSError):
        os.nice(10)
    limit(resource.RLIMIT_CORE, 0)
    limit(resource.RLIMIT_NOFILE, _FILES)
    limit(resource.RLIMIT_DATA, _DATA_BYTES)
    proxy = environment["SOUNDWAVE_EGRESS"]
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):  # ffmpeg reads the small ones
        environment[name] = proxy
    guard_connections(proxy)


def limit(kind: int, soft: int) -> None:
    """Lowers or raises a soft limit, as far as the hard one lets it."""
    hard = resource.getrlimit(kind)[1]
    if hard != resource.RLIM_INFINITY:
        soft = min(soft, hard)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(kind, (soft, hard))


def limit_request(max_bytes: int) -> None:
    """For one request: processor time from now on, and the size of any file."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    limit(resource.RLIMIT_CPU, int(usage.ru_utime + usage.ru_stime) + _CPU_SECONDS)
    limit(resource.RLIMIT_FSIZE, max_bytes + 64 * 1024 * 1024)


def guard_connections(proxy: str) -> None:
    """A second lock behind the proxy: no Python code of this process connects or looks up elsewhere.

    Extractors have ways past a proxy option (websockets, ftp); they end here. Cannot be taken back.
    """
    parts = urlsplit(proxy)
    only = (parts.hostname, parts.port)

    def watch(event: str, args: tuple[Any, ...]) -> None:
        if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
            address = args[1]
            if isinstance(address, tuple) and tuple(address[:2]) != only:
                raise PermissionError("SoundWave egress forbidden: not through the proxy")
        elif event in ("socket.getaddrinfo", "socket.gethostbyname") and args[0] not in (only[0], None, ""):
            raise PermissionError("SoundWave egress forbidden: not through the proxy")

    sys.addaudithook(watch)
