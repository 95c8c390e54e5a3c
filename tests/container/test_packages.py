"""What `make packages` writes: from a source that agrees with the image, in the form that each home server reads."""

from __future__ import annotations

import json
import os
import re
import struct
import subprocess
import sys
import tomllib
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from container.test_files import after_last_from, of
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from house.tree import ROOT, ensure_none
from jsonschema import Draft7Validator

from soundwave_core import SoundWave, __version__
from soundwave_core.options import option_key
from soundwave_core.settings import CORE_SETTINGS

pytestmark = pytest.mark.xdist_group("packages")

SOURCE = ROOT / "docker" / "packages"
APP = tomllib.loads((SOURCE / "app.toml").read_text())
DIGEST = "sha256:" + "5f" * 32
SAID = {
    "image": "registry.example.org/example/soundwave", "digest": DIGEST, "url": "https://soundwave.example",
    "files": "https://files.example/packages/",
}  # fmt: skip


def make(target: Path, **said: str) -> subprocess.CompletedProcess[str]:
    """As the Makefile does it."""
    options = [part for name, value in said.items() for part in (f"--{name}", value)]
    command = [sys.executable, "-W", "error", "-m", "packages", *options, str(target)]
    environ = os.environ | {"PYTHONPATH": str(ROOT / "docker"), "SOUNDWAVE_PORT": "1"}  # which it must not look at
    return subprocess.run(command, env=environ, capture_output=True, text=True, timeout=240, check=False)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("packages") / "packages"
    done = make(target, **SAID)
    assert done.returncode == 0, re.sub(r"\w+://[^\s/]+", "://…", done.stderr)
    return target


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


# The source and the image


def compose() -> Any:
    return read(ROOT / "docker" / "compose.yaml")["services"]["soundwave"]


def image_environment() -> dict[str, str]:
    return dict(part.split("=", 1) for line in of("ENV") for part in line.split())


def test_the_source_knows_the_images_port_and_folders() -> None:
    port = next(setting.default for setting in CORE_SETTINGS if setting.name == "port")
    assert of("EXPOSE") == [str(APP["port"])] == [str(port)]
    environment = image_environment()
    assert environment["SOUNDWAVE_PORT"] == str(APP["port"])
    paths = {folder["variable"]: folder["path"] for folder in APP["folders"]}
    assert paths == {name: environment[name] for name in ("DATA_DIR", "MEDIA_ROOT", "CACHE_DIR")}


def test_the_source_runs_it_as_compose_does() -> None:
    service = compose()
    assert service["ports"] == [f"{APP['port']}:{APP['port']}"]
    assert {volume.partition(":")[2] for volume in service["volumes"]} == {f["path"] for f in APP["folders"]}
    defaults = {n: re.fullmatch(r"\$\{\w+:-(.*)\}", v)[1] for n, v in service["environment"].items()}
    assert defaults == {variable["name"]: variable["default"] for variable in APP["variables"]}
    assert service["stop_grace_period"] == f"{APP['stop_seconds']}s"
    assert sorted(service["cap_add"]) == APP["capabilities"]


def test_the_image_checks_its_health_and_takes_its_user_itself() -> None:
    """No package says how: all of them leave it to the image."""
    assert len(of("HEALTHCHECK")) == 1
    assert not [rest for word, rest in after_last_from() if word == "USER"]
    entrypoint = (ROOT / "docker" / "entrypoint").read_text()
    ensure_none(v["name"] for v in APP["variables"] if v["name"] != "TZ" and f"${{{v['name']}:-" not in entrypoint)
    ensure_none(f["variable"] for f in APP["folders"] if f"${{{f['variable']}:-{f['path']}}}" not in entrypoint)


def limits(service: dict[str, Any]) -> dict[str, Any]:
    names = ("read_only", "tmpfs", "security_opt", "cap_drop", "stop_grace_period", "restart")
    return {name: service[name] for name in names}


# What was said


def test_everything_that_is_missing_is_said_at_once(tmp_path: Path) -> None:
    done = make(tmp_path / "made")
    assert done.returncode == 1
    assert [line.partition(" ")[0] for line in done.stderr.removeprefix("Error: ").splitlines()] == [
        "IMAGE", "DIGEST", "URL", "FILES", "make",
    ]  # fmt: skip
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [("image", "soundwave"), ("image", "registry.example.org/example/soundwave:1.0"),
     ("image", "registry.example.org/x/y@sha256:1"), ("digest", "5f" * 32), ("digest", "sha256:5f"),
     ("url", "http://soundwave.example"), ("files", "build/packages")],
)  # fmt: skip
def test_what_is_wrong_is_named(tmp_path: Path, name: str, value: str) -> None:
    done = make(tmp_path / "made", **SAID | {name: value})
    assert done.returncode == 1
    assert done.stderr.startswith(f"Error: {name.upper()} must be ")
    assert len(done.stderr.splitlines()) == 2


