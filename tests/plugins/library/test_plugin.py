"""The plugin as a whole: its doors, its pages, and that its README says what it adds."""

from __future__ import annotations

from pathlib import Path

import soundwave_library
from soundwave_core.testing import Cast, Client

README = (Path(soundwave_library.__file__).parent / "README.md").read_text()


def test_its_pages(cast: Cast, nobody: Client) -> None:
    pages = {page.path: page for page in cast.bob.get("/api/session/").json.pages if page.plugin == "library"}
    assert set(pages) == {"/", "/playlists/", "/playlist/", "/history/"}
    assert pages["/playlist/"].order < 0 < pages["/"].order
    assert not [page for page in nobody.get("/api/session/").json.pages if page.plugin == "library"]


def test_its_routes_are_documented(cast: Cast) -> None:
    document = cast.bob.get("/api/openapi.json")
    assert document.status == 200
    assert b"/api/playlist/{playlist}/items/{item}/" in document.body
