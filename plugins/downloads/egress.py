"""The egress proxy: the only process of SoundWave's that may open a connection for a download.

``python -m soundwave_downloads.egress`` reads one line of JSON, ``{"allowed_networks": [...], "ports":
[...], "token": "..."}`` (no ports: any), writes ``{"port": N}``, and ends when stdin does. It speaks
CONNECT and plain HTTP in absolute form, one request a connection. A name is resolved once, each address is
checked (``addresses.py``), and the checked address is what it connects to: so redirects, segments, keys
and pictures are covered without anybody having to think of them.
Its refusals carry ``SoundWave-Egress: forbidden | unresolvable | unreachable``, in the reason phrase too,
which is all that a client sees of a failed CONNECT.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hmac
import json
import socket
import sys
from urllib.parse import urlsplit

from .addresses import Network, is_allowed, parse_networks
from .relay import IDLE_SECONDS, Pulse, copy, first_of

_HEAD_LIMIT = 65_536
_HEAD_SECONDS = 15.0
_RESOLVE_SECONDS = 20.0
_CONNECT_SECONDS = 10.0
# What belongs to one hop (RFC 9110 section 7.6.1), and our own word, which only we may say.
_NOT_RELAYED = frozenset(
    b"connection keep-alive proxy-connection proxy-authorization proxy-authenticate te upgrade expect "
    b"soundwave-egress".split()
)
_REASONS = {
    "forbidden": (403, "The address is not allowed."),
    "unresolvable": (502, "The name was not found."),
    "unreachable": (502, "No connection could be made."),
}
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Refusal(Exception):
    """Answered to the client instead of what it asked for."""

    def __init__(self, status: int, reason: str, header: str, text: str) -> None:
        super().__init__(reason)
        self.answer = (
            f"HTTP/1.1 {status} {reason}\r\n{header}Content-Type: text/plain\r\n"
            f"Content-Length: {len(text) + 1}\r\nConnection: close\r\n\r\n{text}\n"
        ).encode("ascii")


def refused(kind: str) -> Refusal:
    """The answer for one kind of refusal: forbidden, unresolvable or unreachable."""
    status, text = _REASONS[kind]
    return Refusal(status, f"SoundWave egress {kind}", f"SoundWave-Egress: {kind}\r\n", text)


def _bad_request() -> Refusal:
    return Refusal(400, "Bad request", "", "This proxy did not understand the request.")


class Egress:
    """``networks``: what may be reached beside public addresses. ``ports``: empty for any."""

    def __init__(self, token: str, networks: tuple[Network, ...], ports: frozenset[int]) -> None:
        self._credential = b"Basic " + base64.b64encode(f"soundwave:{token}".encode())
        self._networks, self._ports = networks, ports

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection of a client, from its first byte to its end."""
        try:
            await self._serve((reader, writer))
        except Refusal as refusal:
            writer.write(refusal.answer)
            with contextlib.suppress(OSError):
                await writer.drain()
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            await _close(writer)

    async def _serve(self, client: Streams) -> None:
        async with asyncio.timeout(_HEAD_SECONDS):
            first, fields = await _read_head(client[0])
        given = _field(fields, b"proxy-authorization") or b""
        if not hmac.compare_digest(given, self._credential):
            challenge = 'Proxy-Authenticate: Basic realm="SoundWave"\r\n'
            raise Refusal(407, "Proxy authentication required", challenge, "This proxy is SoundWave's own.")
        parts = first.split(b" ")
        if len(parts) != 3:
            raise _bad_request()
        method, target, _ = parts
        if method == b"CONNECT":
            await self._tunnel(client, target)
        else:
            await self._forward(client, method, target, fields)

    async def _tunnel(self, client: Streams, target: bytes) -> None:
        host, port = _split_target(b"//" + target, 443)
        upstream = await self._connect(host, port)
        try:
            client[1].write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await _join(client, upstream)
        finally:
            await _close(upstream[1])

    async def _forward(self, client: Streams, method: bytes, target: bytes, fields: list[bytes]) -> None:
        if not target.lower().startswith(b"http://") or _field(fields, b"transfer-encoding"):
            raise _bad_request()
        length = _field(fields, b"content-length") or b"0"
        if not length.isdigit():
            raise _bad_request()
        host, port = _split_target(target, 80)
        upstream = await self._connect(host, port)
        try:
            first = b"%s %s HTTP/1.1" % (method, _path_of(target))
            head = [first, *_end_to_end(fields), b"Connection: close"]
            upstream[1].write(b"\r\n".join(head) + b"\r\n\r\n")
            await copy(client[0], upstream[1], int(length), Pulse())
            await _relay_answer(upstream[0], client)
        finally:
            await _close(upstream[1])

    async def _connect(self, host: str, port: int) -> Streams:
        """A connection to an address that was checked; the name is not looked up again. Raises Refusal."""
        if self._ports and port not in self._ports:
            raise refused("forbidden")
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(_RESOLVE_SECONDS):
                found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError, TimeoutError) as error:
            raise refused("unresolvable") from error
        addresses = dict.fromkeys(str(entry[4][0]) for entry in found)
        fit = [address for address in addresses if is_allowed(address, self._networks)]
        if not fit:
            raise refused("forbidden")
        for address in fit:
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(_CONNECT_SECONDS):
                    return await asyncio.open_connection(address, port, limit=_HEAD_LIMIT)
        raise refused("unreachable")


