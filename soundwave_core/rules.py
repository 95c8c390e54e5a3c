"""A route's rule: read, checked, matched, and compared with another.

A rule is a path of segments. Each is a text or one wildcard with a filter: ``<playlist:id>``,
``<task:name>``, ``<n:int>``, ``<kind:re:hour|day>``, and at the end ``<path:file>``, which takes slashes too.
A rule ends in a slash unless its last segment has a dot. That slash does not tell one rule from another:
``/x`` and ``/x/`` are one place.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from .clock import ID_PATTERN
from .errors import PluginError
from .pattern_syntax import parse
from .patterns import Relation, relation

FILE = "file"
FILTERS = {
    "id": ID_PATTERN,
    "name": "[a-z][a-z0-9._-]{0,99}",
    "int": "[0-9]{1,18}",
    FILE: "[^\\x00]+",
}
SLASHLESS = frozenset({"metrics"})  # names that others have fixed (Prometheus)
_TOKEN = re.compile(r"/(?:<(?P<name>\w*)(?::(?P<filter>[^:>]*))?(?::(?P<pattern>(?:\\.|[^\\>])+))?>|(?P<text>[^/<>]*))")
_STATIC = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._~-]+")
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_HAS_DOT = r"[^/]*\.[^/]*"
_ONE_SEGMENT = "[^/]+"


@dataclass(frozen=True, slots=True)
class Segment:
    """What stands between two slashes: a ``text``, or a wildcard with a ``name`` and a ``filter``."""

    pattern: str
    text: str | None = None
    name: str = ""
    filter: str = ""

    @property
    def is_file(self) -> bool:
        """Whether it is a wildcard that takes all the rest, slashes too."""
        return self.filter == FILE

    def relation(self, other: Segment) -> Relation:
        """How this segment's texts lie to another's. A text is within any wildcard that can be it."""
        if self.text is not None and other.text is not None:
            return Relation.SAME if self.text == other.text else Relation.APART
        if self.text is not None:
            return Relation.WITHIN if other.is_match(self.text) else Relation.APART
        if other.text is not None:
            return Relation.AROUND if self.is_match(other.text) else Relation.APART
        return relation(self.pattern, other.pattern)

    def is_match(self, text: str) -> bool:
        """Whether the wildcard's pattern takes the whole text."""
        return re.fullmatch(as_ascii(self.pattern), text) is not None


@dataclass(frozen=True)
class Rule:
    """A rule, read and checked. ``has_slash``: its canonical paths end in one."""

    text: str
    segments: tuple[Segment, ...]
    has_slash: bool

    @classmethod
    def parse(cls, text: str) -> Rule:
        """Read a rule; PluginError says in one sentence what is wrong with it."""
        if not text.startswith("/"):
            raise PluginError(f"The rule {text} does not start with a slash.")
        has_slash = text.endswith("/")
        body = text[:-1] if has_slash else text
        segments, position = list[Segment](), 0
        while position < len(body):
            token = _TOKEN.match(body, position)
            if token is None or body[token.end() : token.end() + 1] not in ("", "/"):
                raise PluginError(f"The rule {text}: a segment is a text or one <name:filter>, not a mixture.")
            segments.append(_segment(text, token))
            position = token.end()
        rule = cls(text, tuple(segments), has_slash)
        rule._check()
        return rule

    def _check(self) -> None:
        names = [segment.name for segment in self.wildcards]
        if len(set(names)) < len(names):
            raise PluginError(f"The rule {self.text} has two wildcards of one name.")
        if any(segment.is_file for segment in self.segments[:-1]) or (self.is_greedy and self.has_slash):
            raise PluginError(f"The rule {self.text}: a file wildcard takes all the rest, so nothing follows it.")
        if not self.has_slash and not self.is_greedy and not _may_lack_slash(self.segments[-1]):
            raise PluginError(f"The rule {self.text} must end in a slash: its last segment has no dot.")

    @property
    def wildcards(self) -> tuple[Segment, ...]:
        """The segments that are no text, in order."""
        return tuple(segment for segment in self.segments if segment.text is None)

    @property
    def is_greedy(self) -> bool:
        """Whether it ends in a ``file`` wildcard."""
        return bool(self.segments) and self.segments[-1].is_file

    @property
    def shape(self) -> str:
        """The rule without the wildcards' names and without the last slash."""
        return "".join(f"/{s.text if s.text is not None else f'<{s.pattern}>'}" for s in self.segments)

    @cached_property
    def _regex(self) -> re.Pattern[str]:
        parts = (f"/(?P<{s.name}>{as_ascii(s.pattern)})" if s.text is None else f"/{s.pattern}" for s in self.segments)
        return re.compile("".join(parts) + ("/?" if self.has_slash else ""))

    def match(self, path: str) -> dict[str, str] | None:
        """The wildcards' texts where the path (or the path with a slash more) is this rule's, else None."""
        found = self._regex.fullmatch(path)
        return None if found is None else found.groupdict()

    def relation(self, other: Rule) -> Relation:
        """How the paths of two rules lie; WITHIN: this one is more specific, segment by segment."""
        if not (self.is_greedy or other.is_greedy) and len(self.segments) != len(other.segments):
            return Relation.APART
        result = Relation.SAME
        for mine, theirs in zip(self.segments, other.segments, strict=False):
            if mine.is_file or theirs.is_file:
                return _both(result, _greedy_relation(mine, theirs))
            result = _both(result, mine.relation(theirs))
            if result is Relation.APART:
                return result
        return result if len(self.segments) == len(other.segments) else Relation.APART


