"""From an item to a finished file in the staging directory: bytes, form, picture, tags, hashes."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from .client import ERRORS, Client, checked_link
from .direct import DirectFetch, NotDirect
from .faults import Fault
from .images import BYTE_LIMIT, Picture, picture_of
from .listing import (
    artist_of,
    channel_of,
    hash_of_link,
    name_in,
    picture_link,
    published_at,
    title_of,
)
from .media import facts_of, hashes_of, keepable
from .messages import Fetched, FetchRequest, Item
from .tags import Tags, read_tags, write_tags
from .text import clean_line, clean_text
from .ytdlp import GENERIC, Extractors, Info, entry_key

OnBytes = Callable[[int, int | None], None]
_PICTURE_SECONDS = 30
_PICTURES_KEPT = 4
_WORTHLESS = frozenset(("no_audio", "damaged", "too_large", "quota_exceeded", "unsupported"))


@dataclass(frozen=True, slots=True)
class Got:
    """A downloaded file and what yt-dlp said about it (nothing for a direct one)."""

    path: Path
    info: Info


class Fetcher:
    """Fetches one item after another. ``ffmpeg``: its path."""

    def __init__(self, client: Client, extractors: Extractors, ffmpeg: str) -> None:
        self._client, self._extractors, self._ffmpeg = client, extractors, ffmpeg
        self._pictures: dict[str, Picture | None] = {}

    def fetch(self, request: FetchRequest, on_bytes: OnBytes) -> Fetched:
        """Raises Fault, and what an extractor lets slip. An unfinished file is kept then, to be resumed; one
        that is no sound, or is damaged, is not.
        """
        url = checked_link(request.url)
        staging = Path(request.staging)
        staging.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            return self._fetch(request, url, staging, on_bytes)
        except Fault as fault:
            if fault.code in _WORTHLESS:
                for path in staging.iterdir():
                    path.unlink()
            raise

    def _fetch(self, request: FetchRequest, url: str, staging: Path, on_bytes: OnBytes) -> Fetched:
        got = self._bytes(request, url, staging, on_bytes)
        size = got.path.stat().st_size
        path = keepable(got.path, self._ffmpeg, lambda: on_bytes(size, size))
        if not request.options.has_room_for(path.stat().st_size):
            raise Fault("quota_exceeded")
        facts = facts_of(path)
        item = request.item or Item(url=url)
        embedded = read_tags(path)
        picture = self._picture(item, got.info) or embedded.cover
        tags = _wanted_tags(item, got.info, embedded, url)
        write_tags(path, replace(tags, cover=picture))
        artwork = picture.save(staging) if picture is not None else None
        return Fetched(
            id=request.id,
            file=path.name,
            title=tags.title or "Untitled",
            artist=tags.artist,
            album=tags.album,
            artwork=artwork,
            **_described(item, got.info, url),
            **asdict(facts),
            **asdict(hashes_of(path)),
        )

    def _bytes(self, request: FetchRequest, url: str, staging: Path, on_bytes: OnBytes) -> Got:
        """Without yt-dlp where that will do; with it for pages, playlists of segments and known sites."""
        item = request.item
        is_enclosure = item is not None and item.media_type is not None
        if is_enclosure or not self._extractors.is_named(url):
            try:
                direct = DirectFetch(self._client, url, staging, request.options, on_bytes)
                return Got(direct.run(), {})
            except NotDirect as other:
                if is_enclosure and not other.is_playlist:
                    raise Fault("no_audio") from other
        info = self._extractors.fetch(url, staging, request.options, on_bytes)
        return Got(Path(info["filepath"]), info)

    def _picture(self, item: Item, info: Info) -> Picture | None:
        """The item's own picture; a picture that cannot be had does not fail the item."""
        for link in dict.fromkeys((item.artwork_url, picture_link(info))):
            if link:
                picture = self._picture_at(link)
                if picture is not None:
                    return picture
        return None

    def _picture_at(self, link: str) -> Picture | None:
        """The episodes of a feed share their cover, so the last few are remembered."""
        if link not in self._pictures:
            try:
                with self._client.open(link) as reply:
                    picture = picture_of(reply.read_all(BYTE_LIMIT))
            except ERRORS:
                return None
            while len(self._pictures) >= _PICTURES_KEPT:
                del self._pictures[next(iter(self._pictures))]
            self._pictures[link] = None if picture is None else self._as_jpeg(picture)
        return self._pictures[link]

    def _as_jpeg(self, picture: Picture) -> Picture:
        """WebP as JPEG: neither M4A's tags nor older players take it. Where that fails it stays."""
        if picture.mime != "image/webp":
            return picture
        command = [self._ffmpeg, "-v", "error", "-nostdin", "-f", "webp_pipe", "-i", "pipe:0"]
        command += ["-frames:v", "1", "-q:v", "3", "-f", "mjpeg", "pipe:1"]
        try:
            done = subprocess.run(
                command, input=picture.data, capture_output=True, timeout=_PICTURE_SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            return picture
        return picture_of(done.stdout) or picture


def _wanted_tags(item: Item, info: Info, embedded: Tags, url: str) -> Tags:
    """The feed's or the site's words first. A bare file's own tags are better than its name."""
    is_bare = item.extractor == GENERIC and not info
    given = None if is_bare else item.title or title_of(info)
    title = given or embedded.title or item.title or clean_line(name_in(url))
    series = item.channel if item.extractor == "feed" else None
    album = clean_line(info.get("album")) or embedded.album or series
    return Tags(title, item.artist or artist_of(info) or embedded.artist, album)


def _described(item: Item, info: Info, url: str) -> dict[str, Any]:
    """Where it is from, in Fetched's words. What the listing said identifies it, where there was one."""
    key = entry_key(info) if info else GENERIC
    own_id = str(info.get("id") or "")[:200] if key != GENERIC else ""
    return {
        "extractor": item.extractor if item.source_id else key,
        "source_id": item.source_id or own_id or hash_of_link(url),
        "source_url": url,
        "channel": item.channel or channel_of(info),
        "description": clean_text(info.get("description")) or item.description,
        "published_at": item.published_at or published_at(info),
    }
