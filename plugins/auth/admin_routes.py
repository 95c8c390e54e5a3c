"""The admin's doors: users and invites."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soundwave_core import AdminOnly, Answer, Invalid, Listing, ListQuery, Route, row_before

from . import avatars, invites, people, shapes
from .lists import page
from .people import By, Person
from .store import InviteRow, Invites, Users

if TYPE_CHECKING:
    from soundwave_core import Request, SoundWave


def list_users(core: SoundWave, request: Request) -> Listing[shapes.AdminUser]:
    """Everybody with an account, newest first."""
    store = Users(core)
    shown, following = page(request, store.list(request.query.limit + 1, row_before(request)))
    results = [_user(request, person) for person in people.look_at(core, shown)]
    return Listing(count=store.count(), next=following, results=results)


def get_user(core: SoundWave, request: Request) -> shapes.AdminUser:
    """One account."""
    return _user(request, *people.look_at(core, [Users(core).get(request.params["user"])]))


def add_user(core: SoundWave, request: Request) -> Answer:
    """An account for somebody else."""
    body: shapes.UserWish = request.body
    user = people.add_user(
        core, body.username, body.password, body.is_admin, quota_bytes=body.quota_bytes, by=_by(request)
    )
    return Answer(_user(request, *people.look_at(core, [user])), headers=[shapes.SHOWN_ONCE])


def change_user(core: SoundWave, request: Request) -> shapes.AdminUser:
    """Another name, role, state or quota. The last active admin stays one."""
    user = people.change_user(core, request.params["user"], request.body, _by(request))
    return _user(request, *people.look_at(core, [user]))


def reset_password(core: SoundWave, request: Request) -> Answer:
    """A new password for somebody who lost theirs. Every session and token of theirs ends."""
    body: shapes.PasswordReset = request.body
    user_id, is_lost = request.params["user"], body.remove_second_factor
    people.reset_password(core, user_id, body.password, remove_second_factor=is_lost, by=_by(request))
    return Answer(None, headers=[shapes.SHOWN_ONCE])


def remove_user(core: SoundWave, request: Request) -> None:
    """End an account. With `tracks=remove` its tracks and playlists go, with `tracks=give` to the user `to`."""
    departure: shapes.Departure = request.query
    if (departure.tracks == "give") != (departure.to is not None):
        raise Invalid("Say tracks=give together with to=, the user who gets them.", code="heir_invalid")
    people.remove_user(core, request.params["user"], departure.to, _by(request))


def list_invites(core: SoundWave, request: Request) -> Listing[shapes.InviteView]:
    """Every invite that has not expired, newest first, without its code."""
    store = Invites(core)
    shown, following = page(request, store.list(request.query.limit + 1, row_before(request)))
    results = [_invite(row) for row in shown]
    return Listing(count=store.count(), next=following, results=results)


def add_invite(core: SoundWave, request: Request) -> Answer:
    """A new invite. Its code is in this answer and never again."""
    body: shapes.InviteWish = request.body
    row, code = invites.issue(core, _by(request), body.expires_in_days)
    invite = shapes.NewInvite(id=row.id, created_at=row.created_at, expires_at=row.expires_at, code=code)
    return Answer(invite, headers=[shapes.SHOWN_ONCE])


def remove_invite(core: SoundWave, request: Request) -> None:
    """Withdraw an invite."""
    invites.withdraw(core, _by(request), request.params["invite"])


def _by(request: Request) -> By:
    return By(request.user, request.remote_address)


def _user(request: Request, person: Person) -> shapes.AdminUser:
    user = person.user
    return shapes.AdminUser(
        id=user.id,
        username=user.name,
        is_admin=user.is_admin,
        state="disabled" if user.state == "disabled" else "active",
        created_at=user.created_at,
        quota_bytes=user.quota_bytes,
        has_second_factor=person.has_second_factor,
        last_seen_at=person.last_seen_at,
        avatar_url=avatars.url_of(request.prefix, person.avatar_sha256, user.id),
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
USER = USERS + "<user:id>/"
ROUTES = [
    Route("GET", USERS, list_users, AdminOnly, query=ListQuery, answer=Listing[shapes.AdminUser]),
    Route(
        "POST", USERS, add_user, AdminOnly,
        body=shapes.UserWish, answer=shapes.AdminUser, status=201, needs_confirmation=True,
    ),
    Route("GET", USER, get_user, AdminOnly, answer=shapes.AdminUser),
    Route(
        "PATCH", USER, change_user, AdminOnly,
        body=shapes.UserPatch, answer=shapes.AdminUser, needs_confirmation=True,
    ),
    Route(
        "DELETE", USER, remove_user, AdminOnly, query=shapes.Departure, status=204, needs_confirmation=True,
    ),
    Route(
        "POST", USER + "reset-password/", reset_password, AdminOnly,
        body=shapes.PasswordReset, status=204, needs_confirmation=True,
    ),
    Route("GET", INVITES, list_invites, AdminOnly, query=ListQuery, answer=Listing[shapes.InviteView]),
    Route(
        "POST", INVITES, add_invite, AdminOnly,
        body=shapes.InviteWish, answer=shapes.NewInvite, status=201, needs_confirmation=True,
    ),
    Route("DELETE", INVITES + "<invite:id>/", remove_invite, AdminOnly, status=204),
]  # fmt: skip
