"""Applies what devices did: each op in a transaction of its own, together with its id, and so once.

Two kinds need no id beside them: a play is recorded under the op's own, and of positions the newest counts, the same
one twice. (Where a device's clock is ahead, its position is of now, and later of another now: then it does.)
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from soundwave_core import (
    Actor,
    Database,
    IntegrityError,
    NotFound,
    Operations,
    SoundWaveError,
    Unavailable,
    transaction,
    wrong,
)
from soundwave_library import DeviceChanges, NewItem, Playlists

from . import sync_shapes as shapes
from .stats import take_counts

if TYPE_CHECKING:
    from soundwave_core import SoundWave

log = logging.getLogger(__name__)

_LISTENING = (shapes.PlayOp, shapes.PositionOp, shapes.StatsOp)  # what a token needs the scope play for, else write
_ORDERING = (shapes.CreateOp, shapes.AddOp, shapes.MoveOp)


class Ops:
    """What one user's devices send."""

    def __init__(self, core: SoundWave, actor: Actor) -> None:
        self._core, self._actor = core, actor
        self._ordered: set[str] = set()  # lists in which an item was put somewhere
        self._has_kept = False

    def apply(self, sent: Sequence[Any]) -> list[shapes.OpResult]:
        """Each in turn, whatever becomes of those before it; a result for each, in the same order.

        Raises what no op is to blame for (``writes_held``, a full disk): those before it are applied then.
        """
        results = [self._apply(one) for one in sent]
        self._tidy()
        return results

    def _tidy(self) -> None:
        """After the last op, for each was made beside the keys that its device knew."""
        lists = [uid for uid in sorted(self._ordered) if Playlists(self._core.db).has_long_keys(uid)]
        for uid in lists:
            with transaction(self._core.db) as tx:
                DeviceChanges(self._core, tx, self._actor).shorten_keys(uid)
        if self._has_kept and Operations(self._core.db, self._actor.id).is_over():
            with transaction(self._core.db) as tx:
                Operations(tx, self._actor.id).trim()

    def _apply(self, sent: Any) -> shapes.OpResult:
        try:
            op = msgspec.convert(sent, shapes.Op)
        except msgspec.ValidationError as error:
            return _rejected(_id_of(sent), "op_invalid", wrong("The op", error))
        scope = "play" if isinstance(op, _LISTENING) else "write"
        if self._actor.scopes is not None and scope not in self._actor.scopes:
            return _rejected(op.id, "scope_missing", f"This token lacks the scope {scope}.")
        if isinstance(op, _ORDERING):
            self._ordered.add(op.playlist)
        return self._known(self._core.db, op) or self._carry_out(op)

    def _carry_out(self, op: shapes.Op) -> shapes.OpResult:
        """What cannot be done changes nothing, but that is known by the op's id as well."""
        try:
            with transaction(self._core.db) as tx:
                return self._known(tx, op) or self._keep(tx, op, self._do(tx, op))
        except Unavailable:
            raise
        except NotFound as gone:
            result = shapes.OpResult(id=op.id, status="gone", code=gone.code, detail=gone.sentence)
        except IntegrityError as error:  # a fault of ours, and no reason to refuse the others for ever
            log.error("an op of the kind %s cannot be applied: %s", type(op).__name__, error.reason)
            result = _rejected(op.id, "op_failed", "The server cannot apply this.")
        except SoundWaveError as refusal:
            result = _rejected(op.id, refusal.code, refusal.sentence)
        with transaction(self._core.db) as tx:
            return self._known(tx, op) or self._keep(tx, op, result)

    def _known(self, db: Database, op: shapes.Op) -> shapes.OpResult | None:
        """What came of it the first time; None where this is that."""
        stored = Operations(db, self._actor.id).find(op.id)
        if stored is None:
            return None
        return msgspec.structs.replace(msgspec.json.decode(stored, type=shapes.OpResult), is_duplicate=True)

    def _keep(self, tx: Database, op: shapes.Op, result: shapes.OpResult) -> shapes.OpResult:
        if not self._is_known_by_itself(op):
            Operations(tx, self._actor.id).keep(op.id, msgspec.json.encode(result))
            self._has_kept = True
        return result

    def _is_known_by_itself(self, op: shapes.Op) -> bool:
        if isinstance(op, shapes.PositionOp):
            return op.at <= self._core.clock.now()
        return isinstance(op, shapes.PlayOp)

    def _do(self, tx: Database, op: shapes.Op) -> shapes.OpResult:
        theirs, is_duplicate = None, False
        changes = DeviceChanges(self._core, tx, self._actor)
        match op:
            case shapes.PlayOp():
                is_duplicate = not changes.add_play(op.id, op.track, op.at, op.seconds, op.title, op.artist)
            case shapes.PositionOp():
                changes.set_position(op.track, op.seconds, op.at)
            case shapes.FavoriteOp():
                changes.set_favorite(op.track, op.is_favorite)
            case shapes.CreateOp():
                changes.create_playlist(op.playlist, op.title, op.description, _items(op.items))
            case shapes.PatchOp():
                theirs = changes.patch_playlist(op.playlist, _fields(op.was), _fields(op))
            case shapes.RemoveOp():
                changes.remove_playlist(op.playlist)
            case shapes.AddOp():
                changes.add_items(op.playlist, _items(op.items))
            case shapes.MoveOp():
                changes.move_item(op.playlist, op.item, op.position)
            case shapes.TakeOp():
                changes.remove_item(op.playlist, op.item)
            case shapes.StatsOp():
                take_counts(self._core, tx, self._actor.id, op.day, op.counts)
        return shapes.OpResult(
            id=op.id, status="applied", is_duplicate=is_duplicate, theirs=shapes.Fields(**theirs) if theirs else None
        )  # fmt: skip


def _rejected(op_id: str, code: str, sentence: str) -> shapes.OpResult:
    return shapes.OpResult(id=op_id, status="rejected", code=code, detail=sentence)


def _id_of(sent: Any) -> str:
    """The id that a malformed op goes by; "" where it has none that can be one."""
    given = sent.get("id") if isinstance(sent, dict) else None
    return given if isinstance(given, str) and len(given) <= 64 else ""


def _items(given: Sequence[shapes.GivenItem]) -> list[NewItem]:
    return [NewItem(item.id, item.track, item.position) for item in given]


def _fields(given: shapes.PatchOp | shapes.Fields) -> dict[str, str]:
    both = {"title": given.title, "description": given.description}
    return {name: value for name, value in both.items() if isinstance(value, str)}
