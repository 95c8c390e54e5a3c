"""The power goes while people write and downloads arrive: what was acknowledged is on the disk, rows and files.

kill -9 cannot tell this: what a killed process wrote stays in the system's memory. So an ext4 image on a loop device
is shut down without flushing its log, unmounted and mounted again. Two controls, SQLite that waits for no disk and
files that are not fsynced, must lose something; else the cuts prove nothing.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from faults.checking import ensure_files_whole, ensure_kept, ensure_sound, recovered
from faults.disks import Disk
from faults.furnished import Furnished
from faults.serving import Browser, Gone, Home, Served
from faults.writers import Tally, Writer, begin, writers_of

pytestmark = pytest.mark.machine

Tell = Callable[[str], None]
PLUGINS = Path(__file__).parent / "stranger"
FEWEST, MOST = 10, 40  # acknowledged writes and imports before a cut
WRITERS, IMPORTERS = ("alice", "bob", "carol", "dave"), ("erin", "frank")
CONTROL_CUTS = 12  # a control that has lost nothing by then is powerless


@dataclass
class Importer:
    """A member by whom files arrive. ``promised``: path below the media folder, to the SHA-256."""

    browser: Browser
    tally: Tally
    promised: dict[str, str]

    def run(self) -> None:
        with closing(self.browser), suppress(Gone):
            while True:
                reply = self.browser.send("POST", "/api/importer/")
                if reply.status != 201:
                    return
                self.promised[reply.body["path"]] = reply.body["sha256"]
                self.tally.add()


class Outages:
    """A server on a disk, and the power that fails it again and again."""

    def __init__(self, furnished: Furnished, on: Disk, without: str = "") -> None:
        self.disk, self.home = on, Home.within(on.path)
        self.furnished = furnished.placed(self.home)
        self.environ = {"PYTHONPATH": f"{PLUGINS}:{furnished.home.environ.get('PYTHONPATH', '')}"}
        self.environ |= {"FAULTS_WITHOUT": without}
        members = self.furnished.members
        self.writers, self.tally = writers_of([members[name] for name in WRITERS], furnished.tracks)
        self.promised = dict(furnished.hashes)
        self.chance = random.Random(without)
        on.unmount()  # all of it is on the disk
        on.mount()

    def one(self) -> None:
        """Serve, let them write and import, cut, and have the disk back as it is found in the morning."""
        served = Served(self.home, **self.environ)
        try:
            served.wait_until_ready()
            for writer in self.writers:
                writer.settle(served.port)
            threads = begin(self.writers, served.port) + self._import(served)
            self.tally.wait_for(self.chance.randint(FEWEST, MOST))
            self.disk.cut()
        finally:
            served.kill()
        for thread in threads:
            thread.join(30)
        self.disk.unmount()
        self.disk.mount()

    def _import(self, served: Served) -> list[Thread]:
        threads = []
        for name in IMPORTERS:
            browser = served.browser(self.furnished.members[name])
            importer = Importer(browser, self.tally, self.promised)
            threads.append(Thread(target=importer.run, daemon=True))
            threads[-1].start()
        return threads

    def losses(self, scratch: Path) -> tuple[int, int]:
        """How many writers and how many files lost something that was acknowledged."""
        with recovered(self.home.database, scratch) as raw:
            rows = sum(1 for writer in self.writers if not _kept(raw, writer))
            known = {path for (path,) in raw.execute("SELECT path FROM tracks")}
        rows += sum(1 for path in self.promised if path not in known)
        return rows, sum(1 for path, sha256 in self.promised.items() if _sha256(self.home.media / path) != sha256)


def _kept(raw: Any, writer: Writer) -> bool:
    try:
        ensure_kept(raw, [writer])
    except AssertionError:
        return False
    return True


def _sha256(path: Path) -> str | None:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None


@pytest.mark.parametrize("half", range(2))
def test_nothing_acknowledged_is_lost(
    first: Furnished, ground: Disk, tmp_path: Path, half: int, soak: bool, tell: Tell
) -> None:
    outages, cuts, ahead = Outages(first, ground), (100 if soak else 20) // 2, 0
    outages.chance = random.Random(half)
    for _ in range(cuts):
        outages.one()
        with recovered(outages.home.database, tmp_path / "copy") as raw:
            ensure_sound(raw)
            ahead += ensure_kept(raw, outages.writers)
            ensure_files_whole(raw, outages.home.media)
        assert outages.losses(tmp_path / "copy") == (0, 0)
    imported = len(outages.promised) - len(first.hashes)
    assert imported > 0
    tell(
        f"power cuts ({half + 1} of 2): {cuts} cuts, {outages.tally.count} acknowledged writes and imports, 0 lost; "
        f"{imported} imported files, each with its SHA-256; {ahead} writes done but not answered"
    )


@pytest.mark.parametrize("without", ["sync", "fsync"])
def test_without_waiting_for_the_disk_something_is_lost(
    first: Furnished, ground: Disk, tmp_path: Path, without: str, tell: Tell
) -> None:
    """The control: the same cuts, with the one pragma or the one call taken away."""
    outages = Outages(first, ground, without)
    for cuts in range(1, CONTROL_CUTS + 1):
        try:
            outages.one()
        except AssertionError as error:  # it lost so much that it does not even start again
            tell(f"power cuts, control without {without}: after {cuts} cuts it does not start: {error}")
            return
        rows, files = outages.losses(tmp_path / "copy")
        if rows if without == "sync" else files:
            tell(f"power cuts, control without {without}: {cuts} cuts, {rows} rows or owners and {files} files lost")
            return
    pytest.fail(f"without {without} nothing was lost in {CONTROL_CUTS} cuts: these cuts prove nothing")
