"""The patterns of wildcards, read into a tree: a small part of ``re``, in ASCII.

Characters, ``.``, classes, ``\\d`` and ``\\w``, groups, ``|``, and greedy repetition. What ``patterns`` could
not compare (look-around, anchors, back-references) is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from .errors import PluginError

TOP = 0x10FFFF

Ranges = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Chars:
    """One character out of these ranges."""

    ranges: Ranges


@dataclass(frozen=True, slots=True)
class Sequence:
    """One part after another; without parts, the empty text."""

    parts: tuple[Node, ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """Any of these."""

    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """``node``, from ``least`` to ``most`` times (None: any number)."""

    node: Node
    least: int
    most: int | None


Node = Chars | Sequence | Choice | Repeat

DIGITS: Ranges = ((0x30, 0x39),)
WORD: Ranges = (*DIGITS, (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A))
_REPEAT = re.compile(r"([*+?]|\{([0-9]{1,3})(,?)([0-9]{0,3})\})(?![*+?{])")


@lru_cache(maxsize=1024)
def parse(pattern: str) -> Node:
    """The pattern as a tree. Raises PluginError."""
    reader = _Reader(pattern)
    node = reader.choice()
    if reader.position < len(pattern):
        raise reader.refusal()
    return node


class _Reader:
    """A recursive-descent reader of one pattern."""

    def __init__(self, pattern: str) -> None:
        self.pattern, self.position = pattern, 0

    def refusal(self) -> PluginError:
        rest = self.pattern[self.position :] or "its end"
        return PluginError(f"the pattern {self.pattern} cannot be compared with others, from {rest} on")

    def take(self, text: str) -> bool:
        if not self.pattern.startswith(text, self.position):
            return False
        self.position += len(text)
        return True

    def next(self) -> str:
        if self.position == len(self.pattern):
            raise self.refusal()
        self.position += 1
        return self.pattern[self.position - 1]

    def choice(self) -> Node:
        nodes = [self.sequence()]
        while self.take("|"):
            nodes.append(self.sequence())
        return nodes[0] if len(nodes) == 1 else Choice(tuple(nodes))

    def sequence(self) -> Node:
        parts: list[Node] = []
        while self.position < len(self.pattern) and self.pattern[self.position] not in "|)":
            parts.append(self.repeated(self.atom()))
        return parts[0] if len(parts) == 1 else Sequence(tuple(parts))

    def repeated(self, node: Node) -> Node:
        found = _REPEAT.match(self.pattern, self.position)
        if found is None:
            return node
        self.position = found.end()
        sign, least, comma, most = found.groups()
        if sign in "*+?":
            return Repeat(node, int(sign == "+"), 1 if sign == "?" else None)
        return Repeat(node, int(least), int(most) if most else None if comma else int(least))

    def atom(self) -> Node:
        if self.take("("):
            self.take("?:")
            node = self.choice()
            if not self.take(")"):
                raise self.refusal()
            return node
        if self.take("["):
            return self.char_class()
        if self.take("."):
            return Chars(_without(((0x0A, 0x0A),)))
        if self.pattern[self.position] in "*+?{}^$]":
            raise self.refusal()
        return Chars(self.char())

    def char(self) -> Ranges:
        """One character, or what an escape stands for."""
        char = self.next()
        if char == "\\":
            char = self.next()
            if char in "dw":
                return DIGITS if char == "d" else WORD
            if char.isalnum() or not char.isascii():
                self.position -= 2
                raise self.refusal()
        return ((ord(char), ord(char)),)

    def char_class(self) -> Node:
        is_negated, ranges = self.take("^"), list[tuple[int, int]]()
        while not (ranges and self.take("]")):
            if self.pattern[self.position : self.position + 1] in ("[", "]"):
                raise self.refusal()
            read = self.char()
            if self.is_range():
                self.take("-")
                low, high = read[0][0], self.char()[-1][1]
                if read[0] != (low, low) or high < low:
                    raise self.refusal()
                read = ((low, high),)
            ranges.extend(read)
        return Chars(_without(tuple(ranges)) if is_negated else tuple(ranges))

    def is_range(self) -> bool:
        following = self.pattern[self.position : self.position + 2]
        return following.startswith("-") and following != "-]"


def _without(ranges: Ranges) -> Ranges:
    """Every other character."""
    rest, start = list[tuple[int, int]](), 0
    for low, high in sorted(ranges):
        if low > start:
            rest.append((start, low - 1))
        start = max(start, high + 1)
    return (*rest, (start, TOP)) if start <= TOP else tuple(rest)
