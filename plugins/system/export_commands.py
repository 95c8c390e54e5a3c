"""``soundwave export`` and ``soundwave import``."""

from __future__ import annotations

from pathlib import Path

import click

from soundwave_auth import Users
from soundwave_core import Conflict, Control, NotFound, SoundWave, StartError, open_copy, open_core

from .exports import export_to, import_from


@click.command("export")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--user", "names", multiple=True, help="Only this user; may be given several times.")
@click.option("--with-media", is_flag=True, help="With the audio files, not only what is known of them.")
def export_library(file: Path, names: tuple[str, ...], with_media: bool) -> None:
    """Write what the users have to FILE, a zip of JSON, M3U8 and, if wanted, audio; also beside a running server."""
    if file.exists():
        raise Conflict(f"{file} is there already: choose another name.", code="file_exists")
    core = SoundWave().assemble()
    if not (core.config.data_dir / "db.sqlite3").exists():
        raise StartError(f"There is no SoundWave data in {core.config.data_dir}.", code="no_data")
    with open_copy(core):
        users = sorted(Users(core).list(), key=lambda user: user.number)
        for name in names:
            if Users(core).find_by_name(name) is None:
                raise NotFound(f"There is no user {name}.", code="user_not_found")
        wanted = {user.id for user in map(Users(core).find_by_name, names) if user is not None}
        chosen = [user for user in users if not names or user.id in wanted]
        export_to(core, file, chosen, with_media)
    click.echo(f"{file}: {', '.join(user.name for user in chosen)}, {file.stat().st_size / 1e6:.1f} MB")


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--user", "names", multiple=True, help="Only this user; may be given several times.")
def import_library(file: Path, names: tuple[str, ...]) -> None:
    """Read FILE, made by `soundwave export`, for the users of the same names. The server must be stopped."""
    with open_core() as core:
        if isinstance(core, Control):
            raise StartError("Stop the server first: an import writes for a while.", code="server_running")
        click.echo(import_from(core, file, names).text())


COMMANDS = [export_library, import_library]
