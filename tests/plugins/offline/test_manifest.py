"""The manifest: every address that a playlist needs, each with the hash and size of what it really answers."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from core.toys import toy

from soundwave_core import OfflineEntry, SoundWave, transaction
from soundwave_core.testing import Cast, Client, ClientAnswer, MakeCore, make_cast
from soundwave_library import FileStates, Playlists
from soundwave_library.reading import BLOCK_BYTES
from soundwave_offline.shapes import Manifest, ManifestEntry
from tests.plugins.library.conftest import PNG, Shelf, make_playlist, statements

HASH = hashlib.sha256(b"faces").hexdigest()


def ask(client: Client, playlist: str, **headers: str) -> ClientAnswer:
    return client.get(f"/api/offline/playlist/{playlist}/manifest/", **headers)


def manifest(client: Client, playlist: str) -> Manifest:
    answer = ask(client, playlist)
    assert answer.status == 200, answer.body
    found: Manifest = answer.json
    return found


def kinds(found: Manifest) -> list[tuple[str, str | None]]:
    return [(entry.kind, entry.track) for entry in found.entries]


def revision_of(entry: ManifestEntry, content: bytes) -> str:
    """As a device computes it while it reads."""
    if entry.kind != "audio":
        return hashlib.sha256(content).hexdigest()
    blocks = [content[at : at + BLOCK_BYTES] for at in range(0, len(content), BLOCK_BYTES)]
    return hashlib.sha256(b"".join(hashlib.sha256(block).digest() for block in blocks)).hexdigest()


def ensure_true(client: Client, found: Manifest) -> None:
    """What is written of each address is what a GET of it answers."""
    for entry in found.entries:
        answer = client.get(entry.url)
        assert answer.status == 200, (entry, answer.body)
        assert (len(answer.body), revision_of(entry, answer.body)) == (entry.size_bytes, entry.revision), entry
    assert found.size_bytes == sum(entry.size_bytes for entry in found.entries)
    assert len({entry.url.partition("?")[0] for entry in found.entries}) == len(found.entries)


def read(shelf: Shelf, title: str, *owners: Client, **fields: Any) -> str:
    """A track whose revision is that of its file."""
    content = fields.pop("content", title.encode() * 100)
    block = hashlib.sha256(content[:BLOCK_BYTES])
    rest = hashlib.sha256(content[BLOCK_BYTES:])
    digests = [block.digest(), rest.digest()] if len(content) > BLOCK_BYTES else [block.digest()]
    revision = hashlib.sha256(b"".join(digests)).hexdigest()
    return shelf.add(title, *owners, content=content, revision=revision, **fields)


def test_each_address_answers_what_is_written_of_it(cast: Cast, shelf: Shelf) -> None:
    bob = cast.bob
    tracks = [
        read(shelf, "One", bob, artwork_id=shelf.picture()),
        read(shelf, "Two", bob, content=b"\x01" * (BLOCK_BYTES + 7)),
    ]
    lyrics = bob.put(f"/api/audio/{tracks[1]}/lyrics/", {"plain": "Ș – words", "language": "ro"})
    assert lyrics.status == 200, lyrics.body
    playlist = make_playlist(bob, "Mix", tracks)
    with transaction(shelf.core.db) as tx:
        Playlists(tx).patch(playlist, shelf.core.clock, artwork_id=shelf_picture(shelf, tx))
    found = manifest(bob, playlist)
    assert kinds(found) == [
        ("audio", tracks[0]), ("artwork", tracks[0]), ("audio", tracks[1]), ("lyrics", tracks[1]),
        ("artwork", None), ("metadata", None),
    ]  # fmt: skip
    ensure_true(bob, found)
    assert (found.playlist, found.missing, found.unread) == (playlist, [], [])
    assert found.rev == bob.get(f"/api/playlist/{playlist}/").json.rev
    urls = {entry.kind: entry.url for entry in found.entries if entry.track == tracks[0]}
    track = bob.get(f"/api/audio/{tracks[0]}/").json
    assert urls == {"audio": track.audio_url, "artwork": track.artwork_url}, "as the API gives them"


def shelf_picture(shelf: Shelf, tx: Any) -> int:
    """Another picture than the tracks', inside a transaction."""
    content = PNG + b" of the list"
    digest = hashlib.sha256(content).hexdigest()
    (shelf.core.config.media_root / "list.png").write_bytes(content)
    tx.execute(
        "INSERT INTO artworks (sha256, path, mime, size_bytes) VALUES (:sha, 'list.png', 'image/png', :size)",
        sha=digest, size=len(content),
    )  # fmt: skip
    return int(tx.value("SELECT id FROM artworks WHERE sha256 = :sha", sha=digest))


