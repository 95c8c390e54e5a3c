"""The audit trail: who did what to whom, from where, for admins to read.

Inside the transaction that makes the change, so that there is never one without the other::

    audit.note(core, "user_changed", user=user, by=request.user, address=request.remote_address, role="admin")

``user`` is whom it is about, ``by`` who did it where that is somebody else, both an Actor or a UserRow; what
else there is to know are words. A secret is never one of them, nor is what was typed as the name of no user:
people type passwords there.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Literal, Protocol, get_args

from soundwave_core import plain_address, printable, transaction

from .store import AuditRow, AuditTrail

if TYPE_CHECKING:
    from soundwave_core import SoundWave

Kind = Literal[
    "sign_in",
    "sign_in_failed",
    "sign_out",
    "session_ended",
    "refused",
    "token_made",
    "token_revoked",
    "token_moved",
    "password_changed",
    "password_reset",
    "second_factor_on",
    "second_factor_off",
    "recovery_code_used",
    "recovery_codes_made",
    "registered",
    "user_added",
    "user_changed",
    "user_removed",
    "invite_made",
    "invite_removed",
    "settings_changed",
    "restored",
]
KINDS: tuple[str, ...] = get_args(Kind)
# What admins do. Kept apart from what anybody can cause any number of, so that no flood washes it away.
OF_ADMINS: frozenset[Kind] = frozenset(
    [
        "password_reset",
        "user_added",
        "user_changed",
        "user_removed",
        "invite_made",
        "invite_removed",
        "settings_changed",
        "restored",
    ]
)
# What strangers cause, any number of it, and about whomever they like.
OF_STRANGERS: frozenset[Kind] = frozenset(["refused", "sign_in_failed"])
KEPT = timedelta(days=180)
MOST_LINES = 100_000
MOST_OF_A_USER = MOST_LINES // 20
LONGEST = 500


class Named(Protocol):
    """Whoever has an id and a name: an Actor, a UserRow."""

    @property
    def id(self) -> str:
        """The user's; empty for the command line."""
        ...

    @property
    def name(self) -> str:
        """The user's."""
        ...


def note(
    core: SoundWave, kind: Kind, *,
    user: Named | None = None, by: Named | None = None, address: str | None = None, **detail: str,
) -> None:  # fmt: skip
    """Inside ``transaction()``: one more line."""
    add(core, kind, user=user, by=by, address=address, detail=detail)


def add(
    core: SoundWave, kind: Kind, *,
    user: Named | None, by: Named | None, address: str | None, detail: dict[str, str], at: str = "", count: int = 1,
) -> None:  # fmt: skip
    """The same for lines that stand for several, of an earlier moment."""
    if kind not in KINDS:
        raise ValueError(f"{kind} is no kind of line in the audit trail")
    row = AuditRow(
        id=core.clock.new_id(),
        at=at or core.clock.stamp(),
        kind=kind,
        user_id=user.id or None if user else None,
        username=printable(user.name) if user else None,
        by_id=by.id or None if by else None,
        by_name=printable(by.name) if by else None,
        address=plain_address(address) if address else None,
        count=count,
        detail={name: printable(value, LONGEST) for name, value in detail.items()},
    )
    AuditTrail(core).add(row)


def sweep(core: SoundWave) -> None:
    """What is too old goes, and what is too much.

    Half of the room is for what admins do, a quarter for what strangers cause, a quarter for what people do
    themselves. Of a quarter no user fills more than a part, nor do the lines about nobody: so guesses at a name
    never wash away what its owner did, and no user what others did.
    """
    trail, quarter = AuditTrail(core), MOST_LINES // 4
    with transaction(core.db):
        trail.remove_before(core.clock.stamp_before(days=KEPT.days))
        trail.keep(2 * quarter, sorted(OF_ADMINS))
        for kinds in (sorted(OF_STRANGERS), sorted(set(KINDS) - OF_ADMINS - OF_STRANGERS)):
            trail.keep_of_each(MOST_OF_A_USER, kinds)
            trail.keep(quarter, kinds)
