"""Routes never conflict: the same handler answers, in whatever order the plugins come."""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable, Iterator
from typing import Any

import bottle
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from soundwave_core.errors import PluginError
from soundwave_core.permissions import AdminOnly, AdminWriteOnly, IsAuthenticated, IsOwnerOrAdmin, Public
from soundwave_core.records import Route
from soundwave_core.routing import RouteEntry, RouteTable, Rule, bind

AN_ID = "0190163d8694739ba9d13d5a7e1c0b42"


def handle(core: Any, request: Any) -> None:
    """Never called here: the endpoint answers by itself."""


def route(method: str, rule: str, **more: Any) -> Route:
    return Route(method, rule, handle, more.pop("permission", IsAuthenticated), **more)


def table_of(*rows: tuple[str, str, str]) -> RouteTable:
    table = RouteTable()
    for plugin, method, rule in rows:
        table.add(plugin, route(method, rule))
    return table


def app_of(table: RouteTable) -> bottle.Bottle:
    def endpoint(entry: RouteEntry) -> Callable[..., str]:
        return lambda **params: f"{entry.route.method} {entry.rule.text} {sorted(params.values())}"

    app = bottle.Bottle()
    bind(app, table, endpoint)
    return app


class Answer:
    """One request to a Bottle app, without a server."""

    def __init__(self, app: bottle.Bottle, method: str, path: str, query: str = "", prefix: str = "") -> None:
        environ = {
            "REQUEST_METHOD": method, "PATH_INFO": path.encode().decode("latin1"), "QUERY_STRING": query,
            "SCRIPT_NAME": prefix, "SERVER_NAME": "nas", "SERVER_PORT": "8889", "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(), "wsgi.errors": io.StringIO(),
        }  # fmt: skip
        self.status, self.headers = 0, dict[str, str]()
        self.text = b"".join(app(environ, self._start)).decode()

    def _start(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
        self.status, self.headers = int(status[:3]), dict(headers)


# Reading a rule


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        ("api/x/", "does not start with a slash"),
        ("/api/x", "must end in a slash"),
        ("/api/<x:id>", "must end in a slash"),
        (r"/api/<x:re:a\db>", "must end in a slash"),
        ("/api/<x>/", "no filter"),
        ("/api/<x:>/", "no filter"),
        ("/api/<x:uuid>/", "filter of x is unknown"),
        ("/api/<x:path>/", "filter of x is unknown"),
        ("/api/<x:id:a+>/", "filter of x is unknown"),
        ("/api/<x:re>/", "filter of x is unknown"),
        ("/api/<X:id>/", "name in lower case"),
        ("/api/<:id>/", "name in lower case"),
        ("/api/<x:id>.json", "not a mixture"),
        ("/api/a<x:id>/", "not a mixture"),
        ("/api/<x:id/", "a segment"),
        ("/api//x/", "a segment"),
        ("//", "a segment"),
        ("/api/../x/", "a segment"),
        ("/api/:x/", "a segment"),
        ("/api/ä/", "a segment"),
        ("/api/<x:id>/<x:id>/", "two wildcards of one name"),
        ("/static/<path:file>/", "nothing follows it"),
        ("/static/<path:file>/x/", "nothing follows it"),
        ("/api/<x:re:.+>/", "may match a slash or nothing"),
        ("/api/<x:re:[a-z]*>/", "may match a slash or nothing"),
        ("/api/<x:re:(?=a)a>/", "cannot be compared"),
        ("/api/<x:re:(>/", "will not do"),
    ],
)
def test_a_bad_rule_is_refused_in_one_sentence(rule: str, sentence: str) -> None:
    with pytest.raises(PluginError, match=sentence) as refusal:
        Rule.parse(rule)
    assert rule in refusal.value.sentence
    assert refusal.value.sentence.count(". ") == 0


