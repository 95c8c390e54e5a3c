"""Every row that a server has stored, so that a test can say: nothing changed."""

from __future__ import annotations

import hashlib

from soundwave_core import SoundWave

# What a refused request may leave behind: that it was refused, and from where it came.
TRACES = ("audit", "throttles", "token_addresses")


def stored(core: SoundWave) -> dict[str, str]:
    """Each table with the hash of its rows and of its own form."""
    listed = core.db.rows("SELECT name, sql FROM sqlite_schema WHERE type = 'table'")
    tables = {row["name"]: row["sql"] for row in listed if not row["name"].startswith(("sqlite_", *TRACES))}
    return {name: _hash(str(sql), *_rows(core, name)) for name, sql in tables.items()}


def columns(core: SoundWave) -> set[str]:
    """The name of every column that there is."""
    listed = core.db.rows("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    return {
        str(row["name"])
        for table in listed
        for row in core.db.rows("SELECT name FROM pragma_table_info(:table)", table=table["name"])
    }


def changed(before: dict[str, str], after: dict[str, str]) -> set[str]:
    """The tables that are not what they were."""
    return {name for name in before | after if before.get(name) != after.get(name)}


def _rows(core: SoundWave, table: str) -> list[str]:
    return sorted(repr(row) for row in core.db.rows(f'SELECT * FROM "{table}"'))


def _hash(*texts: str) -> str:
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()
