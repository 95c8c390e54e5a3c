"""Every struct is looked at by msgspec before there are threads.

At a type's first use msgspec (0.22) notes the type before it knows all of its fields. A second thread that uses it in
that moment reads what is not there yet, and the process dies of it (SIGSEGV): two requests with a cookie, right after
a start. What was looked at once is only read from then on.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import msgspec


def prepare_structs() -> None:
    """All that are imported by now, plugins' too; those that nothing can be read into are left alone."""
    for kind in set(_below(msgspec.Struct)):
        with suppress(AttributeError, NameError, SyntaxError, TypeError, ValueError):
            msgspec.json.Decoder(kind)


def _below(kind: type[msgspec.Struct]) -> Iterator[type[msgspec.Struct]]:
    for one in kind.__subclasses__():
        yield one
        yield from _below(one)
