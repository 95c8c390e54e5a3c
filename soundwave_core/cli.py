"""``soundwave``: serve, routes, plugins, doctor, and the commands that plugins add."""

from __future__ import annotations

import logging
import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import msgspec

from . import control, doctor, surroundings
from .app import SoundWave
from .config import CORE_SETTINGS, Config
from .errors import SoundWaveError, StartError
from .legacy import open_legacy
from .logs import print_notice, print_notice_as_json, set_up_logging
from .openapi import document
from .plugins import PluginRecord
from .server import open_listener
from .server import serve as run_server
from .takeover import bring_over, rehearse
from .version import __version__

log = logging.getLogger(__name__)


class Commands(click.Group):
    """Ours and the plugins' subcommands; an error of the family, or of the system, is one sentence and exit code 1."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._is_complete = False

    def _complete(self) -> None:
        if self._is_complete:
            return
        SoundWave().assemble().plugins.collect("register_commands", self._accept)
        self._is_complete = True

    def _accept(self, record: PluginRecord, commands: Iterable[click.Command]) -> None:
        for command in commands:
            self.add_command(command)

    def list_commands(self, context: click.Context) -> list[str]:
        """For the help, which is there even where a setting is wrong: then without the plugins' commands."""
        try:
            self._complete()
        except (SoundWaveError, OSError) as error:
            _tell(error)
        return super().list_commands(context)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in self.commands:
            self._complete()
        return super().get_command(context, name)

    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except (SoundWaveError, OSError) as error:
            if isinstance(error, BrokenPipeError):
                raise  # who read what we print has gone: click ends us for that
            _tell(error)
            context.exit(1)


def _tell(error: SoundWaveError | OSError) -> None:
    """The one sentence; of the system's errors, a full disk or a folder without rights, what it is about and why."""
    if isinstance(error, SoundWaveError):
        sentence = error.sentence
    else:
        sentence = f"{error.filename or 'A file'} cannot be used ({error.strerror or type(error).__name__})."
    click.echo(f"soundwave: {sentence}", err=True)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="soundwave")
def cli() -> None:
    """SoundWave, a self-hosted audio server."""


@cli.command()
@click.option("--host", help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on.")
def serve(host: str | None, port: int | None) -> None:
    """Run the server until SIGTERM."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C, until the server has its own
    core = SoundWave(notice=print_notice).assemble()
    set_up_logging(core.config["log_level"], core.config["log_format"])
    core.notice = print_notice_as_json if core.config["log_format"] == "json" else print_notice
    for name in core.config.unknown_variables():
        log.warning("there is no setting %s: it is misspelt, or of a plugin that is not here", name)
    with open_listener(host or core.config["host"], core.config["port"] if port is None else port) as listener:
        core.port = listener.getsockname()[1]
        surroundings.tell(core)
        run_server(core.start(), listener)


@cli.command()
@click.option("--openapi", is_flag=True, help="Print the OpenAPI document instead.")
def routes(openapi: bool) -> None:
    """Print every route: method, rule, permission, plugin."""
    core = SoundWave().assemble()
    if openapi:
        text = msgspec.json.encode(document(core.routes.routes(), "SoundWave", __version__), order="sorted")
        click.echo(msgspec.json.format(text, indent=2).decode())
        return
    print_table(["method", "rule", "permission", "resource", "scope", "plugin", "handler"], core.routes.listing())


@cli.command()
def plugins() -> None:
    """Print every plugin, and why one is not running."""
    records = SoundWave().assemble().plugins.records.values()
    rows = [(r.name, r.version, r.status, len(r.contributions.routes), r.reason) for r in records]
    print_table(["plugin", "version", "status", "routes", "reason"], rows)


@cli.command("doctor")
def examine() -> None:
    """Look at everything a server needs, changing nothing; exit code 1 if something is wrong."""
    checks = doctor.examine(SoundWave().assemble())
    for check in checks:
        click.echo(f"{'ok  ' if check.is_ok else 'FAIL'}  {check.name}: {check.detail}")
    if not all(check.is_ok for check in checks):
        raise click.exceptions.Exit(1)


@cli.command("import-legacy")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only say what would come over.")
def import_legacy(path: Path, dry_run: bool) -> None:
    """Bring over PATH, the db.sqlite3 of the old SoundWave or its folder; MEDIA_ROOT must be the old one's."""
    if dry_run:
        click.echo(rehearse(SoundWave(notice=click.echo).assemble(), path).text())
        return
    with open_core(may_create=True) as core, open_legacy(path, _own_config().cache_dir) as legacy:
        if isinstance(core, control.Control):
            raise StartError("Stop the server first: an import writes for a while.", code="server_running")
        if not core.db.is_new:
            core.backups.make(core.db, "before-import")
        click.echo(bring_over(core, legacy, str(path)).text())
        core.mark_installed()


def find_server() -> control.Control | None:
    """The server that runs on this data directory, or None."""
    return control.find(_own_config().data_dir)


def _own_config() -> Config:
    config = Config.from_environment()
    config.declare("core", CORE_SETTINGS)
    return config


@contextmanager
def open_core(may_create: bool = False) -> Iterator[SoundWave | control.Control]:
    """For commands: the running server's control where there is one, else a started core of our own.

    StartError where there is no data yet, unless it ``may_create`` some: what only reads leaves nothing behind.
    """
    config = _own_config()
    running = control.find(config.data_dir)
    if running is not None:
        yield running
        return
    if not may_create and not any((config.data_dir / name).exists() for name in ("db.sqlite3", "installed")):
        sentence = f"There is no SoundWave data in {config.data_dir}: start the server once, or set DATA_DIR."
        raise StartError(sentence, code="no_data")
    core = SoundWave(is_manual=True, notice=lambda line: None).start()
    try:
        yield core
    finally:
        core.stop()


def print_table(head: list[str], rows: Any) -> None:
    """Columns as wide as their content, for people."""
    lines = [head, *([str(cell if cell is not None else "-") for cell in row] for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    for line in lines:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def main() -> None:
    """The console script."""
    cli(prog_name="soundwave")
