"""Routes never conflict: every rule is compared with every other, and sorted, before Bottle sees one.

A path has at most one handler a method, whatever the order in which plugins come: two rules of one method
may meet only where one is more specific, segment by segment, and that one wins. The rest is refused.

Rules of different methods may meet as they like: Bottle looks for a match within the request's method, and
only then whether another method would have done (405), so they cannot hide each other. The exception is a
``file`` wildcard, which claims a whole subtree: no other plugin may have a rule of any method below it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import quote

import bottle

from .errors import PluginError
from .patterns import Relation, relation
from .permissions import Public, needed_scope
from .records import Route
from .rules import FILTERS, Rule, as_ascii

__all__ = ["RouteEntry", "RouteTable", "Rule", "bind", "ensure_no_conflict", "name_of"]


@dataclass(frozen=True, slots=True)
class RouteEntry:
    """A route in the table: whose it is, and its rule as it was read."""

    plugin: str
    route: Route
    rule: Rule

    @property
    def label(self) -> str:
        return f"{self.plugin}'s {self.route.method} {self.rule.text}"


class RouteTable:
    """Every route of every plugin, free of conflicts."""

    def __init__(self) -> None:
        self._entries: list[RouteEntry] = []
        self._sorted: tuple[RouteEntry, ...] | None = None

    def add(self, plugin_name: str, route: Route) -> RouteEntry:
        """Take a route in, or raise PluginError; the table is then as it was."""
        entry = RouteEntry(plugin_name, route, Rule.parse(route.rule))
        names = [wildcard.name for wildcard in entry.rule.wildcards]
        if route.resource is not None and route.resource not in names:
            raise PluginError(f"{entry.label} guards a {route.resource}, but has no wildcard of that name.")
        for other in self._entries:
            ensure_no_conflict(entry, other)
        _ranks([*self._entries, entry])  # every pattern can be compared with every other
        self._entries.append(entry)
        self._sorted = None
        return entry

    def withdraw(self, plugin_name: str) -> None:
        """Take a plugin's routes out."""
        self._entries = [entry for entry in self._entries if entry.plugin != plugin_name]
        self._sorted = None

    def routes(self) -> Sequence[RouteEntry]:
        """All routes, the more specific first, the same whatever the order of ``add``."""
        if self._sorted is None:
            self._sorted = tuple(_by_specificity(self._entries))
        return self._sorted

    def match(self, method: str, path: str) -> tuple[RouteEntry, dict[str, str]] | None:
        """The route that answers, as Bottle finds it, and the wildcards' texts."""
        wanted = "GET" if method == "HEAD" else method
        for entry in self.routes():
            if entry.route.method == wanted and (params := entry.rule.match(path)) is not None:
                return entry, params
        return None

    def allowed_methods(self, path: str) -> set[str]:
        """What an Allow header lists for a path; empty where there is nothing (404)."""
        found = {entry.route.method for entry in self.routes() if entry.rule.match(path) is not None}
        if "GET" in found:
            found.add("HEAD")
        return found | {"OPTIONS"} if found else found

    def listing(self) -> list[tuple[str, ...]]:
        """For ``soundwave routes``, by path: method, rule, permission, resource, scope, plugin, handler."""
        entries = sorted(self.routes(), key=lambda entry: (entry.rule.text, entry.route.method))
        return [_row(entry) for entry in entries]


def ensure_no_conflict(entry: RouteEntry, other: RouteEntry) -> None:
    """Raise PluginError, naming both plugins and both rules, where two routes may not stand together."""
    try:
        how = entry.rule.relation(other.rule)
    except PluginError as error:
        raise PluginError(f"{entry.label} and {other.label} cannot be compared: {error}.") from error
    if how is Relation.APART:
        return
    pair = f"{entry.label} and {other.label}"
    if entry.plugin != other.plugin and (entry.rule.is_greedy or other.rule.is_greedy):
        raise PluginError(f"{pair} overlap: a file wildcard may not cover another plugin's paths.")
    if entry.route.method != other.route.method:
        return
    if how is Relation.SAME:
        raise PluginError(f"{pair} are the same rule twice.")
    if how is Relation.CROSSING:
        raise PluginError(f"{pair} match some of the same paths, and neither is the more specific.")


