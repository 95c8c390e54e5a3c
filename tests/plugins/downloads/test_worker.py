"""The worker with a real yt-dlp, behind the real egress proxy, against the local site."""

from __future__ import annotations

import gzip
import hashlib
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import msgspec
import mutagen
import pytest

from soundwave_downloads import process
from soundwave_downloads.messages import BLOCK_BYTES, Failed, Fetched, FetchRequest, Item, Options, Resolved
from soundwave_downloads.process import EgressProcess, WorkerDied, WorkerProcess, find_ffmpeg
from tests.site import SECONDS, Forbidden, Page, Site


def resolved(worker: WorkerProcess, url: str, **more: object) -> Resolved:
    answer = worker.resolve(url, **more)
    assert isinstance(answer, Resolved), answer
    return answer


def fetched(worker: WorkerProcess, url: str, staging: Path, item: Item | None = None) -> Fetched:
    answer = worker.fetch(url, staging, item=item)
    assert isinstance(answer, Fetched), answer
    return answer


def refused(answer: object) -> tuple[str, str]:
    assert isinstance(answer, Failed), answer
    return answer.code, answer.when


# What a link leads to


def test_a_feed_gives_its_episodes_in_its_order(worker: WorkerProcess, site: Site) -> None:
    found = resolved(worker, f"{site.url}/feed.xml")
    assert (found.kind, found.title, found.is_cut) == ("feed", "The Test Podcast", False)
    assert [item.title for item in found.items] == [f"Episode {n}" for n in (5, 4, 3, 2, 1)]
    first = found.items[0]
    assert first.url == f"{site.url}/episodes/5.mp3"
    assert first.artwork_url == f"{site.url}/media/cover.jpg"
    assert (first.artist, first.channel, first.duration_seconds) == ("Sine Waves", "The Test Podcast", 4.0)
    assert first.published_at == "2026-01-06T06:00:00.000Z"
    assert site.count("/feed.xml") == 1
    assert len(site.hits) == 1, "enclosures and pictures are not touched by looking"


def test_a_feed_that_moved_on(worker: WorkerProcess, site: Site) -> None:
    before = {item.title: item.source_id for item in resolved(worker, f"{site.url}/feed.xml").items}
    site.add_episode("New one")
    site.remove_episode("episode-1")
    for episode in site.episodes:
        episode.enclosure = f"/episodes/moved-{episode.guid}.mp3"
    found = resolved(worker, f"{site.url}/feed.xml")
    after = {item.title: item.source_id for item in found.items}
    assert found.items[0].title == "New one"
    assert {title: after[title] for title in before if title in after} == {
        title: before[title] for title in before if title != "Episode 1"
    }, "an episode is known by its guid, wherever its file lies"


def test_a_list_longer_than_the_limit_says_so(worker: WorkerProcess, site: Site) -> None:
    found = resolved(worker, f"{site.url}/feed.xml", limit=2)
    assert [item.title for item in found.items] == ["Episode 5", "Episode 4"]
    assert found.is_cut


def test_a_podcasts_page_stands_for_its_feed(worker: WorkerProcess, site: Site) -> None:
    link = '<link rel="alternate" type="application/rss+xml" href="/feed.xml">'
    found = resolved(worker, site.serve("/show.html", f"<head><title>Show</title>{link}</head><p>Words</p>"))
    assert (found.kind, found.title, len(found.items)) == ("feed", "The Test Podcast", 5)
    assert found.items == resolved(worker, f"{site.url}/feed.xml").items


def test_a_feed_that_is_packed_without_being_asked(worker: WorkerProcess, site: Site) -> None:
    page = Page(gzip.compress(site.feed().encode()), "text/xml", headers={"Content-Encoding": "gzip"})
    assert len(resolved(worker, site.serve("/packed.xml", page)).items) == 5


def test_a_page_with_one_audio_element(worker: WorkerProcess, site: Site) -> None:
    found = resolved(worker, f"{site.url}/page.html")
    assert (found.kind, found.title) == ("single", "A page")
    assert found.items[0].extractor == "generic"
    assert found.items[0].artwork_url == f"{site.url}/media/cover.png"


