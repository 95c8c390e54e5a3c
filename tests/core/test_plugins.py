"""Plugins: found, checked, withdrawn whole; and the three ways to call a hook."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from core.toys import ECHO, Echo, echo, routes, toy

from soundwave_core import (
    IsAuthenticated,
    IsOwnerOrAdmin,
    Job,
    Json,
    Migration,
    Page,
    Permission,
    PluginError,
    PrecacheEntry,
    Public,
    ResourceKind,
    Route,
    Setting,
    Slot,
    SoundWave,
    StartError,
    Unavailable,
    transaction,
)
from soundwave_core.testing import Client, MakeCore


def status_of(core: Any, name: str) -> tuple[str, str]:
    record = core.plugins.records[name]
    return record.status, record.reason


def test_bundled_plugins_come_first_and_run(make_core: MakeCore) -> None:
    core = make_core(plugins={"aaa": toy()})
    assert list(core.plugins.records) == ["auth", "library", "downloads", "offline", "system", "aaa"]
    assert {record.status for record in core.plugins.records.values()} == {"enabled"}


class Doom(BaseException):
    """No Exception."""


def raising(error: BaseException | None = None) -> Any:
    raise error or RuntimeError("out of luck")


def wrapped(core: Any) -> Any:
    yield


async def sleepy(core: Any) -> None:
    """Never awaited."""


def ui(*views: Page | Slot) -> Any:
    return toy(register_ui=lambda core: views)


def keeps(url: str) -> Any:
    return toy(register_precache=lambda core: [PrecacheEntry(url, "1")])


BROKEN = {
    "unknown hook": (toy(register_rotues=lambda core: []), "register_rotues"),
    "unknown argument": (toy(startup=lambda core, weather: None), "weather"),
    "raise in settings": (toy(register_settings=lambda: raising()), "out of luck"),
    "raise in routes": (toy(register_routes=lambda core: raising()), "out of luck"),
    "raise in startup": (toy(startup=lambda core: raising()), "out of luck"),
    "no list": (toy(register_routes=lambda core: 7), "register_routes returns 7, not a list of Route"),
    "foreign setting": (toy(register_settings=lambda: [Setting("other.x", int, 1, "x")]), "other.x"),
    "foreign job": (toy(register_jobs=lambda core: [Job("other.x", print, "x", every_seconds=9)]), "other.x"),
    "bad migration": (toy(register_migrations=lambda: [Migration(1, "x", "CREATE TABEL x")]), "TABEL"),
    "taken route": (routes(Route("GET", "/api/ping/", echo, Public)), "system"),
    "unknown resource": (
        routes(Route("GET", "/api/x/<x:id>/", echo, IsAuthenticated, resource="x")),
        "no plugin knows the resource x",
    ),
    "exit": (toy(startup=lambda core: exit(3)), "SystemExit"),
    "end of the world": (toy(startup=lambda core: raising(Doom("now"))), "Doom: now"),
    "no settings": (toy(register_settings=lambda: [7]), "with 7, which is no Setting"),
    "a lazy list": (toy(register_settings=lambda: (s for s in [])), "register_settings returns <generator"),
    "no migrations": (toy(register_migrations=lambda: "CREATE TABLE x"), "returns 'CREATE TABLE x', not a list of"),
    "no resources": (toy(register_resources=lambda core: {"x": 1}), "returns {'x': 1}, not a list of ResourceKind"),
    "no routes": (toy(register_routes=lambda core: [None]), "with None, which is no Route"),
    "no jobs": (toy(register_jobs=lambda core: ["tick"]), "with 'tick', which is no Job"),
    "no ui": (toy(register_ui=lambda core: [Migration(1, "x", "x")]), "which is no Page or Slot"),
    "no precache": (toy(register_precache=lambda core: ["x.js"]), "with 'x.js', which is no PrecacheEntry"),
    "a generator": (toy(startup=wrapped), "a generator or coroutine is never run"),
    "a coroutine": (toy(startup=sleepy), "a generator or coroutine is never run"),
    "taken resource": (toy(register_resources=lambda core: [ResourceKind("track", print)]), "track is there already"),
    "REQUIRES without its comma": (toy("auth"), 'write ("auth",)'),
    "taken element": (ui(Page("/x/", "X", "login-page", Public)), "login-page is there already"),
    "the same slot twice": (ui(*[Slot("settings", "x-y", Public, None)] * 2), "x-y is there already"),
    "no element": (ui(Page("/x/", "X", "<script>", Public)), "no name for an element"),
    "no such place": (ui(Slot("ceiling", "x-y", Public, None)), "ceiling is none of"),
    "no such module": (ui(Slot("settings", "x-y", Public, "x.js")), "there is no x.js in the plugin's static/"),
    "a permission of its own": (ui(Page("/x/", "X", "x-y", Permission("Mine", "x"))), "none of the five"),
    "taken page": (ui(Page("/login/", "X", "x-y", Public)), "/login/"),
    "precache of nothing": (keeps("static/nothing.js"), "static/nothing.js cannot be kept"),
    "precache of an unknown path": (keeps("nothing/"), "cannot be kept"),
    "precache of a private path": (keeps("api/playlist/"), "cannot be kept"),
    "precache of another site": (keeps("//evil.example/x.js"), "cannot be kept"),
    "precache of a url": (keeps("https://evil.example/x.js"), "cannot be kept"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_plugin_is_withdrawn_whole(make_core: MakeCore, case: str) -> None:
    module, reason = BROKEN[case]
    if not hasattr(module, "register_ui"):
        page = [Page("/toy/", "Toy", "toy-page", Public)]
        module.register_ui = toy(register_ui=lambda core: page).register_ui
    core = make_core(plugins={"toy": module})
    status, said = status_of(core, "toy")
    assert status == "failed"
    assert reason in said
    assert Client(core).get("/api/ping/").status == 200
    assert Client(core).get("/toy/").status == 404
    assert not [entry for entry in core.routes.routes() if entry.plugin == "toy"]
    assert not [view for plugin, view in core.web.ui if plugin == "toy"]


def test_a_migration_that_fails_leaves_no_table(make_core: MakeCore) -> None:
    steps = [Migration(1, "x", "CREATE TABLE toys (id INTEGER) STRICT; CREATE TABEL x")]
    core = make_core(plugins={"toy": toy(register_migrations=lambda: steps)})
    assert core.db.value("SELECT count(*) FROM sqlite_schema WHERE name = 'toys'") == 0


def test_dependants_go_with_what_they_need(make_core: MakeCore) -> None:
    core = make_core(
        plugins={"base": toy(startup=lambda core: raising()), "child": toy(("base",)), "lost": toy(("nowhere",))}
    )
    assert status_of(core, "child") == ("failed", "needs the plugin base, which failed")
    assert status_of(core, "lost") == ("failed", "needs the plugin nowhere, which is not running")


def test_switched_off_is_not_failed(make_core: MakeCore) -> None:
    core = make_core(plugins={"toy": routes(ECHO)}, SOUNDWAVE_DISABLED_PLUGINS="toy, offline")
    assert status_of(core, "toy")[0] == status_of(core, "offline")[0] == "disabled"
    assert Client(core).post("/api/echo/", {"word": "x"}).status == 404


@pytest.mark.parametrize("name", ["auth", "library"])
def test_no_start_without_auth_or_library(make_core: MakeCore, name: str) -> None:
    with pytest.raises(StartError, match=name):
        make_core(plugins={name: toy(startup=lambda core: raising())})


def test_no_start_without_auth_switched_off(make_core: MakeCore) -> None:
    with pytest.raises(StartError, match="auth"):
        make_core(SOUNDWAVE_DISABLED_PLUGINS="auth")


def test_a_route_without_permission_cannot_be_made() -> None:
    with pytest.raises(TypeError, match="no permission"):
        Route("GET", "/x/", echo, None)


def test_decide_asks_lazily_and_lets_a_raise_through(make_core: MakeCore) -> None:
    asked: list[str] = []

    def answering(name: str, answer: Any) -> Any:
        def before_download(download: Any) -> Any:
            asked.append(name)
            return answer() if callable(answer) else answer

        return toy(before_download=before_download)

    def refuse() -> Any:
        raise Unavailable("no")

    core = make_core(plugins={"a": answering("a", None), "b": answering("b", "why"), "c": answering("c", refuse)})
    answers = core.plugins.decide("before_download", download={})
    assert next(answers) == "why"
    assert asked == ["a", "b"]
    with pytest.raises(Unavailable):
        next(answers)


def test_announce_tells_everybody_whatever_happens(make_core: MakeCore, caplog: pytest.LogCaptureFixture) -> None:
    heard: list[str] = []
    good = toy(track_added=lambda track_id: heard.append(track_id))
    core = make_core(plugins={"bad": toy(track_added=raising_on_track), "good": good})
    with caplog.at_level(logging.ERROR):
        answers = core.plugins.announce("track_added", track_id="t1")
    assert heard == ["t1"]
    assert "plugin bad failed in track_added" in caplog.text
    assert isinstance(dict(answers)["bad"], RuntimeError)
    assert core.plugins.records["bad"].status == "enabled"


def raising_on_track(track_id: str) -> None:
    raise RuntimeError("deaf")


def test_wrappers_are_refused(make_core: MakeCore) -> None:
    from soundwave_core import hookimpl

    module = toy()
    module.startup = hookimpl(wrapper=True)(wrapped)
    assert "wrappers are not called" in status_of(make_core(plugins={"toy": module}), "toy")[1]


def test_plugin_error_is_said_in_its_own_words(make_core: MakeCore) -> None:
    def startup(core: Any) -> None:
        raise PluginError("no piano in the house")

    core = make_core(plugins={"toy": toy(startup=startup)})
    assert status_of(core, "toy") == ("failed", "no piano in the house")


def test_echo_is_an_answer(make_core: MakeCore) -> None:
    core = make_core(plugins={"toy": routes(ECHO)})
    assert Client(core).post("/api/echo/", {"word": "x"}).json == Echo("x")


NAMES = ("core", "Lyrics", "a-b", "../auth", "", "9lives")


@pytest.mark.parametrize("name", NAMES)
def test_a_plugin_has_a_plain_name_of_its_own(make_core: MakeCore, name: str) -> None:
    """A plugin named core would take the core's own routes along when it fails."""
    core = make_core(plugins={name: routes(ECHO)})
    assert status_of(core, name) == (
        "failed", f"{name!r} is no name for a plugin: use lower case, digits and _, not core.",
    )  # fmt: skip
    assert Client(core).get("/manifest.webmanifest").status == 200


