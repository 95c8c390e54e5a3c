"""Accounts: how one begins, signs in and changes. Every door where a password is accepted is here."""

from __future__ import annotations

import functools
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from soundwave_core import Actor, Forbidden, Unauthorized, transaction

from . import names, setup
from .codes import digest
from .passwords import ensure_acceptable
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


@dataclass(frozen=True, slots=True)
class Proof:
    """The password was right. ``fresh`` is its new hash where the stored one is stale."""

    user: UserRow
    stored: str
    fresh: str | None


def sign_in(
    core: SoundWave, name: str, password: str, device: Device, *,
    is_remembered: bool = False, wants_token: bool = False, old: Actor | None = None,
) -> Entry:  # fmt: skip
    """A new session, or a token. The session that ``old`` came with ends: an id is never carried over.

    Raises Unauthorized ``wrong_credentials``, the same for an unknown name, and TooMany.
    """
    with core.part(AuthState).hasher.turn():
        proof = _prove(core, name, password)
    if proof is None:
        _note_wrong(name, device)
        raise wrong_credentials()
    with transaction(core.db):
        _ensure_still_true(core, proof)
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


def _prove(core: SoundWave, name: str, password: str) -> Proof | None:
    """The one place that compares a password, inside a hasher's turn. An unknown name costs the same."""
    hasher = core.part(AuthState).hasher
    user, stored = Users(core).find_credentials(name) or (None, None)
    if not hasher.verify(password, stored) or user is None or stored is None:
        return None
    return Proof(user, stored, hasher.hash(password) if hasher.is_stale(stored) else None)


def _note_wrong(name: str, device: Device) -> None:
    log.warning("wrong password for %r from %s", names.printable(name), device.address)


def _ensure_still_true(core: SoundWave, proof: Proof) -> None:
    """Inside the transaction: nobody disabled the user or changed the password while it was hashed."""
    now = Users(core).find_credentials(proof.user.name)
    if now is None or now[0].id != proof.user.id or now[1] != proof.stored:
        raise wrong_credentials()


def wrong_credentials() -> Unauthorized:
    """The one answer to an unknown name and to a wrong password, so that neither tells which."""
    return Unauthorized("The user name or the password is wrong.", code="wrong_credentials")


def register(
    core: SoundWave, name: str, password: str, device: Device, *,
    setup_code: str | None = None, invite_code: str | None = None, host: str = "", old: Actor | None = None,
) -> Entry:  # fmt: skip
    """A new account, signed in; the code is used up in the same transaction, or nothing happens at all.

    Raises Forbidden ``registration_closed``, ``setup_code_invalid``, ``invite_code_invalid``; Conflict
    ``username_taken``; Invalid; TooMany.
    """
    _ensure_invited(core, setup_code, invite_code)
    password_hash = _hash_for(core, name, password)
    with transaction(core.db) as tx:
        if setup_code is not None:
            setup.use(core, setup_code)
        user = Users(core).add(name, password_hash, is_admin=setup_code is not None)
        if invite_code is not None and setup_code is None:
            _use_invite(core, invite_code, user)
        if old is not None and old.session_id:
            Sessions(core).end(old, old.session_id)
        session = open_session(core, user.id, device, is_remembered=False)
        tx.on_commit(functools.partial(_welcome, core, user, host))
    return Entry(user, session)


def add_user(core: SoundWave, name: str, password: str, is_admin: bool = False) -> UserRow:
    """By an admin, or by whoever owns the shell. Raises Conflict, Invalid, TooMany."""
    password_hash = _hash_for(core, name, password)
    with transaction(core.db) as tx:
        user = Users(core).add(name, password_hash, is_admin)
        tx.on_commit(functools.partial(_welcome, core, user, ""))
    return user


def change_password(core: SoundWave, actor: Actor, old: str, new: str, device: Device) -> Entry:
    """Ends every session and token of the user; this device gets a new session.

    Raises Forbidden ``wrong_password``, Invalid, TooMany.
    """
    ensure_acceptable(new)
    hasher = core.part(AuthState).hasher
    with hasher.turn():
        proof = _prove(core, actor.name, old)
        fresh = hasher.hash(new) if proof else ""
    if proof is None or proof.user.id != actor.id:
        _note_wrong(actor.name, device)
        raise Forbidden("The old password is wrong.", code="wrong_password")
    with transaction(core.db) as tx:
        _ensure_still_true(core, proof)
        Users(core).set_password(actor.id, fresh, proof.stored)
        tx.on_commit(functools.partial(log.info, "%s changed the password", proof.user.name))
        is_remembered = Sessions(core).is_remembered(actor.session_id or "")
        end_everything(core, actor.id)
        return Entry(proof.user, open_session(core, actor.id, device, is_remembered))


def change_user(core: SoundWave, user_id: str, state: str | None, is_admin: bool | None) -> UserRow:
    """Disabling ends every session and token, another role every session: it counts from the next request."""
    with transaction(core.db) as tx:
        users, user = Users(core), Users(core).get(user_id)
        if is_admin is not None and is_admin != user.is_admin:
            users.set_role(user_id, is_admin)
            Sessions(core).end_all(user_id)
            role = "an admin now" if is_admin else "no admin any more"
            tx.on_commit(functools.partial(log.info, "%s is %s", user.name, role))
        if state is not None and state != user.state:
            users.set_state(user_id, state)
            end_everything(core, user_id)
            done = "disabled" if state == "disabled" else "enabled"
            tx.on_commit(functools.partial(log.info, "%s was %s", user.name, done))
        return users.get(user_id)


def remove_user(core: SoundWave, user_id: str) -> None:
    """End an account: its name is free again, it signs in no more. What it owned stays where it is."""
    with transaction(core.db):
        users, user = Users(core), Users(core).get(user_id)
        users.set_state(user.id, "removed")
        end_everything(core, user_id)
    log.info("%s was removed", user.name)
    core.plugins.announce("user_removed", user_id=user_id)


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


def _hash_for(core: SoundWave, name: str, password: str) -> str:
    """What can be refused cheaply is refused before the hash."""
    Users(core).ensure_free(names.clean(name))
    ensure_acceptable(password)
    hasher = core.part(AuthState).hasher
    with hasher.turn():
        return hasher.hash(password)


def _welcome(core: SoundWave, user: UserRow, host: str) -> None:
    """After commit."""
    log.info("%s was added%s", user.name, " as an admin" if user.is_admin else "")
    setup.finish(core, host)
    core.plugins.announce("user_added", user_id=user.id)
