"""``python -m soundwave_core`` is ``soundwave``."""

from .cli import main

main()
