"""First run: one link, good for an hour and for one admin.

It is made only where no set-up was ever finished. A server whose database went empty or was replaced keeps
its ``installed`` marker and stays shut: then only the command line opens the door.
"""

from __future__ import annotations

import logging
import os
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from soundwave_core import Forbidden, to_stamp, transaction

from .codes import digest, new_code
from .store import SetupCodes, Users

if TYPE_CHECKING:
    from soundwave_core import SoundWave

log = logging.getLogger(__name__)

LIFETIME = timedelta(hours=1)
LINK_FILE = "setup-link"


def begin(core: SoundWave) -> None:
    """At every start: a fresh link where set-up is still to be done."""
    link_path(core).unlink(missing_ok=True)
    if Users(core).has_any():
        if not core.is_installed:  # the process ended between the first user's commit and the marker
            core.mark_installed()
    elif core.is_installed:
        core.notice("There is no user, but this server was set up before: soundwave user add --admin NAME")
    else:
        core.notice(f"Set-up: {_make_link(core)}")


def _make_link(core: SoundWave) -> str:
    code, now = new_code(), core.clock.now()
    with transaction(core.db):
        SetupCodes(core).replace(digest(code), to_stamp(now), to_stamp(now + LIFETIME))
    link = f"{base_url(core)}/setup?code={code}"
    _write_private(link_path(core), link + "\n")
    return link


def base_url(core: SoundWave) -> str:
    """Where people reach this server, as far as the settings know."""
    public: str = core.config["public_url"]
    return public.rstrip("/") or f"http://localhost:{core.port or core.config['port']}{core.config['base_path']}"


def is_open(core: SoundWave) -> bool:
    """Somebody with the link can set up now."""
    if core.is_installed or Users(core).has_any():
        return False
    return SetupCodes(core).has_live(core.clock.stamp())


def ensure_good(core: SoundWave, code: str) -> None:
    """Raises Forbidden: before any work is spent on a password."""
    if not (is_open(core) and SetupCodes(core).is_live(digest(code), core.clock.stamp())):
        raise refusal(core)


def use(core: SoundWave, code: str) -> None:
    """Inside the transaction that adds the first user, before it does. Raises Forbidden: of two, one."""
    if not SetupCodes(core).use(digest(code), core.clock.stamp()) or Users(core).has_any():
        raise refusal(core)


def refusal(core: SoundWave) -> Forbidden:
    """Only where set-up is still to be done does another start help."""
    if Users(core).has_any():
        sentence = "This server is set up already. Sign in, or ask its admin for an account."
    elif core.is_installed:
        sentence = "This server was set up before. On its shell: soundwave user add --admin NAME"
    else:
        sentence = "This set-up link is expired or wrong. Start the server again for a new one."
    return Forbidden(sentence, code="setup_code_invalid")


def finish(core: SoundWave, host: str = "") -> None:
    """After the commit of the first user."""
    if not core.is_installed:
        core.mark_installed(host)
        log.info("set-up is finished")
    link_path(core).unlink(missing_ok=True)


def link_path(core: SoundWave) -> Path:
    """The file in DATA_DIR that has the set-up link in it while set-up is open."""
    return core.config.data_dir / LINK_FILE


def _write_private(path: Path, text: str) -> None:
    """Never readable by others, not even while it is written."""
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