def test_a_page_with_two_is_a_list_of_files(worker: WorkerProcess, site: Site) -> None:
    body = '<title>Two</title><audio src="/media/tone.mp3"></audio><audio src="/media/tone.opus"></audio>'
    found = resolved(worker, site.serve("/two.html", body))
    assert found.kind == "list"
    assert [item.url for item in found.items] == [f"{site.url}/media/tone.mp3", f"{site.url}/media/tone.opus"]
    assert len({item.source_id for item in found.items}) == 2


def test_a_direct_file(worker: WorkerProcess, site: Site) -> None:
    found = resolved(worker, f"{site.url}/media/tone.mp3")
    assert (found.kind, found.items[0].extractor, found.title) == ("single", "generic", "tone")
    again = resolved(worker, f"{site.url}/media/tone.mp3")
    assert again.items[0].source_id == found.items[0].source_id


@pytest.mark.parametrize(
    "url", ["", "hello", "file:///etc/passwd", "ftp://127.0.0.1/x", "http://", "https://me:secret@127.0.0.1/x",
            "javascript:alert(1)", "http://exa mple/", "--exec=id", "http://127.0.0.1:99999/"]
)  # fmt: skip
def test_what_is_no_link(worker: WorkerProcess, url: str) -> None:
    answer = worker.resolve(url)
    assert refused(answer) == ("not_a_link", "never")
    assert "secret" not in answer.reason


# What is fetched


def test_an_episode_from_feed_to_file(worker: WorkerProcess, site: Site, staging: Path) -> None:
    item = resolved(worker, f"{site.url}/feed.xml").items[0]
    got = fetched(worker, item.url, staging, item)
    path = staging / got.file
    data = path.read_bytes()
    assert stat.S_IMODE(staging.stat().st_mode) == 0o700
    assert (got.codec, got.container_ext, got.mime) == ("mp3", "mp3", "audio/mpeg")
    assert (got.title, got.artist, got.channel) == ("Episode 5", "Sine Waves", "The Test Podcast")
    assert (got.extractor, got.source_id) == ("feed", item.source_id)
    assert got.duration_seconds == pytest.approx(SECONDS, abs=0.2)
    assert got.size_bytes == len(data)
    assert got.content_hash == hashlib.sha256(data).hexdigest()
    assert got.artwork is not None
    assert (got.artwork.mime, got.artwork.width, got.artwork.height) == ("image/jpeg", 96, 80)
    cover = (staging / got.artwork.file).read_bytes()
    assert cover == site.media.read("cover.jpg")
    assert got.artwork.sha256 == hashlib.sha256(cover).hexdigest()
    tags = mutagen.File(path)
    assert str(tags["TIT2"]) == "Episode 5"
    assert tags.tags.getall("APIC")[0].data == cover
    assert site.count("/episodes/5.mp3") == 1


def test_blocks_and_revision_of_a_long_file(worker: WorkerProcess, site: Site, staging: Path) -> None:
    long = site.media.read("tone.wav") + b"\0" * (2 * BLOCK_BYTES)
    got = fetched(worker, site.serve("/long.wav", long, "audio/wav"), staging)
    data = (staging / got.file).read_bytes()
    digests = [hashlib.sha256(data[at : at + BLOCK_BYTES]) for at in range(0, len(data), BLOCK_BYTES)]
    assert got.block_hashes == [digest.hexdigest() for digest in digests]
    assert len(digests) == 3
    assert got.revision == hashlib.sha256(b"".join(digest.digest() for digest in digests)).hexdigest()


