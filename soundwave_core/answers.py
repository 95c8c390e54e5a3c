"""What answers are made of: problem+json (RFC 9457), conditional requests (RFC 9110), no more."""

from __future__ import annotations

import hmac
import logging
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import bottle
import msgspec

from .errors import SoundWaveError
from .texts import printable

log = logging.getLogger(__name__)

VARY = ("Vary", "Cookie, Authorization, Accept-Encoding")
JSON_CACHE = ("Cache-Control", "private, no-cache")
NO_STORE = ("Cache-Control", "no-store")


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


class Kept(Exception):
    """What is asked for was sent before in this version: ``body`` is as it went out, packed where asked."""

    def __init__(self, etag: str, body: bytes) -> None:
        super().__init__(etag)
        self.etag, self.body = etag, body


def same_secret(given: str, kept: str) -> bool:
    """Compare a given secret with ours in the same time wherever they differ."""
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), kept.encode())


def problem_body(error: SoundWaveError) -> bytes:
    """An error as the bytes of a problem+json document."""
    title, detail = HTTPStatus(error.status).phrase, printable(error.sentence)
    return msgspec.json.encode(Problem(title=title, status=error.status, detail=detail, code=error.code))


def problem_headers(error: SoundWaveError) -> list[tuple[str, str]]:
    """The headers that go with it; nobody keeps it."""
    return [("Content-Type", "application/problem+json"), NO_STORE, *error.headers]


def problem(error: SoundWaveError) -> bottle.HTTPResponse:
    """An error as an answer."""
    return response(error.status, problem_body(error), problem_headers(error))


def crash(number: str, method: str, path: str, error: BaseException | None) -> bottle.HTTPResponse:
    """A 500 for a bug of ours: the number is in the log, the details are not in the answer."""
    log.error("crash %s in %s %s", number, method, path, exc_info=error)
    return problem(SoundWaveError(f"Something broke in the server; it is logged as {number}."))


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
    """A 304: what the client has is what it would get."""
    return response(304, b"", [("ETag", weak(etag)), *headers])


def see_other(location: str) -> bottle.HTTPResponse:
    """A 303 to another page."""
    return response(303, b"", [("Location", location), NO_STORE])


def response(status: int, body: Any, headers: Sequence[tuple[str, str]]) -> bottle.HTTPResponse:
    """An answer as Bottle takes it."""
    made = bottle.HTTPResponse(body, status)
    for name, value in headers:
        made.add_header(name, value)
    return made