@pytest.mark.parametrize(
    ("rule", "path", "params"),
    [
        ("/", "/", {}),
        ("/metrics", "/metrics", {}),
        ("/service-worker.js", "/service-worker.js", {}),
        ("/api/playlist/<playlist:id>/", f"/api/playlist/{AN_ID}/", {"playlist": AN_ID}),
        (
            "/api/task/<task:name>/run/",
            "/api/task/downloads.check-sources/run/",
            {"task": "downloads.check-sources"},
        ),
        ("/api/x/<n:int>/", "/api/x/042/", {"n": "042"}),
        ("/static/<path:file>", "/static/plugins/lyrics/a b.js", {"path": "plugins/lyrics/a b.js"}),
        ("/api/<kind:re:[^/]+>/", "/api/größe/", {"kind": "größe"}),
        ("/api/<act:re:(pause|resume)>/", "/api/pause/", {"act": "pause"}),
        (r"/feed/<feed:re:\w+\.xml>", "/feed/mine.xml", {"feed": "mine.xml"}),
    ],
)
def test_a_rule_matches_its_paths(rule: str, path: str, params: dict[str, str]) -> None:
    assert Rule.parse(rule).match(path) == params
    answer = Answer(app_of(table_of(("core", "GET", rule))), "GET", path)
    assert (answer.status, answer.text) == (200, f"GET {rule} {sorted(params.values())}")


@pytest.mark.parametrize("word", ["downloads", "active", "completed", "items", AN_ID.upper(), AN_ID[1:], AN_ID + "0"])
def test_an_id_is_never_a_word(word: str) -> None:
    table = table_of(("library", "GET", "/api/playlist/<playlist:id>/"))
    assert table.match("GET", f"/api/playlist/{word}/") is None
    assert Answer(app_of(table), "GET", f"/api/playlist/{word}/").status == 404


@pytest.mark.parametrize("path", [f"/x/{AN_ID}/\n", f"/x/{AN_ID}\n", "/x/\u0664\u0662/", "/y/\u0664/"])
def test_newlines_and_foreign_digits_do_not_match(path: str) -> None:
    table = table_of(("a", "GET", "/x/<x:id>/"), ("a", "GET", "/x/<n:int>/"), ("a", "GET", r"/y/<n:re:\d+>/"))
    assert table.match("GET", path) is None
    assert Answer(app_of(table), "GET", path).status == 404


def test_a_resource_needs_its_wildcard() -> None:
    with pytest.raises(PluginError, match="no wildcard of that name"):
        RouteTable().add("library", route("GET", "/api/x/<x:id>/", resource="playlist"))


# The downloads beside the playlists

SIX = {
    "/api/playlist/": ("library", "/api/playlist/"),
    "/api/playlist/<playlist:id>/": ("library", f"/api/playlist/{AN_ID}/"),
    "/api/playlist/downloads/": ("downloads", "/api/playlist/downloads/"),
    "/api/playlist/downloads/<download:id>/": ("downloads", f"/api/playlist/downloads/{AN_ID}/"),
    "/api/playlist/downloads/active/": ("downloads", "/api/playlist/downloads/active/"),
    "/api/playlist/downloads/completed/": ("downloads", "/api/playlist/downloads/completed/"),
}


@pytest.mark.parametrize("wildcard", ["id", "re:[^/]+"])
def test_all_six_are_themselves_in_every_order_of_registration(wildcard: str) -> None:
    orders = set()
    for order in itertools.permutations(SIX):
        table = table_of(*((SIX[rule][0], "GET", rule.replace(":id", f":{wildcard}")) for rule in order))
        orders.add(tuple(entry.rule.text for entry in table.routes()))
        for rule, (plugin, path) in SIX.items():
            found = table.match("GET", path)
            assert found is not None
            assert (found[0].plugin, found[0].rule.text) == (plugin, rule.replace(":id", f":{wildcard}"))
    assert len(orders) == 1


def test_all_six_are_themselves_in_bottle() -> None:
    for order in (tuple(SIX), tuple(SIX)[::-1]):
        app = app_of(table_of(*((SIX[rule][0], "GET", rule) for rule in order)))
        for rule, (_, path) in SIX.items():
            assert Answer(app, "GET", path).text.startswith(f"GET {rule} ")


# Refusals


