"""yt-dlp, kept on a short lead. The only module that imports it; runs in a worker process.

It lists what is behind a link, and brings bytes; names, containers, tags and pictures are ours. User
text reaches it as a URL and never as an option or a path.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yt_dlp
import yt_dlp.globals
from yt_dlp.extractor import gen_extractor_classes
from yt_dlp.plugins import load_all_plugins
from yt_dlp.postprocessor.ffmpeg import FFmpegPostProcessor

from .faults import Fault, fault_of
from .messages import Options

Info = dict[str, Any]
OnBytes = Callable[[int, int | None], None]

log = logging.getLogger("soundwave.worker.ytdlp")
_PROTOCOLS = frozenset(("http", "https", "m3u8", "m3u8_native", "http_dash_segments"))
GENERIC = "generic"
_PLACELESS = frozenset((GENERIC, "html5mediaembed"))
_LIVE = frozenset(("is_live", "is_upcoming", "post_live"))
# Plugins may change these by ``download_options``.
_USUAL: Info = {
    "socket_timeout": 30,
    "retries": 3,
    "fragment_retries": 3,
    "extractor_retries": 2,
    "skip_unavailable_fragments": False,  # a missing piece is a failure, not a gap
    "noplaylist": True,  # a link to one thing in a list means that thing
}
# yt-dlp hands what it cannot download itself to ffmpeg, network and all; we convert, so it need not know.
_NO_FFMPEG = "/nowhere/ffmpeg"
# Nobody may change these.
_FIXED: Info = {
    "ffmpeg_location": _NO_FFMPEG,
    "quiet": True,
    "noprogress": True,
    "no_color": True,
    "cachedir": False,
    "usenetrc": False,
    "netrc_cmd": None,
    "cookiefile": None,
    "cookiesfrombrowser": None,
    "source_address": None,
    "geo_verification_proxy": None,
    "enable_file_urls": False,
    "nocheckcertificate": False,
    "external_downloader": {"default": "native"},
    "hls_prefer_native": True,  # each segment and key goes through the proxy
    "postprocessors": [],
    "remote_components": [],
    "js_runtimes": {"deno": {}, "node": {}, "quickjs": {}},  # without bun, which locks a script out of nothing
    "fixup": "never",
    "ignoreerrors": False,
    "writethumbnail": False,
    "overwrites": None,
    "continuedl": True,
    "allow_unplayable_formats": False,
    "check_formats": False,
    "wait_for_video": None,
    "exec_cmd": None,
    "download_archive": None,
    "logger": log,
}


class Extractors:
    """One YoutubeDL for many requests. ``proxy``: the egress proxy's URL; ``home``: an empty directory."""

    def __init__(self, proxy: str, home: Path) -> None:
        plugins = os.environ.get("SOUNDWAVE_YTDLP_PLUGINS")
        yt_dlp.globals.plugin_dirs.value = [plugins] if plugins else []
        load_all_plugins()
        FFmpegPostProcessor._ffmpeg_location.set(_NO_FFMPEG)
        self._fixed = {**_FIXED, "proxy": proxy, "paths": {"home": str(home)}}
        self._made: yt_dlp.YoutubeDL | None = None
        self._options: Info = {}
        self._on_bytes: OnBytes | None = None
        self._limits = Options()

    def is_named(self, url: str) -> bool:
        """Whether an extractor for this very site exists; the generic one takes any page."""
        named = (ie for ie in gen_extractor_classes() if ie.IE_NAME != GENERIC)
        return any(ie.suitable(url) and ie.working() for ie in named)

    def list(self, url: str, limit: int, options: Info) -> Info:
        """What is behind the link, entries of a list unopened. Raises Fault."""
        ydl = self._ready(options, extract_flat="in_playlist", playlistend=limit)
        with _in_our_words():
            info: Info = ydl.extract_info(url, download=False)
            if not info:
                raise Fault("no_audio")
            if info.get("_type") == "playlist" or "entries" in info:
                entries = (self._opened(ydl, entry) for entry in info["entries"] or ())
                info = {**info, "entries": [e for group in entries for e in group][:limit]}
            return info

    def _opened(self, ydl: yt_dlp.YoutubeDL, entry: Info | None) -> Iterator[Info]:
        """The entry; for a list within a list (the tabs of a channel) its entries."""
        if not entry:
            return
        key = str(entry.get("ie_key") or "")
        if "entries" in entry:
            yield from (inner for inner in entry["entries"] or () if inner)
        elif key.endswith(("Tab", "Playlist", "Album", "Set")) and entry.get("url"):
            inner = ydl.extract_info(entry["url"], download=False, ie_key=key, process=True)
            yield from (one for one in (inner or {}).get("entries") or () if one)
        else:
            yield entry

    def fetch(self, url: str, staging: Path, options: Options, on_bytes: OnBytes) -> Info:
        """Brings the sound into ``staging``; the info has the path as ``filepath``."""

        def count(done: int, total: int | None) -> None:
            if max(done, total or 0) > options.max_bytes:
                raise Fault("too_large")
            on_bytes(done, total)

        ydl = self._ready(options.ytdlp, extract_flat=False, playlistend=1)
        ydl.params["paths"] = {"home": str(staging)}
        self._on_bytes, self._limits = count, options
        try:
            with _in_our_words():
                info = _single(ydl.extract_info(url, download=True))
        finally:
            self._on_bytes = None
        done = info.get("requested_downloads") or [{}]
        path = done[0].get("filepath")
        if not path or not Path(path).is_file():
            raise Fault("no_audio")
        return {**info, "filepath": path}

    def _ready(self, options: Info, **more: Any) -> yt_dlp.YoutubeDL:
        """The instance, without anything of the request before. A new one for other options."""
        if self._made is None or options != self._options:
            if self._made is not None:
                self._made.close()
            merged = {**_USUAL, **options, **self._fixed, "format": _choose}
            merged |= {"outtmpl": {"default": "download"}, "progress_hooks": [self._progressed]}
            merged["match_filter"] = self._judge
            self._made, self._options = yt_dlp.YoutubeDL(merged, auto_init="no_verbose_header"), options
        self._made.cookiejar.clear()
        self._made.params.update(more)
        return self._made

    def _judge(self, info: Info, *, incomplete: object) -> None:
        """yt-dlp's last question before it downloads. Raises Fault(live)."""
        is_live = info.get("is_live") or info.get("live_status") in _LIVE
        if is_live and self._on_bytes is not None and not incomplete:
            raise Fault("live")

    def _progressed(self, news: Info) -> None:
        if self._on_bytes is None or news.get("status") != "downloading":
            return
        done, total = int(news.get("downloaded_bytes") or 0), news.get("total_bytes")
        is_sound = news["info_dict"].get("vcodec") == "none"  # of a film, only a part is kept
        if is_sound and not self._limits.has_room_for(max(done, total or 0)):
            raise Fault("quota_exceeded")
        total = total or news.get("total_bytes_estimate")
        self._on_bytes(done, int(total) if total else None)


