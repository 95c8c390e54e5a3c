"""The options file: settings as Home Assistant writes them for an add-on."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import pytest
from core.toys import toy
from msgspec import Meta

from soundwave_core import Setting
from soundwave_core.config import CORE_SETTINGS, Config
from soundwave_core.database import open_database
from soundwave_core.errors import Conflict, PluginError, StartError
from soundwave_core.testing import MakeCore, VirtualClock

WORKERS = Setting("downloads.workers", Annotated[int, Meta(ge=1, le=8)], 2, "How many workers.")
OTHER_NAME = Setting("downloads.admin", str, "", "Its variable has another name.", variable_name="SOUNDWAVE_BOSS")

Make = Callable[..., Config]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    def make(options: Any, **environ: str) -> Config:
        text = options if isinstance(options, str) else json.dumps(options)
        (tmp_path / "options.json").write_text(text)
        config = Config({"SOUNDWAVE_OPTIONS_FILE": "options.json"} | environ, directory=tmp_path)
        config.declare("core", CORE_SETTINGS)
        config.declare("downloads", [WORKERS, OTHER_NAME])
        return config

    return make


@pytest.mark.parametrize("name", ["downloads.workers", "downloads_workers"])
def test_a_key_is_the_settings_name_with_a_dot_or_without(make: Make, name: str) -> None:
    config = make({name: 5, "log_level": "debug"})
    assert (config["downloads.workers"], config["log_level"]) == (5, "debug")
    assert config.source("downloads.workers") == "options_file"
    assert config.unknown_variables() == []


def test_values_are_json_or_what_a_person_would_write(make: Make) -> None:
    config = make(
        {"port": "8890", "trusted_proxies": ["10.0.0.1"], "allowed_hosts": "a, b", "downloads_admin": "alice"}
    )
    assert (config["port"], config["allowed_hosts"]) == (8890, ("a", "b"))
    assert config["trusted_proxies"] == ("10.0.0.1/32",)
    assert config["downloads.admin"] == "alice"


def test_environment_over_options_over_dotenv_over_stored(make: Make, tmp_path: Path, clock: VirtualClock) -> None:
    db = open_database(tmp_path / "db.sqlite3", 4)
    stored = make({})
    stored.attach(db)
    stored.store({"downloads.workers": 2, "body_limit_bytes": 5000, "connections_per_address": 20}, None, clock)
    lines = ("SOUNDWAVE_DOWNLOADS_WORKERS=3", "SOUNDWAVE_BODY_LIMIT_BYTES=3000", "SOUNDWAVE_BOSS_FILE=/nowhere")
    (tmp_path / ".env").write_text("\n".join(lines))
    options = {"downloads_workers": 4, "log_level": "error", "downloads_admin": "bob"}
    config = make(options, SOUNDWAVE_LOG_LEVEL="warning")
    config.attach(db)
    names = ("log_level", "downloads.workers", "downloads.admin", "body_limit_bytes", "connections_per_address", "port")
    assert [(config[name], config.source(name)) for name in names] == [
        ("warning", "environment"), (4, "options_file"), ("bob", "options_file"), (3000, "environment"),
        (20, "stored"), (8889, "default"),
    ]  # fmt: skip
    db.close()


def test_a_variable_that_names_a_file_wins_too(make: Make, tmp_path: Path) -> None:
    (tmp_path / "boss").write_text("carol\n")
    config = make({"downloads_admin": "bob"}, SOUNDWAVE_BOSS_FILE=str(tmp_path / "boss"))
    assert (config["downloads.admin"], config.source("downloads.admin")) == ("carol", "environment")


@pytest.mark.parametrize("empty", [None, "", []])
def test_an_empty_field_is_not_set(make: Make, empty: Any) -> None:
    config = make({"public_url": empty, "allowed_hosts": empty, "downloads_workers": None})
    assert {config.source(name) for name in ("public_url", "allowed_hosts", "downloads.workers")} == {"default"}


def test_no_is_a_value(make: Make) -> None:
    config = make({"port": 0})
    assert (config["port"], config.source("port")) == (0, "options_file")


def test_what_no_setting_has_is_named(make: Make) -> None:
    config = make({"downloads.colour": 1, "log_level": "debug"}, SOUNDWAVE_PROT="1")
    assert config.unknown_variables() == ["SOUNDWAVE_PROT", "downloads_colour (in the options file)"]


def test_it_cannot_be_changed_elsewhere_and_says_so(make: Make, tmp_path: Path, clock: VirtualClock) -> None:
    config = make({"downloads_workers": 4})
    db = open_database(tmp_path / "db.sqlite3", 4)
    config.attach(db)
    info = next(info for info in config.describe() if info.name == "downloads.workers")
    assert (info.value, info.default, info.source, info.is_editable) == (4, 2, "options_file", False)
    with pytest.raises(Conflict, match=r"^downloads.workers is set by the options file and cannot be changed here\.$"):
        config.store({"downloads.workers": 5}, None, clock)
    db.close()


def test_it_goes_with_its_plugin_and_comes_back(make: Make) -> None:
    config = make({"downloads_workers": 4})
    config.withdraw("downloads")
    assert config.unknown_variables() == ["downloads_workers (in the options file)"]
    config.declare("downloads", [WORKERS])
    assert config["downloads.workers"] == 4


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("{", "must be one JSON object of settings: Input data was truncated."),
        ("", "must be one JSON object of settings: Input data was truncated."),
        ("[1]", "must be one JSON object of settings: Expected `object`, got `array`."),
        ('{"downloads.workers": 1, "downloads_workers": 2}', "names downloads_workers twice: keep one of them."),
    ],
)
def test_a_malformed_file_is_one_sentence(make: Make, tmp_path: Path, content: str, sentence: str) -> None:
    with pytest.raises(StartError) as caught:
        make(content)
    assert caught.value.sentence == f"The options file {tmp_path / 'options.json'} {sentence}"


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / "options.json").write_bytes(b'{"a": "\xff"}')
    with pytest.raises(StartError, match="must be one JSON object of settings"):
        Config({"SOUNDWAVE_OPTIONS_FILE": str(tmp_path / "options.json")}, directory=tmp_path)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StartError, match=r"^The options file /nowhere cannot be read \(No such file or directory\)\.$"):
        Config({"SOUNDWAVE_OPTIONS_FILE": "/nowhere"}, directory=tmp_path)


@pytest.mark.parametrize("value", [9, "many", {"a": 1}, [1, 2], True])
def test_a_value_that_does_not_fit_names_its_option_but_not_itself(make: Make, tmp_path: Path, value: Any) -> None:
    with pytest.raises(PluginError) as caught:
        make({"downloads_workers": value})
    where = f"The option downloads_workers in {tmp_path / 'options.json'}"
    assert caught.value.sentence == f"{where} must be a whole number from 1 to 8."


def test_a_server_starts_by_it(make_core: MakeCore, tmp_path: Path) -> None:
    path = tmp_path / "chosen.json"
    path.write_text('{"lyrics_lines": 7}')
    lyrics = toy(register_settings=lambda: [Setting("lyrics.lines", int, 2, "How many lines.")])
    core = make_core(plugins={"lyrics": lyrics}, SOUNDWAVE_OPTIONS_FILE=str(path))
    assert (core.config["lyrics.lines"], core.config.source("lyrics.lines")) == (7, "options_file")
