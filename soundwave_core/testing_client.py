"""A browser's worth of HTTP for tests, without a socket; its answers are checked against their types."""

from __future__ import annotations

import gzip
import io
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

import msgspec

from .app import SoundWave
from .front import Environ
from .records import FileAnswer, Raw

PASSWORD = "correct horse battery"


class AnswerHeaders(dict[str, str]):
    """An answer's headers, by any case."""

    def __init__(self, sent: list[tuple[str, str]]) -> None:
        super().__init__((name.lower(), value) for name, value in sent)

    def __getitem__(self, name: str) -> str:
        return super().__getitem__(name.lower())

    def get(self, name: str, default: Any = None) -> Any:
        """The header, or ``default`` where it was not sent."""
        return super().get(name.lower(), default)


@dataclass(frozen=True, slots=True)
class ClientAnswer:
    """What came back. ``json`` was decoded strictly with the route's answer type."""

    status: int
    headers: AnswerHeaders
    body: bytes
    json: Any = None


@dataclass(slots=True)
class Client:
    """A browser's worth of HTTP without a socket: keeps cookies, sends Origin and the CSRF token."""

    core: SoundWave
    base: str = "http://localhost:8889"
    address: str = "127.0.0.1"
    cookies: dict[str, str] = field(default_factory=dict)
    csrf_token: str | None = None
    user_id: str = ""

    def get(self, path: str, **headers: str) -> ClientAnswer:
        """``client.get("/api/audio/", If_None_Match=etag)``."""
        return self.request("GET", path, headers=headers)

    def head(self, path: str, **headers: str) -> ClientAnswer:
        """The same without a body."""
        return self.request("HEAD", path, headers=headers)

    def post(self, path: str, json: Any = None, **headers: str) -> ClientAnswer:
        """Send ``json`` as the body; without it the body is empty."""
        return self.request("POST", path, json=json, headers=headers)

    def put(self, path: str, json: Any = None, **headers: str) -> ClientAnswer:
        """Send ``json`` as the body."""
        return self.request("PUT", path, json=json, headers=headers)

    def patch(self, path: str, json: Any = None, **headers: str) -> ClientAnswer:
        """Send ``json`` as the body."""
        return self.request("PATCH", path, json=json, headers=headers)

    def delete(self, path: str, **headers: str) -> ClientAnswer:
        """Send no body."""
        return self.request("DELETE", path, headers=headers)

    def request(
        self, method: str, path: str, *, json: Any = None, body: bytes | None = None, headers: Any = None
    ) -> ClientAnswer:
        """One request; header names are written with ``_`` for ``-``. A JSON answer is checked against its type."""
        content = msgspec.json.encode(json) if json is not None else body or b""
        environ = self._environ(method, path, content, dict(headers or {}))
        captured: list[Any] = []

        def start_response(status: str, sent: list[tuple[str, str]], *rest: Any) -> None:
            captured[:] = [int(status.split()[0]), sent]

        result = self.core.wsgi()(environ, start_response)
        try:
            received = b"".join(result)
        finally:
            getattr(result, "close", lambda: None)()
        status, sent = captured
        self._keep_cookies(sent)
        answered = AnswerHeaders(sent)
        return ClientAnswer(status, answered, received, _decode(environ, answered, received))

    def _environ(self, method: str, path: str, content: bytes, headers: dict[str, str]) -> Environ:
        parts, base = urlsplit(path), urlsplit(self.base)
        sent = {"Host": base.netloc}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if method not in ("GET", "HEAD", "OPTIONS"):
            sent |= {"Origin": f"{base.scheme}://{base.netloc}"}
            sent |= {"Content-Type": "application/json"} if content else {}
            sent |= {"SoundWave-CSRF": self.csrf_token} if self.csrf_token else {}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        environ: Environ = {
            "REQUEST_METHOD": method, "QUERY_STRING": parts.query,
            "PATH_INFO": unquote_to_bytes(parts.path).decode("latin-1"),
            "SCRIPT_NAME": "", "SERVER_NAME": base.hostname or "", "SERVER_PORT": str(base.port or 80),
            "SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": self.address, "wsgi.version": (1, 0),
            "wsgi.url_scheme": base.scheme, "wsgi.input": io.BytesIO(content), "wsgi.errors": io.StringIO(),
            "wsgi.multithread": True, "wsgi.multiprocess": False, "wsgi.run_once": False,
            "CONTENT_LENGTH": str(len(content)),
        }  # fmt: skip
        for name, value in sent.items():
            key = name.upper().replace("-", "_")
            environ[key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"] = value
        return environ

    def _keep_cookies(self, sent: list[tuple[str, str]]) -> None:
        for name, line in sent:
            if name.lower() == "set-cookie":
                key, _, value = line.split(";")[0].partition("=")
                if not value or "Max-Age=0" in line:
                    self.cookies.pop(key, None)
                else:
                    self.cookies[key] = value

    def sign_in(self, username: str, password: str = PASSWORD) -> ClientAnswer:
        """Log in and keep the session's cookie and token."""
        return self._signed_in(self.post("/api/user/login/", {"username": username, "password": password}))

    def register(self, username: str, password: str = PASSWORD, **codes: str) -> ClientAnswer:
        """Make an account with a ``setup_code`` or an ``invite_code``, and stay signed in to it."""
        return self._signed_in(self.post("/api/user/register/", codes | {"username": username, "password": password}))

    def _signed_in(self, answer: ClientAnswer) -> ClientAnswer:
        if answer.status < 300:
            self.csrf_token, self.user_id = answer.json.csrf_token, answer.json.user.id
        return answer


def _decode(environ: Environ, headers: AnswerHeaders, body: bytes) -> Any:
    if headers.get("Content-Encoding") == "gzip":
        body = gzip.decompress(body)
    kind = headers.get("Content-Type", "").partition(";")[0] if body else ""
    if kind == "application/problem+json":
        return msgspec.json.decode(body)
    if kind != "application/json":
        return None
    route = environ.get("soundwave.route")
    answer = route.answer if route is not None else None
    if answer is FileAnswer:  # a file that happens to be JSON
        return None
    assert answer not in (None, Raw), f"{environ['PATH_INFO']} answers JSON without a type"
    decoded = msgspec.json.decode(body, type=answer)
    extra = _unknown(msgspec.json.decode(body), msgspec.to_builtins(decoded))
    assert not extra, f"{environ['PATH_INFO']} sends fields that its type does not have: {extra}"
    return decoded


def _unknown(sent: Any, typed: Any, path: str = "$") -> list[str]:
    """The names in ``sent`` that its type lost."""
    if isinstance(sent, dict) and isinstance(typed, dict):
        lost = [f"{path}.{name}" for name in sent if name not in typed]
        return lost + [x for n, v in sent.items() if n in typed for x in _unknown(v, typed[n], f"{path}.{n}")]
    if isinstance(sent, list) and isinstance(typed, list):
        return [x for a, b in zip(sent, typed, strict=True) for x in _unknown(a, b, f"{path}[]")]
    return []
