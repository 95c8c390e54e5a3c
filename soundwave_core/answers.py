"""Answers: JSON, problem+json (RFC 9457), conditional requests and ranges (RFC 9110).

Files go out through ``wsgi.file_wrapper`` alone, ranges too: waitress then sends them from its own loop
and no worker thread waits for a slow listener. Bottle's ``static_file`` answers a Range from a generator,
which holds a thread: four listeners were an outage.
"""

from __future__ import annotations

import gzip
import hashlib
import hmac
import logging
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from http import HTTPStatus
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import quote

import bottle
import msgspec

from .errors import NotFound, SoundWaveError
from .records import Answer, FileAnswer, Json, Raw, Route

if TYPE_CHECKING:
    from .http import Request

log = logging.getLogger(__name__)

GZIP_FROM_BYTES = 1024
BLOCK_BYTES = 256 * 1024
VARY = ("Vary", "Cookie, Authorization, Accept-Encoding")
JSON_CACHE = ("Cache-Control", "private, no-cache")
NO_STORE = ("Cache-Control", "no-store")
FILE_CACHE = ("Cache-Control", "private, no-cache")
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.A | re.I)


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """An error as it is sent (RFC 9457): ``code`` is stable, ``detail`` one clear sentence."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    code: str


class NotModified(Exception):
    """What the client has is what it would get."""

    def __init__(self, etag: str) -> None:
        super().__init__(etag)
        self.etag = etag


def same_secret(given: str, kept: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), kept.encode())


def problem_body(error: SoundWaveError) -> bytes:
    title = HTTPStatus(error.status).phrase
    return msgspec.json.encode(Problem(title=title, status=error.status, detail=error.sentence, code=error.code))


def problem_headers(error: SoundWaveError) -> list[tuple[str, str]]:
    return [("Content-Type", "application/problem+json"), NO_STORE, *error.headers]


def problem(error: SoundWaveError) -> bottle.HTTPResponse:
    return _response(error.status, problem_body(error), problem_headers(error))


def crash(number: str, method: str, path: str, error: BaseException | None) -> bottle.HTTPResponse:
    """A 500 for a bug of ours: the number is in the log, the details are not in the answer."""
    log.error("crash %s in %s %s", number, method, path, exc_info=error)
    return problem(SoundWaveError(f"Something broke in the server; it is logged as {number}."))


def encode(request: Request, route: Route, value: Any) -> bottle.HTTPResponse:
    """What a handler returned, as an HTTP answer."""
    status, headers = route.status, list[tuple[str, str]]()
    if isinstance(value, Answer):
        status, headers, value = value.status or status, list(value.headers), value.value
    if value is None:
        return _response(status if status != 200 else 204, b"", headers)
    if isinstance(value, FileAnswer):
        return send_file(request, value)
    if isinstance(value, Raw):
        return _response(status, value.body, [("Content-Type", value.content_type), *value.headers, *headers])
    body, etag = (value.body, value.etag) if isinstance(value, Json) else (msgspec.json.encode(value), None)
    headers += [("Content-Type", "application/json"), VARY]
    if not any(name == "Cache-Control" for name, _ in headers):
        headers.append(JSON_CACHE)
    if not route.is_safe or status != 200:
        return _response(status, body, headers)
    tag = weak(etag or hashlib.sha256(body).hexdigest()[:24])
    if matches(request.headers.get("If-None-Match"), tag):
        return not_modified(tag)
    headers.append(("ETag", tag))
    if len(body) >= GZIP_FROM_BYTES and accepts(request, "gzip"):
        body = gzip.compress(body, 1, mtime=0)
        headers.append(("Content-Encoding", "gzip"))
    return _response(status, body, headers)


def accepts(request: Request, coding: str) -> bool:
    """Whether Accept-Encoding names a coding, and not with ``q=0`` (RFC 9110 section 12.5.3)."""
    for part in (request.headers.get("Accept-Encoding") or "").lower().split(","):
        name, _, weight = part.replace(" ", "").partition(";q=")
        if name == coding:
            return weight.strip("0.") != "" or weight == ""
    return False


def weak(etag: str) -> str:
    """The tag as a weak one: compressed or not, the answer has the same."""
    return 'W/"{}"'.format(etag.removeprefix("W/").strip('"'))


def matches(header: str | None, etag: str) -> bool:
    """If-None-Match's weak comparison (RFC 9110 section 13.1.2)."""
    if header is None:
        return False
    wanted = etag.removeprefix("W/")
    return any(part.strip().removeprefix("W/") in (wanted, "*") for part in header.split(","))


def not_modified(etag: str, headers: Sequence[tuple[str, str]] = (JSON_CACHE, VARY)) -> bottle.HTTPResponse:
    return _response(304, b"", [("ETag", weak(etag)), *headers])


def parse_range(header: str | None, size: int) -> tuple[int, int] | None:
    """(first, last) of a single byte range, or None for the whole; ValueError where none can be met."""
    found = _RANGE.fullmatch(header.strip()) if header else None
    if found is None or found.group(0) == "bytes=-":
        return None
    first, last = found.groups()
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
        response = _file_response(request, answer, file)
        if not isinstance(response.body, bytes):
            opened.pop_all()
    return response


def _file_response(request: Request, answer: FileAnswer, file: IO[bytes]) -> bottle.HTTPResponse:
    etag, size = f'"{answer.revision}"', os.fstat(file.fileno()).st_size
    headers = [("ETag", etag), ("Accept-Ranges", "bytes"), *answer.headers]
    if not any(name == "Cache-Control" for name, _ in headers):
        headers.append(FILE_CACHE)
    if matches(request.headers.get("If-None-Match"), etag):
        return _response(304, b"", headers)
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
    return _response(206 if part else 200, _body(request, file, last - first + 1), headers)


def _wanted_range(request: Request, etag: str) -> str | None:
    """Range is for GET alone (RFC 9110 section 14.2); If-Range takes our strong tag, and no date."""
    is_wanted = request.method == "GET" and request.headers.get("If-Range") in (None, etag)
    return request.headers.get("Range") if is_wanted else None


def _unsatisfiable(size: int) -> bottle.HTTPResponse:
    error = SoundWaveError("The file has no such bytes.", code="range_not_satisfiable", status=416)
    response = problem(error)
    response.set_header("Content-Range", f"bytes */{size}")
    return response


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


def see_other(location: str) -> bottle.HTTPResponse:
    return _response(303, b"", [("Location", location), NO_STORE])


def _response(status: int, body: Any, headers: Sequence[tuple[str, str]]) -> bottle.HTTPResponse:
    response = bottle.HTTPResponse(body, status)
    for name, value in headers:
        response.add_header(name, value)
    return response
