"""Settings: where a value comes from, how it is read, what is refused, and what is never shown."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from msgspec import Meta

from soundwave_core import config as config_module
from soundwave_core.config import CORE_SETTINGS, Config
from soundwave_core.database import Database, open_database
from soundwave_core.environment import read_dotenv
from soundwave_core.errors import Conflict, Invalid, NotFound, PluginError, SoundWaveError, StartError
from soundwave_core.records import Setting
from soundwave_core.testing import VirtualClock
from soundwave_core.values import Network

WORKERS = Setting("downloads.workers", Annotated[int, Meta(ge=1, le=8)], 2, "How many workers.")
SECRET = Setting("downloads.password", Annotated[str, Meta(min_length=8)], "changeme", "A secret.", is_secret=True)


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    db = open_database(tmp_path / "db.sqlite3", 4)
    yield db
    db.close()


def make(tmp_path: Path, *settings: Setting, **environ: str) -> Config:
    config = Config(environ, directory=tmp_path)
    config.declare("core", CORE_SETTINGS)
    config.declare("downloads", settings)
    return config


def value_of(tmp_path: Path, type_: Any, default: Any, text: str) -> Any:
    setting = Setting("downloads.it", type_, default, "It.")
    return make(tmp_path, setting, SOUNDWAVE_DOWNLOADS_IT=text)["downloads.it"]


# Paths


def paths_of(config: Config) -> list[Path]:
    return [config.data_dir, config.media_root, config.cache_dir]


def test_paths_are_absolute_and_have_no_prefix(tmp_path: Path) -> None:
    config = make(tmp_path, DATA_DIR="here", MEDIA_ROOT="audio", CACHE_DIR="/srv/cache")
    assert paths_of(config) == [tmp_path / "here", tmp_path / "audio", Path("/srv/cache")]


def test_media_and_cache_are_in_the_data_directory(tmp_path: Path) -> None:
    config = make(tmp_path, DATA_DIR="/srv/data")
    assert paths_of(config) == [Path(path) for path in ("/srv/data", "/srv/data/audio", "/srv/data/cache")]
    assert paths_of(make(tmp_path)) == [tmp_path / path for path in ("data", "data/audio", "data/cache")]


def test_a_checkout_has_its_data_wherever_it_is_called_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    root = tmp_path / "checkout"
    monkeypatch.setattr(config_module, "ROOT", root)
    here = Path("elsewhere/data")
    assert Config({}).data_dir == tmp_path / here  # installed: there is nothing above it
    (root / "webroot").mkdir(parents=True)
    assert Config({}).data_dir == tmp_path / here
    (root / "setup.cfg").touch()
    assert paths_of(Config({})) == [root / path for path in ("data", "data/audio", "data/cache")]
    assert Config({"DATA_DIR": "data"}).data_dir == tmp_path / here
    assert Config({}, tmp_path).data_dir == tmp_path / "data"


# Where a value comes from


def test_environment_over_stored_over_default(tmp_path: Path, db: Database, clock: VirtualClock) -> None:
    config = make(tmp_path, WORKERS)
    assert (config["downloads.workers"], config.source("downloads.workers")) == (2, "default")
    config.attach(db)
    assert config.store({"downloads.workers": 3}, "u1", clock) == ["downloads.workers"]
    assert (config["downloads.workers"], config.source("downloads.workers")) == (3, "stored")
    config = make(tmp_path, WORKERS, SOUNDWAVE_DOWNLOADS_WORKERS="4")
    config.attach(db)
    assert (config["downloads.workers"], config.source("downloads.workers")) == (4, "environment")


def test_an_empty_variable_is_not_set(tmp_path: Path) -> None:
    config = make(tmp_path, WORKERS, SOUNDWAVE_DOWNLOADS_WORKERS="", DATA_DIR="")
    assert config["downloads.workers"] == 2
    assert config.data_dir == tmp_path / "data"


def test_a_variable_may_name_a_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("  pass word  \n")
    (tmp_path / "data").write_text("/srv/data\r\n")
    environ = {
        "SOUNDWAVE_DOWNLOADS_PASSWORD_FILE": str(tmp_path / "secret"),
        "DATA_DIR_FILE": str(tmp_path / "data"),
    }
    config = make(tmp_path, SECRET, **environ)
    assert config["downloads.password"] == "  pass word  "
    assert config.source("downloads.password") == "environment"
    assert config.data_dir == Path("/srv/data")


def test_a_variable_and_its_file_together_are_refused(tmp_path: Path) -> None:
    environ = {"SOUNDWAVE_DOWNLOADS_PASSWORD": "pass word", "SOUNDWAVE_DOWNLOADS_PASSWORD_FILE": "/nowhere"}
    with pytest.raises(StartError, match=r"Both SOUNDWAVE_DOWNLOADS_PASSWORD and .*_FILE are set"):
        make(tmp_path, SECRET, **environ)


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "secret"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(StartError, match=f"SOUNDWAVE_DOWNLOADS_PASSWORD_FILE names {path}, which "):
        make(tmp_path, SECRET, SOUNDWAVE_DOWNLOADS_PASSWORD_FILE=str(path))


# .env


def test_dotenv_is_read_and_the_environment_wins(tmp_path: Path) -> None:
    lines = [
        "# a comment", "", "export DATA_DIR=/srv/data", "SOUNDWAVE_DOWNLOADS_WORKERS = 5  # five",
        "SOUNDWAVE_PUBLIC_URL='https://my.house/x'  # a comment", 'SOUNDWAVE_BASE_PATH="/music" # "',
        "SOUNDWAVE_ALLOWED_HOSTS=a#b, c", "SOUNDWAVE_HOST=",
    ]  # fmt: skip
    (tmp_path / ".env").write_text("\ufeff" + "\r\n".join(lines), encoding="utf-8")
    config = make(tmp_path, WORKERS, SOUNDWAVE_BASE_PATH="/mine")
    assert config.data_dir == Path("/srv/data")
    assert config["downloads.workers"] == 5
    assert config["public_url"] == "https://my.house/x"
    assert config["base_path"] == "/mine"
    assert config["allowed_hosts"] == ("a#b", "c")
    assert config["host"] == "127.0.0.1"


def test_dotenv_quotes(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("A='one # two\\n'\nB=\"one\\ntwo \\\"x\\\"\"\nC=one 'two'\n")
    assert read_dotenv(tmp_path / ".env") == {"A": "one # two\\n", "B": 'one\ntwo "x"', "C": "one 'two'"}


def test_dotenv_beside_the_data_directory(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app/.env").write_text("SOUNDWAVE_DOWNLOADS_WORKERS=6\n")
    config = make(tmp_path, WORKERS, DATA_DIR=str(tmp_path / "app/data"))
    assert config["downloads.workers"] == 6
    (tmp_path / ".env").write_text("SOUNDWAVE_DOWNLOADS_WORKERS=7\n")
    assert make(tmp_path, WORKERS, DATA_DIR=str(tmp_path / "app/data"))["downloads.workers"] == 7


def test_the_environment_wins_over_the_other_form_in_dotenv(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("SOUNDWAVE_DOWNLOADS_WORKERS=6\nSOUNDWAVE_PORT_FILE=/nowhere\n")
    (tmp_path / "workers").write_text("7\n")
    config = make(tmp_path, WORKERS, SOUNDWAVE_DOWNLOADS_WORKERS_FILE=str(tmp_path / "workers"), SOUNDWAVE_PORT="80")
    assert (config["downloads.workers"], config["port"]) == (7, 80)


@pytest.mark.parametrize("line", ["nonsense", "A B=1", "A='open", 'A="open\\"', "A='x' y", "=1"])
def test_a_bad_line_names_file_and_line(tmp_path: Path, line: str) -> None:
    (tmp_path / ".env").write_text(f"# first\n{line}\n")
    with pytest.raises(StartError, match=rf"The file {tmp_path}/\.env, line 2, .*: write NAME=value there\.$"):
        make(tmp_path)


# Types


def test_core_settings_are_typed(tmp_path: Path) -> None:
    config = make(
        tmp_path,
        SOUNDWAVE_PORT=" 9000 ",
        SOUNDWAVE_TRUSTED_PROXIES="10.0.0.1/8, ::1",
        SOUNDWAVE_LOG_LEVEL="DEBUG",
        SOUNDWAVE_PLUGINS="library,,lyrics",
        SOUNDWAVE_BASE_PATH="/a/b-c",
    )
    assert (config["port"], config["threads"], config["host"]) == (9000, 8, "127.0.0.1")
    assert config["trusted_proxies"] == (Network("10.0.0.0/8"), Network("::1/128"))
    assert (config["log_level"], config["plugins"]) == ("debug", ("library", "lyrics"))
    assert (config["base_path"], config["public_url"], config["allowed_hosts"]) == ("/a/b-c", "", ())
    assert config["body_limit_bytes"] == 1024 * 1024


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("PORT", "65536", "a whole number from 0 to 65535"),
        ("THREADS", "1", "a whole number from 2 to 64"),
        ("THREADS", "many", "a whole number from 2 to 64"),
        ("BASE_PATH", "audio", "empty or a path such as /audio"),
        ("BASE_PATH", "/audio/", "empty or a path such as /audio"),
        ("BASE_PATH", "/..", "empty or a path such as /audio"),
        ("PUBLIC_URL", "my.house", "empty or like https://my.house"),
        ("LOG_LEVEL", "loud", "one of debug, error, info, warning"),
        ("BODY_LIMIT_BYTES", "1023", "a whole number from 1024 to 16777216"),
        ("TRUSTED_PROXIES", "10.0.0.1,x", "a list separated by commas, each an address or a network such as"),
    ],
)
def test_a_bad_core_variable_stops_the_start(tmp_path: Path, name: str, text: str, expected: str) -> None:
    with pytest.raises(StartError, match=f"^SOUNDWAVE_{name} must be {expected}"):
        make(tmp_path, **{f"SOUNDWAVE_{name}": text})


def test_a_bad_plugin_variable_is_the_plugins(tmp_path: Path) -> None:
    with pytest.raises(PluginError, match=r"^SOUNDWAVE_DOWNLOADS_WORKERS must be a whole number from 1 to 8\.$"):
        make(tmp_path, WORKERS, SOUNDWAVE_DOWNLOADS_WORKERS="9")


@pytest.mark.parametrize("word", ["true", "TRUE", "1", "yes", "on", " On "])
def test_words_for_true(tmp_path: Path, word: str) -> None:
    assert value_of(tmp_path, bool, False, word) is True


@pytest.mark.parametrize("word", ["false", "0", "no", "off"])
def test_words_for_false(tmp_path: Path, word: str) -> None:
    assert value_of(tmp_path, bool, True, word) is False


def test_other_words_are_not_true_or_false(tmp_path: Path) -> None:
    with pytest.raises(PluginError, match="SOUNDWAVE_DOWNLOADS_IT must be true or false"):
        value_of(tmp_path, bool, True, "perhaps")


def test_other_types(tmp_path: Path) -> None:
    assert value_of(tmp_path, list[int], [], "1, 2,3") == [1, 2, 3]
    assert value_of(tmp_path, float, 1.0, "2.5") == 2.5
    assert value_of(tmp_path, int | None, None, "7") == 7
    assert value_of(tmp_path, Annotated[bool, Meta(description="x")] | None, None, "yes") is True
    assert value_of(tmp_path, Literal["A", "b"], "b", "A") == "A"
    assert value_of(tmp_path, str, "", " as it is ") == " as it is "
    assert value_of(tmp_path, Path, Path("."), "/srv") == Path("/srv")


# Declaring


def test_names_stay_in_their_namespace(tmp_path: Path) -> None:
    config = make(tmp_path)
    for plugin, name in (("downloads", "library.x"), ("downloads", "x"), ("core", "downloads.x")):
        with pytest.raises(PluginError, match="namespace"):
            config.declare(plugin, [Setting(name, int, 1, "It.")])


@pytest.mark.parametrize("name", ["downloads.workers", "downloads.workers_file"])
def test_two_settings_never_share_a_variable(tmp_path: Path, name: str) -> None:
    config = make(tmp_path, WORKERS)
    with pytest.raises(PluginError, match="share"):
        config.declare("downloads", [Setting(name, str, "", "It.")])


def test_a_default_must_fit_its_type(tmp_path: Path) -> None:
    for type_, default in ((int, "x"), (Annotated[int, Meta(ge=1)], 0), (str, None), (object(), 1)):
        with pytest.raises(PluginError, match="The default of the setting downloads"):
            make(tmp_path, Setting("downloads.it", type_, default, "It."))


def test_declaring_is_all_or_nothing(tmp_path: Path) -> None:
    config = make(tmp_path)
    with pytest.raises(PluginError):
        config.declare("downloads", [WORKERS, Setting("library.x", int, 1, "It.")])
    with pytest.raises(KeyError):
        config["downloads.workers"]


def test_withdrawing_keeps_what_is_stored(tmp_path: Path, db: Database, clock: VirtualClock) -> None:
    config = make(tmp_path, WORKERS)
    config.attach(db)
    config.store({"downloads.workers": 5}, "u1", clock)
    config.withdraw("downloads")
    with pytest.raises(KeyError):
        config["downloads.workers"]
    assert config["port"] == 8889
    config.declare("downloads", [WORKERS])
    assert config["downloads.workers"] == 5


def test_unknown_variables_are_named(tmp_path: Path) -> None:
    (tmp_path / "port").write_text("1")
    config = make(tmp_path, SOUNDWAVE_PROT="1", SOUNDWAVE_PORT_FILE=str(tmp_path / "port"), HOME="/root")
    assert config.unknown_variables() == ["SOUNDWAVE_PROT"]


# Storing


def test_stored_values_survive_and_say_who(tmp_path: Path, db: Database, clock: VirtualClock) -> None:
    config = make(tmp_path, WORKERS)
    config.attach(db)
    changed = config.store({"allowed_hosts": ["a", "b"], "downloads.workers": "3"}, "u1", clock)
    assert changed == ["allowed_hosts", "downloads.workers"]
    again = make(tmp_path, WORKERS)
    again.attach(db)
    assert (again["allowed_hosts"], again["downloads.workers"]) == (("a", "b"), 3)
    row = db.row("SELECT * FROM settings WHERE name = 'allowed_hosts'")
    assert row == {
        "name": "allowed_hosts",
        "value": '["a","b"]',
        "changed_at": clock.stamp(),
        "changed_by": "u1",
    }


def test_none_goes_back_to_the_default(tmp_path: Path, db: Database, clock: VirtualClock) -> None:
    config = make(tmp_path, WORKERS)
    config.attach(db)
    assert config.store({"downloads.workers": 2}, "u1", clock) == []
    assert config.source("downloads.workers") == "stored"
    config.store({"downloads.workers": 3}, "u1", clock)
    assert config.store({"downloads.workers": None}, "u1", clock) == ["downloads.workers"]
    assert (config["downloads.workers"], config.source("downloads.workers")) == (2, "default")
    assert db.value("SELECT count(*) FROM settings") == 0


@pytest.mark.parametrize(
    ("values", "kind", "code"),
    [
        ({"downloads.workers": 9}, Invalid, "invalid"),
        ({"downloads.workers": [1]}, Invalid, "invalid"),
        ({"downloads.nothing": 1}, NotFound, "setting_unknown"),
        ({"body_limit_bytes": 4096}, Conflict, "setting_from_environment"),
        ({"port": 80}, Conflict, "setting_from_environment"),
    ],
)
def test_one_refusal_refuses_all(
    tmp_path: Path,
    db: Database,
    clock: VirtualClock,
    values: dict[str, Any],
    kind: type[SoundWaveError],
    code: str,
) -> None:
    config = make(tmp_path, WORKERS, SOUNDWAVE_BODY_LIMIT_BYTES="2048")
    config.attach(db)
    with pytest.raises(kind, match=next(iter(values))) as caught:
        config.store({"allowed_hosts": ["a"], **values}, "u1", clock)
    assert caught.value.code == code
    assert config["allowed_hosts"] == ()
    assert db.value("SELECT count(*) FROM settings") == 0


def test_a_stored_value_that_no_longer_fits_is_left_aside(
    tmp_path: Path, db: Database, clock: VirtualClock, caplog: pytest.LogCaptureFixture
) -> None:
    config = make(tmp_path, Setting("downloads.workers", str, "", "It."))
    config.attach(db)
    config.store({"downloads.workers": "many"}, "u1", clock)
    again = make(tmp_path, WORKERS)
    again.attach(db)
    assert again["downloads.workers"] == 2
    assert "downloads.workers no longer fits" in caplog.text and "many" not in caplog.text


# Describing


def test_description(tmp_path: Path, db: Database, clock: VirtualClock) -> None:
    config = make(tmp_path, WORKERS, SOUNDWAVE_ALLOWED_HOSTS="a,b")
    config.attach(db)
    config.store({"downloads.workers": 3}, "u1", clock)
    described = {info.name: info for info in config.describe()}
    assert list(described) == [*sorted(s.name for s in CORE_SETTINGS), "downloads.workers"]
    workers = described["downloads.workers"]
    assert (workers.type, workers.value, workers.default, workers.source) == ("integer", 3, 2, "stored")
    assert (workers.variable, workers.is_secret, workers.is_editable) == (
        "SOUNDWAVE_DOWNLOADS_WORKERS",
        False,
        True,
    )
    hosts = described["allowed_hosts"]
    assert (hosts.type, hosts.value, hosts.default, hosts.is_editable) == ("list", ["a", "b"], [], False)
    assert not described["port"].is_editable


def test_secrets_are_never_shown(
    tmp_path: Path, db: Database, clock: VirtualClock, caplog: pytest.LogCaptureFixture
) -> None:
    config = make(tmp_path, SECRET, SOUNDWAVE_DOWNLOADS_PASSWORD="hunter2hunter2")
    info = config.describe()[-1]
    assert (info.name, info.value, info.default, info.is_secret) == ("downloads.password", None, None, True)
    with pytest.raises(PluginError) as caught:
        make(tmp_path, SECRET, SOUNDWAVE_DOWNLOADS_PASSWORD="hunter2")
    assert caught.value.sentence == "SOUNDWAVE_DOWNLOADS_PASSWORD must be text of at least 8 characters."
    stored = make(tmp_path, SECRET)
    stored.attach(db)
    with pytest.raises(Invalid) as refused:
        stored.store({"downloads.password": "hunter2"}, "u1", clock)
    everything = f"{refused.value} {config!r} {config.describe()} {stored.describe()} {caplog.text}"
    assert "hunter" not in everything and "changeme" not in everything


# Threads


def test_readers_see_all_of_a_change_or_none(tmp_path: Path, db: Database, clock: VirtualClock) -> None:
    config = make(tmp_path, WORKERS)
    config.attach(db)
    is_over, wrong = threading.Event(), list[Any]()

    def read() -> None:
        while not is_over.is_set():
            if config["downloads.workers"] not in range(1, 9) or config["port"] != 8889:
                wrong.append(config["downloads.workers"])

    def write(first: int) -> None:
        for number in range(20):
            config.store({"downloads.workers": (first + number) % 8 + 1}, "u1", clock)

    readers = [threading.Thread(target=read) for _ in range(4)]
    writers = [threading.Thread(target=write, args=(first,)) for first in range(2)]
    for thread in (*readers, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    is_over.set()
    for thread in readers:
        thread.join()
    assert wrong == []
    assert db.value("SELECT value FROM settings") == str(config["downloads.workers"])