async def _read_head(reader: asyncio.StreamReader) -> tuple[bytes, list[bytes]]:
    """The first line and the fields of a request or an answer."""
    head = await reader.readuntil(b"\r\n\r\n")
    first, *fields = head[:-4].split(b"\r\n")
    return first, fields


def _field(fields: list[bytes], name: bytes) -> bytes | None:
    for field in fields:
        key, _, value = field.partition(b":")
        if key.strip().lower() == name:
            return value.strip()
    return None


def _end_to_end(fields: list[bytes]) -> list[bytes]:
    return [field for field in fields if field.partition(b":")[0].strip().lower() not in _NOT_RELAYED]


def _split_target(target: bytes, default_port: int) -> tuple[str, int]:
    try:
        url = urlsplit(target.decode("ascii"))
        host, port = url.hostname, url.port
    except ValueError as error:
        raise _bad_request() from error
    if not host:
        raise _bad_request()
    return host, port or default_port


def _path_of(target: bytes) -> bytes:
    rest = target[len(b"http://") :]
    start = min((at for at in (rest.find(b"/"), rest.find(b"?")) if at >= 0), default=len(rest))
    path = rest[start:].partition(b"#")[0]
    return path if path.startswith(b"/") else b"/" + path


async def _relay_answer(upstream: asyncio.StreamReader, client: Streams) -> None:
    """The answer with its connection fields replaced: the client must not send a second request."""
    while True:
        async with asyncio.timeout(IDLE_SECONDS):
            first, fields = await _read_head(upstream)
        if first.split(b" ")[1:2] != [b"100"]:
            break
    head = [first, *_end_to_end(fields), b"Connection: close"]
    client[1].write(b"\r\n".join(head) + b"\r\n\r\n")
    # The one byte read: the client has hung up, or says what it may not.
    await first_of(copy(upstream, client[1], None, Pulse()), client[0].read(1))


async def _join(client: Streams, upstream: Streams) -> None:
    """Both directions, until one has ended or nothing moves in either."""
    pulse = Pulse()
    await first_of(copy(client[0], upstream[1], None, pulse), copy(upstream[0], client[1], None, pulse))


async def _close(writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        writer.close()
        await writer.wait_closed()


async def _run() -> None:
    loop = asyncio.get_running_loop()
    stdin = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stdin), sys.stdin)
    config = json.loads(await stdin.readline())
    networks = parse_networks(config.get("allowed_networks", ()))
    egress = Egress(config["token"], networks, frozenset(config.get("ports", ())))
    server = await asyncio.start_server(egress.serve, "127.0.0.1", 0, limit=_HEAD_LIMIT)
    sys.stdout.write(json.dumps({"port": server.sockets[0].getsockname()[1]}) + "\n")
    sys.stdout.flush()
    while await stdin.read(1024):
        pass


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_run())
