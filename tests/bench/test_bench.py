"""``make bench`` on next to nothing: every figure is there. What they say is not judged here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

BENCH = Path(__file__).resolve().parent
TINY = ("--quick", "--rounds", "1", "--seconds", "0.02", "--tracks", "500", "--megabytes", "2", "--kept", "2",
        "--items", "4")  # fmt: skip
RATES = [f"{what}_{n}" for what in ("ping", "list", "playlist") for n in (1, 8)]
STREAMS = ["stream_1", "stream_16"]
OFFLINE = [
    "offline_save",
    "offline_save_bare",
    "offline_look_requests",
    "offline_look",
    "offline_paint",
    "offline_sound",
]
FIGURES = ["cold_start_fresh", "cold_start_filled", "memory_idle", *RATES, *STREAMS, "memory_loaded", *OFFLINE]
KEYS = {"label", "unit", "is_less_better", "medians", "ratios", "goal", "is_met", "rounds", "generator_load"}


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], str]:
    """The JSON and the table of a tiny run."""
    output = tmp_path_factory.mktemp("bench") / "deep" / "bench.json"
    command = [sys.executable, str(BENCH), *TINY, "--output", str(output)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, env=dict(os.environ))
    assert done.returncode == 0, done.stderr
    return json.loads(output.read_text()), done.stdout


def test_every_figure_is_there(result: tuple[dict[str, Any], str]) -> None:
    found = result[0]
    assert set(found) == {"at", "took_seconds", "options", "machine", "versions", "figures"}
    assert set(found["machine"]) == {"system", "cpu", "cores", "memory_mb", "load_before"}
    assert set(found["versions"]) == {"soundwave", "python", "bottle", "waitress", "sqlite", "nginx"}
    assert sorted(found["figures"]) == sorted(FIGURES)
    for key, figure in found["figures"].items():
        assert set(figure) == KEYS, key
        assert set(figure["ratios"]) == ({"limit"} if key in OFFLINE else {"bare", "nginx"})


def test_every_side_was_measured(result: tuple[dict[str, Any], str]) -> None:
    found, table = result
    sides = {"soundwave", "bare"} | ({"nginx"} if found["versions"]["nginx"] else set())
    for key, figure in found["figures"].items():
        first = "limit" if key in OFFLINE else "bare"
        assert set(figure["medians"]) == ({"soundwave", "limit"} if key in OFFLINE else sides), key
        assert all(value > 0 for value in figure["medians"].values()), key
        assert figure["ratios"][first] > 0, key
        assert (figure["is_met"] is None) == (figure["goal"] is None), key
        assert figure["label"] in table


def test_rates_come_with_the_load_of_the_generator(result: tuple[dict[str, Any], str]) -> None:
    figures = result[0]["figures"]
    assert {figures[key]["unit"] for key in RATES} == {"requests/s"}
    assert {figures[key]["unit"] for key in STREAMS} == {"MB/s"}
    for key in (*RATES, *STREAMS):
        assert set(figures[key]["generator_load"]) == set(figures[key]["medians"])


def test_a_wrong_answer_is_no_figure() -> None:
    """Status and length are checked on each answer: nobody listens at port 1."""
    job = {"port": 1, "path": "/", "headers": {}, "length": 1, "connections": 1, "seconds": 0.01, "is_stream": False}
    command = [sys.executable, str(BENCH / "load.py")]
    done = subprocess.run(command, input=json.dumps(job) + "\n", capture_output=True, text=True, check=True)
    assert "refused" in json.loads(done.stdout)["wrong"]
