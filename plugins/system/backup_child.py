"""Test restores and restores are done in a process of their own: slow, greedy, and on a database of another age."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from typing import TYPE_CHECKING, TypeVar

import msgspec

from soundwave_core import SoundWaveError, Unavailable

if TYPE_CHECKING:
    from soundwave_core import SoundWave

log = logging.getLogger(__name__)
T = TypeVar("T")

FAILED = 3  # the exit status of a child that says why in a Failure
LONGEST_SECONDS = 3600  # for ten gigabytes on a slow disk
_LOOK_SECONDS = 0.5
_SHOWN_CHARS = 300


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """What a child says where it could not do what it was told."""

    sentence: str
    code: str


def run(core: SoundWave, kind: type[T], *words: str) -> T:
    """``soundwave WORDS`` in a child; the one line of JSON that it prints, as ``kind``.

    SoundWaveError: the child's own, ``child_failed``; Unavailable ``stopping`` and ``child_timeout``.
    """
    folders = {"DATA_DIR": "data_dir", "MEDIA_ROOT": "media_root", "CACHE_DIR": "cache_dir"}
    environ = os.environ | {name: str(getattr(core.config, attribute)) for name, attribute in folders.items()}
    command = [sys.executable, "-m", "soundwave_core", *words]
    with subprocess.Popen(
        command, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as child:
        try:
            output, errors = _wait(core, child)
        finally:
            child.kill()
    return _read(output, errors, child.returncode, kind)


def _wait(core: SoundWave, child: subprocess.Popen[bytes]) -> tuple[bytes, bytes]:
    end = core.clock.monotonic() + LONGEST_SECONDS
    while True:
        try:
            return child.communicate(timeout=_LOOK_SECONDS)
        except subprocess.TimeoutExpired:
            if core.jobs.stopping.is_set():
                raise Unavailable("The server stops, and this was given up.", code="stopping") from None
            if core.clock.monotonic() > end:
                sentence = f"It took longer than {LONGEST_SECONDS // 60} minutes and was ended."
                raise Unavailable(sentence, code="child_timeout") from None


def _read(output: bytes, errors: bytes, status: int, kind: type[T]) -> T:
    line = output.strip().rpartition(b"\n")[2]
    try:
        if status != FAILED:
            return msgspec.json.decode(line, type=kind)
        failure = msgspec.json.decode(line, type=Failure)
    except msgspec.MsgspecError:
        said = " ".join(errors.decode(errors="replace").split())[-_SHOWN_CHARS:]
        log.error("a child of the backups ended with %s: %s", status, said)
        raise SoundWaveError(f"The test ended with status {status}: {said}", code="child_failed") from None
    raise SoundWaveError(failure.sentence, code=failure.code)
