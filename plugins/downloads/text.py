"""Text from strangers, made harmless to show: titles, names and descriptions of what was found."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime
from html.parser import HTMLParser
from urllib.parse import urlsplit

# Bidirectional marks, embeddings, overrides and isolates: they make a name read as another (UAX #9).
_BIDI = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_HARMFUL = re.compile(f"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff{_BIDI}\ud800-\udfff\ufff9-\ufffb]")
_SPACE = re.compile(r"\s+")
_URL = re.compile(r"[a-z][a-z0-9+.-]*://[^\s'\"<>]+", re.IGNORECASE)
_BLANK_LINES = re.compile(r"\n{3,}")


def clean_line(text: object, limit: int = 500) -> str | None:
    """One line without control or bidi characters, NFC, at most ``limit`` characters; None for nothing."""
    if not isinstance(text, str):
        return None
    line = _SPACE.sub(" ", _HARMFUL.sub(" ", text[: limit * 4])).strip()
    return unicodedata.normalize("NFC", line)[:limit].rstrip() or None


def clean_text(text: object, limit: int = 20_000) -> str | None:
    """The same for text of several lines."""
    if not isinstance(text, str):
        return None
    lines = text[: limit * 2].replace("\r\n", "\n").split("\n")
    kept = "\n".join(_HARMFUL.sub("", line).rstrip() for line in lines)
    return unicodedata.normalize("NFC", _BLANK_LINES.sub("\n\n", kept).strip())[:limit].rstrip() or None


def name_for_log(title: str | None, url: str) -> str:
    """What a line of the log calls it: its title, or of a link the host and the path, which hold no secret."""
    return without_secrets(clean_line(title) or url)


def without_secrets(text: str) -> str:
    """Text for a log, its links cut down to host and path: queries and user names give access to private feeds."""
    return _URL.sub(lambda found: _host_and_path(found[0]), text)


def _host_and_path(url: str) -> str:
    parts = urlsplit(url.translate({ord(bracket): None for bracket in "[]"}))  # of which odd ones raise
    return clean_line(parts.netloc.rpartition("@")[2] + parts.path) or ""


class _Plain(HTMLParser):
    """Collects what a reader would see."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "style"):
            self._hidden += 1
        elif tag in ("br", "p", "li", "div", "tr", "h1", "h2", "h3"):
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style"):
            self._hidden = max(0, self._hidden - 1)
        elif tag == "p":
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(data)


def plain_text(markup: object, limit: int = 20_000) -> str | None:
    """The readable text of a piece of HTML (feeds write their descriptions so)."""
    if not isinstance(markup, str):
        return None
    parser = _Plain()
    parser.feed(markup[: limit * 4])
    parser.close()
    return clean_text("".join(parser.parts), limit)


def to_stamp(moment: datetime) -> str:
    """The same form as the core's clock writes; the core is not imported in a child process."""
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def stamp_of_epoch(seconds: object) -> str | None:
    """A Unix time as a stamp; None where it is none, or lies outside of what can be written."""
    if not isinstance(seconds, int | float) or isinstance(seconds, bool):
        return None
    try:
        return to_stamp(datetime.fromtimestamp(seconds, UTC))
    except (OverflowError, ValueError, OSError):
        return None
