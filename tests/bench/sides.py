"""The servers that are compared: each started by us on loopback, timed to its first answer, and ended."""

from __future__ import annotations

import http.client
import json
import os
import pwd
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
START_SECONDS = 60
STOP_SECONDS = 20


class BenchError(Exception):
    """A side did not start, or answered wrongly: the figures would mean nothing."""


class Side:
    """One server process and what it started. ``environ`` comes on top of a clean one."""

    def __init__(self, name: str, folder: Path, environ: Mapping[str, str] | None = None) -> None:
        self.name, self.folder, self.port = name, folder, 0
        folder.mkdir(parents=True, exist_ok=True)
        kept = {n: v for n, v in os.environ.items() if not n.startswith("SOUNDWAVE_")}
        self.environ = kept | dict(environ or {})
        self._process: subprocess.Popen[bytes] | None = None

    def command(self) -> list[str]:
        raise NotImplementedError

    def start(self) -> float:
        """Start it; the seconds until the first 200 of ``/api/ping/``."""
        self.port = free_port()
        command = self.command()
        with (self.folder / "output").open("wb") as output:
            began = time.perf_counter()
            self._process = subprocess.Popen(
                command, env=self.environ, cwd=self.folder, stdout=output, stderr=subprocess.STDOUT
            )
        while not self._answers():
            if self._process.poll() is not None or time.perf_counter() - began > START_SECONDS:
                self.stop()
                said = (self.folder / "output").read_text(errors="replace")[-2000:]
                raise BenchError(f"{self.name} did not start:\n{said}")
            time.sleep(0.002)
        return time.perf_counter() - began

    def stop(self) -> None:
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def memory_mb(self) -> float | None:
        """PSS of the process tree; None where the system does not tell."""
        if self._process is None:
            return None
        try:
            return sum(map(_pss_kb, _tree(self._process.pid))) / 1024
        except OSError:
            return None

    def _answers(self) -> bool:
        with suppress(OSError, http.client.HTTPException, BenchError):
            ask(self.port, "GET", "/api/ping/")
            return True
        return False


class SoundWaveSide(Side):
    """The real thing; ``folder`` holds its data."""

    def __init__(self, folder: Path) -> None:
        paths = {"DATA_DIR": "data", "MEDIA_ROOT": "audio", "CACHE_DIR": "cache"}
        environ = {name: str(folder / path) for name, path in paths.items()}
        super().__init__("soundwave", folder, environ | {"SOUNDWAVE_AUTH_BCRYPT_COST": "4"})

    def command(self) -> list[str]:
        return [sys.executable, "-m", "soundwave_core", "serve", "--host", "127.0.0.1", "--port", str(self.port)]

    def run(self, script: str, *arguments: str) -> Any:
        """One of our scripts on the same data, while the server does not run; the JSON it prints."""
        command = [sys.executable, str(HERE / script), *arguments]
        done = subprocess.run(command, env=self.environ, cwd=self.folder, capture_output=True, check=False)
        if done.returncode:
            raise BenchError(f"{script} failed:\n{done.stderr.decode(errors='replace')[-2000:]}")
        return json.loads(done.stdout)


class BareSide(Side):
    """``bare.py`` on a folder of bodies."""

    def __init__(self, folder: Path, bodies: Path, threads: int) -> None:
        super().__init__("bare", folder)
        self._bodies, self._threads = bodies, threads

    def command(self) -> list[str]:
        return [sys.executable, str(HERE / "bare.py"), str(self.port), str(self._threads), str(self._bodies)]


class NginxSide(Side):
    """nginx on the same folder of bodies, with sendfile: the ceiling."""

    def __init__(self, folder: Path, bodies: Path, program: str) -> None:
        super().__init__("nginx", folder)
        self._bodies, self._program = bodies, program

    def command(self) -> list[str]:
        text = (HERE / "nginx.conf").read_text()
        user = ""
        with suppress(KeyError):  # a user without a name is no root either, and needs no line
            user = f"user {pwd.getpwuid(os.getuid()).pw_name};" if os.getuid() == 0 else ""
        for mark, value in (("@USER@", user), ("@PORT@", str(self.port)), ("@BODIES@", str(self._bodies))):
            text = text.replace(mark, value)
        (self.folder / "nginx.conf").write_text(text)
        return [self._program, "-p", str(self.folder), "-c", "nginx.conf", "-e", "stderr"]


def find_nginx() -> str | None:
    """Debian keeps it where only root looks."""
    return shutil.which("nginx", path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"]))


def nginx_version(program: str) -> str:
    said = subprocess.run([program, "-v"], capture_output=True, text=True, check=False).stderr
    return said.strip().rpartition("/")[2]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def ask(port: int, method: str, path: str, body: Any = None, token: str = "", **headers: str) -> bytes:
    """One request; the body of its 2xx, else BenchError."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    sent = {"Content-Type": "application/json"} if body is not None else {}
    sent |= {"Authorization": f"Bearer {token}"} if token else {}
    try:
        connection.request(method, path, json.dumps(body) if body is not None else None, sent | headers)
        answer = connection.getresponse()
        content = answer.read()
    finally:
        connection.close()
    if not 200 <= answer.status < 300:
        raise BenchError(f"{method} {path} answered {answer.status}: {content[:500]!r}")
    return content


def _tree(root: int) -> list[int]:
    """A process and all below it."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):  # it may end while we look
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    found = [root]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found


def _pss_kb(process: int) -> int:
    lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
