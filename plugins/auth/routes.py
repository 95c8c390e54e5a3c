"""The doors: sign in and out, and what everybody may do with their own account."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from soundwave_core import (
    Actor,
    Answer,
    BadRequest,
    IsAuthenticated,
    IsOwnerOrAdmin,
    Listing,
    ListQuery,
    Public,
    Route,
    __version__,
    row_before,
)

from . import accounts, admin_routes, avatars, known_devices, second_factor_routes, setup, shapes, tokens
from .known_devices import device_of
from .lists import page
from .proving import Claim
from .sessions import actor_of_cookie, clear_cookie, cookie_name, set_cookie
from .store import Avatars, SecondFactors, SessionRow, Sessions, TokenRow, Tokens, UserRow, Users

if TYPE_CHECKING:
    from soundwave_core import Request, SoundWave

_LOCAL = re.compile(r"(localhost|127\.0\.0\.1|\[::1\])(:\d+)?")


def actor_of(core: SoundWave, request: Request) -> Actor | None:
    """Who asks, by cookie or by token. Both at once is refused: it would be unclear who asks."""
    cookie = request.cookies.get(cookie_name(request.scheme, request.prefix))
    secret = tokens.secret_in(request.headers.get("Authorization"))
    if cookie is not None and secret is not None:
        raise BadRequest("Send the cookie or a token, not both.", code="credentials_mixed")
    if secret is not None:
        return tokens.actor_of_token(core, secret, request.remote_address)
    return actor_of_cookie(core, cookie) if cookie else None


def get_session(core: SoundWave, request: Request) -> shapes.SessionStart:
    """What the app needs to draw its first screen, signed in or not."""
    actor = request.actor
    user = Users(core).find(actor.id) if actor else None
    return shapes.SessionStart(
        user=_user(core, request, user) if user else None,
        csrf_token=actor.csrf_token if actor else None,
        pages=core.pages_for(actor),
        slots=core.slots_for(actor),
        version=__version__,
        is_setup_open=setup.is_open(core),
        registration=core.config["auth.registration"],
        is_secure=request.scheme == "https" or _LOCAL.fullmatch(request.host.lower()) is not None,
    )


def login(core: SoundWave, request: Request) -> Answer:
    """Sign in: a cookie session, or a token with ``return_token``."""
    body: shapes.Login = request.body
    entry = accounts.sign_in(
        core,
        Claim(name=body.username, device=device_of(request), password=body.password, totp=body.totp),
        is_remembered=body.remember,
        wants_token=body.return_token,
        old=request.actor,
    )
    return _signed_in(core, request, entry)


def register(core: SoundWave, request: Request) -> Answer:
    """A new account, signed in: the first by the set-up code, later as the policy says."""
    body: shapes.Register = request.body
    entry = accounts.register(
        core,
        body.username,
        body.password,
        device_of(request),
        setup_code=body.setup_code,
        invite_code=body.invite_code,
        host=request.host,
        old=request.actor,
    )
    return _signed_in(core, request, entry)


def logout(core: SoundWave, request: Request) -> Answer:
    """End this session, or give up the token that asks.

    There is no Clear-Site-Data: its "storage" and "cookies" would reach whatever else lives at this host, below
    another path or at another port, and its "cache" is not needed: nothing personal is used again without asking.
    """
    secret = tokens.secret_in(request.headers.get("Authorization"))
    if request.user.session_id:
        accounts.sign_out(core, request.user, request.remote_address)
    elif secret is not None:
        tokens.give_up(core, request.user, secret, request.remote_address)
    return Answer(None, headers=[clear_cookie(request.scheme, request.prefix)])


def get_account(core: SoundWave, request: Request) -> shapes.Account:
    """One's own account."""
    user = Users(core).get(request.user.id)
    return shapes.Account(user=_user(core, request, user), quota_bytes=user.quota_bytes)


def change_password(core: SoundWave, request: Request) -> Answer:
    """A new password. Every session and token ends; this browser gets a new session."""
    body: shapes.PasswordChange = request.body
    entry = accounts.change_password(
        core, request.user, _claim(request, body.old_password, body.totp), body.new_password
    )
    return _signed_in(core, request, entry)


def confirm(core: SoundWave, request: Request) -> None:
    """Give the password again: for ten minutes this session may do what needs it."""
    body: shapes.Confirmation = request.body
    accounts.confirm(core, request.user, _claim(request, body.password, body.totp))


def list_sessions(core: SoundWave, request: Request) -> Listing[shapes.SessionView]:
    """Where one is signed in, newest first."""
    store, actor, now = Sessions(core), request.user, core.clock.stamp()
    rows = store.list(actor, now, request.query.limit + 1, row_before(request))
    shown, following = page(request, rows)
    return Listing(
        count=store.count(actor, now),
        next=following,
        previous=None,
        results=[_session(row, actor) for row in shown],
    )


def end_session(core: SoundWave, request: Request) -> None:
    """Sign one device out."""
    accounts.end_session(core, request.user, request.params["session"], request.remote_address)


