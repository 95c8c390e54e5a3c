"""The one source: ``app.toml``, the program's own settings and version, and what was said on the command line."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import click

from soundwave_core import Setting, SoundWave, __version__
from soundwave_core.errors import SoundWaveError
from soundwave_core.settings import CORE_SETTINGS
from soundwave_core.values import schema_of

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
# Without a tag, which is the version; with a folder, as the Supervisor's docker_image asks (supervisor/validate.py).
_IMAGE = re.compile(r"([a-z0-9.:-]+/)*[a-z0-9_-]+/[a-z0-9_-]+")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_ADDRESS = re.compile(r"https://[a-z0-9.-]+(:[0-9]+)?(/[^\s?#]*)?", re.I)


@dataclass(frozen=True)
class Place:
    """Where a release is. ``image`` has no tag; ``digest`` is its manifest's; ``files``: where the result is put."""

    image: str
    digest: str
    url: str
    files: str

    @classmethod
    def checked(cls, image: str, digest: str, url: str, files: str) -> Place:
        """ClickException with one line for each that is missing or wrong."""
        wanted = (
            ("IMAGE", image, _IMAGE, "an image without a tag, such as registry.example.org/NAME/soundwave"),
            ("DIGEST", digest, _DIGEST, "the digest that the registry gave that image, sha256: and 64 hex digits"),
            ("URL", url, _ADDRESS, "the https address of the project's page"),
            ("FILES", files, _ADDRESS, "the https address under which build/packages will be read"),
        )
        wrong = [f"{name} must be {what}." for name, value, form, what in wanted if not form.fullmatch(value)]
        if wrong:
            raise click.ClickException("\n".join([*wrong, "make packages IMAGE=… DIGEST=… URL=… FILES=…"]))
        return cls(image, digest, url.rstrip("/"), files.rstrip("/"))


@dataclass(frozen=True)
class App:
    """Everything that the writers read. ``facts`` is app.toml; ``settings`` are the program's own, by name."""

    facts: dict[str, Any]
    settings: dict[str, Setting]
    place: Place
    version: str = __version__

    @classmethod
    def read(cls, place: Place) -> App:
        facts = tomllib.loads((HERE / "app.toml").read_text(encoding="utf-8"))
        return cls(facts, declared(), place)

    def __getitem__(self, name: str) -> Any:
        return self.facts[name]

    @property
    def image(self) -> str:
        """The image of this version."""
        return f"{self.place.image}:{self.version}"

    @property
    def overview(self) -> str:
        """What it is, and what to do first."""
        return f"{self['description']} {self['first_start']}"

    def folders(self, package: str) -> list[tuple[dict[str, str], str]]:
        """Each folder, and what this package puts there."""
        return [(folder, self[package]["folders"][folder["id"]]) for folder in self["folders"]]

    def variables(self, package: str) -> list[tuple[dict[str, str], str]]:
        """The container's variables with this package's values; what a package leaves out keeps its default."""
        own = self[package].get("variables", {})
        unknown = own.keys() - {variable["name"] for variable in self["variables"]}
        if unknown:
            raise click.ClickException(f"app.toml: {package} names no variable of the image: {', '.join(unknown)}.")
        return [(variable, own.get(variable["name"], variable["default"])) for variable in self["variables"]]

    def setting(self, name: str) -> Setting:
        """One that a package shows. ClickException where the program has it no more."""
        if name not in self.settings:
            raise click.ClickException(f"app.toml: there is no setting {name}.")
        return self.settings[name]

    def text(self, name: str) -> str:
        """A file of ``texts/``; ``$name`` in it becomes app.toml's."""
        words = {"version": self.version, "url": self.place.url, "files": self.place.files, "image": self.image}
        words |= {key: str(value) for key, value in self.facts.items() if isinstance(value, str | int)}
        text = (HERE / "texts" / name).read_text(encoding="utf-8")
        return re.sub(r"\$([a-z_]+)", lambda found: words[found[1]], text)


def declared() -> dict[str, Setting]:
    """The settings of the core and of every bundled plugin, by name. No file and no variable is looked at."""
    try:
        core = SoundWave({}, directory=HERE, notice=lambda line: None).assemble()
    except SoundWaveError as error:
        raise click.ClickException(error.sentence) from None
    records = core.plugins.records.values()
    failed = [f"{record.name}: {record.reason}" for record in records if record.status == "failed"]
    if failed:
        raise click.ClickException(f"A plugin does not start: {'; '.join(failed)}")
    own = (setting for record in records for setting in record.contributions.settings)
    return {setting.name: setting for setting in (*CORE_SETTINGS, *own)}


def form_of(setting: Setting) -> dict[str, Any]:
    """Its type as a JSON schema, without null: type, minimum, maximum, pattern, items; or enum, in its own order."""
    if get_origin(setting.type) is Literal:
        return {"enum": [str(value) for value in get_args(setting.type)]}
    form = schema_of(setting.type)
    if "anyOf" in form:
        (form,) = (one for one in form["anyOf"] if one.get("type") != "null")
    return form


def plain_default(setting: Setting) -> str:
    """Its default as a variable would hold it; nothing for a secret."""
    value = None if setting.is_secret else setting.default
    if value is None or isinstance(value, bool):
        return "" if value is None else str(value).lower()
    return ",".join(map(str, value)) if isinstance(value, tuple | list) else str(value)
