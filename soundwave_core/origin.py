"""Where a request comes from: our own pages, a program that sends no cookie, or a site that the owner listed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from .answers import same_secret
from .errors import Forbidden

if TYPE_CHECKING:
    from .http import Request

CSRF_HEADER = "SoundWave-CSRF"
VARY = ("Vary", "Origin")
EXPOSED = ("Access-Control-Expose-Headers", "Content-Range, ETag, Location, Retry-After, SoundWave-User")
PREFLIGHT = (
    ("Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, PATCH, DELETE"),
    ("Access-Control-Allow-Headers", "Authorization, Content-Type, Idempotency-Key, If-None-Match, If-Range, Range"),
    ("Access-Control-Max-Age", "600"),
)
_PORTS = {"http": ":80", "https": ":443"}


def ensure_same_origin(request: Request) -> None:
    """Refuse what another site's page asks for in a user's name (403 ``cross_origin``, ``csrf_failed``).

    Writes: Sec-Fetch-Site says same-origin, else Origin's host is Host; neither is sent only without a cookie, and
    a listed origin's without one too. A session's write carries the session's token besides. Reads: a session's
    cookie is good on our own pages only, whatever SameSite lets through from another port of this host.
    """
    actor = request.actor
    is_session = actor is not None and actor.session_id is not None
    if request.route.is_safe:
        if is_session and _is_foreign(request):
            raise Forbidden("This request comes from another site.", code="cross_origin")
        return
    if not _is_ours(request) and not _is_listed_program(request):
        raise Forbidden("This request comes from another site.", code="cross_origin")
    if actor is not None and is_session:
        token = request.headers.get(CSRF_HEADER) or ""
        if not actor.csrf_token or not same_secret(token, actor.csrf_token):
            raise Forbidden(f"The header {CSRF_HEADER} is missing or wrong.", code="csrf_failed")


def cors_headers(environ: Mapping[str, Any], origins: Sequence[str]) -> list[tuple[str, str]]:
    """What lets scripts of the listed origins read this answer; for all others nothing (Fetch, section 3.3).

    Never Access-Control-Allow-Credentials: a listed origin's scripts come with tokens.
    """
    if not origins:
        return []
    origin = environ.get("HTTP_ORIGIN", "")
    if origin not in origins:
        return [VARY]
    headers = [VARY, EXPOSED, ("Access-Control-Allow-Origin", str(origin))]
    is_preflight = environ["REQUEST_METHOD"] == "OPTIONS" and "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in environ
    return [*headers, *PREFLIGHT] if is_preflight else headers


def _is_foreign(request: Request) -> bool:
    """Whether a read is known to come from another site. (Over plain http browsers send no Sec-Fetch-Site.)"""
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site in (None, "none"):
        return origin is not None and not is_own(origin, request)
    return site != "same-origin"


def _is_listed_program(request: Request) -> bool:
    is_listed = request.headers.get("Origin") in request.core.config["cors_origins"]
    return is_listed and request.headers.get("Cookie") is None


def _is_ours(request: Request) -> bool:
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site == "same-origin":
        return True
    if site not in (None, "none"):
        return False
    return is_own(origin, request) if origin is not None else request.headers.get("Cookie") is None


def is_own(origin: str, request: Request) -> bool:
    """Whether an Origin is this server's: its host is Host, whether or not both write the usual port.

    Its scheme is ours too where ours is https. Where ours is http, a proxy that nobody named as trusted may
    have taken https off.
    """
    try:
        parts = urlsplit(origin.lower())
    except ValueError:
        return False
    port = _PORTS.get(parts.scheme)
    if port is None or (parts.scheme == "http" and request.scheme == "https"):
        return False
    return parts.netloc.removesuffix(port) == request.host.lower().removesuffix(port) != ""
