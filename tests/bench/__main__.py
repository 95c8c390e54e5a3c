"""``make bench``: what SoundWave needs and gives, as ratios to a bare app and to nginx in the same run.

The sides take turns within each round, and a ratio is the median over the rounds: what else the machine
does then hits all of them alike. Only a wrong answer fails; a slow one is a figure. ``--quick`` is for a
first look. Absolute figures are worth nothing on another machine.

A list is asked again and again and nothing changes meanwhile, so from the second time on SoundWave sends the
body it kept (``soundwave_core/bodies.py``): these figures are those of a library at rest, not of one that
grows at that moment.

What a device does for itself, in a real browser, is a table of its own (``offline.py``), beside the limit of each.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from report import Figure, machine, table
from sides import HERE, BareSide, BenchError, NginxSide, Side, SoundWaveSide, ask, find_nginx, nginx_version

OUTPUT = HERE.parent.parent / "build" / "bench.json"
OPTIONS = ("quick", "rounds", "seconds", "tracks", "kept", "items", "megabytes")
USER = {"username": "alice", "password": "correct horse battery"}


@dataclass(frozen=True)
class Scenario:
    """One path under load, by so many connections; ``body`` is the file that the yardsticks send."""

    key: str
    label: str
    body: str
    connections: int
    goal: float

    @property
    def is_stream(self) -> bool:
        return self.body == "audio"

    def headers(self, token: str) -> dict[str, str]:
        """What a client sends: whoever pings has no token."""
        return {} if self.body == "ping" else {"Authorization": f"Bearer {token}"}


SCENARIOS = [
    *(Scenario(f"ping_{n}", f"ping, {n} at once", "ping", n, 0.6) for n in (1, 8)),
    *(Scenario(f"list_{n}", f"list of 50, {n} at once", "list", n, 0.6) for n in (1, 8)),
    *(Scenario(f"playlist_{n}", f"playlist of 500, {n} at once", "playlist", n, 0.6) for n in (1, 8)),
    *(Scenario(f"stream_{n}", f"stream, {n} at once", "audio", n, 0.9) for n in (1, 16)),
]


def offline_figures(options: argparse.Namespace) -> dict[str, Figure]:
    """What ``offline.py`` measures, each beside its limit of the same run."""
    kept = f"{options.kept} tracks of 5 MB"
    return {
        "offline_save": Figure(f"save {kept}; curl", "s", True, None, ("limit",)),
        "offline_save_bare": Figure(f"save {kept}; fetch and put", "s", True, None, ("limit",)),
        "offline_look_requests": Figure(f"look at {options.items} unchanged", "requests", True, 1.0, ("limit",)),
        "offline_look": Figure(f"look at {options.items} unchanged; one 304", "ms", True, None, ("limit",)),
        "offline_paint": Figure("start offline, first paint; bare page", "s", True, None, ("limit",)),
        "offline_sound": Figure("start offline, sound; bare page", "s", True, None, ("limit",)),
    }


def measure_offline(options: argparse.Namespace, folder: Path) -> dict[str, Figure]:
    """In a process of its own, with a browser."""
    amounts = [str(min(options.rounds, 3)), str(options.kept), str(options.items)]
    command = [sys.executable, "-m", "tests.bench.offline", str(folder), *amounts]
    done = subprocess.run(command, cwd=HERE.parent.parent, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchError(f"offline.py failed:\n{done.stderr[-2000:]}")
    figures = offline_figures(options)
    for key, sides in json.loads(done.stdout).items():
        figures[key].rounds.update(sides)
    return figures


class Bench:
    """One run. ``figures`` fill up in the order of the table."""

    def __init__(self, options: argparse.Namespace, folder: Path) -> None:
        self.options, self.folder, self.bodies = options, folder, folder / "bodies"
        self.subject = SoundWaveSide(folder / "filled")
        self.figures: dict[str, Figure] = {}
        self.versions: dict[str, str | None] = {}
        self.began = time.monotonic()
        self.token = ""
        self.paths: dict[str, str] = {}

    def run(self) -> None:
        made = self._fill()
        self.versions = made["versions"] | {"nginx": None}
        others: list[Side] = [BareSide(self.folder / "bare", self.bodies, made["threads"])]
        if program := find_nginx():
            self.versions["nginx"] = nginx_version(program)
            others.append(NginxSide(self.folder / "nginx", self.bodies, program))
        sides = [self.subject, *others]
        with ExitStack() as running:
            for side in sides:
                running.callback(side.stop)
            self._keep_bodies(made)
            self._measure_starts(sides)
            for side in sides:
                side.start()
            time.sleep(self.options.seconds)  # for what a server does right after its start
            self._measure_memory("memory_idle", "memory, idle", sides)
            self._measure_load(sides, running)
            self._measure_memory("memory_loaded", "memory, after the load", sides)

    # What is asked for

    def _fill(self) -> Any:
        """A server with one user, then a library beside it; what ``shelf.py`` says it made."""
        self.subject.start()
        try:
            link = (self.folder / "filled" / "data" / "setup-link").read_text().strip()
            wish = USER | {"setup_code": link.partition("code=")[2]}
            user = json.loads(ask(self.subject.port, "POST", "/api/user/register/", wish))["user"]["id"]
            entry = ask(self.subject.port, "POST", "/api/user/login/", USER | {"return_token": True})
            self.token = json.loads(entry)["token"]
        finally:
            self.subject.stop()
        return self.subject.run("shelf.py", user, str(self.options.tracks), str(self.options.megabytes))

    def _keep_bodies(self, made: Any) -> None:
        """Make the playlist, and keep SoundWave's own answers for the yardsticks to send."""
        self.bodies.mkdir()
        (self.bodies / "audio").symlink_to(made["file"])
        self.subject.start()
        port = self.subject.port
        playlist = json.loads(ask(port, "POST", "/api/playlist/", {"title": "Five hundred"}, self.token))["id"]
        ask(port, "POST", f"/api/playlist/{playlist}/items/", {"tracks": made["tracks"]}, self.token)
        self.paths = {
            "ping": "/api/ping/",
            "list": "/api/audio/?limit=50",
            "playlist": f"/api/playlist/{playlist}/",
            "audio": f"/api/audio/{made['audio']}/stream/",
        }
        for name in ("ping", "list", "playlist"):
            (self.bodies / name).write_bytes(ask(port, "GET", self.paths[name], token=self.token))
        self.subject.stop()
        counts = [
            len(json.loads((self.bodies / n).read_bytes())[k]) for n, k in (("list", "results"), ("playlist", "items"))
        ]
        if counts != [50, 500]:
            raise BenchError(f"The list and the playlist have {counts} entries instead of 50 and 500.")

    # What is measured

    def _rounds(self, count: int, share: float) -> Iterator[int]:
        """So many rounds, or two if the machine is too busy for more in this share of the time."""
        for number in range(count):
            if number < 2 or time.monotonic() - self.began < share * self.options.at_most:
                yield number

    def _measure_starts(self, sides: Sequence[Side]) -> None:
        tracks = self.options.tracks + 1
        fresh = self.figures["cold_start_fresh"] = Figure("cold start, fresh", "s", is_less_better=True)
        filled = Figure(f"cold start, {tracks:,} tracks", "s", is_less_better=True)
        self.figures["cold_start_filled"] = filled
        for number in self._rounds(self.options.rounds, 0.4):
            new = SoundWaveSide(self.folder / f"fresh-{number}")
            fresh.add(new.name, _timed_start(new))
            for side in sides:
                seconds = _timed_start(side)
                filled.add(side.name, seconds)
                if side is not self.subject:
                    fresh.add(side.name, seconds)

    def _measure_memory(self, key: str, label: str, sides: Sequence[Side]) -> None:
        figure = self.figures[key] = Figure(label, "MB", is_less_better=True)
        for side in sides:
            figure.add(side.name, side.memory_mb())

    def _measure_load(self, sides: Sequence[Side], running: ExitStack) -> None:
        generator = subprocess.Popen([sys.executable, str(HERE / "load.py")], stdin=-1, stdout=-1, text=True)
        running.callback(generator.communicate)
        for scenario in SCENARIOS:
            unit = "MB/s" if scenario.is_stream else "requests/s"
            self.figures[scenario.key] = Figure(scenario.label, unit, goal=scenario.goal)
        for number in self._rounds(self.options.rounds + 1, 1.0):
            for scenario in SCENARIOS:
                for side in sides:
                    self._load(generator, scenario, side, is_warm_up=number == 0)

    def _load(self, generator: Any, scenario: Scenario, side: Side, is_warm_up: bool) -> None:
        length = (self.bodies / scenario.body).stat().st_size
        job = {
            "port": side.port, "path": self.paths[scenario.body], "length": length,
            "headers": scenario.headers(self.token), "connections": scenario.connections,
            "seconds": min(0.05, self.options.seconds) if is_warm_up else self.options.seconds,
            "is_stream": scenario.is_stream,
        }  # fmt: skip
        generator.stdin.write(json.dumps(job) + "\n")
        generator.stdin.flush()
        result = json.loads(generator.stdout.readline())
        if "wrong" in result:
            raise BenchError(f"{side.name}, {scenario.label}: {result['wrong']}")
        if not is_warm_up:
            amount = result["bytes"] / 1e6 if scenario.is_stream else result["answers"]
            figure = self.figures[scenario.key]
            figure.add(side.name, amount / result["seconds"], result["generator_load"])


