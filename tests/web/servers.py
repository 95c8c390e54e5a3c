"""A server in a process of its own, as a user runs it."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path


def environ_of(folder: Path) -> dict[str, str]:
    """The settings of a server in this folder."""
    folders = {"DATA_DIR": "data", "MEDIA_ROOT": "audio", "CACHE_DIR": "cache"}
    return {name: str(folder / below) for name, below in folders.items()} | {"SOUNDWAVE_AUTH_BCRYPT_COST": "4"}


@dataclass
class ServerProcess:
    """``soundwave serve`` as a user runs it; ``start`` again after ``stop`` is a restart on the same data.

    Whoever asks for its ``url`` first has it started.
    """

    folder: Path
    environ: dict[str, str] = field(default_factory=dict)
    port: int = 0
    lines: list[str] = field(default_factory=list)
    process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        if not self.port:
            self.start()
        return f"http://localhost:{self.port}/"

    @property
    def set_up_link(self) -> str:
        if not self.port:
            self.start()
        return (self.folder / "data" / "setup-link").read_text().strip()

    def start(self) -> ServerProcess:
        # Unmeasured: coverage would make each start take two thirds longer, and there are hundreds.
        outer = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
        environ = outer | environ_of(self.folder) | self.environ
        command = [sys.executable, "-u", "-m", "soundwave_core", "serve", "--port", str(self.port)]
        with open(self.folder / "server.log", "a") as log:
            self.process = subprocess.Popen(
                command, env=environ, stdout=subprocess.PIPE, stderr=log, text=True, cwd=self.folder
            )
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.strip())
            if "listens on" in line:
                self.port = int(line.rstrip().rstrip("/").rpartition(":")[2])
                return self
        raise AssertionError((self.folder / "server.log").read_text())

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Ask it to end, and wait; its exit code. One that ended by itself gives the code of that."""
        assert self.process is not None
        with self.process as process:
            self.process = None
            process.send_signal(number)
            try:
                return process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                raise

    def end(self) -> None:
        """The last stop, if nobody stopped it before: it was still there, and went as it should."""
        if self.process is not None:
            code = self.stop()
            assert code == 0, f"it ended with {code}:\n{(self.folder / 'server.log').read_text()[-4000:]}"

    def wait_in_no_time(self, *statements: str) -> None:
        """What time would do to the database, while the server is down; it is started again."""
        if self.process is not None:
            assert self.stop() == 0
        database = sqlite3.connect(self.folder / "data" / "db.sqlite3")
        for statement in statements:
            database.execute(statement)
        database.commit()
        database.close()
        self.start()
