"""Requests read strictly: what two servers in a row could read in two ways is refused, and ends the connection.

waitress 3.0.2 lets through what RFC 9112 tells to refuse: Content-Length beside Transfer-Encoding, either of them
twice, no Host or two, folded lines, any version, a lone LF after a chunk's size. It joins repeated headers by a
comma, waits for more of a request that has no body after ``100 Continue``, and needs seconds for a header of blanks.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any
from urllib.parse import urlsplit

from waitress.buffers import OverflowableBuffer
from waitress.parser import HTTPRequestParser

from .errors import BadRequest, SoundWaveError

MOST_HEADERS = 100
LONGEST_CHUNK_LINE = 4096  # a size with its extensions, or one trailer
HEAD_SECONDS = 10.0
BODY_BYTES_PER_SECOND = 1024

# What is decided by one of these is decided by one value. X-Forwarded-For is a list, and a proxy may add a line to it.
SINGLE = frozenset(
    b"authorization content-encoding content-length content-type cookie host idempotency-key if-range origin range"
    b" sec-fetch-mode sec-fetch-site soundwave-csrf transfer-encoding x-forwarded-host x-forwarded-port"
    b" x-forwarded-prefix x-forwarded-proto x-ingress-path".split()
)
_READABLE = bytes([*b"\t\n\r", *range(0x20, 0x7F), *range(0x80, 0x100)])
_REQUEST_LINE = re.compile(rb"[A-Z-]+ ([!-\"$-~]+) HTTP/([0-9]\.[0-9])")
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,8})(?:;[\t -~\x80-\xff]*)?\r\n")
_TRAILER = re.compile(rb"[\t -~\x80-\xff]*\r\n")


class StrictParser(HTTPRequestParser):
    """One request as it comes in. Once ``error`` is set it is answered with that, and nothing after it is read."""

    command = path = ""  # until the first line is read
    since: float | None = None  # when its first byte came
    error: Any
    body_rcv: Any

    @property
    def allowed_seconds(self) -> float:
        """How long it may take: ten seconds, and one more for each KiB of the body that is there."""
        return HEAD_SECONDS + float(self.body_bytes_received) / BODY_BYTES_PER_SECOND

    def refuse(self, error: SoundWaveError) -> None:
        """End it here: whatever else comes is not looked at."""
        self.error, self.completed, self.empty = error, True, False

    def received(self, data: bytes) -> int:
        """Take in what came; how much of it belongs to this request."""
        consumed = len(data)
        try:
            if not self.headers_finished:
                _ensure_readable(self.header_plus + data, len(self.header_plus))
            consumed = int(super().received(data))
            if self.empty:
                raise BadRequest("There is no request between two empty lines.")
        except SoundWaveError as error:
            self.refuse(error)
        except ValueError:  # a length of thousands of digits, a target that is no URL
            self.refuse(BadRequest("The request cannot be read."))
        if self.error is None:
            return consumed
        self.expect_continue = False  # or waitress would ask for the body all the same
        return len(data)

    def parse_header(self, header_plus: bytes) -> None:
        """The whole head. Raises what is wrong with it."""
        first, *lines = header_plus.removesuffix(b"\r\n\r\n").split(b"\r\n")
        target = _ensure_request_line(first)
        headers = [line.partition(b":") for line in lines]
        counts = _ensure_single([name for name, _, _ in headers])
        # At most one blank before a value: for thousands waitress's expression takes seconds.
        trimmed = [name + colon + (colon and b" ") + value.strip(b" \t") for name, colon, value in headers]
        super().parse_header(b"\r\n".join([first, *trimmed, b"", b""]))
        self._ensure_framing(counts)
        self._ensure_host(target)
        if self.chunked:
            self.body_rcv = Chunks(self.body_rcv.getbuf())
        if self.body_rcv is None:
            self.expect_continue = False  # there is nothing to wait for

    def _ensure_framing(self, counts: Counter[bytes]) -> None:
        """Where the body ends is said once, and so that everybody understands it (RFC 9112 section 6.3)."""
        if counts[b"transfer-encoding"]:
            if counts[b"content-length"]:
                raise BadRequest("Send Content-Length or Transfer-Encoding, not both.", code="length_ambiguous")
            if not self.chunked:  # in HTTP/1.0, empty, or spelt with an underscore, which waitress drops
                raise BadRequest("This Transfer-Encoding cannot be used.", code="length_ambiguous")
        if counts[b"content-length"] and "CONTENT_LENGTH" not in self.headers:
            raise BadRequest("This Content-Length cannot be used.", code="length_ambiguous")

    def _ensure_host(self, target: str) -> None:
        """There is a Host, and it is the one of the target where that names one."""
        if self.version == "1.1" and "HOST" not in self.headers:
            raise BadRequest("The Host header is missing.", code="host_invalid")
        if target.startswith("/"):
            return
        parts = urlsplit(target)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise BadRequest("The target of the request is no path.", code="target_invalid")
        if parts.netloc.lower() != self.headers.get("HOST", "").lower():
            raise BadRequest("The target names another host than the Host header.", code="host_invalid")


class Chunks:
    """A chunked body (RFC 9112 section 7.1) as it comes in; extensions and trailers are dropped."""

    error = None  # waitress asks; what is wrong is raised

    def __init__(self, buffer: OverflowableBuffer) -> None:
        self._buffer = buffer
        self._line = b""
        self._left = 0
        self._take = self._take_size
        self.completed = False

    def __len__(self) -> int:
        return len(self._buffer)

    def getbuf(self) -> OverflowableBuffer:
        """Where the body is kept."""
        return self._buffer

    def getfile(self) -> object:
        """The body, to be read."""
        return self._buffer.getfile()

    def received(self, data: bytes) -> int:
        """Take in what came; how much of it belongs to the body."""
        position = 0
        while position < len(data) and not self.completed:
            if self._left:
                part = data[position : position + self._left]
                self._buffer.append(part)
                self._left -= len(part)
                position += len(part)
            else:
                end = data.find(b"\n", position) + 1 or len(data)
                self._line += data[position:end]
                position = end
                self._end_line()
        return position

    def _end_line(self) -> None:
        if len(self._line) > LONGEST_CHUNK_LINE:
            raise BadRequest("A line between the chunks is too long.")
        if self._line.endswith(b"\n"):
            line, self._line = self._line, b""
            self._take(line)

    def _take_size(self, line: bytes) -> None:
        found = _CHUNK_SIZE.fullmatch(line)
        if found is None:
            raise BadRequest("A chunk does not begin with its size.")
        self._left = int(found[1], 16)
        self._take = self._take_end if self._left else self._take_trailer

    def _take_end(self, line: bytes) -> None:
        if line != b"\r\n":
            raise BadRequest("A chunk is longer than it says.")
        self._take = self._take_size

    def _take_trailer(self, line: bytes) -> None:
        if _TRAILER.fullmatch(line) is None:
            raise BadRequest("A trailer has characters that no header has.")
        self.completed = line == b"\r\n"


def _ensure_readable(seen: bytes, position: int) -> None:
    """No control characters, no lone CR or LF: refused as soon as one comes, so that TLS at this port ends at once.

    Looks from the byte before ``position`` on, to the end of the head.
    """
    end = seen.find(b"\r\n\r\n", max(0, position - 3))
    part = seen[max(0, position - 1) : len(seen) if end < 0 else end + 2]
    pairs = part.count(b"\r\n")
    has_lone_cr = part.count(b"\r") - part.endswith(b"\r") > pairs
    has_lone_lf = part.count(b"\n") - (position > 0 and part.startswith(b"\n")) > pairs
    begins_blank = seen.lstrip(b"\r\n").startswith((b" ", b"\t"))
    if has_lone_cr or has_lone_lf or begins_blank or part.translate(None, _READABLE):
        raise BadRequest("The request has characters that no request has.")


def _ensure_request_line(line: bytes) -> str:
    found = _REQUEST_LINE.fullmatch(line)
    if found is None:
        raise BadRequest("The first line is no request of HTTP/1.1.")
    target, version = found.groups()
    if version not in (b"1.0", b"1.1"):
        raise SoundWaveError("This server speaks HTTP/1.1 and 1.0.", code="version_unsupported", status=505)
    return str(target, "ascii")


def _ensure_single(names: list[bytes]) -> Counter[bytes]:
    """How often each header comes, an underscore read as a hyphen. Raises where that is too often."""
    if len(names) > MOST_HEADERS:
        raise SoundWaveError(f"There are more than {MOST_HEADERS} headers.", code="headers_too_large", status=431)
    if any(name.startswith((b" ", b"\t")) for name in names):
        raise BadRequest("A header continues on a second line.", code="header_folded")
    counts = Counter([name.lower().replace(b"_", b"-") for name in names])
    if len(counts) < len(names):
        for name in SINGLE:
            if counts[name] > 1:
                raise BadRequest(f"The header {str(name, 'ascii')} is sent twice.", code="header_repeated")
    return counts