@pytest.mark.parametrize(
    ("first", "second", "sentence"),
    [
        ("GET /x/<a:id>/", "GET /x/<b:id>/", "same rule twice"),
        ("GET /x/", "GET /x/", "same rule twice"),
        ("GET /x/a.js", "GET /x/a.js/", "same rule twice"),
        ("GET /metrics", "GET /metrics/", "same rule twice"),
        (r"GET /x/<a:re:\d+>/", "GET /x/<b:re:[0-9]+>/", "same rule twice"),
        ("GET /x/<a:name>/static/", "GET /x/static/<b:name>/", "neither is the more specific"),
        ("GET /x/<a:id>/", "GET /x/<b:name>/", "neither is the more specific"),
        ("PUT /<a:name>/x/", "PUT /y/<b:name>/", "neither is the more specific"),
        (r"GET /f/<a:re:[a-z.]+\.xml>", "GET /f/<b:name>/", "neither is the more specific"),
        ("GET /x/<a:re:b>/c/", "GET /x/b/<c:name>/", "neither is the more specific"),
        ("GET /x/<path:file>", "GET /x/a/", "file wildcard may not cover"),
        ("GET /x/<path:file>", "POST /x/<a:id>/b/", "file wildcard may not cover"),
        ("GET /<path:file>", "POST /x/", "file wildcard may not cover"),
        ("GET /x/<path:file>", "GET /x/<path:file>", "file wildcard may not cover"),
        ("GET /x/<path:file>", "GET /<a:name>/b.js", "file wildcard may not cover"),
    ],
)
def test_a_conflict_is_refused_and_names_both(first: str, second: str, sentence: str) -> None:
    for one, two in ((first, second), (second, first)):
        table = RouteTable()
        table.add("alpha", route(*one.split()))
        with pytest.raises(PluginError, match=sentence) as refusal:
            table.add("beta", route(*two.split()))
        for part in ("alpha", "beta", one, two):
            assert part in refusal.value.sentence
        assert [entry.plugin for entry in table.routes()] == ["alpha"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("GET /x/<a:id>/", "GET /x/<b:int>/"),
        ("GET /x/<a:id>/static/", "GET /x/static/<b:id>/"),
        ("GET /x/<a:name>/", "GET /x/static/"),
        ("GET /x/<a:name>/", "GET /x/<b:re:pause|resume>/"),
        ("GET /x/<a:name>/static/", "POST /x/static/<b:name>/"),
        ("GET /x/<a:id>/", "PATCH /x/<b:id>/"),
        ("GET /x/<a:id>/", "GET /x/<a:id>/y/"),
        ("GET /x/<path:file>", "GET /x/"),
        ("GET /x/<path:file>", "GET /y/<path:file>"),
        ("GET /f/<b:name>/", r"GET /f/<a:re:[a-z]{1,9}\.xml>/"),
    ],
)
def test_what_does_not_conflict_lives_together(first: str, second: str) -> None:
    for one, two in ((first, second), (second, first)):
        table = table_of(("alpha", *one.split()), ("beta", *two.split()))
        assert len(table.routes()) == 2


def test_one_plugin_may_be_more_specific_below_its_own_file_wildcard() -> None:
    rows = [("web", "GET", "/static/<path:file>"), ("web", "GET", "/static/plugins/<p:name>/<path:file>")]
    for order in (rows, rows[::-1]):
        table = table_of(*order)
        found = table.match("GET", "/static/plugins/lyrics/a.js")
        assert found is not None
        assert found[1] == {"p": "lyrics", "path": "a.js"}


def test_patterns_too_intricate_to_compare_are_refused_with_both_names() -> None:
    table = table_of(("alpha", "GET", "/x/<a:re:(a{149})+b>/"))
    with pytest.raises(PluginError, match=r"beta's GET .* and alpha's GET .* cannot be compared"):
        table.add("beta", route("GET", "/x/<a:re:(a{151})+c>/"))


def test_patterns_are_compared_even_where_their_rules_never_meet() -> None:
    table = table_of(("alpha", "GET", "/x/<a:re:(a{149})+b>/"))
    with pytest.raises(PluginError, match="too intricate"):
        table.add("beta", route("GET", "/y/z/<a:re:(a{151})+c>/"))
    assert len(table.routes()) == 1


def test_a_withdrawn_plugin_takes_its_routes_along() -> None:
    table = table_of(("library", "GET", "/x/"), ("lyrics", "GET", "/y/"), ("lyrics", "PUT", "/x/"))
    table.withdraw("lyrics")
    assert [entry.label for entry in table.routes()] == ["library's GET /x/"]
    assert table.allowed_methods("/y/") == set()
    table.add("other", route("GET", "/y/"))


