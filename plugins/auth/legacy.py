"""What the accounts of an old deployment become here.

Whom an earlier import brought is remembered (``legacy_accounts``) and stays as they are now, renamed or removed. Who is
new and has the same name as somebody here is taken for the same person: the account here stays as it is, and the old
one's things come to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from soundwave_core import Invalid, printable, transaction

from . import legacy_avatars, legacy_factors, names, passwords
from .legacy_factors import Factor
from .store import AvatarRow, Avatars, LegacyAccounts, NewUser, RecoveryCodes, SecondFactors, Users

if TYPE_CHECKING:
    from soundwave_core import ImportReport, Legacy, Section, SoundWave

UNUSABLE = "!"
GIGABYTE = 10**9  # as the app counts them
MOST_QUOTA = 2**53 - 1
_COLUMNS = (
    "id", "username", "password", "is_admin", "is_active", "date_joined", "storage_quota_gb", "avatar",
    "two_factor_enabled", "two_factor_secret", "backup_codes",
)  # fmt: skip
LEFT_BEHIND = (
    ("authtoken_token", "Tokens stay behind, and whoever used one makes a new one"),
    ("user_apikey", "API keys stay behind, and whoever used one makes a token"),
    ("user_useryoutubeaccount", "Accounts of YouTube stay behind, and their cookies with them"),
)


@dataclass(frozen=True, slots=True)
class Arrival:
    """Somebody who is new here, complete: nothing that takes time or may refuse is left to do."""

    user: NewUser
    factor: Factor | None
    avatar: AvatarRow | None


def import_accounts(core: SoundWave, legacy: Legacy, report: ImportReport) -> None:
    """Everybody, bound as ``user``. Raises Invalid where second factors are locked (``legacy_factors``)."""
    section = report.section("Users")
    rows = legacy.rows("user_account", *_COLUMNS)
    section.found = len(rows)
    new = list(_meet(core, legacy, section, rows))
    factors = legacy_factors.read(
        core.config["auth.legacy_secret_key"], report.section("Second factors"), [row for row, _, _ in new]
    )
    pictures = legacy_avatars.read(legacy.folder, report.section("Avatars"), [row for row, _, _ in new])
    arrivals = [
        Arrival(_user(legacy, row, uid, name), factors.get(row["id"]), pictures.get(row["id"]))
        for row, uid, name in new
    ]
    with transaction(core.db):
        for arrival in arrivals:
            _add(core, arrival)
        for row, uid, _ in new:
            legacy.bind("user", row["id"], uid)
        for row in rows:
            if (user := legacy.id_of("user", row["id"])) is not None:
                LegacyAccounts(core).claim(_uid(legacy, row), user)
    section.imported += len(new)
    _tell(core, legacy, section, [row for row, _, _ in new])


def _meet(
    core: SoundWave, legacy: Legacy, section: Section, rows: Sequence[dict[str, Any]]
) -> Iterator[tuple[dict[str, Any], str, str]]:
    """Who is new, each with an id and a name that is free; the others are bound."""
    users, uids = Users(core), {row["id"]: _uid(legacy, row) for row in rows}
    claims = LegacyAccounts(core).all()
    met, taken = {*uids.values(), *claims.values()}, set[str]()
    for row in rows:
        uid, old = uids[row["id"]], printable(row["username"] or "")
        here = users.find(claims.get(uid, uid))
        if here is None:
            name = _name(row)
            namesake = users.find_by_name(name)
            if namesake is None or namesake.id in met:
                free = _free(users, name, taken)
                if free != row["username"]:
                    section.notes.append(f"{old} is called {free} here: the name was taken, or is none that can be.")
                yield row, uid, free
                continue
            here = namesake
            section.notes.append(
                f"{old} is here already: {here.name} keeps password and role, and gets the old things."
            )
        met.add(here.id)
        if here.state == "removed":
            section.notes.append(f"{old} was removed here, and stays removed.")
            continue
        legacy.bind("user", row["id"], here.id)
        section.imported += 1


def _uid(legacy: Legacy, row: dict[str, Any]) -> str:
    return legacy.uid("user", row["id"], legacy.stamp(row["date_joined"]))


def _name(row: dict[str, Any]) -> str:
    try:
        return names.clean(row["username"] or "")
    except Invalid:
        return f"user-{row['id']}"


def _free(users: Users, name: str, taken: set[str]) -> str:
    """This name, or with a number after it. Two that differ in capitals only are one name here."""
    number, free = 1, name
    while names.key(free) in taken or users.find_by_name(free) is not None:
        number += 1
        free = f"{name[: names.LONGEST - 5]}-{number}"
    taken.add(names.key(free))
    return free


def _user(legacy: Legacy, row: dict[str, Any], uid: str, name: str) -> NewUser:
    stored = row["password"] or ""
    return NewUser(
        id=uid,
        name=name,
        password_hash=stored if passwords.can_match(stored) else UNUSABLE,
        role="admin" if row["is_admin"] else "user",
        state="active" if row["is_active"] else "disabled",
        created_at=legacy.stamp(row["date_joined"]),
        quota_bytes=_quota(row["storage_quota_gb"]),
    )


def _quota(gigabytes: object) -> int | None:
    """None, no limit, for 0 too: the old server showed quotas and never refused anything by them."""
    if not isinstance(gigabytes, int | float) or gigabytes <= 0:
        return None
    return round(min(gigabytes * GIGABYTE, MOST_QUOTA))


def _add(core: SoundWave, arrival: Arrival) -> None:
    user = Users(core).adopt(arrival.user)
    if arrival.factor is not None:
        SecondFactors(core).adopt(user.id, arrival.factor.secret, core.clock.stamp())
        RecoveryCodes(core).replace(user.id, arrival.factor.code_hashes)
    if arrival.avatar is not None:
        Avatars(core).put(user.id, arrival.avatar)


def _tell(core: SoundWave, legacy: Legacy, section: Section, rows: Sequence[dict[str, Any]]) -> None:
    locked_out = [printable(row["username"] or "") for row in rows if not passwords.can_match(row["password"] or "")]
    if locked_out:
        who = ", ".join(locked_out)
        section.notes.append(f"No password lets in, until one is given (soundwave user reset-password NAME): {who}.")
    if any(_quota(row["storage_quota_gb"]) for row in rows):
        section.notes.append("Quotas hold from now on; the old server only showed them.")
    section.notes += [f"{sentence}: {n}." for table, sentence in LEFT_BEHIND if (n := legacy.count(table))]
    if rows:
        section.notes.append(
            "E-mail addresses, notes and limits of channels and playlists stay behind, and nobody is signed in."
        )
    if not Users(core).has_admin():
        section.notes.append("No active admin came over: soundwave user add --admin NAME opens the door.")
