"""The log: one event, one line, for people or for machines. What was logged can forge no other line."""

from __future__ import annotations

import logging
import re
import sys
from datetime import UTC, datetime
from typing import Any

import click
import msgspec

from .clock import to_stamp

# C0 and C1 controls, DEL, what Unicode ends lines with, and what turns the direction of writing or hides itself:
# a terminal obeys these. Lone surrogates cannot be written at all.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
_AS_TEXT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def visible(text: str) -> str:
    """The text as one line: what would end it or steer a terminal is written as in Python, ``\\n``."""
    return _UNSAFE.sub(lambda found: repr(found[0])[1:-1], text)


class TextFormatter(logging.Formatter):
    """For people: moment, level, logger and message, and a traceback behind it, in one line."""

    def __init__(self) -> None:
        super().__init__(_AS_TEXT)

    def format(self, record: logging.LogRecord) -> str:
        return visible(super().format(record))


class JsonFormatter(logging.Formatter):
    """For machines: one object with ts, level, logger, message and, where there was one, exc, the traceback."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "ts": to_stamp(datetime.fromtimestamp(record.created, UTC)),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info and record.exc_info[0] is not None:
            line["exc"] = self.formatException(record.exc_info)
        return as_json(line)


def as_json(line: dict[str, Any]) -> str:
    """An object as one line of JSON; JSON's own escapes name what ``visible`` would."""
    return _UNSAFE.sub(
        lambda found: f"\\u{ord(found[0]):04x}", msgspec.json.encode({k: _plain(v) for k, v in line.items()}).decode()
    )


def _plain(value: str) -> str:
    return value.encode("utf-8", "backslashreplace").decode()


def set_up_logging(level: str, form: str = "text") -> None:
    """To stderr, from this level on: ``form`` is text or json."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if form == "json" else TextFormatter())
    logging.basicConfig(level=level.upper(), handlers=[handler])
    logging.captureWarnings(True)
    logging.getLogger("apscheduler").setLevel(logging.WARNING)
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # it warns whenever a request waits its turn


def print_notice(line: str) -> None:
    """What the owner is told at the start, whatever the level: plain, on stdout."""
    click.echo(line)


def print_notice_as_json(line: str) -> None:
    """The same as one object."""
    click.echo(as_json({"ts": to_stamp(datetime.now(UTC)), "level": "notice", "logger": "soundwave", "message": line}))