def test_make_hands_on_what_was_said() -> None:
    said = [f"{name.upper()}={value}" for name, value in SAID.items()]
    done = subprocess.run(["make", "-n", "packages", *said], cwd=ROOT, capture_output=True, text=True, check=True)
    for name, value in SAID.items():
        assert f"--{name} '{value}'" in done.stdout
    assert "build/packages" in done.stdout
    assert "/build/" in (ROOT / ".gitignore").read_text().splitlines()


# All of them


def test_nothing_is_left_to_fill_in_and_every_name_leads_to_a_file(made: Path) -> None:
    texts = [path for path in made.rglob("*") if path.suffix in (".xml", ".yml", ".yaml", ".md", ".json")]
    assert len(texts) >= 14
    for path in texts:
        text = path.read_text()
        assert str(ROOT) not in text
        ensure_none(f"{path}: {link}" for link in re.findall(r"https://files\.example/packages/([^\s<\"]+)", text)
                    if not (made / link).is_file())  # fmt: skip
        if path.suffix == ".md":
            ensure_none(re.findall(r"\$[a-z_]+", text))


def size(path: Path) -> tuple[int, int]:
    """Width and height, from the header of a PNG."""
    head = path.read_bytes()[:24]
    assert head[:8] == b"\x89PNG\r\n\x1a\n"
    return struct.unpack(">II", head[16:24])


def test_pictures_have_the_size_that_is_asked_for(made: Path) -> None:
    sizes = {str(path.relative_to(made)): size(path) for path in made.rglob("*.png")}
    assert sizes == {
        "unraid/icon.png": (256, 256), "casaos/icon.png": (256, 256), "umbrel/soundwave-server/icon.png": (256, 256),
        "homeassistant/soundwave/icon.png": (128, 128), "homeassistant/soundwave/logo.png": (250, 100),
    }  # fmt: skip
    ensure_none(path for path in SOURCE.rglob("*.png"))


