"""What the owner wrote outside the database.

The variables of the process, with ``*_FILE`` beside each, are over the options file, and that is over ``.env``. An
empty variable or option counts as not set: compose files write ``NAME: ${NAME:-}``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

from .errors import StartError
from .options import option_key, read_options
from .records import Setting

FILE_SUFFIX = "_FILE"
OPTIONS_FILE = "SOUNDWAVE_OPTIONS_FILE"
_LINE = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)")
_SINGLE = re.compile(r"'([^']*)'\s*(?:#.*)?")
_DOUBLE = re.compile(r'"((?:[^"\\]|\\.)*)"\s*(?:#.*)?')
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}


class Given(NamedTuple):
    """A setting's value as it was written, where, and what that place calls it: in a sentence, for a person."""

    value: Any
    source: Literal["environment", "options_file"]
    name: str


class Environment:
    """What the owner wrote for this process. ``directory`` is where relative paths and ``.env`` are."""

    def __init__(self, environ: Mapping[str, str], directory: Path, default_data_dir: str) -> None:
        self._variables = {name: value for name, value in environ.items() if value}
        self._of_process = {name.removesuffix(FILE_SUFFIX) for name in self._variables}
        data_dir = directory / self.get("DATA_DIR", default_data_dir)
        for folder in (directory, data_dir.parent):
            if (folder / ".env").is_file():
                self._put_under(read_dotenv(folder / ".env"))
                break
        path = self._variables.get(OPTIONS_FILE)
        self._options_path = directory / path if path else None
        self.options = read_options(self._options_path) if self._options_path else {}

    def _put_under(self, lines: Mapping[str, str]) -> None:
        for name, value in lines.items():
            if value and name.removesuffix(FILE_SUFFIX) not in self._of_process:
                self._variables[name] = value

    def find(self, name: str) -> str | None:
        """The value of a variable, or the content of the file that ``NAME_FILE`` names, or None."""
        value, path = self._variables.get(name), self._variables.get(name + FILE_SUFFIX)
        if path is None:
            return value
        if value is not None:
            raise StartError(f"Both {name} and {name}{FILE_SUFFIX} are set: keep one of them.")
        try:
            text = Path(path).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise StartError(f"{name}{FILE_SUFFIX} names {path}, which {_why(error)}.") from None
        return text.removesuffix("\n").removesuffix("\r")

    def get(self, name: str, default: str) -> str:
        """``find``, or ``default`` where there is nothing. StartError as there."""
        value = self.find(name)
        return default if value is None else value

    def find_setting(self, setting: Setting) -> Given | None:
        """What was written for a setting, in the place that wins; None where nothing was. StartError as ``find``."""
        key = option_key(setting.name)
        if key in self.options and setting.variable not in self._of_process:
            return Given(self.options[key], "options_file", f"The option {key} in {self._options_path}")
        text = self.find(setting.variable)
        return None if text is None else Given(text, "environment", setting.variable)

    def names(self) -> list[str]:
        """The variables that have a value, ``*_FILE`` ones among them, and not the options file's own."""
        return sorted(self._variables.keys() - {OPTIONS_FILE})


def read_dotenv(path: Path) -> dict[str, str]:
    """``NAME=value`` lines; ``export``, quotes and ``#`` comments are understood, nothing is expanded."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise StartError(f"The file {path} {_why(error)}.") from None
    values: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _LINE.fullmatch(line.strip())
        value = _unquoted(match[2]) if match else None
        if match is None or value is None:
            raise StartError(f"The file {path}, line {number}, cannot be read: write NAME=value there.")
        values[match[1]] = value
    return values


def _unquoted(text: str) -> str | None:
    """The value without quotes or comment; None where a quote is not closed."""
    if text.startswith("'"):
        match = _SINGLE.fullmatch(text)
        return match[1] if match else None
    if text.startswith('"'):
        match = _DOUBLE.fullmatch(text)
        return re.sub(r"\\(.)", lambda m: _ESCAPES.get(m[1], m[1]), match[1]) if match else None
    return re.split(r"(?:^|\s+)#", text, maxsplit=1)[0]


def _why(error: OSError | UnicodeDecodeError) -> str:
    if isinstance(error, UnicodeDecodeError):
        return "is not UTF-8 text"
    return f"cannot be read ({error.strerror or type(error).__name__})"
