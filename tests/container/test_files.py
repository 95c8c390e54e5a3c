"""The files that make the container, as far as they can be checked without one."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import yaml
from container.shell import blocks_of
from house.tree import ROOT, ensure_none

from soundwave_core import __version__
from soundwave_core.settings import CORE_SETTINGS

DOCKER = ROOT / "docker"
FOLDERS = {"DATA_DIR": "data", "MEDIA_ROOT": "audio", "CACHE_DIR": "cache"}
SHIPPED = (
    "LICENSE",
    "README.md",
    "pyproject.toml",
    "setup.cfg",
    "docker/build_backend",
    "plugins",
    "soundwave_core",
    "webroot",
)


def instructions(path: Path = DOCKER / "Dockerfile") -> list[tuple[str, str]]:
    """Each instruction and what follows it, continued lines joined, comments left out."""
    lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    whole = re.sub(r"\s*\\\n\s*", " ", "\n".join(lines))
    return [(word.upper(), rest) for word, _, rest in (line.partition(" ") for line in whole.splitlines() if line)]


def after_last_from() -> list[tuple[str, str]]:
    found = instructions()
    last = max(index for index, (word, _) in enumerate(found) if word == "FROM")
    return found[last:]


def of(word: str) -> list[str]:
    return [rest for name, rest in after_last_from() if name == word]


def compose() -> dict[str, list[str]]:
    """The lines below each key of the one service in compose.yaml."""
    blocks: dict[str, list[str]] = {}
    for line in (DOCKER / "compose.yaml").read_text().splitlines():
        if found := re.match(r" {4}(\w+):\s*(.*)", line):
            key, value = found.groups()
            blocks[key] = [value] if value else []
        elif blocks and line.strip() and not line.strip().startswith("#"):
            blocks[key].append(line.strip().removeprefix("- ").strip('"'))
    return blocks


def test_no_volume_hides_that_nothing_is_mounted() -> None:
    ensure_none(rest for word, rest in instructions() if word == "VOLUME")


def test_older_builders_can_build_it() -> None:
    ensure_none(rest for _, rest in instructions() if "<<" in rest or "--link" in rest or "--start-interval" in rest)


def test_every_stage_has_the_base_that_was_chosen() -> None:
    found = instructions()
    assert found[0][0] == "ARG"
    assert re.fullmatch(r"BASE=debian:[a-z]+-slim", found[0][1])  # a plain name, no registry
    assert {rest.split()[0] for word, rest in found if word == "FROM"} == {"${BASE}"}


def test_the_image_says_where_everything_is() -> None:
    (environment,) = of("ENV")
    for variable, folder in FOLDERS.items():
        assert f" {variable}=/app/{folder}" in environment
    port = next(setting.default for setting in CORE_SETTINGS if setting.name == "port")
    assert " SOUNDWAVE_HOST=0.0.0.0" in environment
    assert f" SOUNDWAVE_PORT={port}" in environment
    assert "PYTHONUNBUFFERED=1" in environment  # else the set-up link stays in a buffer
    assert of("EXPOSE") == [str(port)]


def test_signals_reach_the_server() -> None:
    assert of("ENTRYPOINT") == ['["soundwave"]']
    assert of("CMD") == ['["serve"]']
    assert of("STOPSIGNAL") == ["SIGTERM"]
    assert (DOCKER / "entrypoint").read_text().splitlines()[-1] == 'exec $as "$@"'


def test_health_is_asked_of_this_machine_only() -> None:
    (check,) = of("HEALTHCHECK")
    assert check.endswith('CMD ["soundwave-healthcheck"]')
    code = (DOCKER / "healthcheck").read_text()
    compile(code, "healthcheck", "exec")
    assert "127.0.0.1" in code
    assert "://" not in code


def test_the_labels_tell_this_version() -> None:
    (labels,) = of("LABEL")
    for name in (
        "title", "description", "licenses", "version", "revision", "created", "url", "source", "documentation"
    ):  # fmt: skip
        assert f"org.opencontainers.image.{name}=" in labels
    assert f"VERSION={__version__}" in of("ARG")


def test_the_builder_gets_what_it_copies_and_nothing_of_the_owner() -> None:
    rules = [
        line for line in (DOCKER / "Dockerfile.dockerignore").read_text().splitlines() if line[:1] not in ("", "#")
    ]
    assert rules[0] == "*"
    allowed = {rule[1:] for rule in rules if rule.startswith("!")}
    copied = {
        source
        for word, rest in instructions()
        if word == "COPY" and "--from" not in rest
        for source in [part for part in rest.split() if not part.startswith("--")][:-1]
    }
    assert copied == allowed
    assert copied >= set(SHIPPED)
    assert all((ROOT / name).exists() for name in copied)


def test_compose_keeps_the_three_folders_of_the_checkout() -> None:
    service = compose()
    assert sorted(service["volumes"]) == sorted(f"../{name}:/app/{name}" for name in FOLDERS.values())
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    assert {"/audio/", "/cache/"} <= set(ignored)  # data/ has a .gitignore of its own


def test_compose_has_the_names_that_people_type() -> None:
    service = compose()
    assert service["container_name"] == ["soundwave"]
    assert service["ports"] == ["8889:8889"]
    assert service["build"] == ["context: ..", "dockerfile: docker/Dockerfile"]


def test_compose_gives_no_more_rights_than_needed() -> None:
    service = compose()
    assert service["read_only"] == ["true"]
    assert service["tmpfs"] == ["/tmp"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert {"privileged", "network_mode", "devices"}.isdisjoint(service)


def test_the_scripts_can_be_run() -> None:
    assert os.access(DOCKER / "entrypoint", os.X_OK)
    assert os.access(DOCKER / "healthcheck", os.X_OK)


COMPOSE = (DOCKER / "compose.yaml", DOCKER / "compose.https.yaml")


@pytest.mark.parametrize(
    "command",
    [
        ("hadolint", "--config", DOCKER / "hadolint.yaml", DOCKER / "Dockerfile"),
        ("shellcheck", DOCKER / "entrypoint", ROOT / ".ci/run"),
        ("check-jsonschema", "--builtin-schema", "vendor.compose-spec", *COMPOSE),
    ],
    ids=lambda command: command[0],
)
def test_it_is_written_as_its_kind_is(command: tuple[str, ...]) -> None:
    """All three come with the packages that tests need, and ask nothing of the network."""
    program = Path(sys.executable).with_name(command[0])
    done = subprocess.run([program, *command[1:]], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_proxy_in_front_is_the_one_that_is_believed() -> None:
    services = yaml.safe_load((DOCKER / "compose.https.yaml").read_text())["services"]
    addresses = {name: service["networks"]["https"]["ipv4_address"] for name, service in services.items()}
    assert services["soundwave"]["environment"]["SOUNDWAVE_TRUSTED_PROXIES"] == addresses["https"]
    assert f"reverse_proxy {addresses['soundwave']}:8889\n" in (DOCKER / "Caddyfile").read_text()


def test_every_command_of_the_readme_is_typed_by_a_test() -> None:
    """Where a section has commands, a test types them all, block by block."""
    sources = [path.read_text() for path in (ROOT / "tests/container").glob("test_*.py")]
    typed = {section for source in sources for section in re.findall(r'shell\.blocks\("([^"]+)"\)', source)}
    assert set(blocks_of((DOCKER / "README.md").read_text())) == typed


def enter(folder: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """Start the entrypoint on folders below this one; there is no server where it looks for one."""
    paths = {variable: str(folder / name) for variable, name in FOLDERS.items()}
    return subprocess.run(
        ["sh", DOCKER / "entrypoint", "serve"],
        env={"PATH": os.environ["PATH"], **paths, **environ}, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.fixture
def folder() -> Iterator[Path]:
    """One that everybody may enter; pytest's own are closed to others."""
    with TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.mark.parametrize("owner", [0, 4243])
def test_a_wrong_id_takes_nothing_over(folder: Path, owner: int) -> None:
    """Who may not write to the media gets no other folder either; the server then says what is wrong."""
    for name in FOLDERS.values():
        (folder / name).mkdir()
    is_root = os.getuid() == 0
    if is_root:
        os.chown(folder / "audio", owner, owner)
    entered = enter(folder, PUID="4242", PGID="4242")
    assert "/opt/soundwave/bin/soundwave" in entered.stderr  # it got as far as the server, which is not here
    taken = {name: (folder / name).stat().st_uid for name in FOLDERS.values()}
    if is_root and owner == 0:
        assert set(taken.values()) == {4242}
    elif is_root:
        assert taken == {"audio": 4243, "data": 0, "cache": 0}
    else:
        assert set(taken.values()) == {os.getuid()}


@pytest.mark.parametrize("wrong", [{"UMASK": "8"}, {"UMASK": "rwx"}])
def test_a_number_that_is_none_is_refused(tmp_path: Path, wrong: dict[str, str]) -> None:
    entered = enter(tmp_path, **wrong)
    assert entered.returncode == 1
    assert "must be a number" in entered.stderr
