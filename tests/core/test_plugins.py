"""Plugins: found, checked, withdrawn whole; and the three ways to call a hook."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from core.toys import ECHO, Echo, echo, routes, toy

from soundwave_core import (
    IsAuthenticated,
    Job,
    Migration,
    Page,
    PluginError,
    Public,
    Route,
    Setting,
    StartError,
    Unavailable,
)
from soundwave_core.testing import Client, MakeCore


def status_of(core: Any, name: str) -> tuple[str, str]:
    record = core.plugins.records[name]
    return record.status, record.reason


def test_bundled_plugins_come_first_and_run(make_core: MakeCore) -> None:
    core = make_core(plugins={"aaa": toy()})
    assert list(core.plugins.records) == ["auth", "library", "downloads", "offline", "system", "aaa"]
    assert {record.status for record in core.plugins.records.values()} == {"enabled"}


def raising(*args: Any) -> Any:
    raise RuntimeError("out of luck")


def wrapped(core: Any) -> Any:
    yield


BROKEN = {
    "unknown hook": (toy(register_rotues=lambda core: []), "register_rotues"),
    "unknown argument": (toy(startup=lambda core, weather: None), "weather"),
    "raise in settings": (toy(register_settings=lambda: raising()), "out of luck"),
    "raise in routes": (toy(register_routes=lambda core: raising()), "out of luck"),
    "raise in startup": (toy(startup=lambda core: raising()), "out of luck"),
    "no list": (toy(register_routes=lambda core: 7), "not iterable"),
    "foreign setting": (toy(register_settings=lambda: [Setting("other.x", int, 1, "x")]), "other.x"),
    "foreign job": (toy(register_jobs=lambda core: [Job("other.x", print, "x", every_seconds=9)]), "other.x"),
    "bad migration": (toy(register_migrations=lambda: [Migration(1, "x", "CREATE TABEL x")]), "TABEL"),
    "taken route": (routes(Route("GET", "/api/ping/", echo, Public)), "system"),
    "unknown resource": (
        routes(Route("GET", "/api/x/<x:id>/", echo, IsAuthenticated, resource="x")),
        "no plugin knows the resource x",
    ),
    "exit": (toy(startup=lambda core: exit(3)), "SystemExit"),
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
        Route("GET", "/x/", echo, None)  # type: ignore[arg-type]


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
    core = make_core(
        plugins={"bad": toy(track_added=raising_on_track), "good": toy(track_added=lambda track_id: heard.append(track_id))}
    )
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
    module.startup = hookimpl(wrapper=True)(wrapped)  # type: ignore[attr-defined]
    assert "wrappers are not called" in status_of(make_core(plugins={"toy": module}), "toy")[1]


def test_plugin_error_is_said_in_its_own_words(make_core: MakeCore) -> None:
    def startup(core: Any) -> None:
        raise PluginError("no piano in the house")

    core = make_core(plugins={"toy": toy(startup=startup)})
    assert status_of(core, "toy") == ("failed", "no piano in the house")


def test_echo_is_an_answer(make_core: MakeCore) -> None:
    core = make_core(plugins={"toy": routes(ECHO)})
    assert Client(core).post("/api/echo/", {"word": "x"}).json == Echo("x")