def as_ascii(pattern: str) -> str:
    """The pattern as a group in which ``\\d`` and ``\\w`` mean ASCII, as ``patterns`` reads them."""
    return f"(?a:{pattern})"


def _both(first: Relation, second: Relation) -> Relation:
    """The relation of two paths from those of their parts."""
    if Relation.APART in (first, second):
        return Relation.APART
    if first is second or second is Relation.SAME:
        return first
    return second if first is Relation.SAME else Relation.CROSSING


def _greedy_relation(mine: Segment, theirs: Segment) -> Relation:
    if mine.is_file and theirs.is_file:
        return Relation.SAME
    return Relation.AROUND if mine.is_file else Relation.WITHIN


def _segment(rule: str, token: re.Match[str]) -> Segment:
    name, kind, pattern, text = token["name"], token["filter"], token["pattern"], token["text"]
    if text is not None:
        if not _STATIC.fullmatch(text):
            raise PluginError(f"The rule {rule}: a segment is of letters, digits and ._~- and not empty.")
        return Segment(re.escape(text), text)
    if not _NAME.fullmatch(name):
        raise PluginError(f"The rule {rule}: each wildcard needs a name in lower case.")
    if not kind:
        raise PluginError(f"The rule {rule}: the wildcard {name} has no filter; write <{name}:id>, say.")
    if kind == "re" and pattern:
        _ensure_comparable(rule, name, pattern)
        return Segment(pattern, None, name, kind)
    if kind not in FILTERS or pattern:
        known = ", ".join(FILTERS)
        raise PluginError(f"The rule {rule}: the filter of {name} is unknown; there are {known} and re:pattern.")
    return Segment(FILTERS[kind], None, name, kind)


def _ensure_comparable(rule: str, name: str, pattern: str) -> None:
    try:
        re.compile(as_ascii(pattern))
        parse(pattern)
        is_one_segment = relation(pattern, _ONE_SEGMENT) in (Relation.SAME, Relation.WITHIN)
    except (re.error, PluginError) as error:
        raise PluginError(f"The rule {rule}: the pattern of {name} will not do ({error}).") from error
    if not is_one_segment:
        raise PluginError(f"The rule {rule}: the pattern of {name} may match a slash or nothing at all.")


def _may_lack_slash(last: Segment) -> bool:
    if last.text is not None:
        return "." in last.text or last.text in SLASHLESS
    return relation(last.pattern, _HAS_DOT) in (Relation.SAME, Relation.WITHIN)
