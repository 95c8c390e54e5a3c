"""Is it well, which plugins run, and who is told why not."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import Any

import pytest
from core.toys import ECHO, toy

from soundwave_core import HealthCheck, SoundWave, __version__
from soundwave_core.testing import Cast, MakeCore, make_cast

HEALTH = "/api/health/"
PLUGINS = "/api/appsettings/plugins/"
MACHINE = import_module("soundwave_system.health")  # as an attribute, that name is the hook


def with_health(answer: Callable[[Any], Any]) -> dict[str, ModuleType]:
    return {"toy": toy(health=answer)}


def broken() -> ModuleType:
    """A plugin that cannot start."""

    def startup(core: Any) -> None:
        raise OSError("no lyrics here")

    return toy(startup=startup, register_routes=lambda core: [ECHO])


def test_ping(cast: Cast) -> None:
    answer = cast.nobody.get("/api/ping/")
    assert (answer.status, answer.json.status) == (200, "ok")


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Disks with room, whatever machine this is."""
    monkeypatch.setattr(MACHINE, "SMALLEST_FREE_BYTES", 0)


def test_details_are_for_admins(room: None, cast: Cast) -> None:
    seen = cast.alice.get(HEALTH).json
    assert (seen.status, seen.version) == ("ok", __version__)
    assert {"database", "data disk", "media disk"} <= {check.name for check in seen.checks}
    for client in (cast.bob, cast.nobody):
        answer = client.get(HEALTH)
        assert (answer.status, answer.json.status, answer.json.version, answer.json.checks) == (200, "ok", "", [])


def test_a_full_disk(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MACHINE, "SMALLEST_FREE_BYTES", 1 << 80)
    seen = cast.alice.get(HEALTH).json
    assert seen.status == "degraded"
    assert {check.name for check in seen.checks if not check.is_ok} == {"data disk", "media disk"}


def test_a_check_that_fails(room: None, make_core: MakeCore) -> None:
    checks = [HealthCheck("lyrics", False, "the shelf is gone"), HealthCheck("rhymes", True)]
    cast = make_cast(make_core(plugins=with_health(lambda core: checks)))
    seen = cast.alice.get(HEALTH).json
    assert seen.status == "degraded"
    assert [(c.name, c.detail) for c in seen.checks if not c.is_ok] == [("lyrics", "the shelf is gone")]
    assert "rhymes" in {check.name for check in seen.checks}
    answer = cast.nobody.get(HEALTH)
    assert (answer.status, answer.json.status) == (200, "degraded")
    assert b"shelf" not in answer.body


def test_a_plugin_that_raises_is_a_failed_check(room: None, make_core: MakeCore) -> None:
    def fail(core: Any) -> None:
        raise OSError("no lyrics here")

    cast = make_cast(make_core(plugins=with_health(fail)))
    seen = cast.alice.get(HEALTH).json
    assert seen.status == "degraded"
    assert [(c.name, c.detail) for c in seen.checks if not c.is_ok] == [("toy", "OSError: no lyrics here")]
    assert b"lyrics" not in cast.bob.get(HEALTH).body


def test_a_plugin_with_nothing_to_say(room: None, make_core: MakeCore) -> None:
    assert make_cast(make_core(plugins=with_health(lambda core: None))).alice.get(HEALTH).json.status == "ok"


def test_a_withdrawn_plugin_is_a_failed_check(room: None, make_core: MakeCore) -> None:
    seen = make_cast(make_core(plugins={"toy": broken()})).alice.get(HEALTH).json
    assert seen.status == "degraded"
    failed = [(check.name, check.detail) for check in seen.checks if not check.is_ok]
    assert failed == [("plugin toy", "OSError: no lyrics here")]


def test_a_plugin_that_is_switched_off_is_no_fault(room: None, make_core: MakeCore) -> None:
    cast = make_cast(make_core(plugins={"toy": broken()}, SOUNDWAVE_DISABLED_PLUGINS="toy"))
    assert cast.alice.get(HEALTH).json.status == "ok"


def test_the_plugins_and_what_became_of_them(make_core: MakeCore) -> None:
    needy = toy(requires=("toy",))
    core = make_core(plugins={"toy": broken(), "needy": needy, "off": toy()}, SOUNDWAVE_DISABLED_PLUGINS="off")
    seen = {plugin.name: plugin for plugin in make_cast(core).alice.get(PLUGINS).json.results}
    assert {"auth", "library", "system"} <= set(seen)
    system = seen["system"]
    assert (system.status, system.reason, system.version) == ("enabled", None, __version__)
    assert system.routes == len(core.plugins.records["system"].contributions.routes) > 0
    assert (seen["toy"].status, seen["toy"].reason, seen["toy"].routes) == ("failed", "OSError: no lyrics here", 0)
    assert (seen["needy"].status, seen["needy"].reason) == ("failed", "needs the plugin toy, which failed")
    assert (seen["off"].status, seen["off"].reason) == ("disabled", "switched off in the settings")


def test_the_slowest_hook_is_named(core: SoundWave, cast: Cast) -> None:
    cast.alice.get(HEALTH)
    system = next(plugin for plugin in cast.alice.get(PLUGINS).json.results if plugin.name == "system")
    assert (system.slowest_hook, system.slowest_seconds) == ("health", 0.0)