def test_the_order_is_the_lists_and_a_track_counts_once(cast: Cast, shelf: Shelf) -> None:
    first, second = read(shelf, "First", cast.bob), read(shelf, "Second", cast.bob)
    playlist = make_playlist(cast.bob, "Mix", [second, first, second])
    found = manifest(cast.bob, playlist)
    assert kinds(found) == [("audio", second), ("audio", first), ("metadata", None)]
    ensure_true(cast.bob, found)


def test_under_a_prefix_addresses_have_it(make_core: MakeCore) -> None:
    core = make_core(SOUNDWAVE_BASE_PATH="/audio")
    cast = make_cast_at(core, "/audio")
    track = read(Shelf(core), "One", cast)
    made = cast.post("/audio/api/playlist/", {"title": "Mix"}).json.id
    assert cast.post(f"/audio/api/playlist/{made}/items/", {"tracks": [track]}).status == 201
    answer = cast.get(f"/audio/api/offline/playlist/{made}/manifest/")
    assert answer.status == 200, answer.body
    assert all(entry.url.startswith("/audio/api/") for entry in answer.json.entries)
    ensure_true(cast, answer.json)


def make_cast_at(core: SoundWave, prefix: str) -> Client:
    """alice, behind a path."""
    from soundwave_core.testing import PASSWORD, setup_code_of

    alice = Client(core)
    wish = {"username": "alice", "password": PASSWORD, "setup_code": setup_code_of(core)}
    answer = alice.post(f"{prefix}/api/user/register/", wish)
    assert answer.status == 201, answer.body
    alice.csrf_token, alice.user_id = answer.json.csrf_token, answer.json.user.id
    return alice


def test_an_unchanged_one_is_not_read_again(cast: Cast, shelf: Shelf) -> None:
    track = read(shelf, "One", cast.bob)
    playlist = make_playlist(cast.bob, "Mix", [track])
    etag = ask(cast.bob, playlist).headers["ETag"]
    with statements(shelf.core.db) as seen:
        again = ask(cast.bob, playlist, If_None_Match=etag)
    assert (again.status, again.body) == (304, b"")
    assert not any("playlist_items" in statement for statement in seen)


@pytest.mark.parametrize("change", ["rename", "add", "lyrics", "picture", "favorite", "file"])
def test_any_change_of_it_is_another_manifest(cast: Cast, shelf: Shelf, change: str) -> None:
    bob, core = cast.bob, shelf.core
    track, other = read(shelf, "One", bob), read(shelf, "Two", bob)
    playlist = make_playlist(bob, "Mix", [track])
    before = ask(bob, playlist)
    if change == "rename":
        bob.patch(f"/api/playlist/{playlist}/", {"title": "Other"})
    elif change == "add":
        bob.post(f"/api/playlist/{playlist}/items/", {"tracks": [other]})
    elif change == "lyrics":
        bob.put(f"/api/audio/{track}/lyrics/", {"plain": "la"})
    elif change == "picture":
        picture = shelf.picture()
        with transaction(core.db) as tx:
            tx.execute("UPDATE tracks SET artwork_id = :id, rev = :rev WHERE uid = :uid",
                       id=picture, rev=tx.next_rev(), uid=track)  # fmt: skip
    elif change == "favorite":  # the playlist's answer says so
        bob.put(f"/api/audio/{track}/favorite/")
    else:
        with transaction(core.db) as tx:
            FileStates(tx).set(track, "missing")
    after = ask(bob, playlist, If_None_Match=before.headers["ETag"])
    assert after.status == 200
    assert after.json.revision != before.json.revision
    ensure_true(bob, after.json)


