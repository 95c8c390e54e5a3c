"""The options file: settings as one JSON object. Home Assistant writes what was chosen for an add-on like this.

Its keys are the settings' names, with ``.`` or with ``_``: ``{"log_level": "debug", "downloads.workers": 3}``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from .errors import StartError

_NOTHING: tuple[Any, ...] = (None, "", [])  # a field that was left empty


def option_key(name: str) -> str:
    """A setting's key: its name with ``_`` for what may not stand in the name of an add-on's option."""
    return name.replace(".", "_").replace("-", "_")


def read_options(path: Path) -> dict[str, Any]:
    """The values that are not empty, by key. StartError for a file that is not there or no JSON object."""
    try:
        written = msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
    except OSError as error:
        raise StartError(
            f"The options file {path} cannot be read ({error.strerror or type(error).__name__})."
        ) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise StartError(f"The options file {path} must be one JSON object of settings: {error}.") from None
    options: dict[str, Any] = {}
    for name, value in written.items():
        if option_key(name) in options:
            raise StartError(f"The options file {path} names {option_key(name)} twice: keep one of them.")
        if value not in _NOTHING:
            options[option_key(name)] = value
    return options
