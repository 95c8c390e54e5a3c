"""What goes over the wire: bodies that come in, answers that go out."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from soundwave_core import Body, PageView, SlotView

from .settings import Policy

Scope = Literal["read", "play", "write", "download", "admin"]
Name = Annotated[str, Meta(max_length=256)]
Password = Annotated[str, Meta(max_length=4096)]
Code = Annotated[str, Meta(max_length=256)]
SHOWN_ONCE = ("Cache-Control", "no-store")  # for what has a secret in it, or in its request: nothing of it is kept


class Login(Body, frozen=True):
    """``totp`` is taken so that clients can send it always; nobody has a second factor yet."""

    username: Name
    password: Password
    totp: Annotated[str, Meta(max_length=64)] | None = None
    remember: bool = False
    return_token: bool = False


class Register(Body, frozen=True):
    """A new account; the first one needs ``setup_code``, others ``invite_code`` where registration is by invite."""

    username: Name
    password: Password
    setup_code: Code | None = None
    invite_code: Code | None = None


class PasswordChange(Body, frozen=True):
    """A new password, and the old one as proof."""

    old_password: Password
    new_password: Password


class Confirmation(Body, frozen=True):
    """The password again, as proof that it is still the same person."""

    password: Password


class TokenWish(Body, frozen=True):
    """A token to be made; it can do no more than its ``scopes``."""

    name: Annotated[str, Meta(min_length=1, max_length=100)]
    scopes: Annotated[list[Scope], Meta(min_length=1, max_length=10)]
    expires_in_days: Annotated[int, Meta(ge=1, le=365)] = 90


class UserWish(Body, frozen=True):
    """An account that an admin makes for somebody."""

    username: Name
    password: Password
    is_admin: bool = False


class UserPatch(Body, frozen=True):
    """A user's state or role; what is null stays."""

    state: Literal["active", "disabled"] | None = None
    is_admin: bool | None = None


class InviteWish(Body, frozen=True):
    """An invite to be made."""

    expires_in_days: Annotated[int, Meta(ge=1, le=90)] = 7


class User(Struct, frozen=True, kw_only=True):
    """A user, as they see themselves."""

    id: str
    username: str
    is_admin: bool
    created_at: str


class Account(Struct, frozen=True, kw_only=True):
    """Who is signed in."""

    user: User


class SignedIn(Struct, frozen=True, kw_only=True):
    """Either a cookie session, with its ``csrf_token``, or a ``token``."""

    user: User
    csrf_token: str | None
    token: str | None


class SessionStart(Struct, frozen=True, kw_only=True):
    """What the app needs to draw its first screen, signed in or not."""

    user: User | None
    csrf_token: str | None
    pages: list[PageView]
    slots: list[SlotView]
    version: str
    is_setup_open: bool
    registration: Policy
    is_secure: bool


class SessionView(Struct, frozen=True, kw_only=True):
    """A browser that is signed in; ``is_current`` is the one that asks."""

    id: str
    device: str
    address: str
    is_remembered: bool
    is_current: bool
    created_at: str
    last_seen_at: str
    expires_at: str


class TokenView(Struct, frozen=True, kw_only=True):
    """A token without its secret."""

    id: str
    name: str
    scopes: list[str]
    created_at: str
    expires_at: str
    last_used_at: str | None


class NewToken(Struct, frozen=True, kw_only=True):
    """The one time that ``token`` is shown."""

    id: str
    name: str
    scopes: list[str]
    created_at: str
    expires_at: str
    token: str


class AdminUser(Struct, frozen=True, kw_only=True):
    """A user, as admins see them."""

    id: str
    username: str
    is_admin: bool
    state: Literal["active", "disabled"]
    created_at: str


class InviteView(Struct, frozen=True, kw_only=True):
    """An invite without its code; ``used_at`` is null while it is not used."""

    id: str
    created_by: str
    created_at: str
    expires_at: str
    used_at: str | None


class NewInvite(Struct, frozen=True, kw_only=True):
    """The one time that ``code`` is shown."""

    id: str
    created_at: str
    expires_at: str
    code: str
