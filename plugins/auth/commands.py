"""``soundwave user``: the door for whoever owns the shell."""

from __future__ import annotations

import sys
from typing import Any

import click

from soundwave_core import Control, SoundWave, call_server, open_core, print_table

from . import people
from .store import LAST, Users

USERS = "/api/user/admin/users/"


@click.group()
def user() -> None:
    """Add and list users."""


@user.command()
@click.argument("name")
@click.option("--admin", "is_admin", is_flag=True, help="Make this user an admin.")
def add(name: str, is_admin: bool) -> None:
    """Add a user. The password is asked for, or read as one line from standard input."""
    password = read_password()
    with open_core(may_create=True) as core:
        if isinstance(core, SoundWave):
            people.add_user(core, name, password, is_admin)
            where = f"in {core.config.data_dir}"
        else:
            wish = {"username": name, "password": password, "is_admin": is_admin}
            call_server(core, "POST", USERS, wish)
            where = "by the running server"
    click.echo(f"{'Admin' if is_admin else 'User'} {name} was added {where}.")


@user.command("list")
def list_users() -> None:
    """Print every user."""
    with open_core() as core:
        rows = _rows(core) if isinstance(core, SoundWave) else _rows_beside(core)
    print_table(["name", "role", "state", "since"], rows)


def read_password() -> str:
    """A password that is asked for twice at a terminal, or else the first line that is piped in."""
    if sys.stdin.isatty():
        return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\r\n")


def _rows(core: SoundWave) -> list[tuple[str, str, str, str]]:
    store, rows, before = Users(core), list[tuple[str, str, str, str]](), LAST
    while users := store.list(before=before):
        rows += [(user.name, user.role, user.state, user.created_at) for user in users]
        before = users[-1].number
    return rows


def _rows_beside(core: Control) -> list[tuple[str, str, str, str]]:
    rows, path = list[tuple[str, str, str, str]](), f"{USERS}?limit=200"
    while path:
        page: dict[str, Any] = call_server(core, "GET", path)
        for one in page["results"]:
            role = "admin" if one["is_admin"] else "user"
            rows.append((one["username"], role, one["state"], one["created_at"]))
        path = page["next"]
    return rows