@contextmanager
def _in_our_words() -> Iterator[None]:
    """yt-dlp's errors as Faults."""
    try:
        yield
    except yt_dlp.utils.YoutubeDLError as error:
        raise fault_of(error) from error


def _single(info: Info | None) -> Info:
    """A page with one piece of media may come as a list of one."""
    while info and ("entries" in info or info.get("_type") == "playlist"):
        info = next((entry for entry in info["entries"] or () if entry), None)
    if not info:
        raise Fault("no_audio")
    return info


def _choose(context: Info) -> Iterator[Info]:
    """The best sound that comes by itself; else the smallest film that has the best sound."""
    fit = [f for f in reversed(context["formats"]) if is_audible(f)]
    alone = [f for f in fit if f.get("vcodec") == "none"]
    if alone:
        yield alone[0]
    elif fit:
        best = max(float(f.get("abr") or 0) for f in fit)
        rich = [f for f in fit if float(f.get("abr") or 0) >= best * 0.9]
        yield min(rich, key=lambda f: abs(int(f.get("height") or 480) - 480))


def is_audible(one: Info) -> bool:
    """Whether a format has sound, comes by a way through the proxy, and is not locked."""
    is_reachable = (one.get("protocol") or "http") in _PROTOCOLS
    return is_reachable and one.get("acodec") != "none" and not one.get("has_drm")


def entry_key(entry: Info) -> str:
    """The name under which (extractor, source id) is kept, the same in a list and when opened.

    What was found in any page is ``generic``: its id is made of the page's name and is not unique.
    """
    key = str(entry.get("ie_key") or entry.get("extractor_key") or GENERIC).lower()
    return GENERIC if key in _PLACELESS else key
