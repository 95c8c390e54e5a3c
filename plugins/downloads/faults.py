"""What went wrong, in a code that a program can use and a sentence that a person can read.

``when`` says whether another try makes sense: never, later (wait longer each time), now (a cut line).
Throttling is never taken for permanent; a wrong "never" loses an item for good, a wrong "later" only
costs a few requests, so what is not recognised is "later".
"""

from __future__ import annotations

import errno
import http.client
import re
import ssl
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from .messages import When

KINDS: dict[str, tuple[When, str]] = {
    "not_a_link": ("never", "This is not a web link that SoundWave can open."),
    "address_forbidden": ("never", "The link leads into a private network, which is not allowed."),
    "unresolvable": ("later", "The site's name was not found."),
    "unreachable": ("later", "The site did not accept a connection."),
    "no_audio": ("never", "There is no audio behind this link."),
    "not_found": ("never", "The site says that this is gone."),
    "forbidden_by_site": ("never", "The site does not give this to everyone."),
    "throttled": ("later", "The site asked to slow down."),
    "server_error": ("later", "The site has a fault of its own."),
    "live": ("later", "This is being broadcast now; it can be fetched when it has ended."),
    "too_large": ("never", "The file is larger than allowed."),
    "quota_exceeded": ("later", "There is no room left in your quota."),
    "timed_out": ("later", "The site stopped answering."),
    "disk_full": ("later", "There is no room left on the disk."),
    "damaged": ("later", "The file is incomplete or damaged."),
    "cut_off": ("now", "The connection was cut."),
    "unsupported": ("never", "This kind of link is not supported."),
    "extraction_failed": ("later", "The site answered in a way that yt-dlp did not understand."),
    "internal": ("later", "The download worker failed."),
}


class Fault(Exception):
    """A failure with a code of the list above. ``when`` and the sentence may be overruled."""

    def __init__(
        self,
        code: str,
        sentence: str | None = None,
        *,
        when: When | None = None,
        retry_after_seconds: int | None = None,
    ) -> None:
        usual_when, usual_sentence = KINDS[code]
        super().__init__(sentence or usual_sentence)
        self.code = code
        self.when: When = when or usual_when
        self.sentence = sentence or usual_sentence
        self.retry_after_seconds = retry_after_seconds


def fault_of_status(status: int, retry_after: str | None = None) -> Fault:
    """What an HTTP answer of 400 or more means."""
    wait = _seconds(retry_after)
    if status == 429:
        return Fault("throttled", retry_after_seconds=wait)
    if status in (404, 410):
        return Fault("not_found")
    if status in (401, 402, 407, 451):
        return Fault("forbidden_by_site", f"The site refuses to give this out ({status}).")
    if status == 403:  # often a passing block or an address that has run out
        return Fault("forbidden_by_site", "The site refuses to give this out (403).", when="later")
    if status == 408:
        return Fault("timed_out")
    if status >= 500:
        return Fault("server_error", f"The site has a fault of its own ({status}).", retry_after_seconds=wait)
    return Fault("unsupported", f"The site did not accept the request ({status}).", when="later")


def _seconds(retry_after: str | None) -> int | None:
    """A Retry-After field, in seconds or as a date (RFC 9110 section 10.2.3), at most a day."""
    if not retry_after:
        return None
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return min(int(text[:9]), 86_400)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max(0, round((moment - datetime.now(UTC)).total_seconds())), 86_400)