def test_what_is_missing_or_was_never_read(cast: Cast, shelf: Shelf) -> None:
    """They are named, and have no entry; the file that was never read is read by the job, which is due now."""
    bob, core = cast.bob, shelf.core
    tracks = {name: read(shelf, name, bob, artwork_id=shelf.picture()) for name in ("here", "gone", "new")}
    with transaction(core.db) as tx:
        FileStates(tx).set(tracks["gone"], "missing")
        FileStates(tx).set(tracks["new"], "unread")
    core.jobs.run_due()
    playlist = make_playlist(bob, "Mix", list(tracks.values()))
    with transaction(core.db) as tx:
        FileStates(tx).set(tracks["new"], "unread")
    found = manifest(bob, playlist)
    assert (found.missing, found.unread) == ([tracks["gone"]], [tracks["new"]])
    assert {entry.track for entry in found.entries} == {tracks["here"], None}
    assert "library.read-files" in {run.job_id for run in core.jobs.run_due()}
    after = manifest(bob, playlist)
    assert (after.missing, after.unread) == ([tracks["gone"]], [])
    assert {entry.track for entry in after.entries} == {tracks["here"], tracks["new"], None}
    ensure_true(bob, after)


def test_it_is_the_owners(cast: Cast, shelf: Shelf) -> None:
    track = read(shelf, "One", cast.bob)
    playlist = make_playlist(cast.bob, "Mix", [track])
    assert ask(cast.carol, playlist).status == 404
    assert ask(cast.nobody, playlist).status == 401
    ensure_true(cast.alice, manifest(cast.alice, playlist))
    assert ask(cast.bob, "0" * 32).status == 404


def test_what_its_owner_may_no_longer_hear_is_not_asked_for(cast: Cast, shelf: Shelf) -> None:
    """Its address would answer 404, and the device never be ready."""
    bob, core = cast.bob, shelf.core
    mine, theirs = read(shelf, "Mine", bob), read(shelf, "Theirs", bob, cast.carol)
    playlist = make_playlist(bob, "Mix", [mine, theirs])
    with transaction(core.db) as tx:
        tx.execute("DELETE FROM entries WHERE user_id = :user AND track_id = (SELECT id FROM tracks WHERE uid = :uid)",
                   user=bob.user_id, uid=theirs)  # fmt: skip
        tx.next_rev()
    found = manifest(bob, playlist)
    assert kinds(found) == [("audio", mine), ("metadata", None)]
    ensure_true(bob, found)


def test_few_statements_however_long_the_list(cast: Cast, shelf: Shelf) -> None:
    seen: dict[int, int] = {}
    for size in (2, 20):
        tracks = [read(shelf, f"{size} {n}", cast.bob) for n in range(size)]
        playlist = make_playlist(cast.bob, "Mix", tracks)
        manifest(cast.bob, make_playlist(cast.bob))  # what is asked once and kept
        with statements(shelf.core.db) as said:
            manifest(cast.bob, playlist)
        seen[size] = len(said)
    assert seen[2] == seen[20], seen


# What plugins add


def entries_of(core: SoundWave, given: Any) -> list[ManifestEntry]:
    """The manifest's entries that are the plugin's, for an empty playlist."""
    cast = make_cast(core)
    found = manifest(cast.bob, make_playlist(cast.bob))
    return [entry for entry in found.entries if not entry.url.startswith("/api/playlist/")]


def test_a_plugin_adds_its_own(make_core: MakeCore) -> None:
    asked: list[tuple[str, str]] = []

    def offline_entries(core: SoundWave, actor: Any, playlist_id: str) -> list[OfflineEntry]:
        asked.append((actor.name, playlist_id))
        return [
            OfflineEntry("static/plugins/moods/faces.svg?v=1", HASH, 5),
            OfflineEntry("api/mood/", HASH, 7, kind="metadata"),
        ]

    core = make_core(plugins={"toy": toy(offline_entries=offline_entries)})
    assert entries_of(core, offline_entries) == [
        ManifestEntry(url="/static/plugins/moods/faces.svg?v=1", kind="other", revision=HASH, size_bytes=5, track=None),
        ManifestEntry(url="/api/mood/", kind="metadata", revision=HASH, size_bytes=7, track=None),
    ]
    assert [name for name, _ in asked] == ["bob"]


GOOD = OfflineEntry("api/mood/", HASH, 7, kind="metadata")


def entry(url: Any = "static/a", revision: Any = HASH, size_bytes: Any = 1, **more: Any) -> OfflineEntry:
    """As a stranger's code may make it."""
    return OfflineEntry(url, revision, size_bytes, **more)


