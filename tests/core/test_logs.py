"""The log: one event is one line, whatever somebody put into it, for people and for machines."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from soundwave_core.logs import JsonFormatter, TextFormatter, visible

HOSTILE = "one\ntwo\r\x1b[2Jthree\x00\x85\u2028\u202eeerht\ufeff\ud800 ț \U0001f3b5"
ENOUGH_SECONDS = 60


def event(message: str, *values: object, error: BaseException | None = None) -> logging.LogRecord:
    exc_info = (type(error), error, error.__traceback__) if error is not None else None
    record = logging.LogRecord("soundwave_toy", logging.WARNING, __file__, 1, message, values, exc_info)
    record.created = 1767614400.25
    return record


def caught(message: str) -> BaseException:
    try:
        raise OSError(message)
    except OSError as error:
        return error


@pytest.mark.parametrize("formatter", [TextFormatter(), JsonFormatter()])
@pytest.mark.parametrize("values", [(HOSTILE,), ("plain",)])
def test_one_event_is_one_line_that_steers_nothing(formatter: logging.Formatter, values: tuple[str]) -> None:
    line = formatter.format(event("said %s", *values, error=caught(HOSTILE)))
    assert line.splitlines() == [line]
    assert all(char.isprintable() for char in line), [char for char in line if not char.isprintable()]
    assert "test_logs.py" in line
    assert line.encode()


def test_what_may_be_read_is_left_as_it_is() -> None:
    assert visible("Noapte bună, ț 🎵 日本 — fine") == "Noapte bună, ț 🎵 日本 — fine"
    assert visible("a\nb\tc\x1b") == r"a\nb\tc\x1b"


def test_an_object_has_what_was_said() -> None:
    line = json.loads(JsonFormatter().format(event("said %s", "a\nb", error=caught("no\nroom"))))
    assert line.pop("exc").splitlines()[-2:] == ["OSError: no", "room"]
    assert line == {
        "ts": "2026-01-05T12:00:00.250Z", "level": "warning", "logger": "soundwave_toy", "message": "said a\nb",
    }  # fmt: skip
    assert "exc" not in json.loads(JsonFormatter().format(event("plain")))


def test_people_see_when_what_and_where() -> None:
    line = TextFormatter().format(event("said %s", "it"))
    assert line.endswith(" WARNING soundwave_toy: said it")


@pytest.mark.parametrize("form", ["text", "json"])
def test_all_that_a_server_writes_is_in_one_form(tmp_path: Path, form: str) -> None:
    """Its notices too: a container's log is both streams in one."""
    folders = {"DATA_DIR": "data", "MEDIA_ROOT": "audio", "CACHE_DIR": "cache"}
    environ = os.environ | {name: str(tmp_path / folder) for name, folder in folders.items()}
    environ |= {"SOUNDWAVE_LOG_FORMAT": form, "SOUNDWAVE_PROT": "80", "SOUNDWAVE_AUTH_BCRYPT_COST": "4"}
    command = [sys.executable, "-u", "-m", "soundwave_core", "serve", "--port", "0"]
    lines: list[str] = []
    with subprocess.Popen(
        command, env=environ, cwd=tmp_path, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(line)
            if "listens on" in line:
                process.send_signal(signal.SIGTERM)
        assert process.wait(ENOUGH_SECONDS) == 0
    said = " ".join(lines)
    assert "/setup?code=" in said
    assert "there is no setting SOUNDWAVE_PROT" in said
    if form == "text":
        assert not any(line.startswith("{") for line in lines)
        return
    objects = [json.loads(line) for line in lines]
    assert all({"ts", "level", "logger", "message"} <= entry.keys() for entry in objects)
    assert {"notice", "warning", "info"} <= {entry["level"] for entry in objects}
