"""A database of the old product, for whoever takes its own part over: read by name, never written to.

Its versions have more and fewer tables and columns, so both are asked for by name and may be absent.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from .clock import to_stamp
from .database_file import fault_in, is_legacy
from .errors import StartError
from .journal import copied
from .sqlite import driver

MOST_NAMED = 50  # in one note
_FRAMEWORK = re.compile(r"(django|auth|sqlite)_|user_account_(groups|user_permissions)$")


class Section(msgspec.Struct):
    """One kind of thing: how many rows there were, how many came over, and a sentence for what did not, or changed."""

    name: str
    found: int = 0
    imported: int = 0
    notes: list[str] = msgspec.field(default_factory=list)

    def tell(self, sentence: str, names: Iterable[str]) -> None:
        """A note that names things, where there are any: how many, and the first ones."""
        named = list(names)
        if named:
            more = f"; and {len(named) - MOST_NAMED} more" if len(named) > MOST_NAMED else ""
            self.notes.append(f"{sentence} ({len(named)}): {'; '.join(named[:MOST_NAMED])}{more}")


class ImportReport(msgspec.Struct):
    """What came over and what did not, section by section in the order in which they were begun."""

    source: str
    at: str
    sections: list[Section] = msgspec.field(default_factory=list)

    def section(self, name: str) -> Section:
        """The section of this name, begun if need be; its numbers and notes are the caller's to add to."""
        for section in self.sections:
            if section.name == name:
                return section
        self.sections.append(Section(name))
        return self.sections[-1]

    def text(self) -> str:
        """For people, on a terminal and in the log."""
        lines = [f"From {self.source}, {self.at}:"]
        for section in self.sections:
            lines.append(f"{section.name}: {section.imported} of {section.found}")
            lines += [f"  - {note}" for note in section.notes]
        return "\n".join(lines)