def test_one_module_under_two_names_fails_once(make_core: MakeCore) -> None:
    heard: list[str] = []
    module = toy(track_added=lambda track_id: heard.append(track_id))
    core = make_core(plugins={"one": module, "two": module})
    assert [status_of(core, name)[0] for name in ("one", "two")] == ["enabled", "failed"]
    core.plugins.announce("track_added", track_id="t1")
    assert heard == ["t1"]


def everything(startup: Any = raising) -> Any:
    """A plugin that hands in one of each, and does not start."""
    slot = Slot("settings", "full-slot", Public, None)
    return toy(
        register_settings=lambda: [Setting("full.word", str, "x", "A word.")],
        register_resources=lambda core: [ResourceKind("shelf", print)],
        register_routes=lambda core: [Route("GET", "/api/full/", echo, Public, answer=Echo)],
        register_jobs=lambda core: [Job("full.tick", print, "x", every_seconds=9)],
        register_ui=lambda core: [Page("/full/", "Full", "full-page", Public), slot],
        register_precache=lambda core: [PrecacheEntry("api/full/", "1")],
        startup=lambda core: startup(),
        track_added=lambda track_id: raising(),
    )


def ensure_gone(core: SoundWave) -> None:
    client = Client(core)
    assert "shelf" not in core.resources
    assert "full.word" not in [info.name for info in core.config.describe()]
    assert "full.tick" not in [job.id for job in core.jobs.list()]
    assert (client.get("/api/full/").status, client.get("/full/").status) == (404, 404)
    assert "api/full/" not in [entry.url for entry in core.web.precache()]
    assert "full" not in [view.plugin for view in (*core.pages_for(None), *core.slots_for(None))]
    assert "full" not in [name for name, _ in core.plugins.announce("track_added", track_id="t1")]