# Slashes and methods


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    ("path", "query", "prefix", "location"),
    [
        ("/api/playlist", "", "", "/api/playlist/"),
        (
            f"/api/playlist/{AN_ID}",
            "limit=2&cursor=a%2Fb",
            "",
            f"/api/playlist/{AN_ID}/?limit=2&cursor=a%2Fb",
        ),
        ("/api/playlist", "q=%0d%0aX", "/audio", "/audio/api/playlist/?q=%0d%0aX"),
        ("/any/größe\r\n", "", "/audio", "/audio/any/gr%C3%B6%C3%9Fe%0D%0A/"),
        ("/any/\\evil.com", "", "", "/any/%5Cevil.com/"),
    ],
)
def test_a_path_without_its_slash_is_sent_to_the_canonical_one(
    method: str, path: str, query: str, prefix: str, location: str
) -> None:
    rules = ("/api/playlist/", "/api/playlist/<playlist:id>/", "/any/<x:re:[^/]+>/")
    app = app_of(table_of(*(("library", "GET", rule) for rule in rules)))
    answer = Answer(app, method, path, query, prefix)
    assert (answer.status, answer.headers["Location"], answer.text) == (308, location, "")
    assert answer.headers["Cache-Control"] == "no-store"  # the query may be a secret


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_writes_are_served_with_and_without_the_slash(method: str) -> None:
    app = app_of(table_of(("a", method, "/x/<x:id>/"), ("a", method, "/x/"), ("a", "GET", "/x/")))
    for end in ("", "/"):
        assert Answer(app, method, f"/x/{AN_ID}{end}").text == f"{method} /x/<x:id>/ ['{AN_ID}']"
        assert Answer(app, method, f"/x{end}").text == f"{method} /x/ []"


def test_rules_with_a_dot_have_no_twin() -> None:
    app = app_of(table_of(("a", "GET", "/x.js"), ("a", "GET", "/metrics"), ("a", "GET", "/s/<path:file>")))
    assert [Answer(app, "GET", path).status for path in ("/x.js/", "/metrics/", "/s/", "/s")] == [404] * 4


def test_head_is_answered_by_get() -> None:
    table = table_of(("a", "GET", "/x/<x:id>/"))
    assert Answer(app_of(table), "HEAD", f"/x/{AN_ID}/").status == 200
    assert table.match("HEAD", f"/x/{AN_ID}/") == table.match("GET", f"/x/{AN_ID}/")


PLAYLISTS = (
    ("library", "GET", "/api/playlist/<playlist:id>/"),
    ("library", "PATCH", "/api/playlist/<playlist:id>/"),
    ("downloads", "POST", "/api/playlist/downloads/"),
    ("downloads", "GET", "/api/playlist/downloads/active/"),
    ("lyrics", "DELETE", "/api/playlist/<playlist:id>/"),
)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PATCH", "/api/playlist/downloads/", {"POST", "OPTIONS"}),
        ("GET", "/api/playlist/downloads/", {"POST", "OPTIONS"}),
        ("GET", "/api/playlist/downloads", {"POST", "OPTIONS"}),
        ("POST", f"/api/playlist/{AN_ID}/", {"GET", "HEAD", "PATCH", "DELETE", "OPTIONS"}),
        ("PUT", f"/api/playlist/{AN_ID}", {"GET", "HEAD", "PATCH", "DELETE", "OPTIONS"}),
        ("POST", "/api/playlist/downloads/active/", {"GET", "HEAD", "OPTIONS"}),
        ("BREW", "/api/playlist/downloads/", {"POST", "OPTIONS"}),
        ("POST", "/api/playlist/active/", set()),
        ("GET", "/nowhere/", set()),
    ],
)
def test_another_method_is_405_and_knows_what_is_allowed(method: str, path: str, allowed: set[str]) -> None:
    table = table_of(*PLAYLISTS)
    assert table.allowed_methods(path) == allowed
    assert Answer(app_of(table), method, path).status == (405 if allowed else 404)
    assert table.match(method, path) is None


def test_rules_of_two_methods_that_cross_do_not_hide_each_other() -> None:
    rows = [("alpha", "GET", "/x/<a:name>/static/"), ("beta", "POST", "/x/static/<b:name>/")]
    for order in (rows, rows[::-1]):
        table = table_of(*order)
        app = app_of(table)
        assert Answer(app, "GET", "/x/static/static/").text == "GET /x/<a:name>/static/ ['static']"
        assert Answer(app, "POST", "/x/static/static/").text == "POST /x/static/<b:name>/ ['static']"
        assert Answer(app, "PUT", "/x/static/static/").status == 405
        assert table.allowed_methods("/x/static/static/") == {"GET", "HEAD", "POST", "OPTIONS"}


def test_many_routes_are_bound_right() -> None:
    table = table_of(*(("a", "GET", f"/x/<x:id>/{number}/") for number in range(250)))
    app = app_of(table)
    for number in (0, 98, 99, 100, 249):
        assert Answer(app, "GET", f"/x/{AN_ID}/{number}/").text == f"GET /x/<x:id>/{number}/ ['{AN_ID}']"


