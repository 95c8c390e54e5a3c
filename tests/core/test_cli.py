"""The command line: what it prints, and that whatever is wrong is one sentence and exit code 1."""

from __future__ import annotations

import http.client
import json
import logging
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from soundwave_core import SoundWave, config, control, doctor, surroundings, transaction
from soundwave_core.cli import cli
from soundwave_core.lock import DataLock
from soundwave_core.logs import set_up_logging
from soundwave_core.testing import Listening, MakeCore

ENOUGH_SECONDS = 30
Run = Callable[..., Result]


@pytest.fixture
def folders(tmp_path: Path) -> dict[str, str]:
    """The same directories as ``make_core``'s."""
    paths = {"DATA_DIR": "data", "MEDIA_ROOT": "audio", "CACHE_DIR": "cache"}
    return {name: str(tmp_path / folder) for name, folder in paths.items()} | {"SOUNDWAVE_AUTH_BCRYPT_COST": "4"}


@pytest.fixture
def run(folders: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """``run("doctor", DATA_DIR="…")`` in this process; the web app counts as built."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(doctor, "find_dist", lambda: tmp_path)

    def run_it(*arguments: str, **environ: str) -> Result:
        return CliRunner().invoke(cli, arguments, env=folders | environ)

    return run_it


def sentence(result: Result) -> str:
    """What a refused command says: one line, exit code 1, no trace of its inside."""
    assert result.exit_code == 1, result.output
    assert isinstance(result.exception, SystemExit)
    [line] = result.stderr.splitlines()
    assert line.startswith("soundwave: ")
    assert line.endswith(".")
    return line


def lines(result: Result) -> dict[str, str]:
    """doctor's checks by name: ``ok …`` or ``FAIL …``."""
    pairs = [line.split(": ", 1) for line in result.stdout.splitlines()]
    return {name[6:]: f"{name[:4].strip()} {detail}" for name, detail in pairs}


# What it prints


def test_routes(run: Run) -> None:
    result = run("routes")
    assert result.exit_code == 0
    head, *rows = [line.split() for line in result.stdout.splitlines()]
    assert head == ["method", "rule", "permission", "resource", "scope", "plugin", "handler"]
    assert ["GET", "/api/ping/", "Public", "system", "soundwave_system.routes.ping"] in rows
    assert len(rows) == len({(row[0], row[1]) for row in rows})


def test_the_openapi_document_is_json(run: Run) -> None:
    result = run("routes", "--openapi")
    assert result.exit_code == 0
    document = json.loads(result.stdout)
    assert document["openapi"].startswith("3.1")
    assert "get" in document["paths"]["/api/ping/"]


def test_plugins_and_why_one_does_not_run(run: Run) -> None:
    result = run("plugins", SOUNDWAVE_DISABLED_PLUGINS="offline")
    assert result.exit_code == 0
    rows = {line.split()[0]: line for line in result.stdout.splitlines()}
    assert list(rows)[:3] == ["plugin", "auth", "library"]
    assert " enabled " in rows["library"]
    assert rows["offline"].endswith("switched off in the settings")


def test_nothing_of_this_makes_a_folder(run: Run, folders: dict[str, str]) -> None:
    for command in ("routes", "plugins", "doctor"):
        assert run(command).exit_code == 0
    assert not any(Path(folders[name]).exists() for name in ("DATA_DIR", "MEDIA_ROOT", "CACHE_DIR"))


# doctor


def test_doctor_on_a_good_folder(run: Run, make_core: MakeCore) -> None:
    make_core().stop()
    result = run("doctor")
    assert result.exit_code == 0, result.output
    checks = lines(result)
    assert checks["database"].endswith("sound")
    assert checks["server"] == "ok not running"
    assert all(text.startswith("ok ") for text in checks.values())


def test_doctor_names_a_damaged_database(run: Run, make_core: MakeCore) -> None:
    core = make_core()
    core.stop()
    with (core.config.data_dir / "db.sqlite3").open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 40_000)
    result = run("doctor")
    assert result.exit_code == 1
    assert lines(result)["database"].startswith("FAIL ")
    assert "is damaged" in lines(result)["database"]
    assert sum(text.startswith("FAIL") for text in lines(result).values()) == 1


