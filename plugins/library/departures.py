"""What becomes of a library whose user is gone. Who that is, auth knows: it answers ``removed_users``.

Short transactions, one after another, and each leaves things right as far as it went: a server that was killed
between two goes on with the next. So there is one way only, this job; the announcement makes it due at once.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from soundwave_core import transaction

from .changes import after_removal
from .store import Leftovers, users_with_leftovers

if TYPE_CHECKING:
    from soundwave_core import SoundWave

log = logging.getLogger(__name__)

AT_ONCE = 50  # in one transaction: some tens of milliseconds, in which nobody else writes


def clear_up(core: SoundWave) -> None:
    """Remove what users who are gone have left, or give it to their heirs."""
    heirs: dict[str, str | None] = {}
    for removed in core.plugins.decide("removed_users"):
        heirs |= removed
    for user_id in users_with_leftovers(core.db, list(heirs)):
        Departure(core, user_id, heir_of(heirs, user_id)).carry_out()


def heir_of(heirs: Mapping[str, str | None], user_id: str) -> str | None:
    """Who inherits and is still there: an heir who is gone too has one in turn, or none."""
    heir = heirs[user_id]
    while heir is not None and heir in heirs:
        heir = heirs[heir]
    return heir


class Departure:
    """One user's things on their way: to the heir, or out. What is personal goes in any case."""

    def __init__(self, core: SoundWave, user_id: str, heir_id: str | None) -> None:
        self.core, self.user_id, self.heir_id = core, user_id, heir_id

    def carry_out(self) -> None:
        """Until nothing is left, or the server stops. Lists go first: their items stay audible to their owner."""
        for step in self._steps():
            while step():
                if self.core.jobs.stopping.is_set():
                    return
        with self._leftovers() as left:
            left.forget_count()
        done = "removed" if self.heir_id is None else "given to another"
        log.info("the library of a user who is gone was %s", done)

    def _steps(self) -> tuple[Callable[[], bool], ...]:
        """Each is repeated for as long as it finds something."""
        if self.heir_id is None:
            return self._remove_playlist, self._forget_listening, self._remove_entries
        return self._give_playlist, self._forget_listening, self._give_entries

    @contextmanager
    def _leftovers(self) -> Iterator[Leftovers]:
        with transaction(self.core.db) as tx:
            yield Leftovers(tx, self.user_id, self.core.clock, AT_ONCE)

    def _forget_listening(self) -> bool:
        with self._leftovers() as left:
            return left.forget_listening()

    def _remove_playlist(self) -> bool:
        with self._leftovers() as left:
            playlist = left.remove_playlist()
        self._tell_changed(playlist)
        return playlist is not None

    def _remove_entries(self) -> bool:
        with self._leftovers() as left:
            removals = left.remove_entries()
        for removal in removals:
            after_removal(self.core, removal)
        return bool(removals)

    def _give_playlist(self) -> bool:
        with self._leftovers() as left:
            is_more, playlist = left.give_playlist(str(self.heir_id))
        self._tell_changed(playlist)
        return is_more

    def _give_entries(self) -> bool:
        with self._leftovers() as left:
            return left.give_entries(str(self.heir_id))

    def _tell_changed(self, playlist: str | None) -> None:
        if playlist is not None:
            self.core.plugins.announce("playlist_changed", playlist_id=playlist)