@pytest.mark.parametrize(
    ("name", "codec", "extension"),
    [
        ("tone.mp3", "mp3", "mp3"), ("tone.m4a", "aac", "m4a"), ("tone.opus", "opus", "opus"),
        ("tone.ogg", "vorbis", "ogg"), ("tone.flac", "flac", "flac"), ("tone.wav", "pcm", "wav"),
        ("tone.webm", "opus", "opus"), ("tone.mp4", "aac", "m4a"), ("tone.aac", "aac", "m4a"),
        ("tone.ac3", "aac", "m4a"),
    ],
)  # fmt: skip
def test_each_kind_of_file(
    worker: WorkerProcess, site: Site, staging: Path, name: str, codec: str, extension: str
) -> None:
    item = Item(url=f"{site.url}/media/{name}", title="Ours", artist="Us", extractor="feed", source_id="x",
                artwork_url=f"{site.url}/media/cover.png", media_type="audio/x")  # fmt: skip
    got = fetched(worker, item.url, staging, item)
    assert (got.codec, got.container_ext) == (codec, extension)
    assert got.duration_seconds == pytest.approx(SECONDS, abs=0.2)
    assert got.artwork is not None
    assert got.artwork.mime == "image/png"
    if extension != "wav":
        easy = mutagen.File(staging / got.file, easy=True)
        assert (easy["title"], easy["artist"]) == (["Ours"], ["Us"])
    assert sorted(path.name for path in staging.iterdir()) == [f"audio.{extension}", "cover.png"]


@pytest.mark.parametrize("name", ["hls", "aes"])
def test_hls_becomes_m4a_without_encoding(worker: WorkerProcess, site: Site, staging: Path, name: str) -> None:
    found = resolved(worker, f"{site.url}/{name}.m3u8")
    got = fetched(worker, found.items[0].url, staging, found.items[0])
    assert (got.codec, got.container_ext) == ("aac", "m4a")
    assert got.duration_seconds == pytest.approx(SECONDS, abs=0.2)
    assert site.count(f"/media/{name}/list0.ts") == 1


def test_the_audio_element_of_a_page(worker: WorkerProcess, site: Site, staging: Path) -> None:
    item = resolved(worker, f"{site.url}/page.html").items[0]
    got = fetched(worker, item.url, staging, item)
    assert (got.title, got.extractor, got.source_id) == ("A page", "generic", item.source_id)
    assert got.artwork is not None
    assert got.artwork.mime == "image/png"


def test_a_bare_file_is_called_as_its_tags_say(worker: WorkerProcess, site: Site, staging: Path) -> None:
    item = resolved(worker, f"{site.url}/media/tone.opus").items[0]
    got = fetched(worker, item.url, staging, item)
    assert (got.title, got.artist, got.album) == ("Tone of the file", "Sine Waves", "Tones")


def test_webp_covers_become_jpeg(worker: WorkerProcess, site: Site, staging: Path) -> None:
    item = Item(url=f"{site.url}/media/tone.m4a", artwork_url=f"{site.url}/media/cover.webp")
    got = fetched(worker, item.url, staging, item)
    assert got.artwork is not None
    assert (got.artwork.mime, got.artwork.width) == ("image/jpeg", 96)
    assert "covr" in mutagen.File(staging / got.file)


@pytest.mark.parametrize("picture", ["/status/404", "/data.json", "/empty.html"])
def test_a_picture_that_is_none_does_not_fail_the_item(
    worker: WorkerProcess, site: Site, staging: Path, picture: str
) -> None:
    item = Item(url=f"{site.url}/media/tone.mp3", artwork_url=site.url + picture)
    assert fetched(worker, item.url, staging, item).artwork is None


def test_an_embedded_picture_is_used_where_there_is_no_other(
    worker: WorkerProcess, site: Site, staging: Path, tmp_path: Path
) -> None:
    item = Item(url=f"{site.url}/media/tone.flac", artwork_url=f"{site.url}/media/cover.jpg")
    first = fetched(worker, item.url, staging, item)
    url = site.serve("/with-cover.flac", (staging / first.file).read_bytes(), "audio/flac")
    got = fetched(worker, url, tmp_path / "again")
    assert got.artwork is not None
    assert (tmp_path / "again" / got.artwork.file).read_bytes() == site.media.read("cover.jpg")


@pytest.mark.parametrize(
    "path", ["/media/cover.jpg", "/media/cover.png", "/data.json", "/empty.html", "/media/silent.mp4"]
)
def test_what_is_no_audio_is_never_kept(worker: WorkerProcess, site: Site, staging: Path, path: str) -> None:
    assert refused(worker.fetch(site.url + path, staging)) == ("no_audio", "never")
    assert list(staging.iterdir()) == []


