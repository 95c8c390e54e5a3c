"""The WSGI door in front of Bottle: proxies, prefix, allowed hosts, and headers on every answer."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from .addresses import parse_address
from .answers import NO_STORE, problem_body, problem_headers
from .errors import BadRequest, NotFound, SoundWaveError, Unavailable
from .origin import cors_headers

if TYPE_CHECKING:
    from .app import SoundWave
    from .traffic import Tally

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# The one policy for pages. Answers that are no pages may load nothing at all.
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; media-src 'self' blob:; "
    "connect-src 'self'; font-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'self'; "
    "form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'; "
    "trusted-types lit-html soundwave"
)
CLOSED_POLICY = "default-src 'none'; frame-ancestors 'none'"
HEADERS = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
)
# Over plain http the first means nothing, and browsers complain of the second.
HTTPS_HEADERS = (
    ("Strict-Transport-Security", "max-age=31536000"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
)
# Home Assistant shows an add-on in a frame of its own site, and decides itself whether that site is https only.
FRAMED_BY = ("frame-ancestors 'none'", "frame-ancestors 'self'")
INGRESS = "soundwave.is_ingress"
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[\w.-]*)(:[0-9]{0,5})?", re.A)
_PREFIX = re.compile(r"(/[\w~-][\w.~-]*)+", re.A)  # as the setting base_path


def with_headers(headers: Iterable[tuple[str, str]], is_https: bool) -> list[tuple[str, str]]:
    """An answer's headers, completed with those that every answer carries."""
    complete = list(headers)
    names = {name.lower() for name, _ in complete}
    if "content-security-policy" not in names:
        complete.append(("Content-Security-Policy", CLOSED_POLICY))
    if "cache-control" not in names:
        complete.append(NO_STORE)  # what does not say who may keep it is kept by nobody
    wanted = (*HEADERS, *HTTPS_HEADERS) if is_https else HEADERS
    complete.extend((name, value) for name, value in wanted if name.lower() not in names)
    return complete


def for_ingress(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """An answer's headers where Home Assistant's site is around the page, and is more than ours."""
    return [
        (name, value.replace(*FRAMED_BY) if name == "Content-Security-Policy" else value)
        for name, value in headers
        if name != "Strict-Transport-Security"
    ]


class Front:
    """Called by the WSGI server; calls Bottle."""

    def __init__(self, core: SoundWave, app: Callable[[Environ, StartResponse], Iterable[bytes]]) -> None:
        self._core = core
        self.app = app
        self._ingress = [ipaddress.ip_network(network) for network in core.config["ingress_proxies"]]
        self._trusted = [*map(ipaddress.ip_network, core.config["trusted_proxies"]), *self._ingress]
        self._base = core.config["base_path"].rstrip("/")

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        tally = self._core.traffic.begin()
        try:
            return self._answer(environ, start_response, tally)
        finally:
            tally.end()

    def _answer(self, environ: Environ, start_response: StartResponse, tally: Tally) -> Iterable[bytes]:
        monotonic = self._core.clock.monotonic
        began_at = monotonic()

        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            tally.answer(environ["REQUEST_METHOD"], status, monotonic() - began_at)
            shared = cors_headers(environ, self._core.config["cors_origins"])
            complete = with_headers([*headers, *shared], environ["wsgi.url_scheme"] == "https")
            return start_response(status, for_ingress(complete) if INGRESS in environ else complete, *rest)

        try:
            self._ensure_running()
            self._believe_proxy(environ)
            self._strip_prefix(environ)
            self._ensure_host(environ)
        except SoundWaveError as error:
            body = problem_body(error)
            headers = [*problem_headers(error), ("Content-Length", str(len(body)))]
            start(f"{error.status} {HTTPStatus(error.status).phrase}", headers)
            return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]
        return self.app(environ, start)

    def _ensure_running(self) -> None:
        if not self._core.is_running:
            raise Unavailable("The server is stopping.", code="stopping", headers=[("Retry-After", "5")])

    def _believe_proxy(self, environ: Environ) -> None:
        """Take scheme, host, prefix and address from a proxy that is named as trusted, from nobody else."""
        peer = environ.get("REMOTE_ADDR", "")
        if not self._trusted or not self.is_trusted(peer):
            return
        hops = environ.get("HTTP_X_FORWARDED_FOR", "").split(",")
        prefix_name = "HTTP_X_FORWARDED_PREFIX"
        if _is_in(peer, self._ingress):
            prefix_name = "HTTP_X_INGRESS_PATH"
            hops = hops[:-1]  # the Supervisor's, of Home Assistant Core, which took the request from the hop before
        scheme = _last(environ, "HTTP_X_FORWARDED_PROTO")
        if scheme in ("http", "https"):
            environ["wsgi.url_scheme"] = scheme
        if host := _last(environ, "HTTP_X_FORWARDED_HOST"):
            environ["HTTP_HOST"] = host
        prefix = (_last(environ, prefix_name) or "").rstrip("/")
        if _PREFIX.fullmatch(prefix):  # proxies hand on what a client wrote: it goes into <base> and Location
            environ["SCRIPT_NAME"] = prefix
            if prefix_name == "HTTP_X_INGRESS_PATH":
                environ[INGRESS] = True
        for hop in reversed(hops):
            address = hop.strip()
            if parse_address(address) is None:
                break
            environ["REMOTE_ADDR"] = address
            if not self.is_trusted(address):
                break

    def is_trusted(self, address: str) -> bool:
        """Whether this is the address of a proxy that is named as trusted."""
        return _is_in(address, self._trusted)

    def _strip_prefix(self, environ: Environ) -> None:
        """Under ``base_path`` the path may come with or without the prefix: proxies do either. Ingress has its own."""
        prefix = ("" if INGRESS in environ else self._base) or environ.get("SCRIPT_NAME", "")
        path: str = environ.get("PATH_INFO", "")
        if prefix and (path == prefix or path.startswith(prefix + "/")):
            path = path[len(prefix) :]
        environ["SCRIPT_NAME"], environ["PATH_INFO"] = prefix, path or "/"
        try:
            is_plain = "//" not in path and path.encode("latin-1").decode().isprintable()
        except UnicodeError:
            is_plain = False
        if not is_plain:
            raise NotFound("There is nothing at this path.", code="path_not_found")

    def _ensure_host(self, environ: Environ) -> None:
        host = environ.get("HTTP_HOST", "")
        if not _HOST.fullmatch(host):
            raise BadRequest("The Host header names no host.", code="host_invalid")
        # A stranger's name leads to Home Assistant then, which lets in nobody whom it did not sign in under its own.
        if INGRESS not in environ and not self._core.is_host_allowed(host_name(host)):
            sentence = "This host name is not allowed; name it in SOUNDWAVE_ALLOWED_HOSTS."
            raise BadRequest(sentence, code="host_not_allowed")


def _is_in(address: str, networks: list[Network]) -> bool:
    peer = parse_address(address)
    return peer is not None and any(peer in network for network in networks)


def host_name(host: str) -> str:
    """The name without port and brackets, in lower case."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].rstrip(".").lower()


@lru_cache(256)
def is_local_name(name: str) -> bool:
    """IP literals, single labels, .local and .lan: names that no stranger's DNS can point at us."""
    return parse_address(name) is not None or "." not in name or name.endswith((".local", ".lan", ".localhost"))


def _last(environ: Environ, name: str) -> str | None:
    """The value that the nearest proxy wrote, where several did."""
    value = environ.get(name, "").split(",")[-1].strip()
    return value or None
