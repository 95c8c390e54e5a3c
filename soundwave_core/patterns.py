"""Which texts do two wildcards' patterns share? Decided exactly, by reading both side by side.

The reading is by partial derivatives (Antimirov 1996): what may be left of a pattern after one character.
"""

from __future__ import annotations

from enum import Enum
from functools import lru_cache

from .errors import PluginError
from .pattern_syntax import TOP, Chars, Choice, Node, Repeat, Sequence, parse

MOST_STATES = 20_000  # far beyond any sane pair of patterns; a hostile pair would go on for ever

States = frozenset[Node]


class Relation(Enum):
    """How two sets of texts lie, seen from the first."""

    APART = "apart"
    SAME = "same"
    WITHIN = "within"
    AROUND = "around"
    CROSSING = "crossing"


def relation(first: str, second: str) -> Relation:
    """How the texts of two patterns lie to each other. Raises PluginError for what cannot be compared."""
    return Relation.SAME if first == second else _relation(first, second)


@lru_cache(maxsize=4096)
def _relation(first: str, second: str) -> Relation:
    one, two = parse(first), parse(second)
    edges = sorted(_edges(one) | _edges(two))
    start = (frozenset({one}), frozenset({two}))
    seen, waiting, found = {start}, [start], set[tuple[bool, bool]]()
    while waiting and len(found) < 3:
        left, right = waiting.pop()
        accepted = (_accepts(left), _accepts(right))
        if any(accepted):
            found.add(accepted)
        for edge in edges:
            pair = (_step(left, edge), _step(right, edge))
            if any(pair) and pair not in seen:
                seen.add(pair)
                waiting.append(pair)
        if len(seen) > MOST_STATES:
            raise PluginError(f"the patterns {first} and {second} are too intricate to be compared")
    return _judge(found)


def _judge(found: set[tuple[bool, bool]]) -> Relation:
    both, only_first, only_second = (True, True) in found, (True, False) in found, (False, True) in found
    if not both:
        return Relation.APART
    if only_first:
        return Relation.CROSSING if only_second else Relation.AROUND
    return Relation.WITHIN if only_second else Relation.SAME


def _accepts(states: States) -> bool:
    return any(_can_be_empty(node) for node in states)


def _step(states: States, char: int) -> States:
    return frozenset(rest for node in states for rest in _after(node, char))


@lru_cache(maxsize=65536)
def _after(node: Node, char: int) -> States:
    """What may be left to read of ``node`` once ``char`` is read."""
    if isinstance(node, Chars):
        return frozenset({Sequence()} if any(low <= char <= high for low, high in node.ranges) else ())
    if isinstance(node, Choice):
        return _step(frozenset(node.nodes), char)
    if isinstance(node, Repeat):
        if node.most == 0:
            return frozenset()
        most = None if node.most is None else node.most - 1
        again = Repeat(node.node, max(node.least - 1, 0), most)
        return frozenset(_join(rest, again) for rest in _after(node.node, char))
    if not node.parts:
        return frozenset()
    head, tail = node.parts[0], Sequence(node.parts[1:])
    rests = frozenset(_join(rest, tail) for rest in _after(head, char))
    return rests | _after(tail, char) if _can_be_empty(head) else rests


def _join(first: Node, second: Node) -> Node:
    parts: tuple[Node, ...] = ()
    for node in (first, second):
        parts += node.parts if isinstance(node, Sequence) else (node,)
    return Sequence(parts)


def _can_be_empty(node: Node) -> bool:
    if isinstance(node, Chars):
        return False
    if isinstance(node, Sequence):
        return all(map(_can_be_empty, node.parts))
    if isinstance(node, Choice):
        return any(map(_can_be_empty, node.nodes))
    return node.least == 0 or _can_be_empty(node.node)


def _edges(node: Node) -> set[int]:
    """One character out of each stretch that the pattern treats alike."""
    if isinstance(node, Chars):
        return {edge for low, high in node.ranges for edge in (low, high + 1) if edge <= TOP}
    if isinstance(node, Repeat):
        return _edges(node.node)
    nodes = node.parts if isinstance(node, Sequence) else node.nodes
    return set[int]().union(*map(_edges, nodes))
