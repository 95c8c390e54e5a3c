"""From a link to the things that can be fetched: one, a list, or a feed."""

from __future__ import annotations

from hashlib import sha256
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

import msgspec

from .client import Client, checked_link
from .faults import Fault
from .feeds import BYTE_LIMIT, feed_in_page, looks_like_feed, parse_feed
from .media import HEAD_BYTES, container_of
from .messages import LONGEST_DESCRIPTION, Item, Resolved, ResolveRequest
from .text import clean_line, clean_text, plain_text, stamp_of_epoch
from .ytdlp import GENERIC, Extractors, Info, entry_key, is_audible

_GONE_TITLES = frozenset(("[Private video]", "[Deleted video]"))  # YouTube's placeholders in a list


def hash_of_link(url: str) -> str:
    """The source id of a link that has none: 32 hexadecimal characters."""
    return sha256(url.encode("utf-8", "replace")).hexdigest()[:32]


def resolve(request: ResolveRequest, client: Client, extractors: Extractors) -> Resolved:
    """Raises Fault, and what an extractor lets slip."""
    url = checked_link(request.url)
    feed_link = None
    if not extractors.is_named(url):
        found = _look(request, client, url)
        if isinstance(found, Resolved):
            return found
        feed_link = found
    try:
        info = extractors.list(url, request.limit + 1, request.options.ytdlp)
    except Fault as fault:
        if feed_link is None or fault.code != "no_audio":
            raise
        return _feed_behind_page(request, client, feed_link)
    return _listed(request, info, url) if "entries" in info else _alone(request, info, url)


def _look(request: ResolveRequest, client: Client, url: str) -> Resolved | str | None:
    """What the first bytes say: a feed, a media file, or a page for yt-dlp (and the feed it points at)."""
    with client.open(url) as reply:
        head = reply.peek(HEAD_BYTES)
        if looks_like_feed(head):
            return _feed(request, reply.read_all(BYTE_LIMIT), url)
        if container_of(head) is None:
            link = feed_in_page(head)
            return urljoin(reply.url, link) if link else None
        item = Item(url=url, source_id=hash_of_link(url), title=name_in(reply.url) or name_in(url))
        return Resolved(id=request.id, kind="single", title=item.title, items=[item])


def _feed_behind_page(request: ResolveRequest, client: Client, link: str) -> Resolved:
    """A podcast's web page stands for its feed; a blog's, which has no sound, does not."""
    with client.open(link) as reply:
        found = _feed(request, reply.read_all(BYTE_LIMIT), link)
    if not any(item.media_type for item in found.items):
        raise Fault("no_audio")
    return found


def _feed(request: ResolveRequest, data: bytes, url: str) -> Resolved:
    feed = parse_feed(data, url)
    return Resolved(
        id=request.id,
        kind="feed",
        title=feed.title,
        description=feed.description,
        artwork_url=feed.artwork_url,
        items=feed.items[: request.limit],
        is_cut=len(feed.items) > request.limit,
    )


def _listed(request: ResolveRequest, info: Info, url: str) -> Resolved:
    found = (_item_of(entry, {url, str(info.get("webpage_url"))}) for entry in info["entries"])
    entries = [item for item in found if item is not None]
    items = list({(item.extractor, item.source_id): item for item in entries}.values())
    if not items and info["entries"]:
        raise Fault("no_audio")
    return Resolved(
        id=request.id,
        kind="list",
        title=clean_line(info.get("title")),
        description=plain_text(info.get("description"), LONGEST_DESCRIPTION),
        artwork_url=picture_link(info),
        items=items[: request.limit],
        is_cut=len(info["entries"]) > request.limit,
    )