def test_an_enclosure_that_became_a_web_page_is_not_searched(worker: WorkerProcess, site: Site, staging: Path) -> None:
    item = Item(url=f"{site.url}/page.html", extractor="feed", source_id="x", media_type="audio/mpeg")
    assert refused(worker.fetch(item.url, staging, item=item)) == ("no_audio", "never")


def test_a_playlist_dressed_as_mp3_opens_nothing_else(
    worker: WorkerProcess, site: Site, staging: Path, tmp_path: Path
) -> None:
    secret = tmp_path / "secret.mp3"
    secret.write_bytes(site.media.read("tone.mp3"))
    disguise = f"#EXTM3U\n#EXTINF:4,\nfile://{secret}\n#EXT-X-ENDLIST\n"
    answer = worker.fetch(site.serve("/x.mp3", disguise, "audio/mpeg"), staging)
    assert isinstance(answer, Failed)
    wrapped = b"\x00\x00\x00\x18ftypM4A " + disguise.encode()
    answer = worker.fetch(site.serve("/x.m4a", wrapped, "audio/mp4"), staging)
    assert refused(answer)[0] in ("damaged", "no_audio")


# Cuts, faults, limits


def test_a_cut_line_is_taken_up_again(worker: WorkerProcess, site: Site, staging: Path) -> None:
    got = fetched(worker, f"{site.url}/cut/tone.wav", staging)
    assert (staging / got.file).read_bytes() == site.media.read("tone.wav")
    first, second = [hit for hit in site.hits if hit.path == "/cut/tone.wav"]
    assert (first.status, second.status) == (200, 206)
    assert first.bytes_sent + second.bytes_sent == len(site.media.read("tone.wav"))


def test_a_file_that_changed_in_between_is_fetched_anew(worker: WorkerProcess, site: Site, staging: Path) -> None:
    old, new = site.media.read("tone.wav"), site.media.read("tone.wav")[:-4000]
    first = Page(old, "audio/wav", headers={"ETag": '"old"'}, cut_at=90_000)
    second = Page(new, "audio/wav", headers={"ETag": '"new"'})
    pages = iter([first, second, second])
    got = fetched(worker, site.serve("/changing.wav", lambda hit: next(pages)), staging)
    assert (staging / got.file).read_bytes() == new


def test_what_an_earlier_try_left_is_used(worker: WorkerProcess, site: Site, staging: Path) -> None:
    url = f"{site.url}/slow/tone.wav"
    with pytest.raises(WorkerDied):
        worker.fetch(url, staging, on_progress=lambda done, total: worker.cancel())
    left = next(staging.glob("*.part")).stat().st_size
    assert left > 0
    site.gate.set()
    got = fetched(worker, url, staging)
    assert (staging / got.file).read_bytes() == site.media.read("tone.wav")
    assert site.hits[-1].range == f"bytes={left}-"


def cancel_at_gate(worker: WorkerProcess, site: Site, url: str, staging: Path) -> float:
    """Cancels a fetch while the site holds it back; how long that took."""
    taken: list[float] = []

    def cancel() -> None:
        assert site.reached_gate.wait(30)
        start = time.monotonic()
        worker.cancel()
        taken.append(time.monotonic() - start)

    thread = threading.Thread(target=cancel)
    thread.start()
    with pytest.raises(WorkerDied) as caught:
        worker.fetch(url, staging)
    thread.join()
    assert caught.value.is_cancelled
    return taken[0]


@pytest.mark.parametrize("path", ["/slow/tone.wav", "/slow/hls/list1.ts"])
def test_cancelling_takes_less_than_a_second(worker: WorkerProcess, site: Site, staging: Path, path: str) -> None:
    url = f"{site.url}/slow/tone.wav"
    if path.endswith(".ts"):
        url = site.serve("/held.m3u8", site.playlist(segment=path), "application/vnd.apple.mpegurl")
    assert cancel_at_gate(worker, site, url, staging) < 1.0
    assert not worker.is_alive
    site.gate.set()
    assert fetched(worker, f"{site.url}/media/tone.mp3", staging).codec == "mp3", "and the next one works"


