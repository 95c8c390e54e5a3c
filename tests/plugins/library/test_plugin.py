"""The plugin as a whole: its doors, its pages, and that its README says what it adds."""

from __future__ import annotations

from pathlib import Path

import soundwave_library
from soundwave_core import SoundWave
from soundwave_core.testing import Cast, Client
from soundwave_library.jobs import JOBS
from soundwave_library.routes import ROUTES

README = (Path(soundwave_library.__file__).parent / "README.md").read_text()


def test_the_readme_names_what_there_is(core: SoundWave) -> None:
    for route in ROUTES:
        assert f"| {route.method} | `{route.rule}` | {route.permission.name} |" in README
    for job in JOBS:
        assert job.id in README
    schema = soundwave_library.MIGRATIONS
    tables = [line.split()[2] for step in schema for line in step.sql.splitlines() if line.startswith("CREATE TABLE")]
    assert [table for table in tables if f"`{table}`" not in README] == []


def test_its_pages(cast: Cast, nobody: Client) -> None:
    pages = {page.path: page for page in cast.bob.get("/api/session/").json.pages if page.plugin == "library"}
    assert set(pages) == {"/", "/playlists/", "/playlist/"}
    assert pages["/playlist/"].order < 0 < pages["/"].order
    assert not [page for page in nobody.get("/api/session/").json.pages if page.plugin == "library"]


def test_its_routes_are_documented(cast: Cast) -> None:
    document = cast.bob.get("/api/openapi.json")
    assert document.status == 200
    assert b"/api/playlist/{playlist}/items/{item}/" in document.body