def test_nothing_is_left_of_what_does_not_start(make_core: MakeCore) -> None:
    ensure_gone(make_core(plugins={"full": everything()}))


def test_nothing_is_left_of_what_is_withdrawn_while_requests_come_in(make_core: MakeCore) -> None:
    core = make_core(plugins={"full": everything(lambda: None)})
    app = core.wsgi()
    assert Client(core).get("/api/full/").status == 200
    core.plugins.withdraw("full", "it misbehaved")
    ensure_gone(core)
    assert core.wsgi() is app  # the server holds it


def test_its_name_is_free_again(make_core: MakeCore) -> None:
    kinds = toy(register_resources=lambda core: [ResourceKind("shelf", print)])
    twice = toy(register_resources=lambda core: [ResourceKind("shelf", print)] * 2)
    core = make_core(plugins={"a": twice, "b": kinds})
    assert [status_of(core, name)[0] for name in ("a", "b")] == ["failed", "enabled"]


def test_a_route_goes_with_the_resource_that_guards_it(make_core: MakeCore) -> None:
    """Also where the plugin of the resource fails last of all, and nobody said REQUIRES."""
    shelf = toy(
        register_resources=lambda core: [ResourceKind("shelf", print)],
        startup=lambda core: raising(),
    )
    book = routes(Route("GET", "/api/shelf/<shelf:id>/", echo, IsOwnerOrAdmin, "shelf", answer=Echo))
    core = make_core(plugins={"book": book, "shelf": shelf})
    assert status_of(core, "book") == ("failed", "needs the resource shelf, whose plugin is not running")
    assert Client(core).get(f"/api/shelf/{'a' * 32}/").status == 404


