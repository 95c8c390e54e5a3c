"""An old deployment's library, fact by fact: what ``expected.json`` says is what each of its people finds here."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pytest

from soundwave_core import SoundWave
from soundwave_core.testing import Client
from tests.conftest import Tell
from tests.legacy.fixtures import OLD, Home, expected, home, moved, notes_of, report_of, sign_in

__all__ = ["expected", "home", "moved"]

RENAMED = "Dq7LCT6qn6u"  # its file has another extension
TWO_FILES = "MtWhUsCqMuJ"  # two users, two titles, two paths, of which one is there


@dataclass
class Facts:
    """Counts what was compared, and keeps what differs."""

    compared: int = 0
    wrong: list[str] = field(default_factory=list)

    def same(self, what: str, found: Any, wanted: Any) -> None:
        self.compared += 1
        if found != wanted:
            self.wrong.append(f"{what}: {found!r}, expected {wanted!r}")


@dataclass
class Household:
    """Everybody of the old deployment, signed in; carol after alice let her in again."""

    core: SoundWave
    expected: dict[str, Any]
    people: dict[str, Client]
    ids: dict[str, str]
    files: dict[str, Any]

    def tracks(self, name: str) -> dict[str, Any]:
        answer = self.people[name].get("/api/audio/?limit=200")
        return {track.id: track for track in answer.json.results}

    def detail(self, name: str, youtube_id: str) -> Any:
        return self.people[name].get(f"/api/audio/{self.ids[youtube_id]}/").json

    def old(self, name: str, youtube_id: str) -> Any:
        return next(one for one in self.expected["library"][name]["audio"] if one["youtube_id"] == youtube_id)

    def playlist(self, name: str, title: str) -> Any:
        lists = self.people[name].get("/api/playlist/?limit=200").json.results
        found = next(one for one in lists if one.title == title and "/channel/" not in (one.source_url or ""))
        return self.people[name].get(f"/api/playlist/{found.id}/").json


@pytest.fixture
def household(moved: SoundWave, expected: dict[str, Any]) -> Household:
    moved.jobs.run("library.read-files")
    people = {name: sign_in(moved, expected, name) for name in ("admin", "alice", "bob")}
    carol = next(u for u in people["admin"].get("/api/user/admin/users/").json.results if u.username == "carol")
    assert people["admin"].patch(f"/api/user/admin/users/{carol.id}/", {"state": "active"}).status == 200
    people["carol"] = sign_in(moved, expected, "carol")
    rows = moved.db.rows("SELECT uid, source_id FROM tracks WHERE extractor <> 'upload'")
    files = {row["path"]: row for row in expected["files"]["present"]}
    return Household(moved, expected, people, {row["source_id"]: row["uid"] for row in rows}, files)


def moment(text: str | None) -> str | None:
    """A stamp of ours, which has milliseconds."""
    if text is None:
        return None
    whole, _, rest = text.removesuffix("Z").partition(".")
    return f"{whole}.{(rest + '000')[:3]}Z"


def test_every_fact_of_the_library_is_here(household: Household, tell: Tell) -> None:
    facts = Facts()
    for name, old in household.expected["library"].items():
        compare_tracks(facts, household, name, old)
        compare_lists(facts, household, name, old)
        compare_lyrics(facts, household, name, old)
        compare_uploads(facts, household, name, old)
    compare_files(facts, household)
    compare_totals(facts, household)
    tell(f"an old library: {facts.compared} facts compared")
    assert facts.wrong == []
    assert facts.compared > 950


def compare_tracks(facts: Facts, household: Household, name: str, old: dict[str, Any]) -> None:
    tracks = household.tracks(name)
    facts.same(f"{name}'s tracks", len(tracks), old["counts"]["audio"] + len(old["local_audio"]))
    for one in old["audio"]:
        key, what = one["youtube_id"], f"{name} {one['youtube_id']}"
        track, detail = tracks[household.ids[key]], household.detail(name, key)
        is_here = one["file_exists"] or key in (RENAMED, TWO_FILES)
        if key != TWO_FILES:
            facts.same(f"{what} title", track.title, one["title"])
            facts.same(f"{what} duration", track.duration_seconds, one["duration"] or None)
        facts.same(f"{what} channel", track.channel, one["channel_name"])
        facts.same(f"{what} added", track.added_at, moment(one["downloaded_date"]))
        published = None if one["published_date"].startswith("2023-01-01") else moment(one["published_date"])
        facts.same(f"{what} published", track.published_at, published)
        facts.same(f"{what} missing", track.is_missing, not is_here)
        facts.same(f"{what} favourite", track.is_favorite, one["favourite"])
        facts.same(f"{what} description", detail.description or "", one["description"])
        progress = one["progress"]
        plays = max(one["play_count"], int(bool(progress and progress["completed"])))
        facts.same(f"{what} plays", detail.play_count, plays)
        facts.same(f"{what} position", detail.position_seconds, position(one))
        stream = household.people[name].get(f"/api/audio/{track.id}/stream/")
        facts.same(f"{what} stream", stream.status, 200 if is_here else 410)
    others = {household.ids[one["youtube_id"]] for one in old["audio"]}
    facts.same(
        f"{name} has no more", [t.title for t in tracks.values() if t.id not in others and not is_upload(t, old)], []
    )


def position(one: dict[str, Any]) -> float | None:
    progress = one["progress"]
    if progress is None:
        return None
    length = 5 if one["youtube_id"] == TWO_FILES else one["duration"]  # of the file that is there
    return 0.0 if progress["completed"] else float(min(progress["position"], length or progress["position"]))


def is_upload(track: Any, old: dict[str, Any]) -> bool:
    return track.title in {upload["title"] for upload in old["local_audio"]}


def compare_lists(facts: Facts, household: Household, name: str, old: dict[str, Any]) -> None:
    lists = household.people[name].get("/api/playlist/?limit=200").json.results
    is_admin = name in ("admin", "alice")
    channels = [] if is_admin else old["channels"]
    facts.same(f"{name}'s lists", len(lists), len(old["playlists"]) + len(old["local_playlists"]) + len(channels))
    back = {uid: key for key, uid in household.ids.items()}
    for one in old["playlists"]:
        found = household.playlist(name, one["title"])
        is_followed = one["type"] == "youtube"
        url = f"https://www.youtube.com/playlist?list={one['playlist_id']}" if is_followed else None
        facts.same(f"{one['title']} kind", found.kind, "mirrored" if is_followed else "custom")
        facts.same(f"{one['title']} source", found.source_url, url)
        facts.same(f"{one['title']} description", found.description, one["description"])
        facts.same(f"{one['title']} changed", found.updated_at, moment(one["last_updated"]))
        facts.same(f"{one['title']} items", [back[item.track.id] for item in found.items], one["youtube_ids"])
        here = sum(not item.track.is_missing for item in found.items)
        extra = sum(1 for key in one["youtube_ids"] if key == TWO_FILES and name == "alice") + (
            RENAMED in one["youtube_ids"]
        )
        facts.same(f"{one['title']} files", here, one["items_with_file"] + extra)
    shared = {channel.url: channel for channel in household.people[name].get("/api/channel/").json.results}
    for one in old["channels"]:
        url = f"https://www.youtube.com/channel/{one['channel_id']}"
        facts.same(f"{one['channel_name']} is the household's", url in shared, True)
        if not is_admin:
            private = next(found for found in lists if found.source_url == url)
            own = [a["youtube_id"] for a in old["audio"] if a["channel_id"] == one["channel_id"]]
            detail = household.people[name].get(f"/api/playlist/{private.id}/").json
            facts.same(f"{name}'s own list of it", sorted(back[i.track.id] for i in detail.items), sorted(own))


def compare_lyrics(facts: Facts, household: Household, name: str, old: dict[str, Any]) -> None:
    told = {one["youtube_id"]: one for one in old["lyrics"]}
    for one in old["audio"]:
        answer = household.people[name].get(f"/api/audio/{household.ids[one['youtube_id']]}/lyrics/")
        lyrics = told.get(one["youtube_id"])
        words = lyrics and (lyrics["synced_lyrics"] or lyrics["plain_lyrics"] or lyrics["is_instrumental"])
        if not words:
            known = any(
                other["youtube_id"] == one["youtube_id"]
                for owner in household.expected["library"].values() for other in owner["lyrics"]
            )  # fmt: skip
            facts.same(f"{one['youtube_id']} lyrics", answer.status, 200 if known and lyrics is None else 404)
            continue
        facts.same(f"{one['youtube_id']} lyrics", answer.status, 200)
        for mine, theirs in (("synced", "synced_lyrics"), ("source", "source"), ("language", "language")):
            facts.same(f"{one['youtube_id']} {mine}", getattr(answer.json, mine) or "", lyrics[theirs])
        if lyrics["plain_lyrics"]:
            facts.same(f"{one['youtube_id']} plain", answer.json.plain, lyrics["plain_lyrics"])
        facts.same(f"{one['youtube_id']} instrumental", answer.json.is_instrumental, lyrics["is_instrumental"])


def compare_uploads(facts: Facts, household: Household, name: str, old: dict[str, Any]) -> None:
    tracks = {track.title: track for track in household.tracks(name).values()}
    for one in old["local_audio"]:
        track = tracks[one["title"]]
        detail = household.people[name].get(f"/api/audio/{track.id}/").json
        facts.same(f"{one['title']} artist", track.artist, one["artist"])
        facts.same(f"{one['title']} missing", track.is_missing, not one["file_exists"])
        facts.same(f"{one['title']} duration", track.duration_seconds, one["duration"])
        facts.same(f"{one['title']} favourite", track.is_favorite, one["favourite"])
        facts.same(f"{one['title']} plays", detail.play_count, one["play_count"])
        facts.same(f"{one['title']} notes", detail.description or "", one["notes"])
        row = household.core.db.row("SELECT path, genre FROM tracks WHERE uid = :uid", uid=track.id) or {}
        facts.same(f"{one['title']} file", row["path"], one["file"])
        facts.same(f"{one['title']} tags", row["genre"] or "", ", ".join(one["tags"]))
    files = {one["file"]: one["title"] for one in old["local_audio"]}
    for one in old["local_playlists"]:
        found = household.playlist(name, one["title"])
        facts.same(f"{one['title']} items", [i.track.title for i in found.items], [files[f] for f in one["files"]])


def compare_files(facts: Facts, household: Household) -> None:
    rows = {row["path"]: row for row in household.core.db.rows("SELECT * FROM tracks")}
    for path, one in household.files.items():
        row = rows.get(path, {})
        facts.same(f"{path} hash", row.get("content_hash"), one["sha256"])
        facts.same(f"{path} size", row.get("size_bytes"), one["bytes"])
        facts.same(f"{path} codec", row.get("codec"), one["codec"])
        for owner in one["rows"]:
            answer = household.people[owner["owner"]].get(f"/api/audio/{row['uid']}/stream/")
            facts.same(f"{path} as sent", hashlib.sha256(answer.body).hexdigest(), one["sha256"])
    for one in household.expected["files"]["missing"]:
        key = one["youtube_id"]
        wanted = one.get("same_name_other_extension", one["file_path"])
        if key != TWO_FILES:
            facts.same(f"{key} path", rows.get(wanted, {}).get("source_id"), key)
    for one in household.expected["shared_youtube_ids"]:
        owners = household.core.db.value(
            "SELECT count(*) FROM entries e JOIN tracks t ON t.id = e.track_id WHERE t.source_id = :id",
            id=one["youtube_id"],
        )
        facts.same(f"{one['youtube_id']} owners", owners, len(one["owners"]))
    for one in household.expected["artwork"]:
        if one["audio"]:
            detail = household.detail(one["owner"], one["audio"])
            facts.same(f"{one['audio']} picture", detail.artwork_url is not None, one["local_exists"])


def compare_totals(facts: Facts, household: Household) -> None:
    totals, db = household.expected["totals"], household.core.db
    facts.same("tracks", len(household.ids), totals["distinct_youtube_ids"])
    count = "SELECT count(*) FROM {} x JOIN tracks t ON t.id = x.track_id WHERE t.extractor <> 'upload'"
    facts.same("entries", db.value(count.format("entries")), totals["audio_rows"])
    items = db.value(count.format("playlist_items")) - db.value(
        "SELECT sum(item_count) FROM playlists WHERE source_url LIKE '%/channel/%'"
    )
    facts.same("items", items, totals["playlist_items"])
    report = {section.name: section for section in report_of(household.core).sections}
    for name, table in (
        ("Tracks", "audio_audio"), ("Positions", "audio_audioprogress"), ("Lyrics", "audio_lyrics"),
        ("Pictures", "audio_artwork"), ("Uploads", "audio_localaudio"), ("Channels", "channel_channel"),
        ("Album facts", "audio_musicmetadata"), ("Artists", "audio_artistinfo"),
    ):  # fmt: skip
        facts.same(f"{name} found", report[name].found, household.expected["table_rows"][table])
    facts.same("nothing unnamed", report["Left behind"].notes, [])


# The traps, by name


def two_owners_one_file(h: Household) -> None:
    tracks = [h.tracks(name)[h.ids["6Lxo8NjM2Ze"]] for name in ("alice", "bob")]
    assert len({track.revision for track in tracks}) == 1
    assert h.people["bob"].delete(f"/api/audio/{tracks[0].id}/").status == 204
    assert h.people["alice"].get(f"/api/audio/{tracks[0].id}/stream/").status == 200


def two_files(h: Household) -> None:
    for name in ("alice", "bob"):
        assert h.detail(name, TWO_FILES).title == "Harbour Session #4 (remastered audio)"
        assert h.people[name].get(f"/api/audio/{h.ids[TWO_FILES]}/stream/").status == 200
    assert "Harbour Session #4 (premiere)" in notes_of(report_of(h.core), "Tracks")


def three_owners(h: Household) -> None:
    for name in ("alice", "bob", "carol"):
        assert h.detail(name, "Fzg0EsktYnD").is_missing
        answer = h.people[name].get(f"/api/audio/{h.ids['Fzg0EsktYnD']}/stream/")
        assert (answer.status, answer.json["code"]) == (410, "track_file_missing")


def plays(name: str, key: str) -> Any:
    def look(h: Household) -> None:
        detail = h.detail(name, key)
        assert detail.title == h.old(name, key)["title"]
        sent = h.people[name].get(f"/api/audio/{h.ids[key]}/stream/")
        path = h.core.db.value("SELECT path FROM tracks WHERE uid = :uid", uid=h.ids[key])
        assert hashlib.sha256(sent.body).hexdigest() == h.files[path]["sha256"]
        assert path == h.old(name, key)["file_path"]

    return look


def is_listed(name: str, *keys: str) -> Any:
    def look(h: Household) -> None:
        for key in keys:
            detail = h.detail(name, key)
            assert (detail.title, detail.is_missing) == (h.old(name, key)["title"], True)
            assert detail.source_url == f"https://www.youtube.com/watch?v={key}"

    return look


def other_extension(h: Household) -> None:
    assert h.detail("alice", RENAMED).codec == "aac"
    assert h.people["alice"].get(f"/api/audio/{h.ids[RENAMED]}/stream/").headers["Content-Type"] == "audio/mp4"
    assert "wrong extension" in notes_of(report_of(h.core), "Files")


def not_youtube(h: Household) -> None:
    detail = h.detail("alice", "1284456789")
    assert (detail.source_url, detail.channel, detail.published_at) == (None, "Unknown", None)


def same_titles(h: Household) -> None:
    titles = [h.detail("alice", key).title for key in ("neD-SEwDOSf", "XNQewQIyBn-", "MIf3X2_pgYh")]
    assert titles == ["Same title", "Same title", "same TITLE"]
    assert len(h.people["alice"].get("/api/search/?q=same%20title").json.tracks) == 3


def no_length(h: Household) -> None:
    assert h.detail("alice", "v3CEfqkx6Rr").duration_seconds is None


def view_counts(h: Household) -> None:
    assert "view counts of 16 rows" in notes_of(report_of(h.core), "Tracks")


def beyond_the_end(h: Household) -> None:
    assert h.detail("alice", "0b2OCuiC6pY").position_seconds == 0.0  # it was heard to the end besides


def codecs(h: Household) -> None:
    found = Counter(track.codec for track in h.tracks("alice").values() if not track.is_missing)
    assert found == {"aac": 5, "mp3": 3, "opus": 2, "flac": 1}


def no_last_played(h: Household) -> None:
    old = h.expected["library"]["alice"]["counts"]
    history = h.people["alice"].get("/api/play/?limit=200").json.results
    uploads = [play for play in history if play.title == "Kitchen demo"]
    assert len(history) - len(uploads) == old["progress_completed"]
    assert [play.played_at for play in uploads] == ["2026-01-03T15:00:00.000Z"]


def two_lists_of_one_source(h: Household) -> None:
    lists = [h.playlist(name, "Evening Focus Session 🎧") for name in ("alice", "bob")]
    assert len({found.id for found in lists}) == 2
    assert [len(found.items) for found in lists] == [40, 7]


def called_downloads(h: Household) -> None:
    assert [i.track.title for i in h.playlist("bob", "My downloads").items] == [
        h.old("bob", key)["title"] for key in ("0ys4zSJDNBm", "iu7B3iOhaCu")
    ]


def custom_counts(h: Household) -> None:
    assert h.playlist("alice", "Kitchen 🍳 <b>party</b>").count == 9


def ties(h: Household) -> None:
    keys = [item.position for item in h.playlist("alice", "Evening Focus Session 🎧").items]
    assert keys == sorted(set(keys))


def one_favourite(h: Household) -> None:
    marked = [h.people[name].get("/api/audio/?is_favorite=true").json.results for name in h.people]
    assert [[track.title for track in tracks] for tracks in marked] == [[], ["Kitchen demo"], [], []]


def elsewhere(h: Household) -> None:
    """Of another room: its tests look at it."""


CASES = {
    "same track, same file, two users": two_owners_one_file,
    "same track, other title and other file per user; only the second one exists": two_files,
    "same track for three users, one of them deactivated; file missing": three_owners,
    'file name and folder name contain ".." though the path stays inside the media root; file exists':
        plays("alice", "mORFc_BucPy"),
    'title is "..."': is_listed("alice", "fglr8072KLJ"),
    'HTML-like title; on disk the characters < > " / : ? * | \\ are full-width or look-alike characters; file exists':
        plays("alice", "eFA4BfI2Gw4"),
    "quotes, percent, hash, question mark, backslash, pipe in the title; file exists": plays("alice", "Hi9rAs3TV55"),
    "emoji with zero-width joiner; file exists": plays("alice", "jXE1vNrMaud"),
    "right-to-left title and folder; file exists": plays("alice", "3VgT9N2VzXU"),
    "right-to-left title with bidi control characters": is_listed("alice", "nOOJ_yYhk3w"),
    "title and file name in decomposed Unicode (NFD); must not be normalised; file exists":
        plays("alice", "1MarjOoopit"),
    "file name of nearly 255 bytes; file exists": plays("alice", "xT1hs9TXdZp"),
    "title of 500 characters, file name made from another, earlier title": is_listed("alice", "y1v621oSs4Z"),
    "file_path says .webm, the file on disk has the same name with .m4a": other_extension,
    'not from YouTube: numeric id, empty channel_id, channel_name "Unknown", folder "NA"': not_youtube,
    'id starts with "-"': is_listed("alice", "-sAO0AJ9BkF"),
    'id starts with "_"': is_listed("alice", "_3oAGU0fGU8"),
    "no-break space and zero-width space in the title": is_listed("alice", "C0mW4zcrRZK"),
    "two tracks with exactly the same title, a third one differs in letter case only": same_titles,
    'duration 0 and title "Unknown"': no_length,
    "view_count above 2^31": view_counts,
    "progress position beyond the duration": beyond_the_end,
    'audio_format is "m4a" in every row whatever the file is; file_size is 0 or the size at the source, never the '
    "size on disk": codecs,
    "last_played is empty in every track row": no_last_played,
    "the same playlist_id subscribed by two users, with different entries": two_lists_of_one_source,
    'custom playlist whose playlist_id is the word "downloads"': called_downloads,
    "custom playlists: item_count column is 0 although entries exist": custom_counts,
    "positions have gaps, start at 0 or 1, and two entries of the long playlist share one position": ties,
    "local uploads: one with file, one without; the only favourite of the household is one of them": one_favourite,
    "same address twice in the queue of one user, once completed and once pending": elsewhere,
    'download row stuck in "downloading" for weeks; a pending row of a deactivated user; a whole playlist as one '
    "completed row": elsewhere,
    "two-factor: one user enabled with plain secret and nine plain backup codes, one user with a secret that was "
    "never confirmed, one with an empty string": elsewhere,
    "admin rights: admin has all three flags, alice has only is_admin": elsewhere,
}  # fmt: skip


def test_every_trap_by_name(household: Household, tell: Tell) -> None:
    told = [case["case"] for case in household.expected["special_cases"]]
    assert set(told) == set(CASES)
    for case in reversed(told):  # the first one removes something
        print(case)
        CASES[case](household)
    tell(f"an old library: {sum(case is not elsewhere for case in CASES.values())} traps looked into by name")


def test_nobody_sees_more_than_before(household: Household) -> None:
    for name, old in household.expected["library"].items():
        own = {household.ids[one["youtube_id"]] for one in old["audio"]}
        for key, uid in household.ids.items():
            if name not in ("admin", "alice"):
                answer = household.people[name].get(f"/api/audio/{uid}/")
                assert (answer.status == 200) == (uid in own), key


def test_it_is_found_by_its_words(household: Household) -> None:
    for name, words, titles in (
        ("alice", "night%20ferry", ["Night Ferry (Full Album)"]),
        ("admin", "night%20ferry", []),
        ("alice", "cafe%20del", [household.old("alice", "1MarjOoopit")["title"]]),
        ("alice", "demo", ["Kitchen demo", "Basement demo (not from YouTube)"]),
    ):
        found = household.people[name].get(f"/api/search/?q={words}").json.tracks
        assert sorted(track.title for track in found) == sorted(titles)


def test_album_facts_fill_what_is_empty(household: Household) -> None:
    row = household.core.db.row("SELECT * FROM tracks WHERE uid = :uid", uid=household.ids["6Lxo8NjM2Ze"]) or {}
    found = (row["album"], row["album_artist"], row["genre"], row["year"], row["track_number"], row["disc_number"])
    assert found == ("Night Ferry", "Harbour Lights", "slow radio", 2023, 1, 1)


def test_a_picture_is_sent_from_where_it_lies(household: Household, home: Home) -> None:
    answer = household.people["alice"].get(f"/api/audio/{household.ids['6Lxo8NjM2Ze']}/artwork/")
    assert answer.body == (home.audio / "artwork/audio_6_audio_cover_lastfm.jpg").read_bytes()
    assert "artwork/channel_1_artist_image_fanart.png" in notes_of(report_of(household.core), "Pictures")


def test_no_file_was_touched(household: Household, home: Home) -> None:
    found = sorted(str(path.relative_to(home.audio)) for path in home.audio.rglob("*") if path.is_file())
    was = sorted(str(path.relative_to(OLD / "audio")) for path in (OLD / "audio").rglob("*") if path.is_file())
    assert [path for path in found if not path.startswith(".soundwave")] == was
