"""A web site on a loopback port with everything that a download may meet, and a record of who asked what."""

from __future__ import annotations

import http.server
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape, quoteattr

from .media import Media

TYPES = {
    "mp3": "audio/mpeg",
    "m4a": "audio/mp4",
    "opus": "audio/ogg",
    "ogg": "audio/ogg",
    "flac": "audio/flac",
    "wav": "audio/wav",
    "webm": "audio/webm",
    "mp4": "video/mp4",
    "aac": "audio/aac",
    "ac3": "audio/ac3",
    "ts": "video/mp2t",
    "m3u8": "application/vnd.apple.mpegurl",
    "jpg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
    "json": "application/json",
}


@dataclass
class Hit:
    """One request, and how it was answered."""

    method: str
    path: str
    headers: Mapping[str, str]
    status: int = 0
    bytes_sent: int = 0

    @property
    def range(self) -> str | None:
        return self.headers.get("Range")


@dataclass
class Page:
    """What to answer. ``gate``: the second half waits for it. ``cut_at``: hang up after that many bytes.

    ``has_length``: whether it says how long it is; else it ends with the connection.
    """

    body: bytes
    content_type: str = "text/html; charset=utf-8"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    gate: threading.Event | None = None
    cut_at: int | None = None
    has_ranges: bool = True
    has_length: bool = True


@dataclass
class Episode:
    guid: str
    title: str
    enclosure: str
    image: str | None
    published: str
    duration: str = "0:04"
    description: str = "<p>About &amp; more</p>"


Handler = Callable[[Hit], Page]


