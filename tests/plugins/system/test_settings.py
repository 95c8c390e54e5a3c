"""The admin's settings: what is in force and why, storing, and what is refused."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Annotated, Any

import pytest
from core.toys import toy
from msgspec import Meta

from soundwave_core import Setting, SoundWave
from soundwave_core.testing import PASSWORD, Cast, Client, MakeCore, make_cast

SETTINGS = "/api/appsettings/"
SECRET = "a key that nobody sees"


class Lyrics:
    """A plugin with a number, a secret and one for the environment; ``heard`` has what was announced to it."""

    def __init__(self) -> None:
        self.heard: list[tuple[list[str], list[Any]]] = []
        settings = (
            Setting("lyrics.lines", Annotated[int, Meta(ge=1, le=8)], 2, "How many lines."),
            Setting("lyrics.key", str, "default key", "The key to the songs.", is_secret=True),
            Setting("lyrics.fixed", int, 1, "Only by the environment.", is_stored=False),
        )

        def hear(core: SoundWave, names: Sequence[str]) -> None:
            assert not core.is_writing
            self.heard.append((list(names), [core.config[name] for name in names]))

        self.plugins = {"lyrics": toy(register_settings=lambda: settings, settings_changed=hear)}


@pytest.fixture
def lyrics() -> Lyrics:
    return Lyrics()


@pytest.fixture
def core(make_core: MakeCore, lyrics: Lyrics) -> SoundWave:
    return make_core(plugins=lyrics.plugins, SOUNDWAVE_THREADS="3")


def store(client: Client, **values: Any) -> Any:
    """Store; ``lyrics__lines`` is ``lyrics.lines``."""
    return client.patch(SETTINGS, {"values": {name.replace("__", "."): value for name, value in values.items()}})


def setting(client: Client, name: str) -> Any:
    return next(info for info in client.get(SETTINGS).json.results if info.name == name)


def in_force(client: Client, name: str) -> tuple[Any, str]:
    info = setting(client, name)
    return info.value, info.source


def test_every_setting_says_what_it_is(cast: Cast, core: SoundWave) -> None:
    items = cast.alice.get(SETTINGS).json.results
    assert [item.name for item in items] == [info.name for info in core.config.describe()]
    lines = setting(cast.alice, "lyrics.lines")
    assert (lines.type, lines.variable, lines.description, lines.is_editable) == (
        "integer", "SOUNDWAVE_LYRICS_LINES", "How many lines.", True,
    )  # fmt: skip
    assert not setting(cast.alice, "lyrics.fixed").is_editable


def test_where_a_value_comes_from(cast: Cast) -> None:
    assert in_force(cast.alice, "threads") == (3, "environment")
    assert setting(cast.alice, "threads").default == 8
    assert in_force(cast.alice, "lyrics.lines") == (2, "default")
    answer = store(cast.alice, lyrics__lines=5)
    assert answer.status == 200
    assert [(i.value, i.source) for i in answer.json.results if i.name == "lyrics.lines"] == [(5, "stored")]
    assert in_force(cast.alice, "lyrics.lines") == (5, "stored")


@pytest.mark.parametrize(
    ("name", "schema", "allowed"),
    [
        ("lyrics.lines", {"type": "integer", "minimum": 1, "maximum": 8}, "a whole number from 1 to 8"),
        ("lyrics.key", {"type": "string"}, "text"),
        ("log_format", {"enum": ["json", "text"]}, "one of json, text"),
        ("watchdog", {"type": "boolean"}, "true or false"),
        (
            "trusted_proxies", {"type": "array", "items": {"type": "string"}},
            "a list separated by commas, each an address or a network such as 192.168.1.0/24",
        ),
    ],
)  # fmt: skip
def test_what_is_allowed_is_said_to_machines_and_people(
    cast: Cast, name: str, schema: dict[str, Any], allowed: str
) -> None:
    found = setting(cast.alice, name)
    assert (found.schema, found.allowed) == (schema, allowed)


def test_what_is_refused_is_refused_in_the_words_that_were_shown(cast: Cast) -> None:
    for found in cast.alice.get(SETTINGS).json.results:
        assert found.allowed
        answer = cast.alice.patch(SETTINGS, {"values": {found.name: {"no": "such"}}})
        if found.is_editable:
            assert answer.json["detail"] == f"{found.name} must be {found.allowed}."
        else:
            assert found.variable in answer.json["detail"]


def test_null_brings_the_default_back(cast: Cast, core: SoundWave) -> None:
    store(cast.alice, lyrics__lines=5)
    assert store(cast.alice, lyrics__lines=None).status == 200
    assert in_force(cast.alice, "lyrics.lines") == (2, "default")
    assert core.config["lyrics.lines"] == 2


def test_a_stored_value_survives_a_restart(make_core: MakeCore, lyrics: Lyrics) -> None:
    core = make_core(plugins=lyrics.plugins)
    store(make_cast(core).alice, lyrics__lines=5)
    core.stop()
    core = make_core(plugins=lyrics.plugins)
    assert core.config["lyrics.lines"] == 5
    core.stop()
    core = make_core(plugins=lyrics.plugins, SOUNDWAVE_LYRICS_LINES="7")
    alice = Client(core)
    alice.sign_in("alice", PASSWORD)
    assert in_force(alice, "lyrics.lines") == (7, "environment")


@pytest.mark.parametrize(
    ("values", "status", "code"),
    [
        ({"lyrics.lines": 3, "lyrics.colour": 1}, 404, "setting_unknown"),
        ({"lyrics.lines": 3, "threads": 4}, 409, "setting_from_environment"),
        ({"lyrics.lines": 3, "threads": None}, 409, "setting_from_environment"),
        ({"lyrics.lines": 3, "lyrics.fixed": 4}, 409, "setting_from_environment"),
        ({"public_url": "https://my.house", "lyrics.lines": "many"}, 422, "invalid"),
        ({"public_url": "https://my.house", "lyrics.lines": 9}, 422, "invalid"),
        ({"public_url": "https://my.house", "lyrics.lines": 0}, 422, "invalid"),
        ({"public_url": "https://my.house", "lyrics.lines": [3]}, 422, "invalid"),
    ],
)
def test_all_or_nothing(
    cast: Cast, core: SoundWave, lyrics: Lyrics, values: dict[str, Any], status: int, code: str
) -> None:
    answer = cast.alice.patch(SETTINGS, {"values": values})
    assert (answer.status, answer.json["code"]) == (status, code)
    assert next(reversed(values)) in answer.json["detail"]
    assert (core.config["lyrics.lines"], core.config["public_url"]) == (2, "")
    assert core.db.value("SELECT count(*) FROM settings") == 0
    assert lyrics.heard == []


def test_what_must_be_there_is_said(cast: Cast) -> None:
    assert "a whole number from 1 to 8" in store(cast.alice, lyrics__lines=9).json["detail"]


def test_a_secret_is_never_shown(cast: Cast, core: SoundWave) -> None:
    answer = store(cast.alice, lyrics__key=SECRET)
    assert (answer.status, core.config["lyrics.key"]) == (200, SECRET)
    refused = store(cast.alice, lyrics__key=["a", SECRET])
    assert refused.status == 422
    for shown in (answer, refused, cast.alice.get(SETTINGS)):
        assert SECRET.encode() not in shown.body
        assert b"default key" not in shown.body
    info = setting(cast.alice, "lyrics.key")
    assert (info.is_secret, info.value, info.default, info.source) == (True, None, None, "stored")


def test_a_change_is_announced_once_after_it(cast: Cast, lyrics: Lyrics) -> None:
    store(cast.alice, lyrics__lines=5, public_url="https://my.house", allowed_hosts=[])
    assert lyrics.heard == [(["lyrics.lines", "public_url"], [5, "https://my.house"])]
    store(cast.alice, lyrics__lines=5)
    assert len(lyrics.heard) == 1
    store(cast.alice, lyrics__lines=None)
    assert lyrics.heard[1:] == [(["lyrics.lines"], [2])]


def test_settings_are_for_admins(cast: Cast, core: SoundWave) -> None:
    for client, status in ((cast.bob, 403), (cast.nobody, 401)):
        assert client.get(SETTINGS).status == client.get(f"{SETTINGS}plugins/").status == status
        assert store(client, lyrics__lines=5).status == status
    assert core.config["lyrics.lines"] == 2


def test_a_body_that_is_none(cast: Cast) -> None:
    assert cast.alice.patch(SETTINGS, {}).status == 422
    assert cast.alice.patch(SETTINGS, {"lyrics.lines": 3}).status == 422
    assert store(cast.alice).status == 200


def test_the_log_names_who_and_what_but_no_value(cast: Cast, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    for _ in range(2):  # the second time nothing changes
        assert cast.alice.patch(SETTINGS, {"values": {"lyrics.key": SECRET, "lyrics.lines": 7}}).status == 200
    assert caplog.messages == ["alice changed the settings: lyrics.key, lyrics.lines"]
