"""The README leads to everything. Its words are free."""

from __future__ import annotations

import re

import pytest
from house.tree import NAMES, ROOT, ensure_none, section

from soundwave_core.settings import CORE_SETTINGS

ROOMS = (
    "soundwave_core", *(f"plugins/{name}" for name in NAMES), "webroot", "data", "docker", "tests",
)  # fmt: skip
WORDS = ("make run", "make test", "DATA_DIR", "MEDIA_ROOT", "8889", "HOOKS.md", "mutagen")


@pytest.fixture(scope="module")
def readme() -> str:
    return (ROOT / "README.md").read_text()


def test_it_names_each_room(readme: str) -> None:
    """``plugins/auth``, or ``auth/`` in a drawn tree."""
    ensure_none(room for room in ROOMS if room not in readme and f"{room.rpartition('/')[2]}/" not in readme)


@pytest.mark.parametrize("words", WORDS)
def test_it_says(readme: str, words: str) -> None:
    assert words in readme


def test_its_links_lead_somewhere(readme: str) -> None:
    links = re.findall(r"\]\(([^)#\s]+)", readme)
    here = [link for link in links if "://" not in link and not link.startswith("mailto:")]
    ensure_none(link for link in here if not (ROOT / link).exists())


def test_it_has_a_picture(readme: str) -> None:
    assert re.search(r"!\[[^\]]+\]\([^)]+\.(png|jpg|webp|svg)\)", readme)


def test_the_cores_readme_names_every_module() -> None:
    text = (ROOT / "soundwave_core" / "README.md").read_text()
    modules = sorted(path.name for path in (ROOT / "soundwave_core").glob("*.py"))
    ensure_none(name for name in modules if f"`{name}`" not in text)
    ensure_none(name for name in re.findall(r"^\| `(\w+\.py)`", text, re.MULTILINE) if name not in modules)


def test_the_cores_readme_has_each_of_its_settings() -> None:
    text = section((ROOT / "soundwave_core" / "README.md").read_text(), "Settings")
    told = re.findall(r"^\| `(\w+)` \| `(\w+)` \|", text, re.MULTILINE)
    assert told == [(setting.name, setting.variable) for setting in CORE_SETTINGS]


def test_the_apps_readme_names_every_module_of_what_a_device_has() -> None:
    text = (ROOT / "webroot/README.md").read_text()
    modules = sorted(path.name for path in (ROOT / "webroot/src/offline").glob("*.ts"))
    assert modules
    ensure_none(name for name in modules if f"`{name}`" not in text)