_EGRESS = {"forbidden": "address_forbidden", "unresolvable": "unresolvable", "unreachable": "unreachable"}
_EGRESS_WORDS = re.compile(r"SoundWave egress (forbidden|unresolvable|unreachable)")
_HTTP_STATUS = re.compile(r"HTTP Error ([45]\d\d)\b")  # yt-dlp keeps no cause for a segment's failure
_ERRNO = {
    errno.ENOSPC: "disk_full",
    errno.EDQUOT: "disk_full",
    errno.EFBIG: "too_large",
    errno.ECONNRESET: "cut_off",
    errno.EPIPE: "cut_off",
    errno.ECONNREFUSED: "unreachable",
    errno.EHOSTUNREACH: "unreachable",
    errno.ENETUNREACH: "unreachable",
}
# What sites say through yt-dlp, first match wins. Throttling stands first: its wording often holds
# words of the others ("This content isn't available, try again later").
_SAID: tuple[tuple[str, str, When | None], ...] = (
    (r"not a bot|rate.?limit|too many requests|try again later", "throttled", None),
    (r"live event will begin|premieres? (in|will)|is not currently live|is offline", "live", None),
    (r"this (live|stream) .*(ended|recording is not)", "live", None),
    (r"DRM|unsupported url scheme", "unsupported", None),
    (r"unsupported url|no (video|media|audio)s? (formats )?(could be )?found|no formats", "no_audio", None),
    (r"requested format is not available|there.?s no video|no video in", "no_audio", None),
    (r"private video|video is private|members.only|join this channel|premium", "forbidden_by_site", None),
    (r"confirm your age|age.restricted|log ?in|sign in|register|password", "forbidden_by_site", None),
    (r"not (made this video )?available (in|from) your (country|location)|geo", "forbidden_by_site", None),
    (r"has been (removed|deleted|terminated)|does(n't| not) exist|no longer available", "not_found", None),
    (r"unsafe|extension", "no_audio", None),
    (r"larger than max-filesize", "too_large", None),
    (r"no space left", "disk_full", None),
    (r"timed? ?out", "timed_out", None),
)


def fault_of(error: BaseException) -> Fault:
    """Any error of a download as a Fault: the deepest cause that says something decides."""
    chain = list(_causes(error))
    for cause in reversed(chain):
        found = _fault_of_one(cause)
        if found is not None:
            return found
    text = " ".join(str(cause) for cause in chain)
    status = _HTTP_STATUS.search(text)
    if status:
        return fault_of_status(int(status.group(1)))
    for pattern, code, when in _SAID:
        if re.search(pattern, text, re.IGNORECASE):
            return Fault(code, when=when)
    is_from_ytdlp = any(type(cause).__module__.startswith("yt_dlp") for cause in chain)
    return Fault("extraction_failed" if is_from_ytdlp else "internal")


def fault_of_egress(value: str) -> Fault:
    """What the egress proxy's own header says."""
    return Fault(_EGRESS.get(value.split(";")[0].strip(), "unreachable"))


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what led to it, yt-dlp's own ways of keeping a cause included."""
    seen: set[int] = set()
    waiting = [error]
    while waiting and len(seen) < 20:
        one = waiting.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        kept = getattr(one, "exc_info", None)
        inner = (getattr(one, "cause", None), kept[1] if isinstance(kept, tuple) else None)
        waiting += [c for c in (*inner, one.__cause__, one.__context__) if isinstance(c, BaseException)]


def _fault_of_one(error: BaseException) -> Fault | None:
    if isinstance(error, Fault):
        return error
    said = _EGRESS_WORDS.search(str(error))
    if said:
        return fault_of_egress(said.group(1))
    status = getattr(error, "status", None)
    if type(error).__name__ == "HTTPError" and isinstance(status, int):
        return _fault_of_response(error, status)
    if isinstance(error, TimeoutError):
        return Fault("timed_out")
    if isinstance(error, ssl.SSLCertVerificationError):
        return Fault("unreachable", "The site's certificate is not valid.")
    if isinstance(error, http.client.IncompleteRead | http.client.RemoteDisconnected):
        return Fault("cut_off")
    if isinstance(error, http.client.HTTPException | zlib.error):
        return Fault("server_error", "The site's answer was not readable.")
    if isinstance(error, MemoryError | RecursionError):
        return Fault("internal")
    if isinstance(error, OSError) and error.errno in _ERRNO:
        return Fault(_ERRNO[error.errno])
    return None


def _fault_of_response(error: BaseException, status: int) -> Fault:
    response = getattr(error, "response", None)
    headers = getattr(response, "headers", None) or {}
    own = headers.get("SoundWave-Egress")
    return fault_of_egress(own) if own else fault_of_status(status, headers.get("Retry-After"))