@pytest.mark.parametrize(
    ("path", "code", "when", "wait"),
    [
        ("/status/404", "not_found", "never", None),
        ("/status/410", "not_found", "never", None),
        ("/status/401", "forbidden_by_site", "never", None),
        ("/status/403", "forbidden_by_site", "later", None),
        ("/status/429?retry-after=120", "throttled", "later", 120),
        ("/status/500", "server_error", "later", None),
        ("/flaky/1/tone.mp3", "server_error", "later", 7),
    ],
)
def test_what_the_site_says(
    worker: WorkerProcess, site: Site, staging: Path, path: str, code: str, when: str, wait: int | None
) -> None:
    answer = worker.fetch(site.url + path, staging)
    assert isinstance(answer, Failed)
    assert (answer.code, answer.when, answer.retry_after_seconds) == (code, when, wait)
    assert answer.reason.endswith(".")


@pytest.mark.parametrize(
    ("status", "code"),
    [(404, "not_found"), (429, "throttled"), (503, "server_error"), (403, "forbidden_by_site")],
)
def test_what_the_site_says_to_yt_dlp(worker: WorkerProcess, site: Site, staging: Path, status: int, code: str) -> None:
    playlist = site.playlist(segment=f"/status/{status}")
    answer = worker.fetch(site.serve("/x.m3u8", playlist, "application/vnd.apple.mpegurl"), staging)
    assert refused(answer)[0] == code


def test_nobody_there(worker: WorkerProcess, site: Site, staging: Path) -> None:
    other = Site(site.media)
    other.close()
    assert refused(worker.fetch(f"{other.url}/x.mp3", staging)) == ("unreachable", "later")
    assert refused(worker.resolve("http://no-such-host.invalid/")) == ("unresolvable", "later")


def test_too_large(worker: WorkerProcess, site: Site, staging: Path) -> None:
    for path in ("/media/tone.wav", "/hls.m3u8"):
        answer = worker.fetch(site.url + path, staging, options=Options(max_bytes=10_000))
        assert refused(answer) == ("too_large", "never")
        assert list(staging.iterdir()) == []


def test_a_station_never_ends(worker: WorkerProcess, site: Site, staging: Path) -> None:
    playlist = site.playlist().replace(b"#EXT-X-ENDLIST", b"")
    live = site.serve("/live.m3u8", playlist, "application/vnd.apple.mpegurl")
    assert refused(worker.fetch(live, staging)) == ("live", "later")


def test_half_a_file_is_damaged(worker: WorkerProcess, site: Site, staging: Path) -> None:
    half = site.media.read("tone.m4a")[:2000]
    url = site.serve("/half.m4a", half, "audio/mp4")
    assert refused(worker.fetch(url, staging))[0] in ("damaged", "no_audio")
    assert list(staging.iterdir()) == []


# The process


def test_progress_comes_at_most_twice_a_second(worker: WorkerProcess, site: Site, staging: Path) -> None:
    seen: list[tuple[int, int | None]] = []
    site.gate.set()
    size = len(site.media.read("tone.wav"))
    answer = worker.fetch(f"{site.url}/media/tone.wav", staging, on_progress=lambda *n: seen.append(n))
    assert isinstance(answer, Fetched)
    assert 1 <= len(seen) <= 3
    assert all(done <= size and total == size for done, total in seen)


def test_what_on_progress_raises_ends_the_work(worker: WorkerProcess, site: Site, staging: Path) -> None:
    def refuse(done: int, total: int | None) -> None:
        raise WorkerDied("no longer ours", is_cancelled=True)

    with pytest.raises(WorkerDied):
        worker.fetch(f"{site.url}/media/tone.wav", staging, on_progress=refuse)
    assert not worker.is_alive


def test_a_worker_that_is_killed_from_outside_is_replaced(worker: WorkerProcess, site: Site, staging: Path) -> None:
    fetched(worker, f"{site.url}/media/tone.mp3", staging)
    first = worker.pid
    assert first is not None
    os.killpg(first, 9)
    os.waitid(os.P_PID, first, os.WEXITED | os.WNOWAIT)
    assert not worker.is_alive
    fetched(worker, f"{site.url}/media/tone.mp3", staging)
    assert worker.pid != first


