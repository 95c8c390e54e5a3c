"""The file that people take along: whole or not there, and nothing in it is believed."""

from __future__ import annotations

import os
import struct
import zipfile
from pathlib import Path

import msgspec
import pytest

from soundwave_core import Invalid, exchange
from soundwave_core.exchange import INDEX, open_export, safe_name, write_export

AT = "2026-11-22T10:00:00.000Z"


def made(path: Path, people: list[str] | None = None) -> Path:
    """A file in which everybody has one text, one value and one medium."""
    medium = path.with_name("medium")
    medium.write_bytes(b"\x00sound" * 1000)
    with write_export(path, people or ["alice"], AT, True) as exports:
        for number, export in enumerate(exports):
            export.write("lists/a.m3u8", b"#EXTM3U\n")
            export.write_value("value.json", {"number": number})
            export.add_file("media/a.opus", medium)
    return path


def test_what_goes_in_comes_out(tmp_path: Path) -> None:
    path = made(tmp_path / "e.zip", ["alice", "../bob", "Ștefan/🎧"])
    assert path.stat().st_mode & 0o777 == 0o600
    with open_export(path) as (index, given):
        assert (index.format, index.made_at, list(given)) == (1, AT, ["alice", "../bob", "Ștefan/🎧"])
        for number, folder in enumerate(given.values()):
            assert folder.read("lists/a.m3u8") == b"#EXTM3U\n"
            assert folder.read_value("value.json", dict[str, int]) == {"number": number}
            assert (folder.size_of("media/a.opus"), folder.size_of("none")) == (6000, None)
            folder.copy_to("media/a.opus", tmp_path / "copy")
            assert (tmp_path / "copy").read_bytes() == (tmp_path / "medium").read_bytes()
            assert (folder.read("none"), folder.read_value("none", int)) == (None, None)
    names = zipfile.ZipFile(path).namelist()
    assert not [name for name in names if name.startswith(("/", "..")) or "/../" in name]


def test_a_file_of_before_zip(tmp_path: Path) -> None:
    """Zip knows no moment before 1980, and a NAS without a clock knows none after 1970."""
    medium = tmp_path / "old"
    medium.write_bytes(b"sound")
    os.utime(medium, (0, 0))
    with write_export(tmp_path / "e.zip", ["alice"], AT, True) as (export,):
        export.add_file("media/old", medium)
    with open_export(tmp_path / "e.zip") as (_, given):
        assert given["alice"].size_of("media/old") == 5


def test_what_a_reader_raises_is_its_own(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="a plugin's fault"), open_export(made(tmp_path / "e.zip")):
        raise RuntimeError("a plugin's fault")


def test_a_failed_one_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), write_export(tmp_path / "e.zip", ["alice"], AT, False) as exports:
        exports[0].write("a", b"b")
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


def test_ids_are_remembered_by_kind(tmp_path: Path) -> None:
    with open_export(made(tmp_path / "e.zip")) as (_, given):
        given["alice"].bind("track", "old", "new")
        assert given["alice"].id_of("track", "old") == "new"
        assert given["alice"].id_of("playlist", "old") is None


def refused(path: Path, code: str) -> None:
    with pytest.raises(Invalid) as caught, open_export(path) as (_, given):
        for folder in given.values():
            folder.read_value("value.json", dict[str, int])
            folder.copy_to("media/a.opus", path.with_name("out"))
    assert caught.value.code == code
    assert len(caught.value.sentence) < 300


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x05\x06" + bytes(18), b"PK\x03\x04" + bytes(100)])
def test_other_files_are_no_exports(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "e.zip"
    path.write_bytes(content)
    refused(path, "export_unknown")


def with_index(path: Path, content: bytes) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(INDEX, content)
    return path


def test_an_index_that_cannot_be_read(tmp_path: Path) -> None:
    refused(with_index(tmp_path / "a.zip", b"{"), "export_damaged")
    refused(with_index(tmp_path / "b.zip", b'{"format": "1"}'), "export_damaged")
    newer = msgspec.json.encode({"format": 2, "version": "9\x1b[31m", "made_at": AT, "users": []})
    refused(with_index(tmp_path / "c.zip", newer), "export_newer")


def test_a_value_of_another_type(tmp_path: Path) -> None:
    path = tmp_path / "e.zip"
    with write_export(path, ["alice"], AT, False) as (export,):
        export.write_value("value.json", {"number": "one"})
    refused(path, "export_damaged")


def test_a_damaged_byte_is_noticed(tmp_path: Path) -> None:
    """In the medium, in the value, and in the list of what is in the file."""
    path = made(tmp_path / "e.zip")
    content = path.read_bytes()
    for at in (content.index(b"\x00sound" * 3) + 7, content.index(b"value.json") + len("value.json") + 3):
        path.write_bytes(content[:at] + bytes([content[at] ^ 0xFF]) + content[at + 1 :])
        refused(path, "export_damaged")
    path.write_bytes(content[: len(content) // 2])
    refused(path, "export_unknown")


def test_too_much_is_refused_before_it_is_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "LARGEST_TEXT", 1000)
    path = tmp_path / "bomb.zip"
    with write_export(path, ["alice"], AT, False) as (export,):
        export.write("value.json", b" " * 1001)
    refused(path, "export_too_large")
    content = bytearray(path.read_bytes())  # the list of the entries lies about the size
    at = content.rindex(b"PK\x01\x02", 0, content.rindex(b"value.json"))
    struct.pack_into("<I", content, at + 24, 10)
    path.write_bytes(content)
    refused(path, "export_damaged")
    monkeypatch.setattr(exchange, "MOST_ENTRIES", 1)
    refused(path, "export_too_large")


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Evening", "Evening"), ("..", "_"), ("", "_"), (" a/b\\c ", "a_b_c"), ("a\x00\n", "a__"),
        ("é" * 100, "é" * 60), ("name. .", "name"), ("x" * 119 + ". y", "x" * 119),
    ],
)  # fmt: skip
def test_safe_names(title: str, name: str) -> None:
    assert safe_name(title) == name


def test_no_two_names_are_the_same(tmp_path: Path) -> None:
    with write_export(tmp_path / "e.zip", ["alice"], AT, False) as (export,):
        names = [export.free_name(title, ".m3u8") for title in ("Mix", "mix", "MIX", "a/b", "a:b")]
    assert names == ["Mix.m3u8", "mix (2).m3u8", "MIX (3).m3u8", "a_b.m3u8", "a_b (2).m3u8"]
