"""``soundwave backup``, ``restore`` and ``verify-backup``: on the shell, beside a running server or without one."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

import click
import msgspec

from soundwave_core import (
    BACKUP_PATTERN,
    COMMAND_LINE,
    Actor,
    Control,
    NotFound,
    SoundWave,
    SoundWaveError,
    StartError,
    call_server,
    find_backup,
    find_server,
    open_core,
    prepare_restore,
    print_table,
    restore_now,
    trial_folder,
    try_out,
)

from . import backup_work
from .backup_child import FAILED, Failure
from .backup_look import look

BACKUPS, RESTORE = "/api/appsettings/backup/", "/api/appsettings/restore/"
GONE_SECONDS = 120.0  # for how long a server that starts again may be away
_LOOK_SECONDS = 0.5


@click.command()
@click.option("--list", "is_list", is_flag=True, help="Print the backups instead.")
@click.option("--quiesce", is_flag=True, help="Hold writers back instead, for a snapshot of the volume.")
@click.option("--seconds", type=click.IntRange(1, 600), default=60, help="With --quiesce: the longest time; 60.")
@click.option("--resume", is_flag=True, help="The snapshot is taken: let writers go on.")
def backup(is_list: bool, quiesce: bool, seconds: int, resume: bool) -> None:
    """Make a backup and try it out; exit code 1 if it is no good."""
    if quiesce or resume:
        _hold(seconds if quiesce else 0)
        return
    with open_core() as core:
        if is_list:
            _print(core)
        elif isinstance(core, SoundWave):
            made = backup_work.back_up(core, "manual")
            tried = backup_work.test(core, made.id)
            _judge(tried.state, tried.sentence, made.id)
            core.backups.rotate([made.id])
        else:
            id = call_server(core, "POST", BACKUPS)["id"]
            while (seen := call_server(core, "GET", f"{BACKUPS}{id}/"))["state"] == "running":
                time.sleep(_LOOK_SECONDS)
            _judge(seen["state"], seen["sentence"], id)


@click.command()
@click.argument("word", metavar="ID|PATH")
def restore(word: str) -> None:
    """Go back to a backup: ID is one of `soundwave backup --list`, PATH a downloaded zip, or a database file.

    The present database is kept beside the new one, and every session ends. A running server starts again with it.
    """
    running = find_server()
    if running is not None:
        _restore_beside(running, word)
        return
    core = SoundWave(is_manual=True, notice=click.echo).assemble()
    restore_now(core, word, look, COMMAND_LINE)


@click.command("verify-backup")
@click.argument("word", metavar="ID|PATH")
@click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON, for programs.")
def verify_backup(word: str, as_json: bool) -> None:
    """Read all of a backup, and restore it for a test into a folder of its own; exit code 1 if it is no good."""
    with _told(as_json):
        core = SoundWave(is_manual=True, notice=lambda line: None).assemble()
        with trial_folder(core) as folder:
            found = try_out(core, find_backup(core, word, into=folder), look)
        if as_json:
            click.echo(msgspec.json.encode(found).decode())
        else:
            _judge(found.verdict, found.sentence, word)


@click.command("prepare-restore", hidden=True)
@click.argument("word", metavar="ID|PATH")
@click.option("--actor-id", default="")
@click.option("--actor-name", default=COMMAND_LINE.name)
def prepare(word: str, actor_id: str, actor_name: str) -> None:
    """Prepare a restore; the server calls this, and writes the note that the next start is to carry it out."""
    with _told(True):
        core = SoundWave(is_manual=True, notice=lambda line: None).assemble()
        actor = Actor(actor_id, actor_name, is_admin=True)
        click.echo(msgspec.json.encode(prepare_restore(core, find_backup(core, word), look, actor)).decode())


class _told:
    """A child of the server: gentle with the machine, and its failure is a line of JSON and exit code 3."""

    def __init__(self, is_child: bool) -> None:
        self._is_child = is_child
        if is_child:
            os.nice(10)

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if self._is_child and isinstance(error, SoundWaveError):
            click.echo(msgspec.json.encode(Failure(sentence=error.sentence, code=error.code)).decode())
            raise click.exceptions.Exit(FAILED)


def _hold(seconds: int) -> None:
    running = find_server()
    if running is None:
        click.echo("No server is running: nothing writes.")
        return
    if seconds:
        held = call_server(running, "POST", f"{BACKUPS}hold/", {"seconds": seconds})
        click.echo(f"Writers are held back for {held['seconds_left']:.0f} seconds.")
    else:
        call_server(running, "POST", f"{BACKUPS}release/")
        click.echo("Writers go on.")


def _print(core: SoundWave | Control) -> None:
    if isinstance(core, SoundWave):
        rows = [(b.id, b.made_at, b.state, b.size_bytes, b.sentence) for b in core.backups.list()]
    else:
        names = ("id", "made_at", "state", "size_bytes", "sentence")
        rows = [tuple(one[name] for name in names) for one in call_server(core, "GET", BACKUPS)["results"]]
    megabytes = [(id, made_at, state, f"{size / 1e6:.1f} MB", sentence) for id, made_at, state, size, sentence in rows]
    print_table(["id", "data of", "state", "size", ""], megabytes)


def _judge(state: str, sentence: str, name: str) -> None:
    click.echo(f"{name}: {state}. {sentence}")
    if state != "verified":
        raise click.exceptions.Exit(1)


def _restore_beside(running: Control, word: str) -> None:
    if Path(word).exists():
        raise StartError("Stop the server first, or upload the file in its administration.", code="server_running")
    if re.fullmatch(BACKUP_PATTERN, word) is None:
        raise NotFound("There is no such backup.", code="backup_not_found")
    call_server(running, "POST", RESTORE, {"backup": word})
    end = time.monotonic() + GONE_SECONDS
    while time.monotonic() < end:
        time.sleep(_LOOK_SECONDS)
        now = find_server()
        if now is None:
            continue
        try:
            seen = call_server(now, "GET", RESTORE)
        except SoundWaveError:  # it is stopping, or starting
            continue
        if seen["state"] == "failed":
            raise StartError(seen["sentence"], code="restore_failed")
        if now != running:
            click.echo(f"The server has started again with {word}.")
            return
    raise StartError("The server has not come back yet: see its log.", code="restore_unfinished")


COMMANDS = [backup, restore, verify_backup, prepare]