def test_a_worker_is_recycled_after_so_many_items(egress: EgressProcess, site: Site, tmp_path: Path) -> None:
    worker = WorkerProcess(egress, tmp_path / "home", max_items=2)
    pids = []
    for number in range(3):
        fetched(worker, f"{site.url}/media/tone.mp3", tmp_path / str(number))
        pids.append(worker.pid)
    worker.stop()
    assert pids[0] == pids[1] != pids[2]


def test_a_new_egress_proxy_means_a_new_worker(site: Site, tmp_path: Path) -> None:
    egress = EgressProcess(["127.0.0.0/8"])
    worker = WorkerProcess(egress, tmp_path / "home")
    resolved(worker, f"{site.url}/feed.xml")
    first = worker.pid
    egress.stop()
    resolved(worker, f"{site.url}/feed.xml")
    assert worker.pid != first
    start = time.monotonic()
    worker.stop()
    egress.stop()
    assert time.monotonic() - start < 1.0
    assert not worker.is_alive
    assert not egress.is_alive


def test_silence_is_not_waited_out(egress: EgressProcess, site: Site, tmp_path: Path) -> None:
    worker = WorkerProcess(egress, tmp_path / "home")
    fetched(worker, f"{site.url}/media/tone.mp3", tmp_path / "warm")
    impatient = WorkerProcess(egress, tmp_path / "home", idle_seconds=0.0)
    assert refused(impatient.fetch(f"{site.url}/slow/tone.wav", tmp_path / "cold")) == ("timed_out", "later")
    worker.stop()


def test_it_ends_with_its_server(egress: EgressProcess, site: Site, tmp_path: Path) -> None:
    """Killed without a word, the server leaves nothing behind that goes on downloading."""
    environment = {"SOUNDWAVE_EGRESS": egress.url, "SOUNDWAVE_FFMPEG": str(find_ffmpeg()), "HOME": str(tmp_path)}
    environment["PYTHONPATH"] = os.pathsep.join(part for part in sys.path if part)
    command = [sys.executable, "-P", str(Path(process.__file__).with_name("child.py")), "worker"]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, env=environment, start_new_session=True)
    request = FetchRequest(id="1", url=f"{site.url}/slow/tone.wav", staging=str(tmp_path / "staging"))
    assert child.stdin is not None
    child.stdin.write(msgspec.json.encode(request) + b"\n")
    child.stdin.flush()
    assert site.reached_gate.wait(30)
    child.stdin.close()
    assert child.wait(5) == -signal.SIGKILL


