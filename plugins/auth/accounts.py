"""One's own account: how it begins, how one comes in, and a new password."""

from __future__ import annotations

import functools
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from soundwave_core import Actor, Forbidden, transaction

from . import audit, known_devices, names, setup, throttle
from .codes import digest
from .passwords import ensure_acceptable
from .proving import Claim, accept, prove
from .sessions import Device, NewSession, open_session
from .standing import ensure_still_in
from .state import AuthState
from .store import Invites, KnownDevices, Sessions, Tokens, UserRow, Users
from .tokens import DAYS, open_token, scopes_of

if TYPE_CHECKING:
    from soundwave_core import SoundWave

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Entry:
    """Somebody came in: with a session in a browser that is known from now on, or with a token's secret."""

    user: UserRow
    session: NewSession | None = None
    device_secret: str = ""
    token: str | None = None


def sign_in(
    core: SoundWave, claim: Claim, *,
    is_remembered: bool = False, wants_token: bool = False, old: Actor | None = None,
) -> Entry:  # fmt: skip
    """A new session, or a token. The session that ``old`` came with ends: an id is never carried over.

    Raises what ``prove`` does.
    """
    proof, device = prove(core, claim), claim.device
    with transaction(core.db):
        user = accept(core, proof)
        if proof.fresh:
            Users(core).set_password(user.id, proof.fresh, proof.stored)
        _end_old(core, old, device.address)
        audit.note(core, "sign_in", user=user, address=device.address, device=device.label)
        if wants_token:
            owner = Actor(user.id, user.name, user.is_admin)
            scopes = sorted(scopes_of(user.is_admin))
            return Entry(user, token=open_token(core, owner, device.label, scopes, DAYS, device.address)[1])
        return _enter(core, user, device, is_remembered)


def register(
    core: SoundWave, name: str, password: str, device: Device, *,
    setup_code: str | None = None, invite_code: str | None = None, host: str = "", old: Actor | None = None,
) -> Entry:  # fmt: skip
    """A new account, signed in; the code is used up in the same transaction, or nothing happens at all.

    Raises Forbidden ``registration_closed``, ``setup_code_invalid``, ``invite_code_missing``,
    ``invite_code_invalid``; Conflict ``username_taken``; Invalid; TooMany.
    """
    throttle.ensure_may_try(core, None, device)
    _ensure_invited(core, setup_code, invite_code, device)
    password_hash = hash_for(core, name, password)
    with transaction(core.db) as tx:
        _ensure_allowed(core, setup_code, invite_code)  # it may have been closed while the password was hashed
        if setup_code is not None:
            setup.use(core, setup_code)
        user = Users(core).add(name, password_hash, is_admin=setup_code is not None)
        if invite_code is not None and setup_code is None:
            _use_invite(core, invite_code, user)
        audit.note(core, "registered", user=user, address=device.address, role=user.role)
        _end_old(core, old, device.address)
        audit.note(core, "sign_in", user=user, address=device.address, device=device.label)
        tx.on_commit(functools.partial(welcome, core, user, host))
        return _enter(core, user, device, is_remembered=False)


def change_password(core: SoundWave, actor: Actor, claim: Claim, new: str) -> Entry:
    """Ends every session and token of the user; this device gets a new session.

    Raises what ``prove`` does, Invalid, and Unauthorized where the session that asks has ended meanwhile.
    """
    ensure_acceptable(new, actor.name)
    proof = prove(core, claim)
    fresh = hash_new(core, new, actor.name)
    with transaction(core.db) as tx:
        ensure_still_in(core, actor)
        accept(core, proof)
        Users(core).set_password(actor.id, fresh, proof.stored)
        audit.note(core, "password_changed", user=actor, address=claim.device.address)
        tx.on_commit(functools.partial(log.info, "%s changed the password", actor.name))
        is_remembered = Sessions(core).is_remembered(actor.session_id or "")
        end_everything(core, actor.id)
        return _enter(core, proof.user, claim.device, is_remembered)