def test_doctor_knows_a_database_of_a_newer_version(run: Run, make_core: MakeCore) -> None:
    """No server of this version starts with it."""
    core = make_core()
    with transaction(core.db) as tx:
        tx.execute(
            "INSERT INTO schema_migrations SELECT plugin, 99, name, checksum, applied_at FROM schema_migrations LIMIT 1"
        )
    core.stop()
    result = run("doctor")
    assert result.exit_code == 1
    assert lines(result)["database"].startswith(
        "FAIL It was made by a newer version (the tables of auth are at step 99)"
    )


def test_doctor_misses_a_database_that_was_there(run: Run, make_core: MakeCore) -> None:
    core = make_core()
    core.mark_installed()
    core.stop()
    (core.config.data_dir / "db.sqlite3").unlink()
    result = run("doctor")
    assert result.exit_code == 1
    assert "is missing, but SoundWave has been set up here" in lines(result)["database"]


@pytest.mark.parametrize("folder", ["/proc", "/proc/soundwave"])
def test_doctor_tries_to_write(run: Run, folder: str) -> None:
    """Nobody makes files in /proc, not even root, whom mode bits do not stop."""
    result = run("doctor", MEDIA_ROOT=folder)
    assert result.exit_code == 1
    assert lines(result)["media_root"].startswith("FAIL /proc cannot be written (")


def test_doctor_says_when_the_disk_is_nearly_full(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surroundings, "SMALLEST_FREE_BYTES", 1 << 62)
    result = run("doctor")
    assert result.exit_code == 1
    assert lines(result)["cache_dir"].startswith("FAIL ")


def test_doctor_names_variables_that_nothing_reads(run: Run) -> None:
    result = run("doctor", SOUNDWAVE_PROT="80", SOUNDWAVE_DOWNLOADS_WORKRES="3")
    assert result.exit_code == 1
    assert lines(result)["settings"].startswith("FAIL ")
    assert lines(result)["settings"].endswith(": SOUNDWAVE_DOWNLOADS_WORKRES, SOUNDWAVE_PROT")


def beside(core: SoundWave, server: Listening) -> control.Control:
    way = core.control = control.Control("127.0.0.1", server.server.port, control.new_token())
    control.write(core.config.data_dir, way)
    return way


def test_doctor_asks_the_running_server(run: Run, core: SoundWave, server: Listening) -> None:
    way = beside(core, server)
    result = run("doctor")
    assert result.exit_code == 0, result.output
    checks = lines(result)
    assert checks["server"] == f"ok listens on 127.0.0.1:{way.port}"
    assert checks["media disk"].startswith("ok ")  # only the server knows


def test_doctor_beside_a_server_that_does_not_answer(run: Run, core: SoundWave) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    control.write(core.config.data_dir, control.Control("127.0.0.1", port, "swc_x"))
    result = run("doctor")
    assert result.exit_code == 1
    assert lines(result)["server"].startswith("FAIL The running server does not answer (")


# What is refused, in one sentence


@pytest.mark.parametrize("command", [["serve"], ["routes"], ["plugins"], ["doctor"], ["user", "list"]])
def test_a_broken_variable_is_named(run: Run, command: list[str]) -> None:
    assert "SOUNDWAVE_PORT must be a whole number" in sentence(run(*command, SOUNDWAVE_PORT="many"))


def test_the_help_is_there_all_the_same(run: Run) -> None:
    result = run("--help", SOUNDWAVE_PORT="many")
    assert result.exit_code == 0
    assert "  doctor " in result.stdout
    assert "SOUNDWAVE_PORT" in result.stderr


