"""Where a write comes from: our own pages, or a program that sends no cookie."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from .answers import same_secret
from .errors import Forbidden

if TYPE_CHECKING:
    from .http import Request

CSRF_HEADER = "SoundWave-CSRF"
_PORTS = {"http": ":80", "https": ":443"}


def ensure_same_origin(request: Request) -> None:
    """Sec-Fetch-Site says same-origin, else Origin's host is Host; neither is sent only without a cookie.

    A session's write carries the session's token besides.
    """
    if request.route.is_safe:
        return
    if not _is_ours(request):
        raise Forbidden("This request comes from another site.", code="cross_origin")
    actor = request.actor
    if actor is not None and actor.session_id is not None:
        token = request.headers.get(CSRF_HEADER) or ""
        if not actor.csrf_token or not same_secret(token, actor.csrf_token):
            raise Forbidden(f"The header {CSRF_HEADER} is missing or wrong.", code="csrf_failed")


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