def _alone(request: ResolveRequest, info: Info, url: str) -> Resolved:
    key = entry_key(info)
    own_id = str(info.get("id") or "") if key != GENERIC else ""
    item = _described(info, url=url, extractor=key, source_id=own_id or hash_of_link(url))
    if key == GENERIC and item.title:  # yt-dlp numbers what it finds in a page, the only one too
        item = msgspec.structs.replace(item, title=item.title.removesuffix(" (1)"))
    return Resolved(
        id=request.id,
        kind="single",
        title=item.title,
        description=item.description,
        artwork_url=item.artwork_url,
        items=[item],
    )


def _item_of(entry: Info, pages: set[str]) -> Item | None:
    """An entry of a list: a link to open later, or a file that one of the list's own pages holds."""
    if entry.get("title") in _GONE_TITLES:
        return None
    link = entry.get("url")
    key = entry_key(entry)
    formats = [one for one in entry.get("formats") or () if is_audible(one) and one.get("url")]
    if formats:
        own_page = str(entry.get("webpage_url") or "")
        is_shared = key == GENERIC or not own_page or own_page in pages
        link = formats[-1]["url"] if is_shared else own_page
    try:
        url = checked_link(str(link or ""))
    except Fault:
        return None
    own_id = str(entry.get("id") or "") if key != GENERIC else ""
    return _described(entry, url=url, extractor=key, source_id=own_id or hash_of_link(url))


def _described(info: Info, *, url: str, extractor: str, source_id: str) -> Item:
    return Item(
        url=url,
        extractor=extractor,
        source_id=source_id[:200],
        title=title_of(info),
        artist=artist_of(info),
        channel=channel_of(info),
        duration_seconds=_seconds(info.get("duration")),
        published_at=published_at(info),
        artwork_url=picture_link(info),
        description=clean_text(info.get("description"), LONGEST_DESCRIPTION),
    )


def title_of(info: Info) -> str | None:
    """What a site calls the item."""
    return clean_line(info.get("track")) or clean_line(info.get("title"))


def artist_of(info: Info) -> str | None:
    """Who made it, where the site says so; else who published it."""
    artists = info.get("artists")
    named = ", ".join(str(artist) for artist in artists) if isinstance(artists, list) else info.get("artist")
    return clean_line(named) or clean_line(info.get("creator")) or channel_of(info)


def channel_of(info: Info) -> str | None:
    """Who a site says published the item."""
    return clean_line(info.get("channel")) or clean_line(info.get("uploader"))


def published_at(info: Info) -> str | None:
    """The exact moment, else the day as midnight UTC."""
    stamp = stamp_of_epoch(info.get("release_timestamp")) or stamp_of_epoch(info.get("timestamp"))
    day = str(info.get("upload_date") or info.get("release_date") or "")
    if stamp is None and len(day) == 8 and day.isdigit():
        stamp = f"{day[:4]}-{day[4:6]}-{day[6:]}T00:00:00.000Z"
    return stamp


def picture_link(info: Info) -> str | None:
    """The best picture; a JPEG or PNG before a WebP of the same rank, as fewer players show that."""
    pictures = [p for p in info.get("thumbnails") or [] if isinstance(p, dict) and p.get("url")]
    ranked = sorted(enumerate(pictures), key=lambda pair: _picture_rank(*pair))
    named = [str(picture["url"]) for _, picture in ranked] or [str(info.get("thumbnail") or "")]
    page = str(info.get("webpage_url") or "")
    links = [urljoin(page, link) for link in named if link]
    return next((link for link in reversed(links) if link.startswith(("http://", "https://"))), None)


def _picture_rank(at: int, picture: dict[str, Any]) -> tuple[int, int, int]:
    area = int(picture.get("width") or 0) * int(picture.get("height") or 0)
    is_webp = ".webp" in str(picture["url"])
    return min(area, 1_000_000), 0 if is_webp else 1, at


def _seconds(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if value > 0 else None


def name_in(url: str) -> str | None:
    """``A%20song.mp3`` at the end of a link as ``A song``."""
    return clean_line(PurePosixPath(unquote(urlsplit(url).path)).stem.replace("_", " "))
