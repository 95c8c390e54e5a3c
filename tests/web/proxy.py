"""A small reverse proxy under a path prefix, as people put one in front: it strips the prefix and names it."""

from __future__ import annotations

import http.client
import http.server
import threading
from urllib.parse import urlsplit

HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "upgrade", "host"}


class PrefixProxy:
    """``with PrefixProxy(target, "/audio") as proxy``: ``proxy.url`` ends in the prefix and a slash."""

    def __init__(self, target: str, prefix: str) -> None:
        self.prefix = prefix
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _handler(urlsplit(target).netloc, prefix))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self.url = f"http://localhost:{self._server.server_address[1]}{prefix}/"

    def __enter__(self) -> PrefixProxy:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def _handler(target: str, prefix: str) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def _pass_on(self) -> None:
            if not self.path.startswith(prefix + "/"):
                self.send_error(404)
                return
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
            headers |= {
                "Host": target, "X-Forwarded-Prefix": prefix, "X-Forwarded-Host": self.headers["Host"],
                "X-Forwarded-Proto": "http", "X-Forwarded-For": self.client_address[0],
            }  # fmt: skip
            connection = http.client.HTTPConnection(target, timeout=60)
            connection.request(self.command, self.path[len(prefix) :], body or None, headers)
            self._answer(connection.getresponse())
            connection.close()

        def _answer(self, answer: http.client.HTTPResponse) -> None:
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in HOP_BY_HOP | {"server", "date"}:
                    self.send_header(name, value)
            self.end_headers()
            try:
                while block := answer.read(65536):
                    self.wfile.write(block)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = _pass_on

        def log_message(self, *arguments: object) -> None:
            """Quiet."""

    return Handler