class Site:
    """``url`` has no slash at its end. ``serve`` puts a page at a path; ``hits`` is the record.

    Files of ``media`` are under /media/; ``gate`` holds back the second half of /slow/<file> until it is
    set; /cut/<file> hangs up half way at the first time; /flaky/<n>/<file> answers 503 n times.
    """

    def __init__(self, media: Media, address: str = "127.0.0.1") -> None:
        self.media = media
        self.hits: list[Hit] = []
        self.gate = threading.Event()
        self.reached_gate = threading.Event()
        self.pages: dict[str, Page | Handler] = {}
        self.episodes: list[Episode] = []
        self._lock = threading.Lock()
        self._server = http.server.ThreadingHTTPServer((address, 0), _handler_of(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self.address, self.port = address, self._server.server_address[1]
        self.url = f"http://{address}:{self.port}"
        for _ in range(5):
            self.add_episode()
        self._serve_pages()
        self._thread.start()

    def close(self) -> None:
        self.gate.set()
        self._server.shutdown()
        self._server.server_close()

    def serve(self, path: str, page: Page | bytes | str | Handler, content_type: str | None = None) -> str:
        """Puts it there and gives its URL."""
        if isinstance(page, str):
            page = page.encode()
        if isinstance(page, bytes):
            page = Page(page, content_type or "text/html; charset=utf-8")
        self.pages[path] = page
        return self.url + path

    def redirect(self, path: str, target: str, status: int = 302) -> str:
        return self.serve(path, Page(b"", status=status, headers={"Location": target}))

    def add_episode(
        self,
        title: str | None = None,
        *,
        guid: str | None = None,
        enclosure: str | None = None,
        image: str | None = "/media/cover.jpg",
        at: int = 0,
    ) -> Episode:
        """A new one at the top of the feed, or at ``at``. Paths lead to this site."""
        number = len(self.episodes) + 1
        episode = Episode(
            guid=guid or f"episode-{number}",
            title=title or f"Episode {number}",
            enclosure=enclosure or f"/episodes/{number}.mp3",
            image=image,
            published=f"{1 + number % 28:02d} Jan 2026 06:00:00 +0000",
        )
        self.episodes.insert(at, episode)
        return episode

    def remove_episode(self, guid: str) -> None:
        self.episodes = [one for one in self.episodes if one.guid != guid]

    def reorder_episodes(self, *guids: str) -> None:
        self.episodes.sort(key=lambda one: guids.index(one.guid))

    def count(self, path: str) -> int:
        """How often this path was asked for."""
        with self._lock:
            return sum(urlsplit(hit.path).path == path for hit in self.hits)

    def record(self, hit: Hit) -> None:
        with self._lock:
            self.hits.append(hit)

    def page_for(self, hit: Hit) -> Page:
        """What lies at the path: a page that was put there, or one of the built-in ways to misbehave."""
        path = urlsplit(hit.path).path
        found = self.pages.get(path)
        if found is not None:
            return found(hit) if callable(found) else found
        kind, _, rest = path[1:].partition("/")
        built_in = getattr(self, f"_at_{kind}", None)
        return built_in(rest, hit) if built_in else Page(b"Not here.", "text/plain", 404)

    def file(self, name: str) -> Page:
        try:
            body = self.media.read(name)
        except OSError:
            return Page(b"Not here.", "text/plain", 404)
        kind = TYPES.get(name.rpartition(".")[2], "application/octet-stream")
        return Page(body, kind, headers={"ETag": f'"{len(body)}"'})

    def _at_media(self, rest: str, hit: Hit) -> Page:
        return self.file(rest)

    def _at_episodes(self, rest: str, hit: Hit) -> Page:
        """Each number is a file of its own: the tone with a few bytes of its number behind it."""
        page = self.file("tone.mp3")
        page.body += b"\0" * 8 + rest.encode()
        page.headers["ETag"] = f'"{rest}"'
        return page

    def _at_slow(self, rest: str, hit: Hit) -> Page:
        page = self.file(rest)
        page.gate = self.gate
        return page

    def _at_cut(self, rest: str, hit: Hit) -> Page:
        page = self.file(rest)
        if self.count(urlsplit(hit.path).path) == 1:
            page.cut_at = len(page.body) // 2
        return page

    def _at_flaky(self, rest: str, hit: Hit) -> Page:
        times, _, name = rest.partition("/")
        if self.count(urlsplit(hit.path).path) <= int(times):
            return Page(b"Busy.", "text/plain", 503, {"Retry-After": "7"})
        return self.file(name)

    def _at_status(self, rest: str, hit: Hit) -> Page:
        """/status/429?retry-after=120"""
        wait = parse_qs(urlsplit(hit.path).query).get("retry-after")
        return Page(b"No.", "text/plain", int(rest), {"Retry-After": wait[0]} if wait else {})

    def _at_redirect(self, rest: str, hit: Hit) -> Page:
        """/redirect/302?to=URL"""
        target = parse_qs(urlsplit(hit.path).query)["to"][0]
        return Page(b"", status=int(rest or 302), headers={"Location": target})

    def _serve_pages(self) -> None:
        self.pages["/feed.xml"] = lambda hit: Page(self.feed().encode(), "application/rss+xml; charset=utf-8")
        audio = '<audio controls><source src="/media/tone.mp3" type="audio/mpeg"></audio>'
        head = '<title>A page</title><meta property="og:image" content="/media/cover.png">'
        self.serve("/page.html", f"<html><head>{head}</head><body>{audio}</body></html>")
        self.serve("/empty.html", "<html><head><title>Words</title></head><body>Nothing here.</body></html>")
        self.serve("/data.json", b'{"not": "audio"}', "application/json")
        for name in ("hls", "aes"):
            self.serve(f"/{name}.m3u8", self.playlist(name), TYPES["m3u8"])

    def playlist(self, name: str = "hls", *, segment: str | None = None, key: str | None = None) -> bytes:
        """The HLS playlist with its own addresses, or with one strange segment or key."""
        text = self.media.read(f"{name}/list.m3u8").decode()
        text = re.sub(r"(?m)^(list\d+\.ts)$", rf"/media/{name}/\1", text)
        text = re.sub(r'URI="[^"]*"', f'URI="{key or f"/media/{name}/key.bin"}"', text)
        if segment is not None:
            text = text.replace(f"/media/{name}/list1.ts", segment)
        return text.encode()

    def feed(self) -> str:
        items = "".join(self._item(episode) for episode in self.episodes)
        return (
            '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" '
            'xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"><channel>'
            "<title>The Test Podcast</title><description>Tones, weekly.</description>"
            "<itunes:author>Sine Waves</itunes:author>"
            f'<itunes:image href="{self.url}/media/cover.png"/>{items}</channel></rss>'
        )

    def _item(self, one: Episode) -> str:
        enclosure = one.enclosure if "://" in one.enclosure else self.url + one.enclosure
        image = one.image if one.image is None or "://" in one.image else self.url + one.image
        return (
            f'<item><title>{escape(one.title)}</title><guid isPermaLink="false">{escape(one.guid)}</guid>'
            f"<pubDate>{one.published}</pubDate><itunes:duration>{one.duration}</itunes:duration>"
            f"<description>{escape(one.description)}</description><enclosure url={quoteattr(enclosure)} "
            f'length="1000" type="audio/mpeg"/>'
            + (f"<itunes:image href={quoteattr(image)}/>" if image else "")
            + "</item>"
        )


def _handler_of(site: Site) -> type[http.server.BaseHTTPRequestHandler]:
    class RequestHandler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            hit = Hit(self.command, self.path, dict(self.headers.items()))
            site.record(hit)
            _answer(self, hit, site.page_for(hit), site)

        do_HEAD = do_POST = do_GET

        def log_message(self, *arguments: object) -> None:
            pass

    return RequestHandler


def _answer(handler: http.server.BaseHTTPRequestHandler, hit: Hit, page: Page, site: Site) -> None:
    body, status, headers = page.body, page.status, dict(page.headers)
    wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", hit.range or "")
    condition = hit.headers.get("If-Range")
    is_same = condition is None or condition == headers.get("ETag")
    if wanted and status == 200 and page.has_ranges and is_same and int(wanted[1]) < len(body):
        first, last = int(wanted[1]), int(wanted[2] or len(body) - 1)
        headers["Content-Range"] = f"bytes {first}-{last}/{len(body)}"
        body, status = body[first : last + 1], 206
    hit.status = status
    handler.send_response(status)
    headers = {"Content-Type": page.content_type, **headers}
    headers |= {"Content-Length": str(len(body))} if page.has_length else {"Connection": "close"}
    for name, value in headers.items():
        handler.send_header(name, value)
    handler.end_headers()
    if handler.command == "HEAD":
        return
    try:
        _send(handler, hit, page, body, site)
    except OSError:
        handler.close_connection = True


def _send(handler: http.server.BaseHTTPRequestHandler, hit: Hit, page: Page, body: bytes, site: Site) -> None:
    stop = page.cut_at if page.cut_at is not None else len(body)
    half = stop // 2 if page.gate is not None else stop
    for part in (body[:half], body[half:stop]):
        if part and part is not body[:half] and page.gate is not None and hit.bytes_sent:
            site.reached_gate.set()
            page.gate.wait(60)
        handler.wfile.write(part)
        handler.wfile.flush()
        hit.bytes_sent += len(part)
    if stop < len(body):
        handler.close_connection = True
        handler.connection.close()
