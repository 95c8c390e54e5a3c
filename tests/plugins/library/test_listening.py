"""Favourites, positions and plays."""

from __future__ import annotations

from soundwave_core import SoundWave
from soundwave_core.testing import Cast, VirtualClock

from .conftest import Shelf, titles


def test_favorites_can_be_listed(cast: Cast, shelf: Shelf) -> None:
    one, _two = shelf.add("One", cast.bob, cast.carol), shelf.add("Two", cast.bob)
    for _ in range(2):
        assert cast.bob.put(f"/api/audio/{one}/favorite/").status == 204
    page = cast.bob.get("/api/audio/?is_favorite=true").json
    assert (page.count, [t.title for t in page.results], page.results[0].is_favorite) == (1, ["One"], True)
    assert titles(cast.bob.get("/api/audio/?is_favorite=false")) == ["Two"]
    assert titles(cast.carol.get("/api/audio/?is_favorite=true")) == []
    assert [cast.bob.delete(f"/api/audio/{one}/favorite/").status for _ in range(2)] == [204, 204]
    assert titles(cast.bob.get("/api/audio/?is_favorite=true")) == []


def test_the_newest_position_counts_whenever_it_comes(cast: Cast, shelf: Shelf, clock: VirtualClock) -> None:
    uid = shelf.add("Long", cast.bob)

    def put(seconds: float, at: str | None = None) -> float:
        body = {"seconds": seconds} | ({} if at is None else {"at": at})
        assert cast.bob.put(f"/api/audio/{uid}/position/", body).status == 204
        position: float = cast.bob.get(f"/api/audio/{uid}/").json.position_seconds
        return position

    clock.advance(3600)
    assert put(100, "2026-01-05T12:30:00Z") == 100
    assert put(50, "2026-01-05T12:20:00+00:00") == 100  # an older event, told late
    assert put(40, "2026-01-05T12:40:00Z") == 40  # a deliberate rewind
    assert put(90, "2027-01-01T00:00:00Z") == 90  # a clock that runs ahead is now, at most
    assert put(95) == 95
    assert cast.carol.get(f"/api/audio/{uid}/").status == 404


def test_a_clock_that_was_set_back_does_not_hold_a_position(cast: Cast, shelf: Shelf, clock: VirtualClock) -> None:
    """What was heard while it was ahead lies in the future since."""
    uid = shelf.add("Long", cast.bob)
    for ahead, seconds in ((7200, 100), (-7200, 50), (60, 60)):
        clock.advance(ahead)
        assert cast.bob.put(f"/api/audio/{uid}/position/", {"seconds": seconds}).status == 204
        assert cast.bob.get(f"/api/audio/{uid}/").json.position_seconds == seconds


def test_a_position_does_not_renew_the_lists(core: SoundWave, cast: Cast, shelf: Shelf) -> None:
    uid = shelf.add("Long", cast.bob)
    listed, detail = cast.bob.get("/api/audio/").headers["ETag"], cast.bob.get(f"/api/audio/{uid}/").headers["ETag"]
    rev = core.db.rev()
    cast.bob.put(f"/api/audio/{uid}/position/", {"seconds": 5})
    cast.bob.post("/api/play/", {"track": uid})
    assert core.db.rev() == rev
    assert cast.bob.get("/api/audio/", If_None_Match=listed).status == 304
    assert cast.bob.get(f"/api/audio/{uid}/", If_None_Match=detail).status == 200
    assert core.db.value("SELECT rev FROM positions") == 1


def test_plays_are_facts(cast: Cast, shelf: Shelf, core: SoundWave) -> None:
    uid = shelf.add("Heard", cast.bob)
    own = core.clock.new_id()
    body = {"track": uid, "id": own, "played_at": "2026-01-05T10:00:00Z", "seconds": 42}
    first, again = cast.bob.post("/api/play/", body), cast.bob.post("/api/play/", body)
    assert (first.status, first.json, again.json.id) == (201, again.json, own)
    cast.bob.post("/api/play/", {"track": uid})
    page = cast.bob.get("/api/play/").json
    assert (page.count, [play.seconds for play in page.results]) == (2, [None, 42])
    assert page.results[1].played_at == "2026-01-05T10:00:00.000Z"
    shelf.add("Heard", cast.carol, source="c")
    theirs = cast.carol.post("/api/play/", {"track": cast.carol.get("/api/audio/").json.results[0].id, "id": own})
    assert (theirs.status, theirs.json["code"]) == (409, "id_taken")
