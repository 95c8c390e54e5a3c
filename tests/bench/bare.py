"""The yardstick: the least Bottle and waitress app that gives the same answers, from bytes made before.

waitress is set up as SoundWave's. No users, no database, no types, no headers beyond the needed: what
SoundWave can come near, and not beat.
"""

from __future__ import annotations

import socket
import sys
from pathlib import Path
from typing import Any

import bottle
import waitress


def make_app(folder: Path) -> bottle.Bottle:
    """``folder`` has ping, list and playlist as they are sent, and the audio file."""
    app = bottle.Bottle()
    bodies = {name: (folder / name).read_bytes() for name in ("ping", "list", "playlist")}

    def send(name: str) -> bytes:
        bottle.response.content_type = "application/json"
        return bodies[name]

    def stream(track: str) -> bottle.HTTPResponse:
        file = (folder / "audio").open("rb")
        size = (folder / "audio").stat().st_size
        return bottle.HTTPResponse(file, Content_Type="audio/mpeg", Content_Length=str(size))

    routes: dict[str, Any] = {
        "/api/ping/": lambda: send("ping"),
        "/api/audio/": lambda: send("list"),
        "/api/playlist/<playlist>/": lambda playlist: send("playlist"),
        "/api/audio/<track>/stream/": stream,
    }
    for rule, handler in routes.items():
        app.get(rule, callback=handler)
    return app


if __name__ == "__main__":
    port, threads, folder = sys.argv[1:]
    server: Any = waitress.create_server(
        make_app(Path(folder)), host="127.0.0.1", port=int(port), threads=int(threads), asyncore_use_poll=True
    )
    send_buffer = (socket.SOL_SOCKET, socket.SO_SNDBUF, 128 * 1024)  # as SoundWave's: it is worth half the MB/s
    server.adj.socket_options = [*server.adj.socket_options, send_buffer]
    server.run()
