"""What goes over the wire: bodies that come in, answers that go out."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from soundwave_core import LINE_FORM, Body, Id, PageView, SlotView

from . import names, passwords
from .settings import Policy

Scope = Literal["read", "play", "write", "download", "admin"]
Name = Annotated[str, Meta(max_length=256)]
Password = Annotated[str, Meta(max_length=4096)]
# For the document only: what is wrong with a new one is said in a better sentence than the decoder's.
NewName = Annotated[str, Meta(max_length=256, extra_json_schema={"minLength": 1, "maxLength": names.LONGEST})]
NewPassword = Annotated[
    str,
    Meta(
        max_length=4096,
        extra_json_schema={"minLength": passwords.LEAST_CHARACTERS, "maxLength": passwords.MOST_BYTES},
    ),
]
Code = Annotated[str, Meta(max_length=256)]
OneTimeCode = Annotated[str, Meta(max_length=64, description="Of the authenticator app, or a recovery code.")]
Quota = Annotated[int, Meta(ge=0, le=2**53 - 1)]  # bytes; what a browser's number holds exactly
ConfigName = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_.-]{0,63}$(?!\n)")]
SHOWN_ONCE = ("Cache-Control", "no-store")  # for what has a secret in it, or in its request: nothing of it is kept


class Login(Body, frozen=True):
    """``totp`` is needed with a second factor, and may always be sent."""

    username: Name
    password: Password
    totp: OneTimeCode | None = None
    remember: bool = False
    return_token: bool = False


class Register(Body, frozen=True):
    """A new account; the first one needs ``setup_code``, others ``invite_code`` where registration is by invite."""

    username: NewName
    password: NewPassword
    setup_code: Code | None = None
    invite_code: Code | None = None


class PasswordChange(Body, frozen=True):
    """A new password, and the old one as proof; with a second factor ``totp`` as well."""

    old_password: Password
    new_password: NewPassword
    totp: OneTimeCode | None = None


class Confirmation(Body, frozen=True):
    """The password again, as proof that it is still the same person; with a second factor ``totp`` as well."""

    password: Password
    totp: OneTimeCode | None = None


class FactorWish(Body, frozen=True):
    """A second factor to be set up; where there is one already, a ``code`` of it."""

    code: OneTimeCode | None = None


class FactorProof(Body, frozen=True):
    """A code of the second factor."""

    code: OneTimeCode


class TokenWish(Body, frozen=True):
    """A token to be made; it can do no more than its ``scopes``."""

    name: Annotated[str, Meta(min_length=1, max_length=100, pattern=LINE_FORM)]
    scopes: Annotated[list[Scope], Meta(min_length=1, max_length=10)]
    expires_in_days: Annotated[int, Meta(ge=1, le=365)] = 90


class UserWish(Body, frozen=True):
    """An account that an admin makes for somebody."""

    username: NewName
    password: NewPassword
    is_admin: bool = False
    quota_bytes: Quota | None = None


class UserPatch(Body, frozen=True):
    """What changes of a user; what is null or absent stays, but a quota that is null ends."""

    username: NewName | None = None
    state: Literal["active", "disabled"] | None = None
    is_admin: bool | None = None
    quota_bytes: Quota | UnsetType | None = UNSET


class PasswordReset(Body, frozen=True):
    """A new password for somebody who lost theirs, or the second factor."""

    password: NewPassword
    remove_second_factor: bool = False


class Departure(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What becomes of the tracks and playlists: they go, or another user gets them. It must be said."""

    tracks: Literal["remove", "give"]
    to: Id | None = None


class InviteWish(Body, frozen=True):
    """An invite to be made."""

    expires_in_days: Annotated[int, Meta(ge=1, le=90)] = 7


class User(Struct, frozen=True, kw_only=True):
    """A user, as they see themselves; without a picture ``avatar_url`` is null."""

    id: str
    username: str
    is_admin: bool
    created_at: str
    has_second_factor: bool
    avatar_url: str | None


class Account(Struct, frozen=True, kw_only=True):
    """Who is signed in; without a limit ``quota_bytes`` is null."""

    user: User
    quota_bytes: int | None


class FactorState(Struct, frozen=True, kw_only=True):
    """Whether a code is asked for at every sign-in, since when, and how many recovery codes were not used."""

    is_on: bool
    recovery_codes_left: int
    created_at: str | None


class PendingFactor(Struct, frozen=True, kw_only=True):
    """The one time that ``secret`` is shown; ``uri`` is what an authenticator app reads from a picture."""

    secret: str
    uri: str


class NewRecoveryCodes(Struct, frozen=True, kw_only=True):
    """The one time that ``recovery_codes`` are shown. Each lets in once."""

    recovery_codes: list[str]


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
    """A user, as admins see them; no quota and no picture are null, and the last time of who was never there."""

    id: str
    username: str
    is_admin: bool
    state: Literal["active", "disabled"]
    created_at: str
    quota_bytes: int | None
    has_second_factor: bool
    last_seen_at: str | None
    avatar_url: str | None


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


class UserConfigPatch(Body, frozen=True):
    """Values to set, and with null those to remove; the names are the apps' own."""

    values: Annotated[dict[ConfigName, Any], Meta(max_length=200)]


class UserConfig(Struct, frozen=True, kw_only=True):
    """What a user's devices share."""

    values: dict[str, Any]
