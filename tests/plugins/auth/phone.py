"""An authenticator app, and the way to a second factor."""

from __future__ import annotations

from dataclasses import dataclass

import pyotp

from soundwave_core import Clock
from soundwave_core.testing import Client, VirtualClock

FACTOR = "/api/user/second-factor/"
STEP = 30


@dataclass(slots=True)
class Phone:
    """It shares a secret with the server, and perhaps not the time."""

    clock: Clock
    secret: str

    def code(self, steps: int = 0) -> str:
        """Of this moment, or so many steps later."""
        return pyotp.TOTP(self.secret).at(self.clock.now(), counter_offset=steps)

    def wrong(self) -> str:
        """Six digits that no step near this moment has."""
        right = {self.code(steps) for steps in range(-3, 4)}
        return next(code for code in map("{:06}".format, range(10)) if code not in right)


def begin(client: Client, clock: Clock, **body: str) -> Phone:
    """A second factor that waits to be proven."""
    answer = client.post(FACTOR, body)
    assert answer.status == 201, answer.body
    return Phone(clock, answer.json.secret)


def set_up(client: Client, clock: VirtualClock) -> tuple[Phone, list[str]]:
    """One that is on, with its recovery codes; the phone's next code is a new one."""
    phone = begin(client, clock)
    answer = client.put(FACTOR, {"code": phone.code()})
    assert answer.status == 200, answer.body
    clock.advance(STEP)
    codes: list[str] = answer.json.recovery_codes
    return phone, codes
