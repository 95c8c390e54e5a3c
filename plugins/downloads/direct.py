"""A file that lies openly on the web (a podcast's enclosure, a link to an MP3), fetched without yt-dlp.

What was fetched before a cut stays: the next try asks for the rest, if the file is still the same one.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from email.message import Message
from pathlib import Path

import msgspec

from .client import ERRORS, Client, Reply
from .faults import Fault, fault_of
from .media import HEAD_BYTES, MIMES, container_of
from .messages import Options

OnBytes = Callable[[int, int | None], None]

_TRIES = 5
_CHUNK = 262_144
_SPARE_BYTES = 64 * 1024 * 1024  # left free on the disk
_PLAYLISTS = (b"#EXTM3U", b"\xef\xbb\xbf#EXTM3U")


class Mark(msgspec.Struct, frozen=True):
    """Beside an unfinished file: what it is a part of."""

    url: str
    validator: str | None
    total: int | None


class NotDirect(Exception):
    """The link does not lead to a media file; ``is_playlist``: to an HLS one."""

    def __init__(self, *, is_playlist: bool) -> None:
        super().__init__("not a media file")
        self.is_playlist = is_playlist


class DirectFetch:
    """One file on its way into ``staging``. ``pause``: seconds to wait, by which tests pass over it."""

    def __init__(
        self,
        client: Client,
        url: str,
        staging: Path,
        options: Options,
        on_bytes: OnBytes,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client, self._url, self._options = client, url, options
        self._on_bytes, self._pause = on_bytes, pause
        self._part, self._note = staging / "direct.part", staging / "direct.json"
        self._mark = self._stored_mark()
        self._is_kept = False  # as it is, so that what is fetched takes the room that it will take

    def run(self) -> Path:
        """The whole file. Raises NotDirect, Fault."""
        for attempt in range(_TRIES):
            try:
                self._try_once()
                self._note.unlink(missing_ok=True)
                return self._part.rename(self._part.with_name("download"))
            except NotDirect:
                raise
            except ERRORS as error:
                fault = fault_of(error)
                is_passing = fault.code in ("cut_off", "timed_out") and self._part.is_file()
                if not is_passing or attempt == _TRIES - 1:
                    raise fault from error
                self._pause(min(0.25 * 4**attempt, 30.0) if attempt else 0.0)
        raise Fault("cut_off")

    def _try_once(self) -> None:
        headers = self._range_headers()
        with self._client.open(self._url, headers) as reply:
            start = self._start_of(reply)
            head = reply.peek(HEAD_BYTES) if start == 0 else self._stored_head()
            self._is_kept = container_of(head) in MIMES
            if start == 0:
                self._ensure_media(reply, head)
                self._remember(reply)
            total = None if reply.length is None else start + reply.length
            self._ensure_room(start, total)
            self._receive(reply, start, total)

    def _range_headers(self) -> dict[str, str]:
        """The rest of what is there, on condition that the file is still the same."""
        if self._mark is None or self._mark.url != self._url or not self._part.is_file():
            return {}
        size = self._part.stat().st_size
        if size == 0 or self._mark.validator is None:
            return {}
        return {"Range": f"bytes={size}-", "If-Range": self._mark.validator}

    def _start_of(self, reply: Reply) -> int:
        """Where the answer's bytes belong; a server may well send the whole instead (RFC 9110 15.3.7)."""
        if reply.status != 206:
            return 0
        size = self._part.stat().st_size
        if not reply.headers.get("Content-Range", "").startswith(f"bytes {size}-"):
            self._part.unlink()
            raise Fault("cut_off")
        return size

    def _stored_head(self) -> bytes:
        with self._part.open("rb") as file:
            return file.read(HEAD_BYTES)

    def _ensure_media(self, reply: Reply, head: bytes) -> None:
        if container_of(head) is None:
            raise NotDirect(is_playlist=head.startswith(_PLAYLISTS))
        if reply.length is None and any(name.lower().startswith("icy-") for name in reply.headers):
            raise Fault("live", "This is a radio station, which never ends.", when="never")

    def _ensure_room(self, start: int, total: int | None) -> None:
        if total is None:
            return
        self._ensure_fits(total)
        if shutil.disk_usage(self._part.parent).free - _SPARE_BYTES < total - start:
            raise Fault("disk_full")

    def _ensure_fits(self, size: int) -> None:
        if size > self._options.max_bytes:
            raise Fault("too_large")
        if self._is_kept and not self._options.has_room_for(size):
            raise Fault("quota_exceeded")

    def _receive(self, reply: Reply, start: int, total: int | None) -> None:
        done = start
        with self._part.open("ab" if start else "wb") as file:
            while data := reply.read(_CHUNK):
                file.write(data)
                done += len(data)
                self._ensure_fits(done)
                self._on_bytes(done, total)
        if total is not None and done < total:
            raise Fault("cut_off")

    def _remember(self, reply: Reply) -> None:
        validator = _validator(reply.headers)
        self._mark = Mark(self._url, validator, reply.length)
        self._note.write_bytes(msgspec.json.encode(self._mark))

    def _stored_mark(self) -> Mark | None:
        try:
            return msgspec.json.decode(self._note.read_bytes(), type=Mark)
        except (OSError, msgspec.DecodeError):
            return None


def _validator(headers: Message) -> str | None:
    """What If-Range takes: a strong ETag, else the date (RFC 9110 section 13.1.5)."""
    etag = headers.get("ETag", "")
    if etag.startswith('"'):
        return etag
    return headers.get("Last-Modified") or None