def bind(app: bottle.Bottle, table: RouteTable, endpoint: Callable[[RouteEntry], Callable[..., Any]]) -> None:
    """Bind every route to ``endpoint(entry)``, which is called with the wildcards' texts by name.

    A rule that ends in a slash is bound without it too: GET and HEAD are sent to the canonical path, other
    methods are served at once (a redirected write loses its body in too many clients).
    """
    for name in FILTERS:
        app.router.add_filter(name, partial(_mask, name))
    app.router.add_filter("re", lambda pattern: (as_ascii(pattern), None, None))
    app.router.add_filter("end", lambda slash: (r"/?\Z" if slash else r"\Z", None, None))
    for entry in table.routes():
        method, rule, callback = entry.route.method, entry.rule, endpoint(entry)
        if rule.has_slash and method == "GET":
            callback = _canonical(callback)
        for text in _bottle_rules(rule):
            app.route(text, method, callback)


def _bottle_rules(rule: Rule) -> list[str]:
    """A rule for Bottle, its slashless twin with it. ``end`` is there as Bottle's ``$`` lets a newline pass.

    One rule with an optional slash spares a second one: Bottle compiles all anew at each that is added.
    """
    if not rule.segments or not rule.has_slash:
        return [rule.text + ("<:end>" if rule.wildcards else "")]
    twin = rule.text.removesuffix("/")
    return [f"{twin}<:end:slash>"] if rule.wildcards else [rule.text, twin]


def _mask(name: str, _: str | None) -> tuple[str, None, None]:
    """A filter as Bottle wants it: the pattern, and no conversions."""
    return as_ascii(FILTERS[name]), None, None


def _canonical(callback: Callable[..., Any]) -> Callable[..., Any]:
    """The callback, but 308 to the path with its slash, below the prefix, with the query."""

    def call(**params: str) -> Any:
        request = bottle.request
        if request.path.endswith("/"):
            return callback(**params)
        path = quote(request.script_name.rstrip("/") + request.path + "/")
        query = f"?{request.query_string}" if request.query_string else ""
        # The query may be a secret, such as the set-up code.
        return bottle.HTTPResponse("", 308, Location=path + query, Cache_Control="no-store")

    return call


def _by_specificity(entries: Sequence[RouteEntry]) -> list[RouteEntry]:
    """Sorted so that of two rules that meet the more specific is first.

    A wildcard ranks by how many of the table's patterns lie within its own: where one lies within another,
    so does all that lies within it, and its count is lower. Names and texts only break ties.
    """
    ranks = _ranks(entries)

    def key(entry: RouteEntry) -> tuple[list[tuple[int, int]], str, str, str]:
        segments = [
            (2, 0) if s.is_file else (0, 0) if s.text is not None else (1, ranks[s.pattern])
            for s in entry.rule.segments
        ]
        return segments, entry.rule.text, entry.route.method, entry.plugin

    return sorted(entries, key=key)


def _ranks(entries: Sequence[RouteEntry]) -> dict[str, int]:
    """For each pattern, how many of the others lie within it. Raises PluginError."""
    patterns = {wildcard.pattern for e in entries for wildcard in e.rule.wildcards if not wildcard.is_file}
    return {p: sum(relation(other, p) is Relation.WITHIN for other in patterns) for p in patterns}


def name_of(handler: Any) -> str:
    """A handler's name; that of the function inside where it is a partial."""
    return str(getattr(handler, "__name__", None) or name_of(getattr(handler, "func", type(handler))))


def _row(entry: RouteEntry) -> tuple[str, ...]:
    route = entry.route
    return (
        route.method,
        entry.rule.text,
        route.permission.name,
        route.resource or "",
        "" if route.permission is Public else needed_scope(route),
        entry.plugin,
        f"{getattr(route.handler, '__module__', '')}.{name_of(route.handler)}",
    )
