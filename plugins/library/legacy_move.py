"""What the steps of an import share: where from, where to, whose, and what is told of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

from soundwave_core import ImportReport, Legacy, Section, transaction

if TYPE_CHECKING:
    from soundwave_core import Database, SoundWave

clean, whole, seconds = Legacy.text, Legacy.whole, Legacy.seconds
AT_ONCE = 500  # rows in one transaction
Row = dict[str, Any]


@dataclass
class Move:
    """One import: where from, where to, and what is told of it. ``owners``: our users' ids by the old ones."""

    core: SoundWave
    legacy: Legacy
    report: ImportReport
    owners: dict[int, str] = field(default_factory=dict)
    admins: set[int] = field(default_factory=set)
    ownerless: dict[str, list[str]] = field(default_factory=dict)

    def section(self, name: str) -> Section:
        """The report's section of this name."""
        return self.report.section(name)

    def leave(self, name: str, row: Row) -> None:
        """A row of this section has a title, and an owner who did not come over: ``tell_left()`` names it."""
        self.ownerless.setdefault(name, []).append(clean(row["title"]))

    def tell_left(self) -> None:
        """At the end."""
        for name, titles in self.ownerless.items():
            self.section(name).tell("its owner did not come over", titles)

    def uid(self, kind: str, row: Row, at: str | None = None) -> str:
        """The id of an old row by its own id, in time where ``at`` is known."""
        return self.legacy.uid(kind, row["id"], at)

    def stamp(self, *texts: object) -> str:
        """The first of these moments that is one, else now."""
        return self.legacy.stamp(*texts) or self.report.at

    def track(self, audio_id: int | None) -> str | None:
        """The track that a row of ``audio_audio`` has become."""
        return self.legacy.id_of("track", audio_id)

    def each(self, rows: Iterable[Row], work: Callable[[Database, Row], None]) -> None:
        """Do this to every row, some hundred in a transaction."""
        rest = iter(rows)
        while some := list(islice(rest, AT_ONCE)):
            with transaction(self.core.db) as tx:
                for row in some:
                    work(tx, row)