@pytest.mark.parametrize("path", ["casaos/docker-compose.yml", "umbrel/soundwave-server/docker-compose.yml"])
def test_compose_files_are_compose_files(made: Path, path: str) -> None:
    checker = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(made / path)]
    done = subprocess.run(checker, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    podman = [sys.executable, "-W", "ignore", "-m", "podman_compose", "-f", str(made / path), "config"]
    environ = os.environ | {
        "PUID": "1000",
        "PGID": "1000",
        "TZ": "UTC",
        "AppID": "soundwave",
        "APP_DATA_DIR": "/app-data",
    }
    done = subprocess.run(podman, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "registry.example.org/example/soundwave" in done.stdout


# Unraid


@pytest.fixture
def template(made: Path) -> ET.Element:
    return ET.parse(made / "unraid/templates/soundwave.xml").getroot()


def test_unraids_template_has_what_it_must(template: ET.Element) -> None:
    assert (template.tag, template.attrib) == ("Container", {"version": "2"})
    texts = {field.tag: field.text for field in template if isinstance(field.tag, str) and field.tag != "Config"}
    assert texts["Name"] == "SoundWave"
    assert texts["Repository"] == f"registry.example.org/example/soundwave:{__version__}"
    assert (texts["Network"], texts["Privileged"]) == ("bridge", "false")
    assert texts["WebUI"] == "http://[IP]:[PORT:8889]/"
    for name in ("Overview", "Category", "Icon", "Support", "Project", "TemplateURL", "Registry"):
        assert texts[name], name
    assert re.fullmatch(r"(\w+:\w* ?)+", texts["Category"] or "")
    extra = (texts["ExtraParams"] or "").split()
    service = compose()
    assert {part.removeprefix("--cap-add=") for part in extra if "cap-add" in part} == set(service["cap_add"])
    for part in ("--read-only", "--tmpfs=/tmp", "--cap-drop=ALL", "--stop-timeout=30", *(
        f"--security-opt={option}" for option in service["security_opt"]
    )):  # fmt: skip
        assert part in extra


def test_unraids_fields_are_the_images(template: ET.Element) -> None:
    fields = list(template.iter("Config"))
    names = {"Name", "Target", "Default", "Mode", "Description", "Type", "Display", "Required", "Mask"}
    ensure_none(field.attrib for field in fields if set(field.attrib) != names or not field.get("Description"))
    assert {field.get("Display") for field in fields} <= {"always", "advanced"}
    by_type: dict[str, set[str]] = {}
    for field in fields:
        by_type.setdefault(field.get("Type", ""), set()).add(field.get("Target", ""))
    assert by_type["Port"] == {"8889"}
    assert by_type["Path"] == {folder["path"] for folder in APP["folders"]}
    assert by_type.keys() == {"Port", "Path", "Variable"}
    known = {setting.variable for setting in settings().values()} | {variable["name"] for variable in APP["variables"]}
    assert by_type["Variable"] <= known
    values = {field.get("Target"): field.text for field in fields}
    assert (values["PUID"], values["PGID"]) == ("99", "100")
    assert not values["SOUNDWAVE_LOG_LEVEL"]  # left to Administration
    level = next(field for field in fields if field.get("Target") == "SOUNDWAVE_LOG_LEVEL")
    assert level.get("Default") == "|debug|info|warning|error"


def test_unraids_profile(made: Path) -> None:
    root = ET.parse(made / "unraid/ca_profile.xml").getroot()
    assert root.tag == "CommunityApplications"
    ensure_none(name for name in ("Profile", "Icon", "WebPage", "Forum") if not root.findtext(name))


# CasaOS


def test_casaos_shows_it_and_runs_it_as_compose_does(made: Path) -> None:
    file = read(made / "casaos/docker-compose.yml")
    (name, service), shop = next(iter(file["services"].items())), file["x-casaos"]
    assert (file["name"], name, shop["main"], service["container_name"]) == ("soundwave",) * 4
    for field in ("id", "main", "index", "port_map", "scheme", "icon", "title", "tagline", "description", "category",
                  "architectures", "version", "author", "developer"):  # fmt: skip
        assert shop[field], field
    assert isinstance(shop["port_map"], str)
    assert all(shop[field]["en_US"] for field in ("title", "tagline", "description"))
    assert shop["version"] == __version__
    assert re.fullmatch(r"[a-z]+(\.[a-z]+)+", shop["id"])
    assert service["image"] == f"registry.example.org/example/soundwave:{__version__}"  # never latest
    assert limits(service) == limits(compose())
    assert service["cap_add"] == compose()["cap_add"]
    assert {volume["target"] for volume in service["volumes"]} == {folder["path"] for folder in APP["folders"]}
    assert all(volume["source"].startswith("/DATA/") for volume in service["volumes"])
    assert service["environment"] == {"PUID": "$PUID", "PGID": "$PGID", "UMASK": "022", "TZ": "$TZ"}
    told = service["x-casaos"]
    assert {one["container"] for one in told["envs"]} == set(service["environment"])
    assert {one["container"] for one in told["volumes"]} == {volume["target"] for volume in service["volumes"]}


# Umbrel


def test_umbrels_shop_and_manifest(made: Path) -> None:
    shop = read(made / "umbrel/umbrel-app-store.yml")
    assert shop == {"id": "soundwave", "name": "SoundWave"}
    (folder,) = (path for path in (made / "umbrel").iterdir() if path.is_dir())
    manifest = read(folder / "umbrel-app.yml")
    assert manifest["id"] == folder.name
    assert folder.name.startswith(f"{shop['id']}-")
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", folder.name)
    must = "manifestVersion category name version tagline description releaseNotes developer website repo support port"
    ensure_none(field for field in (*must.split(), "icon", "submitter", "submission") if not manifest[field])
    assert (manifest["version"], manifest["port"]) == (__version__, APP["port"])
    assert (manifest["dependencies"], manifest["gallery"], manifest["path"]) == ([], [], "")


def test_umbrel_runs_what_was_pinned_as_its_own_user(made: Path) -> None:
    folder = made / "umbrel/soundwave-server"
    services = read(folder / "docker-compose.yml")["services"]
    service = services["server"]
    assert service["image"] == f"registry.example.org/example/soundwave:{__version__}@{DIGEST}"
    assert services["app_proxy"]["environment"]["APP_HOST"] == "soundwave-server_server_1"
    assert services["app_proxy"]["environment"]["APP_PORT"] == APP["port"]
    assert service["user"] == "1000:1000"
    assert "cap_add" not in service  # without root there is nothing to take over
    assert limits(service) == limits(compose())
    sources = {volume["source"]: volume["target"] for volume in service["volumes"]}
    assert set(sources.values()) == {folder["path"] for folder in APP["folders"]}
    for source in sources:  # Docker would make them as root, where the server could not write
        assert (folder / source.removeprefix("${APP_DATA_DIR}/") / ".gitkeep").is_file()


# Home Assistant


@pytest.fixture
def addon(made: Path) -> Any:
    return read(made / "homeassistant/soundwave/config.yaml")


def settings() -> dict[str, Any]:
    core = SoundWave({}, directory=SOURCE, notice=lambda line: None).assemble()
    own = (setting for record in core.plugins.records.values() for setting in record.contributions.settings)
    return {setting.name: setting for setting in (*CORE_SETTINGS, *own)}


def test_the_supervisor_accepts_the_add_on(addon: Any) -> None:
    schema = json.loads((ROOT / "tests/container/addon.schema.json").read_text())
    Draft7Validator.check_schema(schema)
    ensure_none(error.message for error in Draft7Validator(schema).iter_errors(addon))
    assert "webui" not in addon  # with ingress there is one way in
    assert addon["init"] is False  # the image has its own, and two of them lose signals
    assert addon["timeout"] == APP["stop_seconds"]


def test_the_repository_has_one_add_on_and_every_file_of_it(made: Path) -> None:
    folder = made / "homeassistant"
    assert read(folder / "repository.yaml").keys() == {"name", "url", "maintainer"}
    assert [path.parent.name for path in folder.rglob("config.*")] == ["soundwave"]
    for name in ("config.yaml", "README.md", "DOCS.md", "CHANGELOG.md", "icon.png", "logo.png", "translations/en.yaml"):
        assert (folder / "soundwave" / name).stat().st_size > 0
    assert (folder / "README.md").is_file()


def test_the_add_on_is_the_same_image_by_variables(addon: Any) -> None:
    assert (addon["image"], addon["version"]) == ("registry.example.org/example/soundwave", __version__)
    environment = addon["environment"]
    assert environment["DATA_DIR"] == "/data"
    assert environment["CACHE_DIR"].startswith("/data/")
    assert environment["MEDIA_ROOT"].startswith("/media/")
    assert addon["map"] == [{"type": "media", "read_only": False}]
    assert environment["HOME"] == environment["CACHE_DIR"]  # as in the image
    assert image_environment()["HOME"] == image_environment()["CACHE_DIR"]
    known = {setting.variable for setting in settings().values()} | {"SOUNDWAVE_OPTIONS_FILE"}
    ensure_none(name for name in environment if name.startswith("SOUNDWAVE_") and name not in known)
    assert addon["ingress_port"] == APP["port"]
    assert addon["ports"] == {f"{APP['port']}/tcp": None}
    (excluded,) = addon["backup_exclude"]
    cache = environment["CACHE_DIR"].removeprefix("/data/")
    assert Path(f"/mnt/data/supervisor/addons/data/local_soundwave/{cache}").match(excluded)
    assert not Path("/mnt/data/supervisor/addons/data/local_soundwave/backups").match(excluded)


def test_every_setting_is_an_option_but_those_that_the_add_on_decides(addon: Any) -> None:
    hidden = set(APP["homeassistant"]["hidden"])
    assert set(addon["schema"]) == {option_key(name) for name in settings() if name not in hidden}
    fixed = {setting.name for setting in settings().values() if setting.variable in addon["environment"]}
    assert fixed <= hidden
    assert {"host", "port", "base_path"} <= hidden  # set-up, ingress and health check rely on them
    assert "options" not in addon  # nothing is chosen before somebody chooses it


def elements(addon: Any) -> Iterator[tuple[str, str, bool]]:
    for key, form in addon["schema"].items():
        yield key, form[0] if isinstance(form, list) else form, isinstance(form, list)


def test_every_option_may_be_left_out(addon: Any) -> None:
    ensure_none(key for key, form, _ in elements(addon) if not form.endswith("?"))
    ensure_none(key for key, form, _ in elements(addon) if re.match(r"(str|password)\(", form))  # see _schema


def test_secrets_are_not_shown_while_they_are_typed(addon: Any) -> None:
    secrets = {option_key(setting.name) for setting in settings().values() if setting.is_secret}
    assert "auth_admin_password" in secrets
    assert secrets == {key for key, form, _ in elements(addon) if form == "password?"}


def chosen(form: str) -> Any:
    """Something that the Supervisor would let through, as it would write it."""
    kind, _, bounds = form.removesuffix("?").partition("(")
    if kind in ("int", "float"):
        low, _, high = bounds.removesuffix(")").partition(",")
        return (int if kind == "int" else float)(low or high or 1)
    if kind == "list":
        return bounds.removesuffix(")").split("|")[-1]
    if kind == "match":
        pattern = bounds.removesuffix(")")
        return next(text for text in ("https://my.house", "/audio", "a", "") if re.match(pattern, text))
    return True if kind == "bool" else "10.0.0.1"


def test_what_can_be_chosen_is_what_soundwave_reads(addon: Any, tmp_path: Path) -> None:
    """Every option at once, with a value, through the real program: nothing is unknown, and nothing refused."""
    options = {key: [chosen(form)] if is_list else chosen(form) for key, form, is_list in elements(addon)}
    (tmp_path / "options.json").write_text(json.dumps(options))
    environ = {name: value for name, value in addon["environment"].items() if name.startswith("SOUNDWAVE_")}
    environ["SOUNDWAVE_OPTIONS_FILE"] = str(tmp_path / "options.json")
    core = SoundWave(environ, directory=tmp_path, notice=lambda line: None).assemble()
    ensure_none(f"{record.name}: {record.reason}" for record in core.plugins.records.values() if record.reason)
    assert core.config.unknown_variables() == []
    sources = {option_key(info.name): info.source for info in core.config.describe()}
    ensure_none(key for key, value in options.items() if value and sources[key] != "options_file")
    assert sources["ingress_proxies"] == "environment"


def test_every_option_has_a_name_and_a_description(made: Path, addon: Any) -> None:
    folder = made / "homeassistant/soundwave/translations"
    for path in folder.iterdir():
        words = read(path)
        assert words.keys() <= {"configuration", "network"}
        assert words["network"].keys() == addon["ports"].keys()
        ensure_none(key for key, text in words["configuration"].items() if text.keys() != {"name", "description"})
        assert words["configuration"].keys() <= addon["schema"].keys()
    assert read(folder / "en.yaml")["configuration"].keys() == addon["schema"].keys()
    assert len(read(folder / "ro.yaml")["configuration"]) >= 5


def test_its_backup_commands_exist(addon: Any) -> None:
    for name in ("backup_pre", "backup_post"):
        program, command, *options = addon[name].split()
        assert of("ENTRYPOINT") == [f'["{program}"]']
        done = subprocess.run(
            [sys.executable, "-m", "soundwave_core", command, "--help"], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        ensure_none(option for option in options if option.startswith("--") and option not in done.stdout)


# The bill of materials


def test_the_bill_is_cyclonedx_and_whole(made: Path) -> None:
    text = (made / "sbom.cdx.json").read_text()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    bill = json.loads(text)
    main = bill["metadata"]["component"]
    assert (main["name"], main["version"], main["type"]) == ("soundwave", __version__, "application")
    names = {re.sub(r"[-_.]+", "-", component["name"]).lower() for component in bill["components"]}
    requirements = (ROOT / "setup.cfg").read_text().partition("install_requires =")[2].partition("\n[")[0]
    wanted = {line.strip() for line in requirements.splitlines() if line.startswith("    ") and "#" not in line}
    here = {line for line in wanted if "platform_machine" not in line or os.uname().machine in line}
    ensure_none(
        line for line in here if re.sub(r"[-_.]+", "-", re.match(r"[\w.-]+", line)[0]).lower() not in names
    )  # fmt: skip
    assert {"mypy", "pytest", "ruff", "playwright", "cyclonedx-bom", "soundwave"}.isdisjoint(
        names
    )  # these only tests need
    assert names >= {"sqlalchemy", "alembic"}  # which the others need


def test_the_bill_names_each_archive_and_nothing_of_this_machine(made: Path) -> None:
    bill = json.loads((made / "sbom.cdx.json").read_text())
    for component in bill["components"]:
        ((form, content),) = ((one["alg"], one["content"]) for one in component["hashes"])
        assert (form, len(content)) == ("SHA-256", 64)
    assert "file://" not in json.dumps(bill)
    refs = {component["bom-ref"] for component in (bill["metadata"]["component"], *bill["components"])}
    ensure_none(ref for entry in bill["dependencies"] for ref in (entry["ref"], *entry["dependsOn"]) if ref not in refs)
