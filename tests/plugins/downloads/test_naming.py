"""Names for every disk and share, and paths that stay inside."""

from __future__ import annotations

import os
import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soundwave_downloads.naming import NAME_BYTES, OutsideRoot, artwork_path, contained, safe_name, track_path

ID = "0194f0a1b2c37d4e8f90123456789abc"
RESERVED = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')
DEVICE = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


@pytest.mark.parametrize(
    ("channel", "title", "path"),
    [
        ("Radio", "A song", "Radio/A song [56789abc].mp3"),
        (None, "A song", "Singles/A song [56789abc].mp3"),
        ("", "", "Singles/Untitled [56789abc].mp3"),
        ("..", "../../etc/passwd", "Singles/-..-etc-passwd [56789abc].mp3"),
        (".soundwave", ".hidden", "soundwave/hidden [56789abc].mp3"),
        ("Trailing dots...", "And so on...", "Trailing dots/And so on [56789abc].mp3"),
        ("CON", "nul.tar", "_CON/_nul.tar [56789abc].mp3"),
        ("A/B", 'What? "This": <it>|*', "A-B/What 'This'- (it)- [56789abc].mp3"),
        ("Bidi \u202egnp.exe", "zero\u200bwidth\u0007", "Bidi gnp.exe/zerowidth [56789abc].mp3"),
        ("e\u0301", "a\tb\u2028c", "é/a b c [56789abc].mp3"),
        ("-rf", "--exec", "-rf/--exec [56789abc].mp3"),
    ],
)
def test_names(channel: str | None, title: str, path: str) -> None:
    assert track_path(channel, title, ID, "mp3") == path


def test_equal_titles_do_not_meet() -> None:
    other = ID[:-8] + "deadbeef"
    assert track_path("C", "T", ID, "mp3") != track_path("C", "T", other, "mp3")


def test_cut_by_bytes_at_a_character() -> None:
    folder, name = track_path("п" * 500, "日" * 500, ID, "opus").split("/")
    assert len(folder.encode()) <= 120
    assert NAME_BYTES - 3 < len(name.encode()) <= NAME_BYTES
    assert name.endswith("日 [56789abc].opus")


@pytest.mark.parametrize(("track_id", "extension"), [("../x", "mp3"), ("short", "mp3"), (ID, "m/3"), (ID, "")])
def test_what_is_not_ours(track_id: str, extension: str) -> None:
    with pytest.raises(ValueError, match="file name"):
        track_path("C", "T", track_id, extension)


def test_pictures_lie_by_their_content() -> None:
    assert artwork_path("ab" * 32, "image/png") == f".soundwave/artwork/ab/{'ab' * 32}.png"
    with pytest.raises(ValueError, match="file name"):
        artwork_path("../" + "ab" * 31, "image/png")
    with pytest.raises(ValueError, match="file name"):
        artwork_path("ab" * 32, "image/svg+xml")


@given(st.text(max_size=300), st.text(max_size=300))
def test_any_text_makes_a_legal_path_inside(channel: str, title: str) -> None:
    path = track_path(channel, title, ID, "mp3")
    parts = path.split("/")
    assert len(parts) == 2
    for part in parts:
        assert 0 < len(part.encode()) <= NAME_BYTES
        assert not RESERVED.search(part)
        assert not DEVICE.fullmatch(part)
        assert part == part.strip(" ").rstrip(".")
        assert not part.startswith(".")
        assert unicodedata.is_normalized("NFC", part)
        assert not any(unicodedata.category(c) in ("Cc", "Cs") for c in part)
    assert contained(Path("/media"), path) == Path("/media") / path


@given(st.text(max_size=100), st.integers(min_value=1, max_value=60))
def test_safe_names_stay_safe_names(text: str, limit: int) -> None:
    name = safe_name(text, limit, "x")
    assert safe_name(name, limit, "x") == name
    assert len(name.encode()) <= max(limit, 1)


@pytest.mark.parametrize("relative", ["", ".", "..", "../x", "a/../../x", "/etc/passwd", "a\0b", "a\\..\\b"])
def test_paths_that_lead_out(tmp_path: Path, relative: str) -> None:
    with pytest.raises(OutsideRoot):
        contained(tmp_path, relative)


def test_links_that_lead_out(tmp_path: Path) -> None:
    root = tmp_path / "media"
    root.mkdir()
    os.symlink("/etc", root / "Radio")
    with pytest.raises(OutsideRoot):
        contained(root, "Radio/passwd")
    os.symlink(root, tmp_path / "alias")
    assert contained(tmp_path / "alias", "a/b.mp3") == root.resolve() / "a/b.mp3"
