"""From nothing, and from each released schema, to one and the same schema, which is written down.

After a change: ``WRITE_SCHEMA=1 pytest tests/house/test_migrations.py``, and look at the difference.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from house.tree import ROOT, ensure_none

from soundwave_core import SoundWave

SCHEMA = ROOT / "tests/house/schema.sql"
# SQLite makes these for a full-text index, in its own version's way.
SHADOW = re.compile(r"_(config|content|data|docsize|idx)$")


def schema_of(core: SoundWave) -> str:
    """The database's own description of itself, in a fixed order."""
    rows = core.db.rows(
        "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite%'"
        " ORDER BY tbl_name, type = 'table' DESC, type, name"
    )
    virtual = {row["name"] for row in rows if row["sql"].startswith("CREATE VIRTUAL")}
    kept = [row for row in rows if SHADOW.sub("", row["name"]) not in virtual or row["name"] in virtual]
    return "\n\n".join(f"{row['sql']};" for row in kept) + "\n"


def test_from_nothing_to_the_schema_that_is_written_down(core: SoundWave) -> None:
    if os.environ.get("WRITE_SCHEMA"):
        SCHEMA.write_text(schema_of(core))
    assert schema_of(core) == SCHEMA.read_text()


def test_a_second_start_changes_nothing(core: SoundWave) -> None:
    before, applied = schema_of(core), core.db.rows("SELECT * FROM schema_migrations")
    folder: Path = core.config.data_dir
    core.stop()
    again = SoundWave({"DATA_DIR": str(folder), "MEDIA_ROOT": str(folder.parent / "audio")}, is_manual=True)
    try:
        again.start()
        assert (schema_of(again), again.db.rows("SELECT * FROM schema_migrations")) == (before, applied)
        assert not (folder / "backups").exists()
    finally:
        again.stop()


def test_tables_are_strict(core: SoundWave) -> None:
    rows = core.db.rows("SELECT name, strict, type FROM pragma_table_list WHERE schema = 'main'")
    plain = [row["name"] for row in rows if row["type"] == "table" and not row["strict"]]
    ensure_none(name for name in plain if not name.startswith("sqlite_"))


def test_foreign_keys_stay_within_a_plugin(core: SoundWave) -> None:
    """Plugins come and go; what one refers to in another's table is an id as text."""
    owner: dict[str, str] = {}
    for record in core.plugins.enabled():
        for step in record.contributions.migrations:
            owner |= dict.fromkeys(re.findall(r"CREATE TABLE (\w+)", step.sql), record.name)
    wrong = [
        f"{table} refers to {row['table']}"
        for table, plugin in owner.items()
        for row in core.db.rows(f"SELECT \"table\" FROM pragma_foreign_key_list('{table}')")
        if owner.get(row["table"]) != plugin
    ]
    assert owner
    ensure_none(wrong)
