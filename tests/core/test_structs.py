"""Structs are known whole before two threads may need one at once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

# The field's class is asked by msgspec whether it is one of typing's; that is where the first thread is held up, while
# it looks at the struct, and the second one comes.
TWO_AT_ONCE = """
import sys, threading
from pathlib import Path
import msgspec
from soundwave_core import SoundWave

held, go_on = threading.Event(), threading.Event()

class Slow(type):
    def __getattr__(cls, name):
        if threading.current_thread() is not threading.main_thread():
            held.set()
            go_on.wait()
        raise AttributeError(name)

class Kind(metaclass=Slow):
    pass

class Row(msgspec.Struct):
    kind: Kind

class Unreadable(msgspec.Struct):
    field: "NameOfNone"

def read():
    msgspec.convert({"kind": Kind()}, Row)
    held.set()

core = SoundWave({"DATA_DIR": sys.argv[1]}, is_manual=True, notice=lambda line: None).open(Path(sys.argv[1], "db"))
threads = [threading.Thread(target=read) for _ in range(2)]
threads[0].start()
held.wait()
threads[1].start()
threads[1].join(5)
go_on.set()
for thread in threads:
    thread.join()
core.close()
print("read twice")
"""


def test_the_first_use_of_a_struct_by_two_threads(tmp_path: Path) -> None:
    """Without it the process is ended by signal 11, and nobody knows why."""
    command = [sys.executable, "-c", TWO_AT_ONCE, str(tmp_path)]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (0, "read twice\n"), ended.stderr
