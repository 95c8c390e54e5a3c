"""Home Assistant's ingress as its browser and its add-on see it: Core and Supervisor in one small proxy.

After home-assistant/core, components/hassio/ingress.py, and home-assistant/supervisor, supervisor/api/ingress.py:
a cookie of its own decides who gets through; the prefix is stripped and told in X-Ingress-Path; Accept-Encoding is
dropped; answers lose the charset of their Content-Type; bodies under 4,194,000 bytes are read whole, larger ones
streamed without a length.
"""

from __future__ import annotations

import http.client
import http.server
import sys
import threading
from urllib.parse import urlsplit

ROOT = "/api/hassio_ingress/"
SESSION = "ingress_session=of-a-signed-in-user"
CORE = "172.30.32.1"  # as the Supervisor sees it
WHOLE_BYTES = 4_194_000
DROPPED = {"connection", "keep-alive", "transfer-encoding", "upgrade", "content-length", "accept-encoding"}
PAGE = """<!doctype html><html><head><title>Home</title><meta charset="utf-8"><link rel="icon" href="data:,"></head>
<body style="margin: 0">
<iframe title="SoundWave" src="{address}" style="width: 100vw; height: 100vh; border: 0"></iframe>
</body></html>"""


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser that hangs up is no error."""
        if not isinstance(sys.exception(), ConnectionError):
            raise


class Ingress:
    """``with Ingress(target, token) as ingress``: ``ingress.home`` shows the add-on in a frame, under ``token``."""

    def __init__(self, target: str, token: str) -> None:
        self.token = token
        self.asked: list[str] = []  # every path below the prefix, with its status: "206 api/audio/…"
        self.refused: list[str] = []  # what was asked past the prefix, or under another one
        self._server = _Server(("127.0.0.1", 0), _handler(self, urlsplit(target).netloc))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self.home = f"http://localhost:{self._server.server_address[1]}/"

    @property
    def prefix(self) -> str:
        return f"{ROOT}{self.token}"

    def __enter__(self) -> Ingress:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def _handler(ingress: Ingress, target: str) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if self.path == "/":
                self._show_home()
            elif not self.path.startswith(f"{ingress.prefix}/"):
                ingress.refused.append(self.path)
                self._send(503, [], b"")
            elif SESSION not in self.headers.get("Cookie", ""):
                self._send(401, [], b"")
            else:
                self._ask(self.path[len(ingress.prefix) :], body)

        def _show_home(self) -> None:
            cookie = ("Set-Cookie", f"{SESSION}; Path={ROOT}; SameSite=Strict")
            content_type = ("Content-Type", "text/html")
            self._send(200, [cookie, content_type], PAGE.format(address=f"{ingress.prefix}/").encode())

        def _ask(self, path: str, body: bytes) -> None:
            headers = {name: value for name, value in self.headers.items() if name.lower() not in DROPPED} | {
                "X-Ingress-Path": ingress.prefix, "X-Forwarded-Host": self.headers["Host"], "X-Forwarded-Proto": "http",
                "X-Forwarded-For": f"{self.client_address[0]}, {CORE}",
            }  # fmt: skip
            connection = http.client.HTTPConnection(target, timeout=60)
            connection.request(self.command, path, body or None, headers)
            answer = connection.getresponse()
            ingress.asked.append(f"{answer.status} {path.lstrip('/')}")
            kept = [(n, v) for n, v in answer.getheaders() if n.lower() not in DROPPED | {"server", "date"}]
            plain = [(n, v.partition(";")[0] if n.lower() == "content-type" else v) for n, v in kept]
            length = answer.getheader("Content-Length")
            has_body = self.command != "HEAD" and answer.status not in (204, 304)
            if has_body and (length is None or int(length) >= WHOLE_BYTES):
                self._stream(answer, plain)
            else:
                self._send(answer.status, plain, answer.read())
            connection.close()

        def _send(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
            self.send_response(status)
            for name, value in headers:
                self.send_header(name, value)
            if status not in (204, 304):
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self._write(body)

        def _stream(self, answer: http.client.HTTPResponse, headers: list[tuple[str, str]]) -> None:
            self.send_response(answer.status)
            for name, value in [*headers, ("Transfer-Encoding", "chunked")]:
                self.send_header(name, value)
            self.end_headers()
            while block := answer.read(65536):
                if not self._write(b"%x\r\n%s\r\n" % (len(block), block)):
                    return
            self._write(b"0\r\n\r\n")

        def _write(self, content: bytes) -> bool:
            """Whether the browser still wants it: a player that seeks closes what it was reading."""
            try:
                self.wfile.write(content)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True
            return not self.close_connection

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = _pass_on

        def log_message(self, *arguments: object) -> None:
            """Quiet."""

    return Handler
