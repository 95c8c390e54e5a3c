"""dataset's tables with their gaps closed: for settings and rare calls. Lists are one SQL statement."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol

import dataset

if TYPE_CHECKING:
    from dataset.database import Database as Dataset

Row = dict[str, Any]


class Owner(Protocol):
    """What a table needs of our Database."""

    def value(self, sql: str, /, **params: Any) -> Any:
        """The first column of the first row, or None."""
        ...

    def sentences(self) -> AbstractContextManager[None]:
        """Turns the driver's errors, wrapped by SQLAlchemy, into ours."""
        ...


class CheckedTable:
    """One table, its columns checked by exact name.

    dataset drops unknown columns in silence, takes dicts for operators, and without a filter writes to
    every row. Here an unknown table or column is a LookupError, a value that is no scalar a TypeError, an
    update or delete without a filter a ValueError. Writes work inside ``transaction()`` only.
    """

    def __init__(self, owner: Owner, source: Dataset, name: str) -> None:
        self._owner, self._source, self.name = owner, source, name
        self._reflect()

    def insert(self, row: Mapping[str, Any]) -> int:
        """Adds a row; its rowid. IntegrityError where a constraint forbids it."""
        self._check(row)
        with self._owner.sentences():
            self._table.insert(dict(row), ensure=False)
        return int(self._owner.value("SELECT last_insert_rowid()"))

    def find(self, *, order_by: str | Sequence[str] = (), _limit: int | None = None, **equal: Any) -> list[Row]:
        """The rows whose columns equal these (None: is null); ``order_by="-added_at"`` is descending."""
        orderings = [order_by] if isinstance(order_by, str) else list(order_by)
        self._check(equal, (name.removeprefix("-") for name in orderings))
        with self._owner.sentences():
            found = self._table.find(order_by=orderings, _limit=_limit, **equal)
            return [dict(row) for row in found]

    def find_one(self, **equal: Any) -> Row | None:
        """The first row whose columns equal these, or None."""
        found = self.find(_limit=1, **equal)
        return found[0] if found else None

    def update(self, row: Mapping[str, Any], keys: Sequence[str]) -> int:
        """Changes the rows that have ``row``'s values in ``keys``; how many there were."""
        named = [keys] if isinstance(keys, str) else list(keys)
        self._check(row, named)
        if not named or not set(named) < set(row):
            raise ValueError(f"{self.name}: update needs keys, their values, and something to change")
        with self._owner.sentences():
            return int(self._table.update(dict(row), named, ensure=False))

    def delete(self, **equal: Any) -> bool:
        """Removes the rows whose columns equal these; whether there were any."""
        self._check(equal)
        if not equal:
            raise ValueError(f"{self.name}: delete needs a filter")
        with self._owner.sentences():
            return self._table.delete(**equal)

    def count(self, **equal: Any) -> int:
        """How many rows have columns that equal these."""
        self._check(equal)
        with self._owner.sentences():
            return self._table.count(**equal)

    def _reflect(self) -> None:
        if self.name not in self._source.tables:
            raise LookupError(f"there is no table {self.name!r}")
        self._table = dataset.Table(self._source, self.name)
        self._columns = frozenset(column.name for column in self._table.table.columns)

    def _check(self, values: Mapping[str, Any], names: Iterable[str] = ()) -> None:
        wanted = {*values, *names}
        if not wanted <= self._columns:
            self._reflect()  # a migration may have added it since
        for name in sorted(wanted - self._columns):
            raise LookupError(f"{self.name} has no column {name!r}")
        for name, value in values.items():
            if value is not None and not isinstance(value, str | int | float | bytes):
                raise TypeError(f"{self.name}.{name}: a {type(value).__name__} is no SQL value")