def end_other_sessions(core: SoundWave, request: Request) -> None:
    """Sign every other device out."""
    accounts.end_other_sessions(core, request.user, request.remote_address)


def list_tokens(core: SoundWave, request: Request) -> Listing[shapes.TokenView]:
    """One's own tokens, newest first, without their secrets."""
    store, actor = Tokens(core), request.user
    shown, following = page(request, store.list(actor, request.query.limit + 1, row_before(request)))
    results = [_token(row) for row in shown]
    return Listing(count=store.count(actor), next=following, results=results)


def add_token(core: SoundWave, request: Request) -> Answer:
    """A new token. Its secret is in this answer and never again."""
    body: shapes.TokenWish = request.body
    row, secret = tokens.issue(core, request.user, body.name, body.scopes, body.expires_in_days, request.remote_address)
    token = shapes.NewToken(
        id=row.id,
        name=row.name,
        scopes=row.scopes,
        created_at=row.created_at,
        expires_at=row.expires_at,
        token=secret,
    )
    return Answer(token, headers=[shapes.SHOWN_ONCE])


def remove_token(core: SoundWave, request: Request) -> None:
    """Revoke a token."""
    tokens.revoke(core, request.user, request.params["token"], request.remote_address)


def _claim(request: Request, password: str, totp: str | None) -> Claim:
    """Of who is signed in."""
    user = request.user
    return Claim(name=user.name, device=device_of(request), password=password, totp=totp, actor=user)


def _signed_in(core: SoundWave, request: Request, entry: accounts.Entry) -> Answer:
    session, cookies = entry.session, list[tuple[str, str]]()
    if session is not None:
        cookies.append(known_devices.set_cookie(request.scheme, request.prefix, entry.device_secret))
        cookies.append(set_cookie(request.scheme, request.prefix, session))
    value = shapes.SignedIn(
        user=_user(core, request, entry.user), csrf_token=session.csrf_token if session else None, token=entry.token
    )
    return Answer(value, headers=[shapes.SHOWN_ONCE, *cookies])


def _user(core: SoundWave, request: Request, user: UserRow) -> shapes.User:
    return shapes.User(
        id=user.id,
        username=user.name,
        is_admin=user.is_admin,
        created_at=user.created_at,
        has_second_factor=SecondFactors(core).is_on(user.id),
        avatar_url=avatars.url_of(request.prefix, Avatars(core).hashes([user.id]).get(user.id)),
    )


def _session(row: SessionRow, actor: Actor) -> shapes.SessionView:
    return shapes.SessionView(
        id=row.id,
        device=row.device,
        address=row.address,
        is_remembered=row.is_remembered,
        is_current=row.id == actor.session_id,
        created_at=row.created_at,
        last_seen_at=row.last_seen_at,
        expires_at=row.expires_at,
    )


def _token(row: TokenRow) -> shapes.TokenView:
    return shapes.TokenView(
        id=row.id,
        name=row.name,
        scopes=row.scopes,
        created_at=row.created_at,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
    )


SESSIONS, TOKENS = "/api/user/sessions/", "/api/user/tokens/"
# What gives or takes credentials needs the scope admin of a token: a stolen token makes no further ones.
ROUTES = [
    Route("GET", "/api/session/", get_session, Public, answer=shapes.SessionStart),
    Route("POST", "/api/user/login/", login, Public, body=shapes.Login, answer=shapes.SignedIn, is_vital=True),
    Route(
        "POST", "/api/user/register/", register, Public,
        body=shapes.Register, answer=shapes.SignedIn, status=201,
    ),
    Route("POST", "/api/user/logout/", logout, IsAuthenticated, status=204, scope="read", is_vital=True),
    Route("GET", "/api/user/account/", get_account, IsAuthenticated, answer=shapes.Account),
    Route(
        "POST", "/api/user/change-password/", change_password, IsAuthenticated,
        body=shapes.PasswordChange, answer=shapes.SignedIn, scope="admin", needs_session=True,
    ),
    Route(
        "POST", "/api/user/confirm/", confirm, IsAuthenticated,
        body=shapes.Confirmation, status=204, scope="admin", needs_session=True, is_vital=True,
    ),
    Route("GET", SESSIONS, list_sessions, IsAuthenticated, query=ListQuery, answer=Listing[shapes.SessionView]),
    Route("DELETE", SESSIONS, end_other_sessions, IsAuthenticated, status=204, scope="admin"),
    Route(
        "DELETE", SESSIONS + "<session:id>/", end_session, IsOwnerOrAdmin,
        resource="session", status=204, scope="admin",
    ),
    Route("GET", TOKENS, list_tokens, IsAuthenticated, query=ListQuery, answer=Listing[shapes.TokenView]),
    Route(
        "POST", TOKENS, add_token, IsAuthenticated,
        body=shapes.TokenWish, answer=shapes.NewToken, status=201, scope="admin", needs_confirmation=True,
    ),
    Route(
        "DELETE", TOKENS + "<token:id>/", remove_token, IsOwnerOrAdmin,
        resource="token", status=204, scope="admin",
    ),
    *second_factor_routes.ROUTES,
    *admin_routes.ROUTES,
]  # fmt: skip