WRONG: dict[str, Any] = {
    "another server": entry("https://example.org/x"),
    "another server, relative": entry("//example.org/x"),
    "absolute": entry("/api/mood/"),
    "up": entry("static/../../x"),
    "up, encoded": entry("static/%2e%2e/x"),
    "up, half encoded": entry("static/.%2E/x"),
    "an encoded slash": entry("static/..%2fx"),
    "nothing between": entry("static//x"),
    "up, at the start": entry("../x"),
    "a scheme": entry("javascript:alert(1)"),
    "a backslash": entry("static\\x"),
    "a space": entry("static/a b"),
    "a fragment": entry("static/a#b"),
    "empty": entry(""),
    "a line more": entry("static/a\n"),
    "too long": entry("static/" + "a" * 3000),
    "no text": entry(7),
    "a short hash": entry(revision=HASH[:-1]),
    "capitals": entry(revision=HASH.upper()),
    "a negative size": entry(size_bytes=-1),
    "half a byte": entry(size_bytes=0.5),
    "a truth": entry(size_bytes=True),
    "audio": entry(kind="audio"),
    "a track that is not in it": entry(track="0" * 32),
    "an odd track": entry(track=["x"]),
    "twice": GOOD,
    "no entry": ("static/a", HASH, 1),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_entry_is_left_out_and_its_plugin_named(
    make_core: MakeCore, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    core = make_core(plugins={"toy": toy(offline_entries=lambda core: [GOOD, WRONG[name]])})
    assert [entry.url for entry in entries_of(core, name)] == ["/api/mood/"]
    assert "plugin toy" in caplog.text


def test_an_entry_does_not_take_the_place_of_ours(make_core: MakeCore, caplog: pytest.LogCaptureFixture) -> None:
    def offline_entries(core: SoundWave, playlist_id: str) -> list[OfflineEntry]:
        return [OfflineEntry(f"api/playlist/{playlist_id}/?x=1", HASH, 1)]

    core = make_core(plugins={"toy": toy(offline_entries=offline_entries)})
    cast = make_cast(core)
    ensure_true(cast.bob, manifest(cast.bob, make_playlist(cast.bob)))
    assert "plugin toy" in caplog.text


@pytest.mark.parametrize("answer", [None, "text", 7, {"a": 1}])
def test_an_odd_answer_adds_nothing(make_core: MakeCore, answer: Any) -> None:
    core = make_core(plugins={"toy": toy(offline_entries=lambda core: answer)})
    assert entries_of(core, answer) == []


def test_a_plugin_that_raises_does_not_keep_a_playlist_from_its_device(
    make_core: MakeCore, caplog: pytest.LogCaptureFixture
) -> None:
    def offline_entries(core: SoundWave) -> list[OfflineEntry]:
        raise ZeroDivisionError

    core = make_core(plugins={"toy": toy(offline_entries=offline_entries), "good": toy(offline_entries=lambda: [GOOD])})
    assert [entry.url for entry in entries_of(core, None)] == ["/api/mood/"]
    assert "plugin toy failed in offline_entries" in caplog.text


@pytest.mark.parametrize(("before", "after"), [("", "1"), ("1", "2"), ("1", "")])
def test_other_plugins_may_add_other_things(make_core: MakeCore, before: str, after: str) -> None:
    """A device asks anew after the start that brings, renews or loses one: the library itself has not changed."""

    def start(version: str) -> SoundWave:
        plugin = {"toy": toy(offline_entries=lambda: [entry(f"static/{version}")])}
        core = make_core(plugins=plugin if version else {})
        if version:
            core.plugins.records["toy"].version = version
        return core

    core = start(before)
    bob = make_cast(core).bob
    playlist = make_playlist(bob)
    etag = ask(bob, playlist).headers["ETag"]
    assert ask(bob, playlist, If_None_Match=etag).status == 304
    core.stop()
    again = Client(start(after), cookies=bob.cookies, csrf_token=bob.csrf_token)
    found = ask(again, playlist, If_None_Match=etag)
    assert found.status == 200
    assert [one.url for one in found.json.entries if one.kind == "other"] == [f"/static/{after}"] * bool(after)


def test_of_a_track_in_the_playlist(make_core: MakeCore) -> None:
    named: list[str] = []
    hook = toy(offline_entries=lambda: [OfflineEntry("api/mood/", HASH, 7, track=named[0])])
    core = make_core(plugins={"toy": hook})
    cast = make_cast(core)
    named.append(read(Shelf(core), "One", cast.bob))
    found = manifest(cast.bob, make_playlist(cast.bob, "Mix", named))
    assert ("other", named[0]) in kinds(found)
