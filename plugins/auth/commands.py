"""``soundwave user``: the door for whoever owns the shell."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any, Literal

import click

from soundwave_core import Control, NotFound, SoundWave, call_server, open_core, print_table, printable

from . import names, people
from .shapes import UserPatch
from .store import LAST, UserRow, Users

USERS = "/api/user/admin/users/"


@click.group()
def user() -> None:
    """Add and list users, let them in or not, and reset their passwords."""


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
        rows = list(_rows(core) if isinstance(core, SoundWave) else _rows_beside(core))
    print_table(["name", "role", "state", "since"], rows)


@user.command("reset-password")
@click.argument("name")
@click.option("--remove-second-factor", is_flag=True, help="For who lost the phone and the recovery codes too.")
def reset_password(name: str, remove_second_factor: bool) -> None:
    """Give a user a new password, and end every session and token. It is asked for as when adding."""
    password = read_password()
    with open_core() as core:
        if isinstance(core, SoundWave):
            user_id = _find(core, name).id
            people.reset_password(core, user_id, password, remove_second_factor=remove_second_factor)
        else:
            wish = {"password": password, "remove_second_factor": remove_second_factor}
            call_server(core, "POST", f"{USERS}{_find_beside(core, name)}/reset-password/", wish)
    click.echo(f"{name} has a new password, and is signed out everywhere.")


@user.command()
@click.argument("name")
def disable(name: str) -> None:
    """End every session and token of a user, who is let in no more."""
    _set_state(name, "disabled")
    click.echo(f"{name} is disabled.")


@user.command()
@click.argument("name")
def enable(name: str) -> None:
    """Let a user in again."""
    _set_state(name, "active")
    click.echo(f"{name} may sign in.")


def read_password() -> str:
    """A password that is asked for twice at a terminal, or else the first line that is piped in."""
    if sys.stdin.isatty():
        return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\r\n")


def _set_state(name: str, state: Literal["active", "disabled"]) -> None:
    with open_core() as core:
        if isinstance(core, SoundWave):
            people.change_user(core, _find(core, name).id, UserPatch(state=state))
        else:
            call_server(core, "PATCH", f"{USERS}{_find_beside(core, name)}/", {"state": state})


def _find(core: SoundWave, name: str) -> UserRow:
    found = Users(core).find_by_name(name)
    if found is None:
        raise _unknown(name)
    return found


def _find_beside(core: Control, name: str) -> str:
    for one in _users_beside(core):
        if names.key(one["username"]) == names.key(name):
            return str(one["id"])
    raise _unknown(name)


def _unknown(name: str) -> NotFound:
    return NotFound(f"There is no user {printable(name)}.", code="user_not_found")


def _rows(core: SoundWave) -> Iterator[tuple[str, str, str, str]]:
    store, before = Users(core), LAST
    while users := store.list(before=before):
        yield from ((user.name, user.role, user.state, user.created_at) for user in users)
        before = users[-1].number


def _rows_beside(core: Control) -> Iterator[tuple[str, str, str, str]]:
    for one in _users_beside(core):
        role = "admin" if one["is_admin"] else "user"
        yield one["username"], role, one["state"], one["created_at"]


def _users_beside(core: Control) -> Iterator[dict[str, Any]]:
    path = f"{USERS}?limit=200"
    while path:
        page: dict[str, Any] = call_server(core, "GET", path)
        yield from page["results"]
        path = page["next"]
