"""A browser's worth of HTTP over a socket: one cookie jar, the CSRF token, and answers waited for."""

from __future__ import annotations

import hashlib
import http.client
import json
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any

PASSWORD = "correct horse battery"
PATIENCE_SECONDS = 120.0
BETWEEN_LOOKS_SECONDS = 0.1


@dataclass
class Visitor:
    """Somebody at one server. ``session`` can be taken along to the next server on the same data."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)
    csrf_token: str = ""

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """Status, and the body: decoded where it is JSON, else bytes."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        sent = {"Origin": f"http://127.0.0.1:{self.port}", **{k.replace("_", "-"): v for k, v in headers.items()}}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
            sent["SoundWave-CSRF"] = self.csrf_token
        if body is not None:
            sent["Content-Type"] = "application/json"
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None, sent)
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        for line in answer.headers.get_all("Set-Cookie") or []:
            self.cookies |= {name: morsel.value for name, morsel in SimpleCookie(line).items()}
        is_json = "json" in answer.headers.get_content_type()
        return answer.status, json.loads(content) if is_json and content else content

    def get(self, path: str, status: int = 200) -> Any:
        """The body of an answer that must have this status."""
        found, body = self.ask("GET", path)
        assert found == status, (path, found, body)
        return body

    def post(self, path: str, body: Any = None, status: int = 201) -> Any:
        """The same, for a write."""
        found, answer = self.ask("POST", path, body)
        assert found == status, (path, found, answer)
        return answer

    def list(self, path: str) -> list[Any]:
        """All results of a list, page after page."""
        found, next_path = [], f"{path}?limit=200"
        while next_path:
            page = self.get(next_path)
            found += page["results"]
            next_path = page["next"] and f"{path}?limit=200&cursor={page['next']}"
        return found

    def wait_until_up(self) -> None:
        """Until the server answers; for a container whose log already tells of an earlier start."""
        end, pause = time.monotonic() + PATIENCE_SECONDS, threading.Event()
        while True:
            with suppress(OSError, http.client.HTTPException):
                if self.ask("GET", "/api/ping/")[0] == 200:
                    return
            assert time.monotonic() < end, "the server never answered"
            pause.wait(BETWEEN_LOOKS_SECONDS)

    def come_in(self, answer: Any) -> None:
        """Keep the token of a login or a registration."""
        self.csrf_token = answer["csrf_token"]

    def set_up(self, link: str) -> None:
        """Be the first admin."""
        code = link.partition("code=")[2].strip()
        wish = {"username": "alice", "password": PASSWORD, "setup_code": code}
        self.come_in(self.post("/api/user/register/", wish))

    def sign_in(self, username: str, password: str = PASSWORD, **more: Any) -> None:
        """With the password that everybody has here, if no other is given; ``more`` goes along."""
        wish = {"username": username, "password": password, "remember": True, **more}
        self.come_in(self.post("/api/user/login/", wish, 200))

    def wait_for_download(self, download_id: str, *states: str) -> Any:
        """The download, once it is in one of these states."""
        end, pause = time.monotonic() + PATIENCE_SECONDS, threading.Event()
        while (download := self.get(f"/api/playlist/downloads/{download_id}/"))["state"] not in states:
            assert time.monotonic() < end, f"the download stayed {download['state']}: {download}"
            pause.wait(BETWEEN_LOOKS_SECONDS)
        return download

    def tracks(self) -> dict[str, str]:
        """The SHA-256 of every track, as it is streamed, by title."""
        found = self.get("/api/audio/?limit=200")["results"]
        return {one["title"]: hashlib.sha256(self.get("/" + one["audio_url"].lstrip("/"))).hexdigest() for one in found}
