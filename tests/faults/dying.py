"""A process that opens databases and dies on the way, at the statement that it is told. One job a line, as JSON.

``python dying.py``: each line names a database, and how many statements are carried out before the kill -9, from the
first BEGIN on (null: all of them). Each is done by a child of its own, which answers ``{"is_dead": …, "error": …}``.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from soundwave_core import SoundWave, database, migrations, sqlite
from soundwave_core.clock import Clock
from soundwave_core.database import open_database
from soundwave_core.errors import SoundWaveError


class Failpoint:
    """Counts the statements of the connections that are opened from now on; the last one is never carried out."""

    def __init__(self, last: int | None) -> None:
        self.last, self.count = last, 0
        self._connect = sqlite.connect

    def __enter__(self) -> Failpoint:
        sqlite.connect = self.connect
        return self

    def __exit__(self, *exception: object) -> None:
        sqlite.connect = self._connect

    def connect(self, path: Path, mode: str = "rw", query_only: bool = True) -> Any:
        raw = self._connect(path, mode, query_only)
        raw.set_trace_callback(self.see)
        return raw

    def see(self, statement: str) -> None:
        """Before each statement, those of triggers not counted."""
        if statement.startswith("--") or not (self.count or statement.startswith("BEGIN")):
            return
        if self.count == self.last:
            os.kill(os.getpid(), signal.SIGKILL)
        self.count += 1


def migrate_all(path: Path, plugins: dict[str, Any]) -> None:
    """As ``SoundWave.start()`` does: the core's steps, then each plugin's."""
    clock = Clock()
    db = open_database(path, 4, clock=clock)
    try:
        for name, steps in plugins.items():
            migrations.migrate(db, name, steps, clock)
    finally:
        db.close()


def main() -> None:
    core = SoundWave({"DATA_DIR": "/nonexistent"}, is_manual=True).assemble()
    plugins = {record.name: record.contributions.migrations for record in core.plugins.enabled()}
    for line in sys.stdin:
        path, last = json.loads(line)
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            with Failpoint(last):
                error = None
                try:
                    migrate_all(Path(path), plugins)
                except SoundWaveError as refusal:
                    error = refusal.sentence
            os.write(writing, json.dumps({"error": error}).encode())
            os._exit(0)
        os.close(writing)
        with open(reading, "rb") as answer:
            said = answer.read()
        _, status = os.waitpid(child, 0)
        done = json.loads(said) if said else {"error": None}
        print(json.dumps(done | {"is_dead": os.WIFSIGNALED(status)}), flush=True)


if __name__ == "__main__":
    assert database.driver is sqlite.driver
    main()
