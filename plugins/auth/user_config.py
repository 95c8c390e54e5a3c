"""What a user's devices share: small values under names that the apps choose (a theme, a language)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from soundwave_core import Conflict, Invalid, transaction

from .store import UserConfig, Users

if TYPE_CHECKING:
    from soundwave_core import SoundWave

MOST_NAMES = 100
MOST_BYTES = 4096  # of one value, as JSON
MOST_LEVELS = 16  # of lists within lists: what was taken in can always be sent out


def get_config(core: SoundWave, user_id: str) -> dict[str, Any]:
    """Every value by its name."""
    return UserConfig(core, user_id).all()


def change_config(core: SoundWave, user_id: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """All of these or none; None removes one. What holds then.

    Raises Invalid ``config_value_too_large``, Conflict ``config_full``, NotFound for who has no account.
    """
    encoded = {name: _encode(name, value) for name, value in values.items() if value is not None}
    with transaction(core.db):
        store = UserConfig(core, Users(core).get(user_id).id)  # the command line has an actor, and no account
        for name in values.keys() - encoded.keys():
            store.remove(name)
        for name, value in encoded.items():
            store.put(name, value)
        if store.count() > MOST_NAMES:
            raise Conflict(f"There is room for {MOST_NAMES} names: remove one first.", code="config_full")
        return store.all()


def _encode(name: str, value: Any) -> str:
    if _is_deeper(value, MOST_LEVELS):
        raise Invalid(f"The value of {name} is nested too deep.", code="config_value_too_large")
    text = msgspec.json.encode(value)
    if len(text) > MOST_BYTES:
        raise Invalid(f"The value of {name} has more than {MOST_BYTES} bytes.", code="config_value_too_large")
    return text.decode()


def _is_deeper(value: Any, levels: int) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return levels < 0 or any(_is_deeper(one, levels - 1) for one in inner)
