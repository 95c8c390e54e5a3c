"""One's own account: how it begins, how one comes in, and a new password."""

from __future__ import annotations

import functools
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from soundwave_core import Actor, Forbidden, transaction

from . import names, setup
from .codes import digest
from .passwords import ensure_acceptable
from .proving import ensure_still_true, prove, wrong_credentials
from .sessions import Device, NewSession, open_session
from .state import AuthState
from .store import Invites, Sessions, Tokens, UserRow, Users
from .tokens import DAYS, open_token, scopes_of

if TYPE_CHECKING:
    from soundwave_core import SoundWave

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Entry:
    """Somebody came in: with a session, or with a token's secret."""

    user: UserRow
    session: NewSession | None = None
    token: str | None = None


def sign_in(
    core: SoundWave, name: str, password: str, device: Device, *,
    is_remembered: bool = False, wants_token: bool = False, old: Actor | None = None,
) -> Entry:  # fmt: skip
    """A new session, or a token. The session that ``old`` came with ends: an id is never carried over.

    Raises Unauthorized ``wrong_credentials``, the same for an unknown name, and TooMany.
    """
    proof = prove(core, name, password, device)
    if proof is None:
        raise wrong_credentials()
    with transaction(core.db):
        ensure_still_true(core, proof)
        if proof.fresh:
            Users(core).set_password(proof.user.id, proof.fresh, proof.stored)
        if old is not None and old.session_id:
            Sessions(core).end(old, old.session_id)
        if wants_token:
            user = proof.user
            owner = Actor(user.id, user.name, user.is_admin)
            scopes = sorted(scopes_of(user.is_admin))
            return Entry(user, token=open_token(core, owner, device.label, scopes, DAYS)[1])
        return Entry(proof.user, open_session(core, proof.user.id, device, is_remembered))


def register(
    core: SoundWave, name: str, password: str, device: Device, *,
    setup_code: str | None = None, invite_code: str | None = None, host: str = "", old: Actor | None = None,
) -> Entry:  # fmt: skip
    """A new account, signed in; the code is used up in the same transaction, or nothing happens at all.

    Raises Forbidden ``registration_closed``, ``setup_code_invalid``, ``invite_code_invalid``; Conflict
    ``username_taken``; Invalid; TooMany.
    """
    _ensure_invited(core, setup_code, invite_code)
    password_hash = hash_for(core, name, password)
    with transaction(core.db) as tx:
        if setup_code is not None:
            setup.use(core, setup_code)
        user = Users(core).add(name, password_hash, is_admin=setup_code is not None)
        if invite_code is not None and setup_code is None:
            _use_invite(core, invite_code, user)
        if old is not None and old.session_id:
            Sessions(core).end(old, old.session_id)
        session = open_session(core, user.id, device, is_remembered=False)
        tx.on_commit(functools.partial(welcome, core, user, host))
    return Entry(user, session)


def change_password(core: SoundWave, actor: Actor, old: str, new: str, device: Device) -> Entry:
    """Ends every session and token of the user; this device gets a new session.

    Raises Forbidden ``wrong_password``, Invalid, TooMany.
    """
    ensure_acceptable(new)
    proof = prove(core, actor.name, old, device)
    if proof is None or proof.user.id != actor.id:
        raise Forbidden("The old password is wrong.", code="wrong_password")
    fresh = hash_new(core, new)
    with transaction(core.db) as tx:
        ensure_still_true(core, proof)
        Users(core).set_password(actor.id, fresh, proof.stored)
        tx.on_commit(functools.partial(log.info, "%s changed the password", proof.user.name))
        is_remembered = Sessions(core).is_remembered(actor.session_id or "")
        end_everything(core, actor.id)
        return Entry(proof.user, open_session(core, actor.id, device, is_remembered))


def confirm(core: SoundWave, actor: Actor, password: str, device: Device) -> None:
    """Give the password again before something that needs it (``Route.needs_confirmation``).

    Raises Forbidden ``wrong_password``, TooMany.
    """
    proof = prove(core, actor.name, password, device)
    if proof is None or proof.user.id != actor.id:
        raise Forbidden("The password is wrong.", code="wrong_password")
    with transaction(core.db):
        ensure_still_true(core, proof)
        Sessions(core).set_confirmed(actor.session_id or "", core.clock.stamp())


def end_everything(core: SoundWave, user_id: str) -> None:
    """Inside ``transaction()``: every session and token of the user."""
    Sessions(core).end_all(user_id)
    Tokens(core).remove_all(user_id)


def _ensure_invited(core: SoundWave, setup_code: str | None, invite_code: str | None) -> None:
    """The policy, before any work is spent on a password."""
    if setup_code is not None:
        setup.ensure_good(core, setup_code)
        return
    policy = core.config["auth.registration"]
    if policy == "closed" or not Users(core).has_any() or (policy == "invite" and invite_code is None):
        raise Forbidden("Registration is closed on this server.", code="registration_closed")
    if invite_code is not None and not Invites(core).is_live(digest(invite_code), core.clock.stamp()):
        raise _bad_invite()


def _use_invite(core: SoundWave, invite_code: str, user: UserRow) -> None:
    if not Invites(core).use(digest(invite_code), core.clock.stamp(), user.id):
        raise _bad_invite()


def _bad_invite() -> Forbidden:
    return Forbidden("This invite is used, expired or wrong.", code="invite_code_invalid")


def hash_for(core: SoundWave, name: str, password: str) -> str:
    """The hash for a new account's password. What can be refused cheaply is refused before it."""
    Users(core).ensure_free(names.clean(name))
    ensure_acceptable(password)
    return hash_new(core, password)


def hash_new(core: SoundWave, password: str) -> str:
    """The hash of an acceptable password, in a turn of its own. Raises TooMany."""
    hasher = core.part(AuthState).hasher
    with hasher.turn():
        return hasher.hash(password)


def welcome(core: SoundWave, user: UserRow, host: str) -> None:
    """After commit."""
    log.info("%s was added%s", user.name, " as an admin" if user.is_admin else "")
    setup.finish(core, host)
    core.plugins.announce("user_added", user_id=user.id)
