"""Attackers and neighbours who may be ended: whoever can no longer do what they could is replaced."""

from __future__ import annotations

from dataclasses import dataclass

from soundwave_core.testing import Client

from .household import Household

FRESH_SECONDS = 300  # for less than a password counts as just given


@dataclass
class Person:
    """Somebody who is signed in, and since when."""

    client: Client
    name: str
    signed_in_at: float


class Throwaways:
    """The people of a household by their role. alice, whom no attack may meet, makes them."""

    def __init__(self, house: Household) -> None:
        self.house = house
        self._people: dict[tuple[str, bool], Person] = {}
        self._alice_at = house.clock.monotonic()
        self.cookies: set[str] = set()  # all that were ever given to one of them

    def get(self, role: str, *, is_admin: bool = False) -> Person:
        """The last one in this role who is still well, or a new one."""
        person = self._people.get((role, is_admin))
        if person is None or self._is_stale(person.signed_in_at):
            person = self._people[role, is_admin] = self._add(f"{role} {self.house.number()}", is_admin)
        return person

    def look_after(self) -> None:
        """Forget who was signed out, disabled, renamed, promoted, locked or removed: ``get`` will make others."""
        self._people = {key: person for key, person in self._people.items() if _is_well(person, is_admin=key[1])}

    def refresh_alice(self) -> None:
        """Sign alice in anew where that was long ago."""
        if self._is_stale(self._alice_at):
            assert self.house.alice.sign_in("alice").status == 200
            self._alice_at = self.house.clock.monotonic()

    def _add(self, name: str, is_admin: bool) -> Person:
        self.refresh_alice()
        client = self.house.sign_in(name, is_admin)
        self.cookies.update(client.cookies.values())
        return Person(client, name, self.house.clock.monotonic())

    def _is_stale(self, signed_in_at: float) -> bool:
        return self.house.clock.monotonic() - signed_in_at > FRESH_SECONDS


def _is_well(person: Person, is_admin: bool) -> bool:
    user = person.client.get("/api/session/").json.user
    if user is None or user.has_second_factor:  # who has one needs its codes for everything
        return False
    return bool(user.username == person.name and user.is_admin == is_admin)