def test_listing_has_a_row_for_each_route() -> None:
    table = RouteTable()
    table.add("library", route("PATCH", "/x/<x:id>/", resource="x", permission=IsOwnerOrAdmin))
    table.add("library", route("GET", "/x/<x:id>/", resource="x", permission=IsOwnerOrAdmin, scope="play"))
    table.add("downloads", route("POST", "/c/", permission=AdminWriteOnly))
    table.add("downloads", route("GET", "/c/", permission=AdminWriteOnly))
    table.add("system", route("GET", "/admin/", permission=AdminOnly))
    table.add("core", route("GET", "/a.js", permission=Public))
    rows = table.listing()
    assert [(row[0], row[1], row[3], row[4]) for row in rows] == [
        ("GET", "/a.js", "", ""),
        ("GET", "/admin/", "", "admin"),
        ("GET", "/c/", "", "read"),
        ("POST", "/c/", "", "admin"),
        ("GET", "/x/<x:id>/", "x", "play"),
        ("PATCH", "/x/<x:id>/", "x", "write"),
    ]
    assert rows[1] == ("GET", "/admin/", "AdminOnly", "", "admin", "system", f"{__name__}.handle")


# Any rules, any paths, any order

FILTERS_TRIED = [
    "id",
    "name",
    "int",
    "re:[^/]+",
    "re:a|b",
    "re:[ab]",
    "re:a",
    r"re:\w+",
    "re:[a-z]+",
    "re:[^/]+.b",
]
SEGMENTS = st.sampled_from(["a", "b", "a.b", *(f"<{{}}:{kind}>" for kind in FILTERS_TRIED)])
TEXTS = st.sampled_from(["a", "b", "c", "a.b", "7", AN_ID, "a" * 32, "Ä", "-"])


@st.composite
def rules(draw: st.DrawFn) -> str:
    parts = [part.replace("{}", f"w{n}") for n, part in enumerate(draw(st.lists(SEGMENTS, min_size=1, max_size=3)))]
    if draw(st.integers(0, 9)) == 0:
        return "/" + "/".join([*parts[:-1], "<rest:file>"])
    return "/" + "/".join(parts) + ("" if parts[-1] == "a.b" and draw(st.booleans()) else "/")


def accepted(rows: list[tuple[str, str]]) -> list[tuple[str, str, str]]:
    """Those of the rows that one table takes, from one plugin."""
    table, taken = RouteTable(), []
    for method, rule in rows:
        try:
            table.add("p", route(method, rule))
        except PluginError:
            continue
        taken.append(("p", method, rule))
    return taken


def most_specific(rows: list[tuple[str, str, str]], method: str, path: str) -> str | None:
    """By the definition alone: the matching rule that is nowhere more general than another."""
    matching = [Rule.parse(r) for _, m, r in rows if m == method and Rule.parse(r).match(path) is not None]
    best = [r for r in matching if all(o is r or r.relation(o).value == "within" for o in matching)]
    assert len(best) == (1 if matching else 0)
    return best[0].text if best else None


ROWS = st.lists(st.tuples(st.sampled_from(["GET", "POST"]), rules()), min_size=2, max_size=12)
PATHS = st.lists(st.lists(TEXTS, min_size=1, max_size=4), min_size=1, max_size=12)


@settings(deadline=None)
@given(ROWS, PATHS, st.sampled_from(["", "/"]), st.randoms(use_true_random=False))
def test_the_most_specific_answers_in_any_order(
    rows: list[tuple[str, str]], paths: list[list[str]], end: str, random: Any
) -> None:
    taken = accepted(rows)
    assume(len(taken) > 1)
    shuffled = random.sample(taken, len(taken))
    table = table_of(*shuffled)  # nothing is refused that was taken in another order
    app = app_of(table)
    assert [e.rule.text for e in table.routes()] == [e.rule.text for e in table_of(*taken).routes()]
    for method, path in requests(paths, end):
        expected = most_specific(taken, method, path)
        found = table.match(method, path)
        assert (found[0].rule.text if found else None) == expected
        answer = Answer(app, method, path)
        if expected is None:
            assert answer.status == (405 if table.allowed_methods(path) else 404)
        elif answer.status == 308:
            assert (method, path[-1] == "/", expected[-1]) == ("GET", False, "/")
        else:
            assert answer.text.startswith(f"{method} {expected} ")


def requests(paths: list[list[str]], end: str) -> Iterator[tuple[str, str]]:
    for parts in paths:
        for method in ("GET", "POST"):
            yield method, "/" + "/".join(parts) + end