class Legacy:
    """The old database. ``folder`` is where it lay, with what lay beside it (``avatars/``, say).

    ``bind()`` notes which of our ids an old row has become, ``id_of()`` tells the plugins that come after.
    """

    def __init__(self, raw: Any, folder: Path) -> None:
        self._raw, self.folder = raw, folder
        self._ids: dict[tuple[str, int], str] = {}
        self._asked: set[str] = set()
        self._columns: dict[str, list[str]] = {}
        for row in raw.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall():
            columns = raw.execute("SELECT name FROM pragma_table_info(?)", row).fetchall()
            self._columns[row[0]] = [column[0] for column in columns]
        first = self.rows("user_account", "id", "date_joined", order="id")[:1]  # what nobody changes
        self._fingerprint = hashlib.sha256(repr(first).encode("utf-8", "surrogateescape")).hexdigest()

    def has(self, table: str) -> bool:
        """Whether this version has the table."""
        return table in self._columns

    def unasked(self) -> list[str]:
        """The tables with rows that nobody asked for, but for the framework's own."""
        rest = sorted(name for name in self._columns if name not in self._asked and not _FRAMEWORK.match(name))
        return [name for name in rest if self.count(name)]

    def count(self, table: str) -> int:
        """How many rows a table has; 0 where it is absent."""
        self._asked.add(table)
        return int(self._raw.execute(f"SELECT count(*) FROM {_quoted(table)}").fetchone()[0]) if self.has(table) else 0

    def rows(self, table: str, *columns: str, order: str = "rowid") -> list[dict[str, Any]]:
        """These columns of every row, None for those that this version lacks; [] for a table that it lacks.

        Bytes that are no UTF-8 come as surrogate escapes, so that a path still names its file.
        """
        return list(self.each(table, *columns, order=order))

    def each(self, table: str, *columns: str, order: str = "rowid") -> Iterator[dict[str, Any]]:
        """``rows`` one by one, for tables that may be large. Columns that it lacks order nothing."""
        self._asked.add(table)
        if not self.has(table):
            return
        chosen = [_quoted(name) if name in self._columns[table] else f"NULL AS {_quoted(name)}" for name in columns]
        terms = [term for term in order.split(", ") if term.split()[0] in ("rowid", *self._columns[table])]
        by = ", ".join(terms) or "rowid"
        for row in self._raw.execute(f"SELECT {', '.join(chosen)} FROM {_quoted(table)} ORDER BY {by}"):
            yield dict(zip(columns, map(_readable, row), strict=True))

    def uid(self, kind: str, key: str | int, at: str | None = None) -> str:
        """The id that an old row gets here: the same at every import, so that a second one finds the first's.

        A UUIDv8 (RFC 9562, section 5.8): 48 bits of the stamp ``at``, then a hash of the deployment, kind and key.
        """
        moment = datetime.fromisoformat(at) if at else datetime.fromtimestamp(0, UTC)
        digest = hashlib.sha256(f"{self._fingerprint} {kind} {key}".encode()).digest()
        value = (max(0, int(moment.timestamp() * 1000)) << 80) | int.from_bytes(digest[:10])
        value = value & ~(0xF << 76) | (8 << 76)
        value = value & ~(0x3 << 62) | (2 << 62)
        return f"{value:032x}"

    def bind(self, kind: str, key: int, uid: str) -> None:
        """Note that the old row ``key`` of this kind (``user``, ``track``, …) is now ``uid``."""
        self._ids[kind, key] = uid

    def id_of(self, kind: str, key: int | None) -> str | None:
        """What an old row has become; None where it did not come over."""
        return None if key is None else self._ids.get((kind, key))

    @staticmethod
    def text(value: object) -> str:
        """Old text as we can store it: what is no UTF-8 becomes a question mark, and a NUL nothing."""
        return str(value or "").encode("utf-8", "replace").decode().replace("\0", "")

    @staticmethod
    def whole(value: object) -> int | None:
        """A whole number above 0, or None."""
        return value if isinstance(value, int) and 0 < value < 1 << 62 else None

    @staticmethod
    def seconds(value: object) -> float | None:
        """A length above 0, or None where it is not known."""
        return float(value) if isinstance(value, int | float) and 0 < value < 1e9 else None

    @staticmethod
    def stamp(*texts: object) -> str | None:
        """The first moment, as we keep it, of ``YYYY-MM-DD HH:MM:SS[.ffffff]`` (UTC); None where all are nonsense."""
        for text in texts:
            with suppress(ValueError):
                if isinstance(text, str):
                    return to_stamp(datetime.fromisoformat(text).replace(tzinfo=UTC))
        return None


@contextmanager
def open_legacy(path: Path, folder: Path | None = None) -> Iterator[Legacy]:
    """The old database at ``path``, or in the folder ``path``; a copy of it with its journals is what is opened.

    The copy is made in ``folder``, where there is room for it; None is the machine's own for such things.
    StartError where there is none, where it is damaged, or where it cannot be copied.
    """
    path = path / "db.sqlite3" if path.is_dir() else path
    if not path.is_file():
        raise StartError(f"{path} is not there: name the old db.sqlite3, or its folder.", code="legacy_missing")
    with ExitStack() as left:
        with copying(path, folder):
            copy = left.enter_context(copied(path, folder))
        if not is_legacy(copy, folder):
            raise StartError(f"{path} is no database of the old SoundWave.", code="legacy_unknown")
        if fault := fault_in(copy, "integrity_check", "rw"):
            raise StartError(f"{path} is damaged ({fault}): nothing was imported.", code="legacy_damaged")
        with closing(driver.connect(str(copy))) as raw:
            raw.text_factory = lambda value: value.decode("utf-8", "surrogateescape")
            yield Legacy(raw, path.parent)


@contextmanager
def copying(path: Path, folder: Path | None) -> Iterator[None]:
    """Around a copy of a database to ``folder``, which is made: StartError says in one sentence why there is none."""
    try:
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
        yield
    except (OSError, driver.Error) as error:
        reason = getattr(error, "strerror", None) or error
        sentence = f"{path} cannot be copied to {folder or 'the folder for temporary files'} ({reason})."
        raise StartError(sentence, code="copy_failed") from error


def _readable(value: Any) -> Any:
    """SQLite keeps bytes in any column."""
    return value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else value


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
