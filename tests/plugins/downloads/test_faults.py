"""Errors in words: each has a code, a time to try again, and one readable sentence."""

from __future__ import annotations

import errno
import http.client
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
import yt_dlp
from yt_dlp.networking import Response
from yt_dlp.networking.exceptions import HTTPError, ProxyError

from soundwave_downloads.faults import KINDS, Fault, fault_of, fault_of_status


def test_every_kind_has_a_sentence_and_a_time() -> None:
    for code, (when, sentence) in KINDS.items():
        assert code.replace("_", "").isalpha()
        assert when in ("never", "later", "now")
        assert sentence[0].isupper()
        assert sentence.endswith(".")
    needed = (
        "not_a_link address_forbidden unresolvable unreachable no_audio not_found forbidden_by_site throttled "
        "server_error live too_large timed_out disk_full damaged unsupported internal"
    )
    assert set(needed.split()) <= set(KINDS)


@pytest.mark.parametrize(
    ("status", "code", "when"),
    [(404, "not_found", "never"), (410, "not_found", "never"), (401, "forbidden_by_site", "never"),
     (403, "forbidden_by_site", "later"), (429, "throttled", "later"), (500, "server_error", "later"),
     (503, "server_error", "later"), (408, "timed_out", "later"), (418, "unsupported", "later")],
)  # fmt: skip
def test_statuses(status: int, code: str, when: str) -> None:
    fault = fault_of_status(status)
    assert (fault.code, fault.when) == (code, when)


def test_retry_after_as_seconds_or_date() -> None:
    assert fault_of_status(429, "120").retry_after_seconds == 120
    in_an_hour = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    assert fault_of_status(503, in_an_hour).retry_after_seconds == pytest.approx(3600, abs=5)
    assert fault_of_status(429, "9" * 40).retry_after_seconds == 86_400
    for nonsense in ("", "soon", "-1", None):
        assert fault_of_status(429, nonsense).retry_after_seconds is None


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "disk_full"),
        (OSError(errno.EFBIG, "File too large"), "too_large"),
        (ConnectionResetError(errno.ECONNRESET, "reset"), "cut_off"),
        (TimeoutError("timed out"), "timed_out"),
        (http.client.RemoteDisconnected("gone"), "cut_off"),
        (OSError("Tunnel connection failed: 403 SoundWave egress forbidden"), "address_forbidden"),
        (OSError("Tunnel connection failed: 502 SoundWave egress unresolvable"), "unresolvable"),
        (PermissionError("SoundWave egress forbidden: not through the proxy"), "address_forbidden"),
        (MemoryError(), "internal"),
        (KeyError("x"), "internal"),
        (Fault("live"), "live"),
    ],
)
def test_plain_errors(error: BaseException, code: str) -> None:
    assert fault_of(error).code == code


def said(text: str) -> Fault:
    """What yt-dlp throws after an extractor gave up with these words."""
    return fault_of(yt_dlp.utils.DownloadError(f"ERROR: [site] abc: {text}"))


@pytest.mark.parametrize(
    ("text", "code", "when"),
    [
        ("Unsupported URL: http://x/", "no_audio", "never"),
        ("Private video. Sign in if you've been granted access", "forbidden_by_site", "never"),
        ("This video has been removed by the uploader", "not_found", "never"),
        ("Sign in to confirm you’re not a bot", "throttled", "later"),
        ("The current session has been rate-limited by YouTube", "throttled", "later"),
        ("This content isn't available, try again later.", "throttled", "later"),
        ("Sign in to confirm your age", "forbidden_by_site", "never"),
        ("This live event will begin in 2 hours.", "live", "later"),
        ("Premieres in 3 days", "live", "later"),
        ("The uploader has not made this video available in your country", "forbidden_by_site", "never"),
        ("This video is DRM protected", "unsupported", "never"),
        ("Unable to extract title; please report this issue", "extraction_failed", "later"),
        ("Video unavailable", "extraction_failed", "later"),
        ("Got error: HTTP Error 404: Not Found. Giving up after 3 retries", "not_found", "never"),
        ("HTTP Error 429: Too Many Requests", "throttled", "later"),
    ],
)
def test_what_sites_say(text: str, code: str, when: str) -> None:
    fault = said(text)
    assert (fault.code, fault.when) == (code, when)


def http_error(status: int, **headers: str) -> HTTPError:
    response = Response(fp=None, url="http://x/", headers=headers, status=status)
    return HTTPError(response)


def test_yt_dlps_own_causes_are_followed() -> None:
    inner = yt_dlp.utils.ExtractorError("Unable to download webpage", cause=http_error(429, **{"Retry-After": "30"}))
    outer = yt_dlp.utils.DownloadError("ERROR", (type(inner), inner, None))
    fault = fault_of(outer)
    assert (fault.code, fault.retry_after_seconds) == ("throttled", 30)
    refused = http_error(403, **{"SoundWave-Egress": "forbidden"})
    assert fault_of(yt_dlp.utils.ExtractorError("x", cause=refused)).code == "address_forbidden"
    proxied = ProxyError("Tunnel connection failed: 502 SoundWave egress unreachable")
    assert fault_of(yt_dlp.utils.ExtractorError("x", cause=proxied)).code == "unreachable"


def test_a_chain_that_bites_its_tail_ends() -> None:
    one, two = ValueError("one"), ValueError("two")
    one.__cause__, two.__cause__ = two, one
    assert fault_of(one).code == "internal"


def test_no_error_is_lost_in_silence() -> None:
    """Sentences are for people: no address, no path, no stack."""
    secret = Path("/data/secret")
    for error in (OSError(errno.EIO, "bad", str(secret)), RuntimeError("http://x/?token=abc")):
        sentence = fault_of(error).sentence
        assert "token" not in sentence
        assert str(secret) not in sentence
