"""What a user's devices share."""

from __future__ import annotations

import msgspec
import pytest

from soundwave_core import SoundWave
from soundwave_core.testing import Cast, Client
from tests.plugins.auth.conftest import Bearer

CONFIG = "/api/user/config/"
TEXT_OF_MOST = "x" * (4096 - 2)  # with its quotes


def values(client: Client) -> object:
    return client.get(CONFIG).json.values


def put(client: Client, **given: object) -> int:
    return client.patch(CONFIG, {"values": given}).status


def code(client: Client, given: dict[str, object]) -> tuple[int, str]:
    answer = client.patch(CONFIG, {"values": given})
    return answer.status, answer.json["code"]


def test_values_of_every_kind_come_back_as_they_went(cast: Cast) -> None:
    given = {
        "theme": "dark", "volume": 0.5, "queue": [1, "two", None], "a.b_c-9": {"x": {"y": []}}, "yes": True,
        "none": "\0", "large": 2**70, "emoji": "🎧",
    }  # fmt: skip
    assert cast.bob.patch(CONFIG, {"values": given}).json.values == given
    assert values(cast.bob) == given


def test_one_is_changed_and_one_removed(cast: Cast) -> None:
    assert put(cast.bob, theme="dark", language="ro", volume=1) == 200
    answer = cast.bob.patch(CONFIG, {"values": {"theme": "light", "language": None, "unknown": None}})
    assert answer.json.values == {"theme": "light", "volume": 1}


def test_it_is_ones_own(cast: Cast) -> None:
    assert put(cast.bob, theme="dark") == put(cast.alice, theme="light") == 200
    assert (values(cast.bob), values(cast.alice), values(cast.carol)) == ({"theme": "dark"}, {"theme": "light"}, {})
    assert cast.nobody.get(CONFIG).status == cast.nobody.patch(CONFIG, {"values": {}}).status == 401


def test_what_a_token_may(core: SoundWave, cast: Cast, bearer: Bearer) -> None:
    reader, writer = bearer("read"), bearer("write")
    assert Client(core).get(CONFIG, **reader).status == 200
    assert Client(core).patch(CONFIG, {"values": {"theme": "dark"}}, **reader).status == 403
    assert Client(core).patch(CONFIG, {"values": {"theme": "dark"}}, **writer).status == 200


@pytest.mark.parametrize("name", ["", "Theme", "9lives", "a b", "é", "a" * 65, "theme\n", "_x", "a/b"])
def test_what_is_no_name(cast: Cast, name: str) -> None:
    assert code(cast.bob, {name: 1}) == (422, "invalid")


@pytest.mark.parametrize("body", [{}, {"values": None}, {"values": []}, {"values": {}, "user": "x"}, {"theme": 1}])
def test_what_is_no_patch(cast: Cast, body: object) -> None:
    assert cast.bob.patch(CONFIG, body).status == 422


def test_a_value_has_an_end(cast: Cast) -> None:
    assert put(cast.bob, a=TEXT_OF_MOST) == 200
    assert code(cast.bob, {"a": "short", "b": TEXT_OF_MOST + "x"}) == (422, "config_value_too_large")
    assert code(cast.bob, {"b": "é" * 2048}) == (422, "config_value_too_large")
    assert values(cast.bob) == {"a": TEXT_OF_MOST}


def test_a_value_has_a_bottom(cast: Cast) -> None:
    def nested(levels: int) -> object:
        return msgspec.json.decode(b"[" * levels + b"]" * levels)

    assert put(cast.bob, a=nested(17)) == 200
    assert code(cast.bob, {"a": nested(18)}) == (422, "config_value_too_large")
    deep = b'{"values":{"a":' + b"[" * 20_000 + b"]" * 20_000 + b"}}"
    answer = cast.bob.request("PATCH", CONFIG, body=deep, headers={"Content_Type": "application/json"})
    assert (answer.status, answer.json["code"]) == (400, "body_unreadable")
    assert values(cast.bob) == {"a": nested(17)}


def test_there_is_room_for_a_hundred(cast: Cast) -> None:
    assert put(cast.bob, **{f"n{number}": number for number in range(100)}) == 200
    assert code(cast.bob, {"one.more": 1}) == (409, "config_full")
    assert put(cast.bob, n0=None, other=1) == 200
    assert put(cast.alice, theme="dark") == 200
    assert len(msgspec.to_builtins(values(cast.bob))) == 100
    assert code(cast.bob, {f"n{number}": None for number in range(201)}) == (422, "invalid")
