"""Personal tokens, for everything that is not a browser: named, scoped, expiring, shown once."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from soundwave_core import Actor, Forbidden, Unauthorized, from_stamp, network_of, printable, to_stamp, transaction

from . import audit
from .codes import LONGEST, SECRET_BYTES, digest, new_code
from .standing import ensure_still_in
from .state import AuthState
from .store import GoneRow, TokenRow, Tokens, Users

if TYPE_CHECKING:
    from soundwave_core import SoundWave

log = logging.getLogger(__name__)

PREFIX = "swt_"
DAYS = 90
USED_EVERY = timedelta(minutes=10)
SCHEMES = ("bearer", "token")
USER_SCOPES = ("read", "play", "write", "download")


def secret_in(header: str | None) -> str | None:
    """The token of ``Authorization: Bearer …`` or ``Token …``; None where it is neither."""
    scheme, _, secret = (header or "").strip().partition(" ")
    return secret.strip() if scheme.lower() in SCHEMES else None


def actor_of_token(core: SoundWave, secret: str, address: str) -> Actor | None:
    """Whose token this is. One of ours that is no good raises; another's is None.

    A token without the scope admin gives no admin: an admin's player must not open everybody's library.
    """
    row = Tokens(core).find_by_hash(digest(secret), network_of(address)) if len(secret) <= LONGEST else None
    if row is None or core.clock.stamp() >= row.expires_at:
        if row is None and not secret.startswith(PREFIX):
            return None
        raise Unauthorized("This token is unknown, expired or revoked.", code="token_invalid")
    now = core.clock.now()
    if row.last_used_at is None or now - from_stamp(row.last_used_at) >= USED_EVERY:
        core.part(AuthState).tokens_seen.note(row.id, now)
    scopes = scopes_of(row.role == "admin").intersection(row.scopes)  # who was an admin when it was made may be none
    is_of_admin = row.role == "admin"
    actor = Actor(
        row.user_id, row.user_name, "admin" in scopes, scopes=scopes, token_id=row.id, is_of_admin=is_of_admin
    )
    if row.is_elsewhere:
        _note_address(core, actor, row, address)
    return actor


def _note_address(core: SoundWave, actor: Actor, row: TokenRow, address: str) -> None:
    with transaction(core.db):
        if Tokens(core).add_address(row.id, network_of(address)):
            audit.note(core, "token_moved", user=actor, address=address, token=row.name)


def issue(
    core: SoundWave, actor: Actor, name: str, scopes: Sequence[str], days: int, address: str
) -> tuple[TokenRow, str]:
    """A new token and its secret. Nobody gives more than they have: raises Forbidden."""
    Users(core).get(actor.id)  # the command line has an actor, and no account
    has = actor.scopes if actor.scopes is not None else scopes_of(actor.is_admin)
    if not has.issuperset(scopes):
        raise Forbidden("A token cannot do more than you may do here.", code="scope_not_allowed")
    with transaction(core.db):
        ensure_still_in(core, actor)
        return open_token(core, actor, name, sorted(set(scopes)), days, address)


def scopes_of(is_admin: bool) -> frozenset[str]:
    """Everything that a user, or an admin, may put into a token."""
    return frozenset((*USER_SCOPES, "admin") if is_admin else USER_SCOPES)


def open_token(
    core: SoundWave, owner: Actor, name: str, scopes: Sequence[str], days: int, address: str
) -> tuple[TokenRow, str]:
    """Inside ``transaction()``."""
    secret = PREFIX + new_code(SECRET_BYTES)
    now = core.clock.now()
    row = TokenRow(
        id=core.clock.new_id(),
        user_id=owner.id,
        user_name=owner.name,
        role="admin" if owner.is_admin else "user",
        name=name,
        scopes=list(scopes),
        created_at=to_stamp(now),
        expires_at=to_stamp(now + timedelta(days=days)),
        last_used_at=None,
    )
    Tokens(core).add(row, digest(secret))
    audit.note(core, "token_made", user=owner, address=address, token=name, scopes=" ".join(scopes))
    core.db.on_commit(partial(log.info, "%s made the token %r", owner.name, printable(name)))
    return row, secret


def revoke(core: SoundWave, actor: Actor, token_id: str, address: str) -> None:
    """One's own, or for an admin anybody's. Raises Unauthorized."""
    with transaction(core.db):
        ensure_still_in(core, actor)
        _note_revoked(core, Tokens(core).remove(actor, token_id), actor, address)


def give_up(core: SoundWave, actor: Actor, secret: str, address: str) -> None:
    """The token that asks."""
    with transaction(core.db):
        _note_revoked(core, Tokens(core).remove_by_hash(digest(secret)), actor, address)


def _note_revoked(core: SoundWave, gone: GoneRow | None, actor: Actor, address: str) -> None:
    if gone is not None:
        by = actor if actor.id != gone.id else None
        audit.note(core, "token_revoked", user=gone, by=by, address=address, token=gone.label)
        core.db.on_commit(partial(log.info, "the token %r of %s was revoked", printable(gone.label), gone.name))
