"""The example plugin is installed as a stranger's would be, and found by its entry point."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
import soundwave_moods
from house.example import install, python_path, run
from house.tree import EXAMPLE, ROOT, ensure_none

from soundwave_core import SoundWave
from soundwave_core.testing import MakeCore, make_cast


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install(tmp_path_factory.mktemp("source") / "moods", tmp_path_factory.mktemp("target"))


def test_it_is_found_by_its_entry_point(installed: Path, tmp_path: Path) -> None:
    path = python_path(installed)
    folders = {name: str(tmp_path / name) for name in ("DATA_DIR", "MEDIA_ROOT", "CACHE_DIR")}
    listing = run(sys.executable, "-m", "soundwave_core", "plugins", PYTHONPATH=path, **folders)
    assert re.search(r"^moods +1\.0 +enabled +3\b", listing, re.M), listing
    routes = run(sys.executable, "-m", "soundwave_core", "routes", PYTHONPATH=path, **folders)
    assert re.search(r"^DELETE +/api/mood/<mood:id>/ +IsOwnerOrAdmin +mood ", routes, re.M), routes


def test_its_static_files_are_installed(installed: Path) -> None:
    for script in ("moods-page.js", "mood-action.js"):
        assert (installed / "soundwave_moods/static" / script).is_file()


@pytest.mark.parametrize(
    "script", sorted((EXAMPLE / "soundwave_moods/static").glob("*.js")), ids=lambda path: path.name
)
def test_its_scripts_import_what_the_sdk_exports(script: Path) -> None:
    found = re.search(r'import \{([^}]*)\} from "\.\./\.\./sdk\.js"', script.read_text())
    assert found
    sdk = (ROOT / "webroot/src/sdk.ts").read_text()
    exported = {name for names in re.findall(r"^export \{([^}]*)\}", sdk, re.M) for name in re.findall(r"\w+", names)}
    ensure_none(set(re.findall(r"\w+", found[1])) - exported)


def test_without_what_it_requires_it_is_withdrawn(make_core: MakeCore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(soundwave_moods, "REQUIRES", ("auth", "weather"))
    record = make_core(plugins={"moods": soundwave_moods}).plugins.records["moods"]
    assert (record.status, record.reason) == ("failed", "needs the plugin weather, which is not running")


def test_taken_out_again_it_leaves_nothing_but_its_table(make_core: MakeCore) -> None:
    core = make_core(plugins={"moods": soundwave_moods})
    core.stop()
    without: SoundWave = make_core()
    cast = make_cast(without)
    assert cast.bob.get("/api/mood/").status == 404
    assert cast.bob.get("/static/plugins/moods/moods-page.js").status == 404
    assert without.db.value("SELECT count(*) FROM sqlite_schema WHERE name = 'moods'") == 1
