"""Sites that yt-dlp knows by name, played by a plugin extractor: lists, identity, hostile words, crashes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

import tests.site
from soundwave_downloads.messages import Failed, Fetched, Options, Resolved
from soundwave_downloads.process import EgressProcess, WorkerDied, WorkerProcess
from tests.site import Page, Site

PLUGINS = Path(tests.site.__file__).parent / "extractors"


@pytest.fixture(scope="module")
def toys(egress: EgressProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WorkerProcess]:
    worker = WorkerProcess(egress, tmp_path_factory.mktemp("home"), plugins=PLUGINS)
    yield worker
    worker.stop()


def test_a_channel(toys: WorkerProcess, site: Site) -> None:
    found = toys.resolve(f"http://toy.invalid/channel?at={site.url}")
    assert isinstance(found, Resolved), found
    assert (found.kind, found.title, found.description) == ("list", "The Toys", "All of them")
    assert [(item.extractor, item.source_id) for item in found.items] == [
        ("toysiteitem", str(number)) for number in range(4)
    ], "what is private is not listed"
    assert site.hits == [], "nothing of a list is opened by looking at it"


def test_a_long_channel_is_cut(toys: WorkerProcess, site: Site) -> None:
    found = toys.resolve(f"http://toy.invalid/channel?at={site.url}", limit=2)
    assert isinstance(found, Resolved)
    assert found.is_cut


def test_one_item(toys: WorkerProcess, site: Site, staging: Path) -> None:
    url = f"http://toy.invalid/item/7?at={site.url}"
    found = toys.resolve(url)
    assert isinstance(found, Resolved), found
    (item,) = found.items
    assert (item.extractor, item.source_id) == ("toysiteitem", "7")
    assert (item.title, item.artist, item.channel) == ("Item 7 /../", "Ann, Ben", "Toys")
    assert item.published_at == "2026-01-01T00:00:00.000Z"
    got = toys.fetch(item.url, staging, item=item)
    assert isinstance(got, Fetched), got
    assert (got.codec, got.extractor, got.source_id) == ("opus", "toysiteitem", "7")
    assert got.artwork is not None
    assert site.count("/media/tone.mp4") == 0, "sound by itself is taken before film"
    assert sorted(path.name for path in staging.iterdir()) == ["audio.opus", "cover.jpg"]


def test_one_item_of_a_list_is_one_item(toys: WorkerProcess, site: Site, staging: Path) -> None:
    url = f"http://toy.invalid/item/7?at={site.url}&list=x"
    found = toys.resolve(url)
    assert isinstance(found, Resolved)
    assert (found.kind, len(found.items)) == ("single", 1)
    got = toys.fetch(url, staging)
    assert isinstance(got, Fetched)
    assert (got.extractor, got.source_id) == ("toysiteitem", "7"), "the same as when it was listed"


@pytest.mark.parametrize("name", ["evil", "odd"])
def test_dangerous_extensions_make_no_files(toys: WorkerProcess, site: Site, staging: Path, name: str) -> None:
    answer = toys.fetch(f"http://toy.invalid/item/{name}?at={site.url}", staging)
    assert isinstance(answer, Failed | Fetched)
    assert {path.name for path in staging.iterdir()} <= {"audio.opus", "cover.jpg", "download", "download.part"}
    assert [path.name for path in staging.parent.iterdir()] == ["staging"]


def test_live(toys: WorkerProcess, site: Site, staging: Path) -> None:
    answer = toys.fetch(f"http://toy.invalid/item/live?at={site.url}", staging)
    assert isinstance(answer, Failed)
    assert (answer.code, answer.when) == ("live", "later")


@pytest.mark.parametrize("name", ["ValueError", "MemoryError", "RecursionError", "KeyError", "OSError"])
def test_an_extractor_that_fails(toys: WorkerProcess, name: str) -> None:
    answer = toys.resolve(f"http://toy.invalid/raise/{name}")
    assert isinstance(answer, Failed)
    assert answer.when == "later"
    assert toys.is_alive


@pytest.mark.parametrize("name", ["SystemExit", "KeyboardInterrupt", "killed"])
def test_an_extractor_that_takes_the_process_along(toys: WorkerProcess, site: Site, name: str) -> None:
    with pytest.raises(WorkerDied) as caught:
        toys.resolve(f"http://toy.invalid/raise/{name}")
    assert not caught.value.is_cancelled
    assert isinstance(toys.resolve(f"http://toy.invalid/channel?at={site.url}"), Resolved)


def test_options_of_plugins_do_not_open_the_guard(toys: WorkerProcess, site: Site, staging: Path) -> None:
    hostile = {"proxy": "", "outtmpl": "/tmp/owned", "enable_file_urls": True, "paths": {"home": "/"}, "exec_cmd": "x",
               "postprocessors": [{"key": "Exec", "exec_cmd": "touch /tmp/owned"}], "format": "film"}  # fmt: skip
    answer = toys.fetch(f"http://toy.invalid/item/7?at={site.url}", staging, options=Options(ytdlp=hostile))
    assert isinstance(answer, Fetched)
    assert sorted(path.name for path in staging.iterdir()) == ["audio.opus", "cover.jpg"]
    assert not Path("/tmp/owned").exists()


def test_sound_by_itself_stops_where_the_quota_ends(toys: WorkerProcess, site: Site, staging: Path) -> None:
    """While it comes: its second half is never waited for."""
    gate = threading.Event()
    site.serve("/media/tone.webm", Page(site.media.read("tone.webm"), "audio/webm", gate=gate))
    answer = toys.fetch(f"http://toy.invalid/item/7?at={site.url}", staging, options=Options(room_bytes=1000))
    is_whole = any(hit.bytes_sent == len(site.media.read("tone.webm")) for hit in site.hits)
    gate.set()
    assert isinstance(answer, Failed)
    assert not is_whole
    assert (answer.code, list(staging.iterdir())) == ("quota_exceeded", [])
