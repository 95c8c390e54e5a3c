"""kill -9 of the whole server while everybody writes: what was acknowledged is there, the rest is whole or absent."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from faults.checking import ensure_files_whole, ensure_kept, ensure_sound, recovered
from faults.furnished import Furnished
from faults.serving import Served
from faults.writers import begin, writers_of

Tell = Callable[[str], None]
FEWEST, MOST = 8, 40  # writes that are acknowledged before a kill
ROUNDS = 2  # tests, so that they run beside each other
IN_THE_START = 10  # every so many kills comes while the server is still starting


def killed_while_starting(furnished: Furnished, chance: random.Random) -> None:
    """While it opens, checks and migrates the database: its lock is the first thing of the start that is seen."""
    lock = furnished.home.data / "lock"
    lock.unlink()
    served = Served(furnished.home)
    while not lock.exists() and served.process.poll() is None:
        time.sleep(0.001)
    time.sleep(chance.uniform(0, 0.15))
    served.kill()


@pytest.mark.parametrize("half", range(ROUNDS))
def test_nothing_acknowledged_is_lost(furnished: Furnished, tmp_path: Path, half: int, soak: bool, tell: Tell) -> None:
    kills = (200 if soak else 50) // ROUNDS
    chance = random.Random(half)
    writers, tally = writers_of(furnished.members.values(), furnished.tracks)
    ready, ahead = [], 0
    for number in range(kills):
        if number % IN_THE_START == IN_THE_START - 1:
            killed_while_starting(furnished, chance)
        served = Served(furnished.home).wait_until_ready()
        ready.append(served.ready_seconds)
        for writer in writers:
            writer.settle(served.port)
        threads = begin(writers, served.port)
        tally.wait_for(chance.randint(FEWEST, MOST))
        served.kill()
        for thread in threads:
            thread.join(30)
        assert [line for writer in writers for line in writer.odd] == []
        with recovered(furnished.home.database, tmp_path / "copy") as raw:
            ensure_sound(raw)
            ahead += ensure_kept(raw, writers)
    with recovered(furnished.home.database, tmp_path / "copy") as raw:
        assert ensure_files_whole(raw, furnished.home.media) == len(furnished.tracks)
    tell(
        f"kill -9 ({half + 1} of {ROUNDS}): {kills} kills, {tally.count} acknowledged writes, 0 lost, 0 torn, {ahead} "
        f"done but not answered; ready again in {statistics.median(ready):.2f} s, at most {max(ready):.2f} s"
    )
