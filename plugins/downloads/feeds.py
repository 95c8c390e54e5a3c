"""RSS, Atom and podcast feeds, read by us: yt-dlp drops an episode's guid and picture.

An episode is known by its feed and its guid, so it stays the same when its file moves to another host.
"""

from __future__ import annotations

import html
import re
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from hashlib import sha256
from urllib.parse import urljoin, urlsplit

from .faults import Fault
from .messages import LONGEST_DESCRIPTION, Item
from .text import clean_line, plain_text, to_stamp

BYTE_LIMIT = 30 * 1024 * 1024
_LEAD = re.compile(
    rb"(?:\xef\xbb\xbf)?(?:\s|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^\[>]*>)*<(\w+:)?(rss|feed|RDF)[\s>]",
    re.DOTALL | re.IGNORECASE,
)
_BARE_AMPERSAND = re.compile(r"&(?!(?:#\d+|#x[0-9a-fA-F]+|\w+);)")
_LINK = re.compile(r"<link\s[^>]{1,2000}>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""([\w-]+)\s*=\s*(["'])(.*?)\2""", re.DOTALL)
_NAMED = re.compile(r"&(?!(?:amp|lt|gt|quot|apos);)(\w+);")
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_MEDIA = re.compile(r"\.(mp3|m4a|m4b|aac|ogg|oga|opus|flac|wav|mp4|m4v|mov|webm)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed as it was read: what it says of itself, and its items in its order."""

    title: str | None
    description: str | None
    artwork_url: str | None
    items: list[Item]


def looks_like_feed(head: bytes) -> bool:
    """Whether these first bytes begin an RSS, RDF or Atom document."""
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        head = head.decode("utf-16", "ignore").encode()
    return _LEAD.match(head) is not None


def feed_in_page(head: bytes) -> str | None:
    """The feed that a web page names in its head (the autodiscovery that browsers and readers know)."""
    for link in _LINK.findall(head.decode("utf-8", "replace")):
        given = {name.lower(): value for name, _, value in _ATTRIBUTE.findall(link)}
        if given.get("type", "").lower() in ("application/rss+xml", "application/atom+xml"):
            return html.unescape(given.get("href", "")).strip() or None
    return None


def parse_feed(data: bytes, url: str) -> Feed:
    """The episodes in the order of the feed. ``url``: as it was asked for, part of each one's identity.

    Raises Fault(damaged) where it cannot be read.
    """
    root = _parse(data)
    channel = next((e for e in root.iter() if _name(e) == "channel"), root)
    entries = [e for e in root.iter() if _name(e) in ("item", "entry")]
    guids = Counter(_guid(entry) for entry in entries)
    title = clean_line(_text(channel, "title"))
    artist = clean_line(_text(channel, "itunes:author") or _author(channel))
    feed = _Context(url, title, artist, _image(channel, url), guids)
    found = (_item(entry, feed) for entry in entries)
    items = {item.source_id: item for item in reversed([i for i in found if i is not None])}
    about = _text(channel, "description") or _text(channel, "itunes:summary") or _text(channel, "subtitle")
    return Feed(title, plain_text(about, LONGEST_DESCRIPTION), feed.artwork_url, list(reversed(items.values())))


@dataclass(frozen=True, slots=True)
class _Context:
    url: str
    title: str | None
    artist: str | None
    artwork_url: str | None
    guids: Counter[str]


def _parse(data: bytes) -> ET.Element:
    """A second reading repairs what feeds get wrong most: bare ampersands, HTML's entities, stray bytes."""
    if re.search(rb"<!ENTITY", data[:100_000], re.IGNORECASE):
        raise Fault("damaged", "The feed defines entities of its own, which is not accepted.")
    try:
        return ET.fromstring(data)
    except (ET.ParseError, ValueError, LookupError):
        pass
    text = data.decode("utf-8", "replace").lstrip("\ufeff \r\n\t")
    text = re.sub(r"^<\?xml[^>]*\?>", "", text)
    text = _NAMED.sub(lambda m: _BARE_AMPERSAND.sub("&amp;", html.unescape(m.group(0))), text)
    text = _BARE_AMPERSAND.sub("&amp;", _NOT_XML.sub("", text))
    try:
        return ET.fromstring(text)
    except (ET.ParseError, ValueError) as error:
        raise Fault("damaged", "The feed is not readable.") from error


_PREFIXES = (
    ("itunes.com/dtds", "itunes:"),
    ("search.yahoo.com/mrss", "media:"),
    ("purl.org/rss/1.0/modules/content", "content:"),
    ("purl.org/dc/elements", "dc:"),
)


def _name(element: ET.Element) -> str:
    """The tag with the usual prefix of its namespace, whatever the feed calls it."""
    tag = element.tag if isinstance(element.tag, str) else ""
    space, _, local = tag[1:].rpartition("}") if tag.startswith("{") else ("", "", tag)
    prefix = next((short for part, short in _PREFIXES if part in space.lower()), "")
    return prefix + local


def _children(element: ET.Element, name: str) -> Iterator[ET.Element]:
    return (child for child in element if _name(child) == name)


def _text(element: ET.Element, name: str) -> str | None:
    for child in _children(element, name):
        text = "".join(child.itertext()).strip()
        if text:
            return text
    return None


def _author(element: ET.Element) -> str | None:
    for author in _children(element, "author"):
        return _text(author, "name") or author.text
    return _text(element, "dc:creator")


def _guid(entry: ET.Element) -> str:
    """What the publisher says identifies it; else its file, else its page."""
    link = _enclosure(entry)[0] or _page(entry) or ""
    about = next((value for key, value in entry.attrib.items() if key.endswith("}about")), None)
    return _text(entry, "guid") or _text(entry, "id") or about or link


def _item(entry: ET.Element, feed: _Context) -> Item | None:
    link, media_type = _enclosure(entry)
    link = link or _page(entry)
    if not link:
        return None
    guid = _guid(entry)
    if feed.guids[guid] > 1:  # a feed that gives every episode the same guid
        guid = f"{guid} {link}"
    about = (_text(entry, name) for name in ("content:encoded", "description", "itunes:summary", "summary"))
    title = _text(entry, "title") or _text(entry, "itunes:title") or _text(entry, "media:title")
    return Item(
        url=urljoin(feed.url, link),
        extractor="feed",
        source_id=source_id(feed.url, guid),
        title=clean_line(plain_text(title, 1000)),
        artist=clean_line(_text(entry, "itunes:author") or _author(entry)) or feed.artist,
        channel=feed.title,
        duration_seconds=_duration(_text(entry, "itunes:duration")),
        published_at=_published(entry),
        artwork_url=_image(entry, feed.url) or feed.artwork_url,
        description=plain_text(next((text for text in about if text), None), LONGEST_DESCRIPTION),
        media_type=media_type,
    )


def source_id(feed_url: str, guid: str) -> str:
    """The same for http and https, and for the host in any case."""
    parts = urlsplit(feed_url)
    place = f"{parts.netloc.lower()}{parts.path.rstrip('/')}?{parts.query}"
    return sha256(f"{place}\n{guid.strip()}".encode("utf-8", "replace")).hexdigest()[:32]


def _enclosure(entry: ET.Element) -> tuple[str | None, str | None]:
    """The file and its type; sound before film where there are several."""
    found: list[tuple[int, str, str]] = []
    for element in entry.iter():
        is_link = _name(element) == "link" and element.get("rel") == "enclosure"
        if not is_link and _name(element) not in ("enclosure", "media:content"):
            continue
        url = (element.get("url") or element.get("href") or "").strip()
        kind = (element.get("type") or "").strip().lower()
        rank = _rank(kind or (element.get("medium") or "").lower(), url)
        if url and rank:
            found.append((rank, url, kind))
    if not found:
        return None, None
    _, url, kind = min(found, key=lambda one: one[0])
    return url, kind or "application/octet-stream"


def _rank(kind: str, url: str) -> int:
    """1 for sound, 2 for film or unknown, 0 for what cannot be listened to."""
    if kind.startswith("audio"):
        return 1
    if kind.startswith("video") or _MEDIA.search(urlsplit(url).path):
        return 2
    return 2 if kind in ("", "application/octet-stream", "application/ogg") else 0


def _page(entry: ET.Element) -> str | None:
    """The link of RSS is text, that of Atom an attribute."""
    for link in _children(entry, "link"):
        if link.get("rel", "alternate") == "alternate":
            text = (link.get("href") or link.text or "").strip()
            if text:
                return text
    return None


def _image(element: ET.Element, base: str) -> str | None:
    for name in ("itunes:image", "image", "media:thumbnail", "logo", "icon"):
        for child in _children(element, name):
            text = child.get("href") or child.get("url") or _text(child, "url") or child.text or ""
            link = urljoin(base, text.strip())
            if text.strip() and link.startswith(("http://", "https://")):
                return link
    return None


def _duration(text: str | None) -> float | None:
    """Seconds, from ``3600``, ``60:00`` or ``1:00:00``."""
    if not text or not re.fullmatch(r"\d{1,7}(:\d{1,2}){0,2}(\.\d+)?", text.strip()):
        return None
    seconds = 0.0
    for part in text.strip().split(":"):
        seconds = seconds * 60 + float(part)
    return seconds or None


def _published(entry: ET.Element) -> str | None:
    for name in ("pubDate", "published", "dc:date", "updated"):
        text = _text(entry, name)
        if not text:
            continue
        for read in (parsedate_to_datetime, datetime.fromisoformat):
            try:
                return to_stamp(read(text))
            except (ValueError, TypeError, OverflowError, IndexError):
                continue
    return None
