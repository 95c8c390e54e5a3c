"""Reading the old product's database: by name, whatever its version has, and without touching it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from soundwave_core import ImportReport, Legacy, StartError
from soundwave_core.legacy import MOST_NAMED, open_legacy
from soundwave_core.sqlite import driver
from tests.legacy.fixtures import OLD

TABLES = (
    "CREATE TABLE django_migrations (id INTEGER)",
    "CREATE TABLE user_account (id INTEGER PRIMARY KEY, username TEXT, date_joined TEXT)",
    "INSERT INTO user_account VALUES (1, 'ann', '2025-12-24 19:02:11.500000'), (2, 'ben', '2025-12-25 00:00:00')",
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return make(tmp_path / "db.sqlite3")


def make(path: Path, *more: str) -> Path:
    raw = driver.connect(str(path))
    for statement in (*TABLES, *more):
        raw.execute(statement)
    raw.commit()
    raw.close()
    return path


def test_columns_are_asked_for_by_name(path: Path) -> None:
    with open_legacy(path) as legacy:
        assert legacy.rows("user_account", "username", "pending_email", order="id DESC") == [
            {"username": "ben", "pending_email": None}, {"username": "ann", "pending_email": None},
        ]  # fmt: skip
        assert (legacy.rows("stats_streak", "id"), legacy.count("stats_streak"), legacy.has("stats_streak")) == (
            [], 0, False,
        )  # fmt: skip
        assert next(iter(legacy.each("user_account", "id"))) == {"id": 1}
        orders = ("rank DESC, id DESC", "rank", "username DESC, rank", "rowid")
        found = [[row["id"] for row in legacy.rows("user_account", "id", order=order)] for order in orders]
        assert found == [[2, 1], [1, 2], [2, 1], [1, 2]]


def test_columns_of_odd_names(tmp_path: Path) -> None:
    rule = 'CREATE TABLE playlist_smartplaylist (id INTEGER, "limit" INTEGER, "order" INTEGER)'
    path = make(tmp_path / "db.sqlite3", rule, "INSERT INTO playlist_smartplaylist VALUES (1, 50, 2)")
    with open_legacy(path) as legacy:
        assert legacy.rows("playlist_smartplaylist", "limit", "order") == [{"limit": 50, "order": 2}]


def test_bytes_that_are_no_text_still_name_their_file(tmp_path: Path) -> None:
    table = "CREATE TABLE audio_audio (file_path TEXT)"
    path = make(tmp_path / "db.sqlite3", table, "INSERT INTO audio_audio VALUES (CAST(x'66fc2e6d3461' AS TEXT))")
    with open_legacy(path) as legacy:
        name = legacy.rows("audio_audio", "file_path")[0]["file_path"]
    assert name.encode("utf-8", "surrogateescape") == b"f\xfc.m4a"
    with open_legacy(
        make(tmp_path / "bytes.sqlite3", table, "INSERT INTO audio_audio VALUES (x'66fc2e6d3461')")
    ) as raw:
        assert raw.rows("audio_audio", "file_path")[0]["file_path"] == name
    assert (Legacy.text(name), Legacy.text(None), Legacy.text("a\0b")) == ("f?.m4a", "", "ab")


def test_ids_are_the_same_at_every_import_and_of_this_deployment(path: Path, tmp_path: Path) -> None:
    def ids(path: Path) -> list[str]:
        with open_legacy(path) as legacy:
            return [
                legacy.uid("track", 1), legacy.uid("track", 2), legacy.uid("user", 1),
                legacy.uid("track", 1, "2025-12-24T19:02:11.500Z"),
            ]  # fmt: skip

    other = make(tmp_path / "other.sqlite3", "UPDATE user_account SET date_joined = '2025-12-24' WHERE id = 1")
    first = ids(path)
    assert ids(path) == first
    assert ids(make(tmp_path / "renamed.sqlite3", "UPDATE user_account SET username = 'zoe' WHERE id = 1")) == first
    assert len(set(first + ids(other))) == 8
    assert all(uid[12] == "8" and uid[16] in "89ab" and len(uid) == 32 for uid in first)
    assert int(first[3][:12], 16) == int(datetime(2025, 12, 24, 19, 2, 11, 500_000, UTC).timestamp() * 1000)


def test_what_became_of_rows(path: Path) -> None:
    with open_legacy(path) as legacy:
        legacy.bind("track", 7, "abc")
        found = [
            legacy.id_of("track", 7),
            legacy.id_of("track", 8),
            legacy.id_of("user", 7),
            legacy.id_of("track", None),
        ]
    assert found == ["abc", None, None, None]


@pytest.mark.parametrize(
    ("text", "stamp"),
    [
        ("2025-12-24 19:02:11.500000", "2025-12-24T19:02:11.500Z"),
        ("2025-12-24 19:02:11", "2025-12-24T19:02:11.000Z"),
        ("", None), (None, None), ("yesterday", None), (17, None), (1.5, None),
    ],
)  # fmt: skip
def test_moments(text: object, stamp: str | None) -> None:
    assert Legacy.stamp(text) == stamp


@pytest.mark.parametrize(
    ("value", "whole", "seconds"),
    [
        (3, 3, 3.0), (2.5, None, 2.5), (0, None, None), (-1, None, None), ("3", None, None), (None, None, None),
        (float("inf"), None, None), (2**62, None, None),
    ],
)  # fmt: skip
def test_numbers(value: object, whole: int | None, seconds: float | None) -> None:
    assert (Legacy.whole(value), Legacy.seconds(value)) == (whole, seconds)


def test_tables_that_nobody_asked_for(tmp_path: Path) -> None:
    more = ("CREATE TABLE a_full (id)", "INSERT INTO a_full VALUES (1)", "CREATE TABLE a_empty (id)",
            "CREATE TABLE auth_group (id)", "INSERT INTO auth_group VALUES (1)")  # fmt: skip
    with open_legacy(make(tmp_path / "db.sqlite3", *more)) as legacy:
        legacy.rows("user_account", "id")
        assert legacy.unasked() == ["a_full"]


def test_it_is_opened_as_a_copy(path: Path) -> None:
    before = path.read_bytes()
    with open_legacy(path.parent) as legacy:
        assert legacy.folder == path.parent
        assert {other.name for other in path.parent.iterdir()} == {"db.sqlite3"}
    assert path.read_bytes() == before


def test_the_copy_is_where_it_is_told_to_be(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nowhere"))
    cache = tmp_path / "a" / "cache"
    with open_legacy(path, cache):
        assert len(list(cache.glob("*/db.sqlite3"))) == 1
    assert list(cache.iterdir()) == []
    for folder, reason in ((None, "No such file"), (path, "File exists")):
        with pytest.raises(StartError, match=f"cannot be copied to .*{reason}") as refusal, open_legacy(path, folder):
            pass
        assert refusal.value.code == "copy_failed"


@pytest.mark.parametrize("broken", [b"", b"text", b"SQLite format 3\0"])
def test_others_are_refused(tmp_path: Path, broken: bytes) -> None:
    path = tmp_path / "db.sqlite3"
    path.write_bytes(broken)
    with pytest.raises(StartError) as refusal, open_legacy(path):
        pass
    assert refusal.value.code == "legacy_unknown"
    with pytest.raises(StartError) as refusal, open_legacy(tmp_path / "nowhere"):
        pass
    assert refusal.value.code == "legacy_missing"


def test_a_report_is_for_people() -> None:
    report = ImportReport("db.sqlite3", "2026-01-05T12:00:00.000Z")
    section = report.section("Tracks")
    section.found, section.imported = 3, 2
    section.tell("without a file", [])
    section.tell("without a title", ["one"])
    assert report.section("Tracks") is section
    assert report.text().splitlines()[1:] == ["Tracks: 2 of 3", "  - without a title (1): one"]
    section.tell("many", map(str, range(MOST_NAMED + 7)))
    assert section.notes[-1].startswith(f"many ({MOST_NAMED + 7}): 0; 1;")
    assert section.notes[-1].endswith("; and 7 more")


def test_the_real_one_opens(expected_rows: dict[str, Any]) -> None:
    with open_legacy(OLD) as legacy:
        assert {table: legacy.count(table) for table in expected_rows} == expected_rows


@pytest.fixture
def expected_rows() -> dict[str, Any]:
    import json

    rows: dict[str, Any] = json.loads((OLD / "expected.json").read_text())["table_rows"]
    return rows
