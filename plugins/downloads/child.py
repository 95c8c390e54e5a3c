"""Starts a module of this folder in a process of its own: ``python -P child.py worker``.

The package's own ``__init__`` brings the core, the database and the web framework along; a child needs
none of them (40 MiB and half a second each), so a bare package of the same name stands in for it.
"""

from __future__ import annotations

import runpy
import sys
from pathlib import Path
from types import ModuleType

PACKAGE = "soundwave_downloads"


def main(name: str) -> None:
    """Run one module of this folder as the program."""
    package = ModuleType(PACKAGE)
    package.__path__ = [str(Path(__file__).resolve().parent)]
    sys.modules[PACKAGE] = package
    runpy.run_module(f"{PACKAGE}.{name}", run_name="__main__")


if __name__ == "__main__":
    main(sys.argv[1])