def confirm(core: SoundWave, actor: Actor, claim: Claim) -> None:
    """Give the password again before something that needs it (``Route.needs_confirmation``).

    Raises what ``prove`` does.
    """
    proof = prove(core, claim)
    with transaction(core.db):
        accept(core, proof)
        Sessions(core).set_confirmed(actor.session_id or "", core.clock.stamp())


def sign_out(core: SoundWave, actor: Actor, address: str) -> None:
    """The session that asks ends."""
    with transaction(core.db):
        if Sessions(core).end(actor, actor.session_id or ""):
            audit.note(core, "sign_out", user=actor, address=address)


def end_session(core: SoundWave, actor: Actor, session_id: str, address: str) -> None:
    """One's own, or for an admin anybody's. Raises Unauthorized."""
    with transaction(core.db):
        ensure_still_in(core, actor)
        ended = Sessions(core).end(actor, session_id)
        if ended is not None:
            by = actor if actor.id != ended.id else None
            audit.note(core, "session_ended", user=ended, by=by, address=address, device=ended.label)


def end_other_sessions(core: SoundWave, actor: Actor, address: str) -> None:
    """All of one's own but the one that asks. Raises Unauthorized."""
    with transaction(core.db):
        ensure_still_in(core, actor)
        ended = Sessions(core).end_all(actor.id, but=actor.session_id)
        if ended:
            audit.note(core, "session_ended", user=actor, address=address, sessions=str(ended))


def end_everything(core: SoundWave, user_id: str) -> None:
    """Inside ``transaction()``: every session and token of the user, and no device is known for them."""
    Sessions(core).end_all(user_id)
    Tokens(core).remove_all(user_id)
    KnownDevices(core).remove_all(user_id)


def _enter(core: SoundWave, user: UserRow, device: Device, is_remembered: bool) -> Entry:
    session = open_session(core, user.id, device, is_remembered)
    return Entry(user, session, known_devices.remember(core, user.id, device))


def _end_old(core: SoundWave, old: Actor | None, address: str) -> None:
    ended = Sessions(core).end(old, old.session_id) if old is not None and old.session_id else None
    if ended is not None:
        audit.note(core, "session_ended", user=ended, address=address, device=ended.label)


def _ensure_invited(core: SoundWave, setup_code: str | None, invite_code: str | None, device: Device) -> None:
    """The policy, before any work is spent on a password. Guesses count, and what anybody may try is rationed."""
    try:
        _ensure_allowed(core, setup_code, invite_code)
    except Forbidden:
        if setup_code is not None or invite_code is not None:
            with transaction(core.db):
                throttle.note_wrong(core, None, device)
        raise
    if setup_code is None and invite_code is None:
        with transaction(core.db):
            throttle.note_wrong(core, None, device)


def _ensure_allowed(core: SoundWave, setup_code: str | None, invite_code: str | None) -> None:
    if setup_code is not None:
        setup.ensure_good(core, setup_code)
        return
    policy = core.config["auth.registration"]
    if policy == "closed" or not Users(core).has_any():
        raise Forbidden("Registration is closed on this server.", code="registration_closed")
    if policy == "invite" and invite_code is None:
        raise Forbidden("Registration on this server needs an invite.", code="invite_code_missing")
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
    ensure_acceptable(password, name)
    return hash_new(core, password, name)


def hash_new(core: SoundWave, password: str, name: str) -> str:
    """The hash of an acceptable password for the account of this name, in a turn of its own. Raises TooMany."""
    hasher = core.part(AuthState).hasher
    with hasher.turn(names.key(name)):
        return hasher.hash(password)


def welcome(core: SoundWave, user: UserRow, host: str) -> None:
    """After commit."""
    log.info("%s was added%s", user.name, " as an admin" if user.is_admin else "")
    setup.finish(core, host)
    core.plugins.announce("user_added", user_id=user.id)
