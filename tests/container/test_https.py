"""HTTPS as compose.https.yaml has it: a real Caddy in front, an authority that it made, and a browser that trusts it.

The proxy's image is made here from Debian's own Caddy, under the name that compose.https.yaml asks for.
"""

from __future__ import annotations

import http.client
import os
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from container.engine import Engine
from container.legacy import furnish, password_of
from container.shell import Shell
from container.visitor import BETWEEN_LOOKS_SECONDS, PATIENCE_SECONDS, Visitor
from playwright.sync_api import Page, expect, sync_playwright
from web.conftest import FLAGS, executable

pytestmark = [pytest.mark.rebuild, pytest.mark.xdist_group("rebuild")]

NAME = "music.home.arpa"
PORT = 8889
BOTH = "docker compose -f docker/compose.yaml -f docker/compose.https.yaml"
CADDY = "docker.io/library/caddy:2"
# As the real one: which file it reads, and where it keeps what.
CADDY_IMAGE = """FROM debian:trixie-slim
RUN apt-get update && apt-get install -y --no-install-recommends caddy ca-certificates
ENV XDG_CONFIG_HOME=/config XDG_DATA_HOME=/data
CMD ["caddy", "run", "--config", "/etc/caddy/Caddyfile", "--adapter", "caddyfile"]
"""
OWN = """services:
  https:
    volumes:
      - ./certs:/certs:ro
"""
# A part of the first track whose file is there, asked for as a player does.
PART = """async () => {
    const tracks = (await (await fetch("/api/audio/?limit=200")).json()).results;
    for (const track of tracks) {
        const path = "/" + track.audio_url.replace(/^\\//, "");
        const answer = await fetch(path, { headers: { Range: "bytes=10-99" } });
        const size = (await answer.arrayBuffer()).byteLength;
        if (answer.status !== 410) return [answer.status, answer.headers.get("Content-Range"), size];
    }
}"""


@pytest.fixture(scope="session")
def caddy(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("caddy")
    (folder / "Dockerfile").write_text(CADDY_IMAGE)
    engine.run("build", *engine.build_arguments(), "--tag", CADDY, str(folder))


def ask(certificate: Path, path: str = "/api/ping/") -> tuple[int, http.client.HTTPMessage]:
    """Over TLS, trusting this authority alone; the host name must be in the certificate."""
    context = ssl.create_default_context(cafile=str(certificate))
    plain = socket.create_connection(("127.0.0.1", 443), timeout=30)
    with plain, context.wrap_socket(plain, server_hostname=NAME) as secure:
        connection = http.client.HTTPSConnection(NAME)
        connection.sock = secure
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        return answer.status, answer.headers


def wait_until_up(certificate: Path) -> http.client.HTTPMessage:
    """Until the proxy has its certificate and the server answers through it; the headers of a page."""
    end, pause = time.monotonic() + PATIENCE_SECONDS, threading.Event()
    while True:
        with suppress(OSError, http.client.HTTPException):  # ssl's errors are OSErrors
            status, headers = ask(certificate, "/login/")
            if status == 200:
                return headers
        assert time.monotonic() < end, "nobody answers over https"
        pause.wait(BETWEEN_LOOKS_SECONDS)


@contextmanager
def browsing(certificate: Path, home: Path) -> Iterator[Page]:
    """A page of a Chromium that trusts this authority as a person's does: by the certificates in its home."""
    store = home / ".pki" / "nssdb"
    store.mkdir(parents=True)
    for arguments in (["-N", "--empty-password"], ["-A", "-t", "C,,", "-n", "soundwave", "-i", str(certificate)]):
        subprocess.run(["certutil", "-d", f"sql:{store}", *arguments], check=True, capture_output=True)
    flags = [flag for flag in FLAGS if not flag.startswith("--host-resolver-rules")]
    flags.append(f"--host-resolver-rules=MAP {NAME} 127.0.0.1")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable(), args=flags, env=os.environ | {"HOME": str(home)}
        )
        yield browser.new_page()
        browser.close()


@pytest.mark.usefixtures("caddy", "image")
def test_the_app_is_whole_over_https(shell: Shell, tmp_path: Path) -> None:
    furnish(shell.folder / "data", shell.folder / "audio")
    (shell.folder / "cache").mkdir()
    [block] = shell.blocks("HTTPS")
    *up, copy = block.splitlines()
    shell.type("\n".join(up))
    Visitor(PORT).wait_until_up()  # and Caddy has made its authority by then
    shell.type(copy)
    authority = shell.folder / "soundwave-ca.crt"
    headers = wait_until_up(authority)
    assert headers["Strict-Transport-Security"] == "max-age=31536000"  # docker/README.md says what this means
    assert "caddy" in headers["Server"].lower()

    with browsing(authority, tmp_path / "home") as page:
        page.goto(f"http://{NAME}/login/")
        assert page.url == f"https://{NAME}/login/"
        page.get_by_label("User name").fill("bob")
        page.get_by_label("Password").fill(password_of("bob"))
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("heading", name="Library", level=1)).to_be_visible()
        cookies = {cookie["name"]: cookie["secure"] for cookie in page.context.cookies()}
        assert "__Host-soundwave_session" in cookies
        assert all(name.startswith("__Host-") and is_secure for name, is_secure in cookies.items())
        worker = page.evaluate("navigator.serviceWorker.ready.then((found) => found.active.scriptURL)")
        assert worker == f"https://{NAME}/service-worker.js"
        status, part, size = page.evaluate(PART)
        assert (status, size) == (206, 90)
        assert part.startswith("bytes 10-99/")


@pytest.mark.usefixtures("caddy", "image")
def test_a_certificate_of_ones_own(shell: Shell, tmp_path: Path) -> None:
    """The third line of the table in docker/README.md."""
    for name in ("audio", "cache", "data"):
        (shell.folder / name).mkdir(exist_ok=True)
    certs = shell.folder / "docker" / "certs"
    certs.mkdir()
    subject = ["-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}"]
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
         "-keyout", str(certs / "key.pem"), "-out", str(certs / "cert.pem"), *subject],
        check=True, capture_output=True,
    )  # fmt: skip
    (shell.folder / "docker" / ".env").write_text(
        f"SOUNDWAVE_DOMAIN={NAME}\nSOUNDWAVE_TLS=/certs/cert.pem /certs/key.pem\n"
    )
    (shell.folder / "docker" / "compose.own.yaml").write_text(OWN)
    shell.type(f"{BOTH} -f docker/compose.own.yaml up -d")
    wait_until_up(certs / "cert.pem")
