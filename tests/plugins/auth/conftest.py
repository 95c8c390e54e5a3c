"""What these tests share: the code of the set-up link, and a way to make a token."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from soundwave_core import SoundWave
from soundwave_core.testing import Cast, Client

Bearer = Callable[..., dict[str, str]]


def code_of(core: SoundWave) -> str:
    """The code that the set-up link of this start ends in."""
    return (core.config.data_dir / "setup-link").read_text().strip().partition("/setup?code=")[2]


@pytest.fixture
def setup_code(core: SoundWave) -> str:
    return code_of(core)


@pytest.fixture
def bearer(cast: Cast) -> Bearer:
    """``bearer("read", who=cast.bob)``: the headers of a new token."""

    def make(*scopes: str, who: Client | None = None, days: int = 90) -> dict[str, str]:
        wish = {"name": "a player", "scopes": list(scopes), "expires_in_days": days}
        answer = (who or cast.bob).post("/api/user/tokens/", wish)
        assert answer.status == 201, answer.body
        return {"Authorization": f"Bearer {answer.json.token}"}

    return make
