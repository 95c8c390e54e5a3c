"""Hooks that no plugin's own tests listen to: each is called when HOOKS.md says, and its answer counts."""

from __future__ import annotations

import hashlib
from typing import Any

import click
import pytest
from click.testing import CliRunner
from core.toys import toy

from soundwave_core import Actor, HealthCheck, PrecacheEntry, SoundWave, Unauthorized, cli, transaction
from soundwave_core.testing import Cast, Client, MakeCore, make_cast
from soundwave_library import Entries, NewTrack, Tracks


def track_of(core: SoundWave, cast: Cast) -> str:
    """A track in bob's library."""
    digest = hashlib.sha256(b"x").hexdigest()
    new = NewTrack(
        uid=core.clock.new_id(), added_at=core.clock.stamp(), title="A track", path="a.opus", size_bytes=1,
        codec="opus", content_hash=digest, revision=digest, block_hashes=[digest],
    )  # fmt: skip
    with transaction(core.db) as tx:
        uid = Tracks(tx).add(new)
        Entries(tx).ensure(cast.bob.user_id, uid, core.clock)
    return uid


def test_plays_recorded_tells_of_new_plays_only(make_core: MakeCore) -> None:
    heard: list[Any] = []

    def plays_recorded(core: SoundWave, actor: Actor, play_ids: list[str]) -> None:
        heard.append((actor.name, list(play_ids)))

    core = make_core(plugins={"toy": toy(plays_recorded=plays_recorded)})
    cast = make_cast(core)
    play = {"track": track_of(core, cast), "id": core.clock.new_id()}
    assert [cast.bob.post("/api/play/", play).status for _ in range(2)] == [201, 201]
    assert heard == [("bob", [play["id"]])]


def test_settings_changed_names_them_once_in_force(make_core: MakeCore) -> None:
    heard: list[Any] = []

    def settings_changed(core: SoundWave, names: list[str], actor: Actor) -> None:
        heard.append((list(names), core.config["auth.registration"], actor.name))

    cast = make_cast(make_core(plugins={"toy": toy(settings_changed=settings_changed)}))
    change = {"values": {"auth.registration": "open"}}
    assert [cast.alice.patch("/api/appsettings/", change).status for _ in range(2)] == [200, 200]
    assert heard == [(["auth.registration"], "open", "alice")]


def test_request_refused_tells_who_was_turned_away(make_core: MakeCore) -> None:
    heard: list[Any] = []

    def request_refused(core: Any, actor: Actor | None, request: Any, status: int, code: str) -> None:
        heard.append((actor and actor.name, request.path, status, code))

    cast = make_cast(make_core(plugins={"toy": toy(request_refused=request_refused)}))
    cast.nobody.get("/api/audio/")
    cast.bob.get("/api/task/")
    cast.bob.get("/api/playlist/")
    assert heard == [(None, "/api/audio/", 401, "unauthorized"), ("bob", "/api/task/", 403, "admin_only")]


def test_actor_from_request_is_asked_until_somebody_knows(make_core: MakeCore) -> None:
    def actor_from_request(core: Any, request: Any) -> Actor | None:
        word = request.headers.get("Parrot")
        if word == "bad":
            raise Unauthorized("This parrot is no more.", code="parrot_dead")
        return Actor(id="0" * 32, name="polly") if word else None

    core = make_core(plugins={"toy": toy(actor_from_request=actor_from_request)})
    client = Client(core)
    assert client.get("/api/playlist/", Parrot="good").headers["SoundWave-User"] == "0" * 32
    assert client.get("/api/playlist/", Parrot="bad").json["code"] == "parrot_dead"
    assert client.get("/api/playlist/").json["code"] == "unauthorized"


def test_health_is_asked_and_a_raise_is_a_failed_check(make_core: MakeCore) -> None:
    def broken(core: Any) -> Any:
        raise RuntimeError("a secret")

    plugins = {
        "fine": toy(health=lambda core: [HealthCheck("weather", True, "sunny")]),
        "mute": toy(health=lambda core: None),
        "sick": toy(health=broken),
    }
    cast = make_cast(make_core(plugins=plugins))
    seen = cast.alice.get("/api/health/").json
    checks = {check.name: check for check in seen.checks}
    assert (seen.status, checks["weather"].detail) == ("degraded", "sunny")
    assert [check.name for check in seen.checks if not check.is_ok and "sick" in check.name]
    public = cast.nobody.get("/api/health/")
    assert {check.detail for check in public.json.checks} <= {""}
    assert b"a secret" not in public.body


def test_register_precache_adds_to_the_shell(make_core: MakeCore) -> None:
    entry = PrecacheEntry("api/ping/", "7")
    core = make_core(plugins={"toy": toy(register_precache=lambda core: [entry])})
    assert entry in core.web.precache()


def test_register_commands_adds_subcommands(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    @click.command()
    def parrot() -> None:
        """Say something."""
        click.echo("hello")

    module = toy(register_commands=lambda: [parrot])
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setattr("soundwave_core.cli.SoundWave", lambda: SoundWave(plugins={"toy": module}))
    commands = cli.Commands(name="soundwave")
    assert CliRunner().invoke(commands, ["parrot"]).output == "hello\n"
    assert "Say something" in CliRunner().invoke(commands, ["--help"]).output