def test_the_environment_is_ours(
    egress: EgressProcess, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOUNDWAVE_SECRET", "do not pass on")
    worker = WorkerProcess(egress, tmp_path / "home")
    resolved(worker, f"{site.url}/feed.xml")
    environment = Path(f"/proc/{worker.pid}/environ").read_bytes().split(b"\0")
    worker.stop()
    names = {entry.partition(b"=")[0].decode() for entry in environment if entry}
    names = {name for name in names if not name.startswith("COVERAGE_")}  # conftest.py's
    assert names == {"SOUNDWAVE_EGRESS", "SOUNDWAVE_FFMPEG", "PATH", "LANG", "HOME", "PYTHONPATH"}


# Nothing reaches what is forbidden


def test_redirects_to_a_forbidden_address(
    worker: WorkerProcess, site: Site, forbidden: Forbidden, staging: Path
) -> None:
    for status in (301, 302, 303, 307, 308):
        url = site.redirect(f"/r{status}", f"{forbidden.url}/tone.mp3", status)
        assert refused(worker.resolve(url)) == ("address_forbidden", "never")
        assert refused(worker.fetch(url, staging)) == ("address_forbidden", "never")
    assert forbidden.hits == []


def test_every_spelling_of_a_forbidden_address(
    worker: WorkerProcess, site: Site, forbidden: Forbidden, staging: Path
) -> None:
    for base in forbidden.disguises:
        for answer in (worker.resolve(f"{base}/tone.mp3"), worker.fetch(f"{base}/tone.mp3", staging)):
            assert refused(answer)[0] in ("address_forbidden", "unresolvable", "unreachable"), base
    assert forbidden.hits == []


@pytest.mark.parametrize("part", ["segment", "key"])
def test_hls_parts_on_a_forbidden_address(
    worker: WorkerProcess, site: Site, forbidden: Forbidden, staging: Path, part: str
) -> None:
    strange = {part: f"{forbidden.url}/tone.mp3"}
    playlist = site.playlist("aes", **strange)
    url = site.serve("/strange.m3u8", playlist, "application/vnd.apple.mpegurl")
    assert refused(worker.fetch(url, staging)) == ("address_forbidden", "never")
    assert forbidden.hits == []


def test_hls_that_yt_dlp_would_leave_to_ffmpeg(
    worker: WorkerProcess, site: Site, forbidden: Forbidden, staging: Path
) -> None:
    playlist = site.playlist("aes", segment=f"{forbidden.url}/tone.mp3", key=f"{forbidden.url}/key")
    playlist = playlist.replace(b"METHOD=AES-128", b"METHOD=SAMPLE-AES")
    url = site.serve("/strange.m3u8", playlist, "application/vnd.apple.mpegurl")
    assert isinstance(worker.fetch(url, staging), Failed)
    assert forbidden.hits == []


def test_a_cover_on_a_forbidden_address(worker: WorkerProcess, site: Site, forbidden: Forbidden, staging: Path) -> None:
    item = Item(url=f"{site.url}/media/tone.mp3", artwork_url=f"{forbidden.url}/cover.jpg")
    assert fetched(worker, item.url, staging, item).artwork is None
    image = f'<meta property="og:image" content="{forbidden.url}/cover.png">'
    page = site.serve("/og.html", f'{image}<audio src="/media/tone.mp3"></audio>')
    assert fetched(worker, page, staging).artwork is None
    assert forbidden.hits == []


def test_an_enclosure_on_a_forbidden_address(
    worker: WorkerProcess, site: Site, forbidden: Forbidden, staging: Path
) -> None:
    site.add_episode("Inside", enclosure=f"{forbidden.url}/tone.mp3")
    item = resolved(worker, f"{site.url}/feed.xml").items[0]
    assert refused(worker.fetch(item.url, staging, item=item)) == ("address_forbidden", "never")
    assert forbidden.hits == []


@pytest.mark.parametrize("element", ["audio", "video", "iframe", "refresh"])
def test_pages_that_lead_to_a_forbidden_address(
    worker: WorkerProcess, site: Site, forbidden: Forbidden, staging: Path, element: str
) -> None:
    target = f"{forbidden.url}/tone.mp3"
    body = f'<{element} src="{target}"></{element}>'
    if element == "refresh":
        body = f'<meta http-equiv="refresh" content="0; url={target}">'
    assert isinstance(worker.fetch(site.serve("/leading.html", f"<title>x</title>{body}"), staging), Failed)
    assert forbidden.hits == []


def test_names_that_lead_to_loopback(site: Site, forbidden: Forbidden, tmp_path: Path) -> None:
    egress = EgressProcess()  # nothing is listed, so loopback is closed altogether
    worker = WorkerProcess(egress, tmp_path / "home")
    for host in ("localhost", "127.0.0.1", "[::1]", "0.0.0.0", "0"):
        for port in (site.port, forbidden.port):
            answer = worker.fetch(f"http://{host}:{port}/media/tone.mp3", tmp_path / "staging")
            assert refused(answer) == ("address_forbidden", "never"), host
    worker.stop()
    egress.stop()
    assert site.hits == forbidden.hits == []


def test_other_schemes_behind_a_redirect(
    worker: WorkerProcess, site: Site, forbidden: Forbidden, staging: Path
) -> None:
    for target in (f"ftp://127.0.0.2:{forbidden.port}/tone.mp3", "file:///etc/hostname", "data:audio/mpeg,x"):
        assert isinstance(worker.fetch(site.redirect("/away", target), staging), Failed)
    assert forbidden.hits == []