def test_what_has_started_is_shut_down_when_it_is_withdrawn(make_core: MakeCore) -> None:
    """Its threads would run on: first the dependants', then its own."""
    heard: list[str] = []

    def plugin(name: str, requires: tuple[str, ...] = (), startup: Any = lambda: None) -> Any:
        return toy(requires, startup=lambda core: startup(), shutdown=lambda core: heard.append(name))

    core = make_core(
        plugins={"child": plugin("child", ("parent",)), "late": plugin("late", ("parent",)),
                 "parent": plugin("parent", (), raising), "zoo": plugin("zoo", ("parent",))}
    )  # fmt: skip
    assert heard == ["child", "late", "parent"]  # zoo had not begun
    core.stop()
    assert heard == ["child", "late", "parent"]


def test_no_hook_is_called_inside_a_transaction(core: SoundWave) -> None:
    with transaction(core.db) as tx:
        with pytest.raises(RuntimeError, match="inside transaction"):
            core.plugins.announce("track_added", track_id="t1")
        with pytest.raises(RuntimeError, match="inside transaction"):
            next(core.plugins.decide("before_download", download={}))
        tx.on_commit(lambda: core.plugins.announce("track_added", track_id="t1"))


def test_an_announcement_survives_whatever_a_plugin_raises(make_core: MakeCore) -> None:
    heard: list[str] = []
    bad = toy(track_added=lambda track_id: raising(Doom()))
    good = toy(track_added=lambda track_id: heard.append(track_id))
    core = make_core(plugins={"bad": bad, "exit": toy(track_added=lambda track_id: exit()), "good": good})
    core.plugins.announce("track_added", track_id="t1")
    assert heard == ["t1"]


def test_a_plugin_that_changes_what_it_was_given_changes_nothing(make_core: MakeCore) -> None:
    """What it returned is copied, so a list that it keeps is its own."""
    kept = [Route("GET", "/api/kept/", lambda core, r: Json(b'{"word":"x"}'), Public, answer=Echo)]
    forgetful = toy(register_routes=lambda core: kept, startup=lambda core: kept.clear())
    core = make_core(plugins={"toy": forgetful})
    assert Client(core).get("/api/kept/").status == 200
