"""Lyrics: who reads and writes them, and what of two texts of one track stays."""

from __future__ import annotations

from soundwave_core import SoundWave
from soundwave_core.testing import Cast
from soundwave_library.legacy_extras import merge

from .conftest import Shelf

LRC = "[00:01.00]One\n[00:02.50]Two\r\n"


def test_words_are_kept_as_they_are(cast: Cast, shelf: Shelf) -> None:
    uid = shelf.add("Song", cast.bob)
    door = f"/api/audio/{uid}/lyrics/"
    assert (cast.bob.get(door).status, cast.bob.get(door).json["code"]) == (404, "lyrics_not_found")
    assert cast.bob.put(door, {"synced": LRC, "language": "en"}).status == 200
    answer = cast.bob.get(door)
    found = answer.json
    assert (found.synced, found.plain, found.is_instrumental, found.source, found.language) == (
        LRC, None, False, "manual", "en",
    )  # fmt: skip
    assert cast.bob.get(door, If_None_Match=answer.headers["ETag"]).status == 304
    cast.bob.put(door, {"is_instrumental": True})
    assert cast.bob.get(door).json.is_instrumental
    assert cast.bob.get(door).json.synced is None
    assert cast.bob.delete(door).status == 204
    assert (cast.bob.get(door).status, cast.bob.delete(door).status) == (404, 404)


def test_what_says_nothing_is_refused(cast: Cast, shelf: Shelf) -> None:
    door = f"/api/audio/{shelf.add('Song', cast.bob)}/lyrics/"
    answer = cast.bob.put(door, {"synced": " ", "plain": ""})
    assert (answer.status, answer.json["code"]) == (422, "lyrics_empty")
    assert cast.bob.put(door, {"plain": "a\0b"}).status == 422


def test_the_householders_read_what_admins_write(core: SoundWave, cast: Cast, shelf: Shelf) -> None:
    uid = shelf.add("Shared", channel=shelf.channel())
    door = f"/api/audio/{uid}/lyrics/"
    assert cast.alice.put(door, {"plain": "La la"}).status == 200
    assert cast.bob.get(door).json.plain == "La la"
    assert cast.bob.put(door, {"plain": "No"}).status == 403
    assert cast.bob.delete(door).status == 403
    own = f"/api/audio/{shelf.add('Own', cast.carol)}/lyrics/"
    assert cast.bob.get(own).status == 404
    assert cast.bob.put(own, {"plain": "No"}).status == 404


def test_they_go_with_their_track(core: SoundWave, cast: Cast, shelf: Shelf) -> None:
    uid = shelf.add("Song", cast.bob)
    cast.bob.put(f"/api/audio/{uid}/lyrics/", {"plain": "La"})
    assert cast.bob.delete(f"/api/audio/{uid}/").status == 204
    assert core.db.value("SELECT count(*) FROM lyrics") == 0


def words(synced: str | None = None, plain: str | None = None) -> dict[str, object]:
    return {"synced": synced, "plain": plain, "is_instrumental": 0, "source": "x", "language": None}


def test_of_two_texts_the_richer_one_stays() -> None:
    assert merge(None, words("a")) == (words("a"), False)
    assert merge(words(plain="p"), words("a")) == (words("a", "p"), False)
    assert merge(words("a"), words("a", "p")) == (words("a", "p"), False)
    assert merge(words("a"), words("b")) == (words("a"), True)
    assert merge(words(plain="p"), words(plain="q")) == (words(plain="p"), True)
    assert merge(words("a", "p"), words("a", "q")) == (words("a", "p"), True)
