"""Files as answers: whole or by Range (RFC 9110), without holding a thread.

They go out through ``wsgi.file_wrapper`` alone, ranges too: waitress then sends them from its own loop
and no worker thread waits for a slow listener. Bottle's ``static_file`` answers a Range from a generator,
which holds a thread: four listeners were an outage.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import ExitStack
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import quote

import bottle

from .answers import matches, problem, response
from .errors import NotFound, SoundWaveError
from .records import FileAnswer

if TYPE_CHECKING:
    from .http import Request

BLOCK_BYTES = 256 * 1024
FILE_CACHE = ("Cache-Control", "private, no-cache")
_RANGE = re.compile(r"bytes=(\d{0,40})-(\d{0,40})", re.A | re.I)


def parse_range(header: str | None, size: int) -> tuple[int, int] | None:
    """(first, last) of a single byte range, or None for the whole; ValueError where none can be met."""
    found = _RANGE.fullmatch(header.strip()) if header else None
    first, last = found.groups() if found else ("", "")
    if not first and not last:
        return None
    if not first:
        length = min(int(last), size)
        if length == 0:
            raise ValueError("an empty suffix")
        return size - length, size - 1
    start, end = int(first), min(int(last), size - 1) if last else size - 1
    if last and int(last) < start:
        return None
    if start >= size:
        raise ValueError("past the end")
    return start, end


def send_file(request: Request, answer: FileAnswer) -> bottle.HTTPResponse:
    """A file, whole or in part: strong ETag, If-None-Match, If-Range, HEAD, 206, 304, 416."""
    try:
        file = open(answer.path, "rb")  # noqa: SIM115 - the server closes it, after the last byte
    except FileNotFoundError:
        raise NotFound("The file is missing on the disk.", code="file_missing") from None
    with ExitStack() as opened:
        opened.enter_context(file)
        answered = _answer_file(request, answer, file)
        if not isinstance(answered.body, bytes):
            opened.pop_all()
    return answered


def _answer_file(request: Request, answer: FileAnswer, file: IO[bytes]) -> bottle.HTTPResponse:
    etag, size = f'"{answer.revision}"', os.fstat(file.fileno()).st_size
    headers = [("ETag", etag), ("Accept-Ranges", "bytes"), *answer.headers]
    if not any(name == "Cache-Control" for name, _ in headers):
        headers.append(FILE_CACHE)
    if matches(request.headers.get("If-None-Match"), etag):
        return response(304, b"", headers)
    try:
        part = parse_range(_wanted_range(request, etag), size)
    except ValueError:
        return _unsatisfiable(size)
    headers.append(("Content-Type", answer.content_type))
    if answer.download_name is not None:
        headers.append(("Content-Disposition", disposition(answer.download_name)))
    first, last = part or (0, size - 1)
    headers.append(("Content-Length", str(last - first + 1)))
    if part is not None:
        headers.append(("Content-Range", f"bytes {first}-{last}/{size}"))
    file.seek(first)
    return response(206 if part else 200, _body(request, file, last - first + 1), headers)


def _wanted_range(request: Request, etag: str) -> str | None:
    """Range is for GET alone (RFC 9110 section 14.2); If-Range takes our strong tag, and no date."""
    is_wanted = request.method == "GET" and request.headers.get("If-Range") in (None, etag)
    return request.headers.get("Range") if is_wanted else None


def _unsatisfiable(size: int) -> bottle.HTTPResponse:
    error = SoundWaveError("The file has no such bytes.", code="range_not_satisfiable", status=416)
    refused = problem(error)
    refused.set_header("Content-Range", f"bytes */{size}")
    return refused


def _body(request: Request, file: IO[bytes], length: int) -> Any:
    if request.method == "HEAD":
        return b""
    wrapper = request.environ.get("wsgi.file_wrapper")
    if wrapper is not None and wrapper.__module__.startswith("waitress"):
        return file  # Bottle puts the wrapper around it, and waitress stops at Content-Length
    return _blocks(file, length)


def _blocks(file: IO[bytes], left: int) -> Iterator[bytes]:
    with file:
        while left > 0 and (block := file.read(min(BLOCK_BYTES, left))):
            left -= len(block)
            yield block


def disposition(name: str) -> str:
    """Content-Disposition by RFC 6266: a plain name for old clients, the real one in UTF-8."""
    plain = re.sub(r'[^\x20-\x7e]|["\\%]', "_", name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='', errors='replace')}"
