"""Requests as no browser sends them: a target taken as it is, and other ways to write one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_to_bytes

from soundwave_core.testing import Client


@dataclass(slots=True)
class Crooked(Client):
    """What it is told to ask for becomes the path, dots, fragments and all."""

    def _environ(self, method: str, path: str, content: bytes, headers: dict[str, str]) -> dict[str, Any]:
        environ = Client._environ(self, method, "/", content, headers)
        target, _, environ["QUERY_STRING"] = path.partition("?")
        environ["PATH_INFO"] = unquote_to_bytes(target).decode("latin-1")
        return environ


def variants(path: str) -> list[str]:
    """Other ways to write a path, which some server or other has taken for it, or for a public one."""
    bare, last = path.rstrip("/"), path.rstrip("/").rpartition("/")[2]
    upper = path.upper() if path.upper() != path else path.title()
    encoded = "".join(f"%{ord(char):02x}" if char.isalpha() else char for char in path)
    written = [
        f"/{path}", f"//localhost{path}", path.replace("/", "//"), f"/.{path}", f"/..{path}", f"{path}./", f"{path}.",
        f"{path}../{last}/", f"/api/ping/..{path}", f"/api/ping/../..{path}", f"/static/..{path}",
        f"/static/../..{path}", f"/static/%2e%2e{path}", f"/static/..%2f..{path}", f"/login/..;{path}", f"/.;{path}",
        bare, f"{bare}.json", f"{bare};/", f"{bare};x=1/", f"{bare};/api/ping/", f"{bare}%3b/", f"{bare}%3f/",
        f"{path}%23/api/ping/", f"{path}#x", f"{path}#/api/ping/", f"{path}?/api/ping/", f"{path}?r=/api/ping/",
        f"{path}?%2fapi%2fping%2f", f"{path}%00", f"{bare}%00/", f"{path}%0a", f"{path}%0d%0aX:%20y", f"{path}%20",
        f"{path}%09", upper, encoded, encoded.replace("%", "%25"), path.replace("/", "%2f"),
        path.replace("/", "%252f"), path.replace("/", "%5c"), path.replace("/", "\\"), f"{bare}%2f", f"{bare}%c0%af",
        f"{bare}%ef%bc%8f", path.replace("a", "%ef%bd%81"), path.replace("i", "%c4%b1"), f"{bare}%e2%80%8b/",
        f"{path}%", f"{path}%zz", f"{path}%u0061", f"http://localhost{path}", f"http://x@localhost{path}",
    ]  # fmt: skip
    return [variant for variant in dict.fromkeys(written) if variant != path]
