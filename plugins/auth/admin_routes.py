"""The admin's doors: users and invites."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soundwave_core import AdminOnly, Answer, Listing, ListQuery, NotFound, Route, row_before, transaction

from . import invites, people, shapes
from .lists import page
from .store import InviteRow, Invites, UserRow, Users

if TYPE_CHECKING:
    from soundwave_core import Request, SoundWave


def list_users(core: SoundWave, request: Request) -> Listing[shapes.AdminUser]:
    """Everybody with an account, newest first."""
    store = Users(core)
    shown, following = page(request, store.list(request.query.limit + 1, row_before(request)))
    results = [_user(row) for row in shown]
    return Listing(count=store.count(), next=following, results=results)


def add_user(core: SoundWave, request: Request) -> Answer:
    """An account for somebody else."""
    body: shapes.UserWish = request.body
    user = _user(people.add_user(core, body.username, body.password, body.is_admin))
    return Answer(user, headers=[shapes.SHOWN_ONCE])


def change_user(core: SoundWave, request: Request) -> shapes.AdminUser:
    """Disable, enable, make an admin or not. The last active admin stays."""
    body: shapes.UserPatch = request.body
    return _user(people.change_user(core, request.params["user"], body.state, body.is_admin))


def remove_user(core: SoundWave, request: Request) -> None:
    """End an account. Its tracks and playlists stay where they are; admins see them with `?user=`."""
    people.remove_user(core, request.params["user"])


def list_invites(core: SoundWave, request: Request) -> Listing[shapes.InviteView]:
    """Every invite that has not expired, newest first, without its code."""
    store = Invites(core)
    shown, following = page(request, store.list(request.query.limit + 1, row_before(request)))
    results = [_invite(row) for row in shown]
    return Listing(count=store.count(), next=following, results=results)


def add_invite(core: SoundWave, request: Request) -> Answer:
    """A new invite. Its code is in this answer and never again."""
    body: shapes.InviteWish = request.body
    row, code = invites.issue(core, request.user, body.expires_in_days)
    invite = shapes.NewInvite(id=row.id, created_at=row.created_at, expires_at=row.expires_at, code=code)
    return Answer(invite, headers=[shapes.SHOWN_ONCE])


def remove_invite(core: SoundWave, request: Request) -> None:
    """Withdraw an invite."""
    with transaction(core.db):
        if not Invites(core).remove(request.params["invite"]):
            raise NotFound("There is no such invite.", code="invite_not_found")


def _user(row: UserRow) -> shapes.AdminUser:
    return shapes.AdminUser(
        id=row.id,
        username=row.name,
        is_admin=row.is_admin,
        state="disabled" if row.state == "disabled" else "active",
        created_at=row.created_at,
    )


def _invite(row: InviteRow) -> shapes.InviteView:
    return shapes.InviteView(
        id=row.id,
        created_by=row.created_by,
        created_at=row.created_at,
        expires_at=row.expires_at,
        used_at=row.used_at,
    )


USERS, INVITES = "/api/user/admin/users/", "/api/user/admin/invites/"
ROUTES = [
    Route("GET", USERS, list_users, AdminOnly, query=ListQuery, answer=Listing[shapes.AdminUser]),
    Route(
        "POST", USERS, add_user, AdminOnly,
        body=shapes.UserWish, answer=shapes.AdminUser, status=201, needs_confirmation=True,
    ),
    Route(
        "PATCH", USERS + "<user:id>/", change_user, AdminOnly,
        body=shapes.UserPatch, answer=shapes.AdminUser, needs_confirmation=True,
    ),
    Route("DELETE", USERS + "<user:id>/", remove_user, AdminOnly, status=204, needs_confirmation=True),
    Route("GET", INVITES, list_invites, AdminOnly, query=ListQuery, answer=Listing[shapes.InviteView]),
    Route(
        "POST", INVITES, add_invite, AdminOnly,
        body=shapes.InviteWish, answer=shapes.NewInvite, status=201, needs_confirmation=True,
    ),
    Route("DELETE", INVITES + "<invite:id>/", remove_invite, AdminOnly, status=204),
]  # fmt: skip
