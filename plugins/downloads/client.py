"""A small HTTP client for feeds, pictures and direct files, that knows only the way through the proxy."""

from __future__ import annotations

import base64
import http.client
import ssl
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from typing import Protocol
from urllib.parse import quote, unquote, urljoin, urlsplit, urlunsplit

from .faults import Fault, fault_of_egress, fault_of_status

URL_LIMIT = 4096
# What ``open`` and ``read`` may raise.
ERRORS = (Fault, OSError, http.client.HTTPException, ValueError, zlib.error)
_TIMEOUT_SECONDS = 30.0
_REDIRECTS = 10
_SAFE = "%/:=&?~+!$,;'@()*[]|"
_AGENT = "SoundWave (self-hosted audio library)"


def checked_link(url: str) -> str:
    """The link, trimmed. Raises Fault(not_a_link) unless it is http(s), with a host and no credentials.

    Nothing is looked up here: which addresses are allowed is the proxy's to say.
    """
    link = url.strip()
    try:
        parts = urlsplit(link)
        is_sound = parts.scheme.lower() in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        raise Fault("not_a_link") from None
    if not is_sound or len(link) > URL_LIMIT or any(c <= " " or c == "\x7f" for c in link):
        raise Fault("not_a_link")
    if parts.username is not None or parts.password is not None:
        raise Fault("not_a_link", "Links that hold a user name or a password are not accepted.")
    return link


def ascii_link(url: str) -> str:
    """The checked link as it goes over the wire: host in IDNA, the rest percent-encoded, no fragment."""
    parts = urlsplit(checked_link(url))
    host = parts.hostname or ""
    try:
        host = f"[{host}]" if ":" in host else host.encode("idna").decode("ascii")
    except UnicodeError:
        raise Fault("not_a_link") from None
    netloc = f"{host}:{parts.port}" if parts.port else host
    path, query = (quote(part, safe=_SAFE) for part in (parts.path or "/", parts.query))
    return urlunsplit((parts.scheme.lower(), netloc, path, query, ""))


class _Unpacker(Protocol):
    def decompress(self, data: bytes, /) -> bytes: ...


@dataclass
class Reply:
    """An answer whose body is still to be read; ``url`` is where the redirects ended.

    ``length``: of the whole body, None where the site does not say.
    """

    url: str
    status: int
    headers: Message
    length: int | None
    _response: http.client.HTTPResponse
    _kept: bytearray = field(default_factory=bytearray)
    _unpack: _Unpacker | None = None

    @property
    def content_type(self) -> str:
        return self.headers.get("Content-Type", "").partition(";")[0].strip().lower()

    def read(self, size: int) -> bytes:
        """At most that much, as soon as there is some; b"" at the end. What was peeked comes first."""
        if self._kept:
            data = bytes(self._kept[:size])
            del self._kept[:size]
            return data
        return self._more(size)

    def _more(self, size: int) -> bytes:
        while True:
            data = self._response.read1(size)
            if self._unpack is None or not data:
                return data
            data = self._unpack.decompress(data)
            if data:
                return data

    def peek(self, size: int) -> bytes:
        """The first bytes of the body; ``read`` gives them again."""
        while len(self._kept) < size:
            data = self._more(size - len(self._kept))
            if not data:
                break
            self._kept += data
        return bytes(self._kept[:size])

    def read_all(self, limit: int) -> bytes:
        """The whole body. Raises Fault(too_large) beyond the limit, Fault(cut_off) if it is short."""
        parts = bytearray()
        while data := self.read(65_536):
            parts += data
            if len(parts) > limit:
                raise Fault("too_large")
        if self.length is not None and len(parts) < self.length:
            raise Fault("cut_off")
        return bytes(parts)


class Client:
    """Opens links through the egress proxy, one connection each. ``proxy``: its URL with credentials."""

    def __init__(self, proxy: str) -> None:
        parts = urlsplit(proxy)
        credential = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
        self._proxy = (parts.hostname or "", parts.port or 0)
        self._authorization = "Basic " + base64.b64encode(credential.encode()).decode()
        self._tls = ssl.create_default_context()

    @contextmanager
    def open(self, url: str, headers: Mapping[str, str] | None = None) -> Iterator[Reply]:
        """GET, following redirects. Raises Fault for every answer but 200 and 206, and OSError."""
        link = ascii_link(url)
        for _ in range(_REDIRECTS + 1):
            connection = self._connection(link)
            try:
                reply = self._ask(connection, link, headers or {})
                target = reply.headers.get("Location") if reply.status in (301, 302, 303, 307, 308) else None
                if target is None:
                    _ensure_fine(reply)
                    yield reply
                    return
                # http.client reads fields as Latin-1; what the site meant is in the bytes.
                link = ascii_link(urljoin(link, quote(target.encode("latin-1"), safe=_SAFE + "#")))
            finally:
                connection.close()
        raise Fault("unsupported", "The link redirects in circles.", when="later")

    def _connection(self, url: str) -> http.client.HTTPConnection:
        parts = urlsplit(url)
        if parts.scheme.lower() != "https":
            return http.client.HTTPConnection(*self._proxy, timeout=_TIMEOUT_SECONDS)
        tunnel = http.client.HTTPSConnection(*self._proxy, timeout=_TIMEOUT_SECONDS, context=self._tls)
        credential = {"Proxy-Authorization": self._authorization}
        tunnel.set_tunnel(parts.hostname or "", parts.port or 443, credential)
        return tunnel

    def _ask(self, connection: http.client.HTTPConnection, url: str, headers: Mapping[str, str]) -> Reply:
        parts = urlsplit(url)
        fields = {"User-Agent": _AGENT, "Accept": "*/*", "Accept-Encoding": "identity", **headers}
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        if not isinstance(connection, http.client.HTTPSConnection):
            target = f"http://{parts.netloc}{target}"
            fields["Proxy-Authorization"] = self._authorization
        connection.request("GET", target, headers=fields)
        response = connection.getresponse()
        if response.headers.get("Content-Encoding", "").lower() in ("gzip", "x-gzip"):  # not asked for
            unpack = zlib.decompressobj(31)
            return Reply(url, response.status, response.headers, None, response, _unpack=unpack)
        return Reply(url, response.status, response.headers, response.length, response)


def _ensure_fine(reply: Reply) -> None:
    own = reply.headers.get("SoundWave-Egress")
    if own:
        raise fault_of_egress(own)
    if reply.status not in (200, 206):
        raise fault_of_status(reply.status if reply.status >= 400 else 415, reply.headers.get("Retry-After"))