def _timed_start(side: Side) -> float:
    try:
        return side.start()
    finally:
        side.stop()


def parsed(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__, allow_abbrev=False)
    parser.add_argument("--quick", action="store_true", help="two short rounds")
    parser.add_argument("--output", type=Path, default=OUTPUT, help="where the JSON goes (%(default)s)")
    parser.add_argument("--rounds", type=int, help="how often each side has its turn (5; quick: 2)")
    parser.add_argument("--seconds", type=float, help="how long a turn is (0.8; quick: 0.3)")
    parser.add_argument("--tracks", type=int, help="beside the long one (20000; quick: 2000)")
    parser.add_argument("--kept", type=int, help="tracks of 5 MB that a device saves (50; quick: 10)")
    parser.add_argument("--items", type=int, default=500, help="of the playlist that it looks at (%(default)s)")
    parser.add_argument("--megabytes", type=int, default=100, help="size of the long one (%(default)s)")
    options = parser.parse_args(arguments)
    options.tracks = options.tracks or (2_000 if options.quick else 20_000)
    options.kept = options.kept or (10 if options.quick else 50)
    options.at_most = 15 if options.quick else 120  # seconds; the round under way is finished
    options.rounds = options.rounds or (2 if options.quick else 5)
    options.seconds = options.seconds or (0.3 if options.quick else 0.8)
    if options.tracks < 500:
        parser.error("a playlist of 500 needs 500 tracks")
    return options


def main() -> int:
    options, began, facts = parsed(), time.monotonic(), machine()
    at = datetime.now(UTC).isoformat(timespec="seconds")
    with tempfile.TemporaryDirectory(prefix="soundwave-bench-") as folder:
        bench = Bench(options, Path(folder).resolve())
        try:
            bench.run()
            offline = measure_offline(options, Path(folder).resolve() / "offline")
        except BenchError as error:
            print(f"bench: {error}", file=sys.stderr)
            return 1
    result = {
        "at": at,
        "took_seconds": round(time.monotonic() - began, 1),
        "options": {name: getattr(options, name) for name in OPTIONS},
        "machine": facts,
        "versions": bench.versions,
        "figures": {key: figure.plain() for key, figure in (bench.figures | offline).items()},
    }
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(result, indent=2) + "\n")
    print(table(bench.figures))
    print(f"\n{table(offline)}")
    print(f"\n{result['took_seconds']} s; all figures are in {options.output}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