def test_a_port_that_is_taken(run: Run, folders: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, signals_kept():
        port = taken.getsockname()[1]
        said = sentence(run("serve", "--port", str(port)))
    assert f"Port {port} on 127.0.0.1 cannot be opened" in said
    assert not Path(folders["DATA_DIR"]).exists()


@pytest.mark.parametrize("command", [["serve", "--port", "0"], ["user", "add", "bob"]])
def test_a_data_dir_that_is_a_file(run: Run, tmp_path: Path, command: list[str]) -> None:
    file = tmp_path / "file"
    file.write_text("mine")
    with signals_kept():
        assert f"{file} is a file" in sentence(run(*command, DATA_DIR=str(file)))
        assert "cannot be made" in sentence(run(*command, DATA_DIR=str(file / "below")))
    for path in (file, file / "below"):
        assert f"FAIL {file} is a file" in lines(run("doctor", DATA_DIR=str(path)))["data_dir"]
    assert file.read_text() == "mine"


def test_what_the_system_refuses_is_one_sentence(run: Run, make_core: MakeCore, tmp_path: Path) -> None:
    make_core().stop()
    nowhere = tmp_path / "nowhere" / "export.zip"
    assert f"{nowhere}.part cannot be used (No such file or directory)" in sentence(run("export", str(nowhere)))
    unnameable = str(tmp_path / ("x" * 300) / "data")  # as with folders that only others may look into
    for command in (["import-legacy", unnameable, "--dry-run"], ["restore", unnameable]):
        assert "cannot be used (File name too long)" in sentence(run(*command))
    with signals_kept():
        assert "cannot be used (File name too long)" in sentence(run("serve", "--port", "0", DATA_DIR=unnameable))
    assert "  doctor " in run("--help", DATA_DIR=unnameable).stdout


def test_a_backup_is_read_from_files_only(run: Run, make_core: MakeCore, tmp_path: Path) -> None:
    """Nobody writes into this pipe, and it would be waited for without end."""
    make_core().stop()
    os.mkfifo(tmp_path / "pipe")
    for command in ("verify-backup", "restore"):
        assert "is no file" in sentence(run(command, str(tmp_path / "pipe")))


@pytest.mark.parametrize("command", [["user", "list"], ["plugins"], ["routes"]])
def test_reading_in_an_empty_place_leaves_it_empty(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    """As an installed program: without variables, and with no checkout above it."""
    monkeypatch.setattr(config, "ROOT", tmp_path / "nowhere")
    result = run(*command, DATA_DIR="", MEDIA_ROOT="", CACHE_DIR="")
    if command == ["user", "list"]:
        assert f"There is no SoundWave data in {tmp_path}/data: " in sentence(result)
    else:
        assert result.exit_code == 0
    assert not any(tmp_path.iterdir())


def test_a_command_beside_a_server_that_is_still_starting(run: Run, core: SoundWave) -> None:
    assert "in use by another SoundWave" in sentence(run("user", "list"))


# What a killed server leaves behind


@pytest.mark.parametrize("content", ["", "{", '{"host":"127.0.0.1","port":PORT,"token":"swc_old"}'])
def test_an_old_control_file_confuses_nobody(
    run: Run, folders: dict[str, str], make_core: MakeCore, content: str
) -> None:
    """Even where another program has the port by now."""
    make_core().stop()
    data = Path(folders["DATA_DIR"])
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        for command in (["doctor"], ["user", "list"]):
            (data / "control.json").write_text(content.replace("PORT", str(stranger.getsockname()[1])))
            result = run(*command)
            assert result.exit_code == 0, result.output
    assert not (data / "control.json").exists()  # whoever took the lock has cleared it away


def test_the_lock_is_only_as_alive_as_its_process(tmp_path: Path) -> None:
    assert not DataLock.is_taken(tmp_path)
    lock = DataLock.take(tmp_path)
    assert DataLock.is_taken(tmp_path)
    lock.release()
    assert (tmp_path / "lock").exists()
    assert not DataLock.is_taken(tmp_path)


def test_the_control_file_is_private(tmp_path: Path) -> None:
    path = control.write(tmp_path, control.Control("127.0.0.1", 1, "t"))
    assert path.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["control.json"]
    assert control.find(tmp_path) is None


# The server as a process


@contextmanager
def signals_kept() -> Iterator[None]:
    """``serve`` sets handlers, and this is the tests' own process."""
    kept = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, kept)


@contextmanager
def process(folders: dict[str, str], tmp_path: Path, *command: str) -> Iterator[subprocess.Popen[str]]:
    """A process of ours that leaves no process behind, whatever comes of it."""
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    started = subprocess.Popen(
        [sys.executable, *command], env=environ | folders, cwd=tmp_path, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        yield started
    finally:
        started.kill()
        started.communicate()


SERVE = ("-m", "soundwave_core", "serve", "--port", "0")


def port_of(server: subprocess.Popen[str]) -> int:
    """Its lines reach a pipe at once: they hold the set-up link, and a container shows them."""
    assert server.stdout is not None
    line = next((line for line in server.stdout if "listens on" in line), None)
    assert line is not None, server.stderr and server.stderr.read()
    return int(line.rsplit(":", 1)[1].strip().strip("/"))


def test_it_warns_of_variables_that_nothing_reads(folders: dict[str, str], tmp_path: Path) -> None:
    environ = folders | {"SOUNDWAVE_PROT": "80"}
    with process(environ, tmp_path, *SERVE) as server:
        port_of(server)
        server.send_signal(signal.SIGTERM)
        _, errors = server.communicate(timeout=ENOUGH_SECONDS)
    assert errors.count("there is no setting SOUNDWAVE_PROT") == 1


def test_requests_that_wait_their_turn_are_no_news(caplog: pytest.LogCaptureFixture) -> None:
    waiting = logging.getLogger("waitress.queue")
    with caplog.at_level(logging.NOTSET, waiting.name):  # which is set back as it is set: what is asked is remembered
        set_up_logging("info")
        assert not waiting.isEnabledFor(logging.WARNING)
        assert waiting.isEnabledFor(logging.ERROR)


def test_sigterm_does_not_wait_for_slow_clients(folders: dict[str, str], tmp_path: Path) -> None:
    """One has sent half a request, one half a body, and one keeps its connection for later."""
    halves = [
        b"GET /api/ping/ HTTP/1.1\r\nHo",
        b"POST /api/user/login/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"Content-Length: 1000\r\n\r\n{",
    ]
    with process(folders, tmp_path, *SERVE) as server:
        port = port_of(server)
        slow = [socket.create_connection(("127.0.0.1", port), timeout=ENOUGH_SECONDS) for _ in halves]
        for connection, half in zip(slow, halves, strict=True):
            connection.sendall(half)
        idle = http.client.HTTPConnection("127.0.0.1", port, timeout=ENOUGH_SECONDS)
        idle.request("GET", "/api/ping/")
        assert idle.getresponse().read() == b'{"status":"ok"}'
        server.send_signal(signal.SIGTERM)
        assert server.wait(ENOUGH_SECONDS) == 0
        assert server.stderr is not None
        assert "Traceback" not in server.stderr.read()
        for connection in (*slow, idle):
            connection.close()
    assert not (tmp_path / "data" / "control.json").exists()


def test_a_killed_server_leaves_a_file_and_the_next_one_starts(folders: dict[str, str], tmp_path: Path) -> None:
    with process(folders, tmp_path, *SERVE) as server:
        port_of(server)
        server.kill()
        server.wait(ENOUGH_SECONDS)
    file = tmp_path / "data" / "control.json"
    old = file.read_bytes()
    assert control.find(tmp_path / "data") is None
    with process(folders, tmp_path, *SERVE) as server:
        port = port_of(server)
        assert file.read_bytes() != old
        found = control.find(tmp_path / "data")
        assert found is not None
        assert found.port == port
        server.send_signal(signal.SIGINT)
        assert server.wait(ENOUGH_SECONDS) == 0


IN_THE_MIDDLE = """
import os, signal
from soundwave_core import SoundWave, cli
start = SoundWave.start
def interrupted(core):
    core.config.attach = lambda db: os.kill(os.getpid(), signal.SIGTERM)
    return start(core)
SoundWave.start = interrupted
cli.cli(["serve", "--port", "0"])
"""


def test_sigterm_during_the_start_ends_it_in_order(folders: dict[str, str], tmp_path: Path) -> None:
    with process(folders, tmp_path, "-c", IN_THE_MIDDLE) as server:
        _, errors = server.communicate(timeout=ENOUGH_SECONDS)
        assert server.returncode == 1
    assert "Traceback" not in errors
    assert not DataLock.is_taken(tmp_path / "data")
    assert not (tmp_path / "data" / "db.sqlite3-wal").exists()


BEFORE_IT_LISTENS = """
import os, signal
from soundwave_core import ballast, cli
ballast.Ballast.take = lambda self: os.kill(os.getpid(), signal.SIGTERM)
cli.cli(["serve", "--port", "0"])
"""


def test_sigterm_between_the_start_and_the_first_request(folders: dict[str, str], tmp_path: Path) -> None:
    with process(folders, tmp_path, "-c", BEFORE_IT_LISTENS) as server:
        _, errors = server.communicate(timeout=ENOUGH_SECONDS)
        assert server.returncode == 0, errors
    assert not DataLock.is_taken(tmp_path / "data")
    assert not (tmp_path / "data" / "db.sqlite3-wal").exists()
    assert not (tmp_path / "data" / "control.json").exists()
