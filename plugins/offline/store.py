"""The only place with SQL, but for sync's reads, which are library's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from soundwave_core import Access, Actor, Clock, Database, Operations, Unavailable, transaction

from .shapes import Counts, Device, OfflineBody, OfflinePlaylist

if TYPE_CHECKING:
    from soundwave_core import SoundWave

MOST_DEVICES = 50  # of one user; the one that was silent for longest makes room
SEEN_EVERY = timedelta(hours=1)  # a device that syncs all the time is not written down all the time
OLDEST = timedelta(days=400)  # of a day that is still counted or shown, and of a device's last word
COUNTED = Counts.__struct_fields__
# Of one op and of a user's day: no listener does more, and sums of years stay what JSON's numbers can say.
_MOST_BYTES, _MOST_SECONDS, _MOST_TIMES = 2**40, 2 * 86_400, 1_000_000
_BODY = OfflineBody.__struct_fields__[2:]  # what it says of the playlist
_KEPT = (
    f"p.playlist, p.device, d.name AS device_name, {', '.join(f'p.{name}' for name in _BODY)}, p.saved_at, p.updated_at"
)
_SUMS = ", ".join(f"sum({name}) AS {name}" for name in COUNTED)


def saw_device(core: SoundWave, user_id: str, device: str, name: str) -> None:
    """A device is in touch: written down at once where it is new or has another name, else once an hour.

    Where nothing can be written now, it is not: a device that only asks is answered all the same.
    """
    seen = Devices(core.db).find(user_id, device)
    newest = core.clock.stamp_before(seconds=SEEN_EVERY.total_seconds())
    is_known = seen is not None and seen["name"] == name and seen["last_sync_at"] >= newest
    if not is_known and not core.db.hold.seconds_left:
        with suppress(Unavailable), transaction(core.db) as tx:
            Devices(tx).ensure(user_id, device, name, core.clock)


def add_counts(tx: Database, user_id: str, day: str, counts: Mapping[str, int | float]) -> None:
    """Add a device's increments of one of its days.

    Days that do not count are ignored: later than tomorrow (the device's calendar may be a day ahead), or before
    ``OLDEST``. An increment that cannot be is cut down to what can, and so is the sum.
    """
    today = tx.clock.now().date()
    if not today - OLDEST <= _day(day) <= today + timedelta(days=1):
        return
    values = {name: max(0, min(int(counts.get(name, 0)), _most(name))) for name in COUNTED}
    names, places = ", ".join(COUNTED), ", ".join(f":{name}" for name in COUNTED)
    sums = ", ".join(f"{name} = min({name} + excluded.{name}, {_most(name)})" for name in COUNTED)
    tx.execute(
        f"""INSERT INTO offline_counts (user_id, day, {names}) VALUES (:user, :day, {places})
        ON CONFLICT (user_id, day) DO UPDATE SET {sums}""",
        user=user_id, day=day, **values,
    )  # fmt: skip


class Devices:
    """The devices of users, and nobody's twice."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def find(self, user_id: str, device: str) -> dict[str, Any] | None:
        """name and last_sync_at."""
        return self._db.row(
            "SELECT name, last_sync_at FROM offline_devices WHERE user_id = :user AND device = :device",
            user=user_id, device=device,
        )  # fmt: skip

    def list(self, user_id: str) -> Sequence[Device]:
        """This user's, the one that was in touch last first."""
        rows = self._db.rows(
            """SELECT d.device AS id, d.name, d.first_seen_at, d.last_sync_at, count(p.playlist) AS playlists,
            coalesce(sum(p.stored_bytes), 0) AS stored_bytes FROM offline_devices d
            LEFT JOIN offline_playlists p ON p.user_id = d.user_id AND p.device = d.device
            WHERE d.user_id = :user GROUP BY d.device ORDER BY d.last_sync_at DESC, d.device""",
            user=user_id,
        )
        return msgspec.convert(rows, list[Device])

    def ensure(self, user_id: str, device: str, name: str, clock: Clock) -> None:
        """It is in touch now. Beyond ``MOST_DEVICES`` those that were silent for longest are forgotten."""
        self._db.execute(
            """INSERT INTO offline_devices (user_id, device, name, first_seen_at, last_sync_at)
            VALUES (:user, :device, :name, :at, :at)
            ON CONFLICT (user_id, device) DO UPDATE SET name = excluded.name, last_sync_at = excluded.last_sync_at""",
            user=user_id, device=device, name=name, at=clock.stamp(),
        )  # fmt: skip
        self._db.execute(
            """DELETE FROM offline_devices WHERE user_id = :user AND device IN (SELECT device FROM offline_devices
            WHERE user_id = :user AND device <> :device ORDER BY last_sync_at DESC, device
            LIMIT -1 OFFSET :most - 1)""",
            user=user_id, device=device, most=MOST_DEVICES,
        )  # fmt: skip

    def remove(self, actor: Actor, device: str) -> None:
        """Forget one's own of this id and what it kept; where an admin has none, others'."""
        is_own = self.find(actor.id, device) is not None
        self._db.execute(
            """DELETE FROM offline_devices
            WHERE device = :device AND (user_id = :user OR (:is_admin AND NOT :is_own))""",
            device=device, user=actor.id, is_admin=int(actor.is_admin), is_own=int(is_own),
        )  # fmt: skip

    def access_of(self, actor: Actor, device: str) -> Access:
        """WRITE for whose it is, and for admins."""
        is_allowed = self._db.value(
            """SELECT EXISTS (SELECT 1 FROM offline_devices
            WHERE device = :device AND (:is_admin OR user_id = :user))""",
            device=device, user=actor.id, is_admin=int(actor.is_admin),
        )  # fmt: skip
        return Access.WRITE if is_allowed else Access.NONE

    def remove_silent(self, before: str) -> int:
        """Forget those that were last in touch before this moment; how many."""
        return self._db.execute("DELETE FROM offline_devices WHERE last_sync_at < :before", before=before)

    def count(self) -> int:
        """Of all users."""
        return int(self._db.value("SELECT count(*) FROM offline_devices"))


class KeptPlaylists:
    """The playlists that devices keep whole, as they told it."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def list(self, user_id: str, playlist: str | None = None) -> Sequence[OfflinePlaylist]:
        """On any of this user's devices; of one playlist, or of all: in the order in which they were saved."""
        rows = self._db.rows(
            f"""SELECT {_KEPT} FROM offline_playlists p
            JOIN offline_devices d ON d.user_id = p.user_id AND d.device = p.device
            WHERE p.user_id = :user AND (:playlist IS NULL OR p.playlist = :playlist)
            ORDER BY p.saved_at, p.playlist, p.device""",
            user=user_id, playlist=playlist,
        )  # fmt: skip
        return [msgspec.convert({**row, "is_pinned": bool(row["is_pinned"])}, OfflinePlaylist) for row in rows]

    def put(self, user_id: str, playlist: str, told: OfflineBody, clock: Clock) -> None:
        """What a device says of it, in the place of what it said before."""
        Devices(self._db).ensure(user_id, told.device, told.device_name, clock)
        values = {name: getattr(told, name) for name in _BODY} | {"is_pinned": int(told.is_pinned)}
        places, changes = ", ".join(f":{name}" for name in _BODY), ", ".join(f"{n} = excluded.{n}" for n in _BODY)
        self._db.execute(
            f"""INSERT INTO offline_playlists (user_id, device, playlist, {", ".join(_BODY)}, saved_at, updated_at)
            VALUES (:user, :device, :playlist, {places}, :at, :at)
            ON CONFLICT (user_id, device, playlist) DO UPDATE SET {changes}, updated_at = excluded.updated_at""",
            user=user_id, device=told.device, playlist=playlist, at=clock.stamp(), **values,
        )  # fmt: skip

    def remove(self, user_id: str, playlist: str, device: str) -> None:
        """That device keeps it no longer."""
        self._db.execute(
            "DELETE FROM offline_playlists WHERE user_id = :user AND device = :device AND playlist = :playlist",
            user=user_id, device=device, playlist=playlist,
        )  # fmt: skip

    def forget(self, playlist: str) -> int:
        """The playlist is gone; on how many devices it was kept."""
        return self._db.execute("DELETE FROM offline_playlists WHERE playlist = :playlist", playlist=playlist)

    def is_kept(self, playlist: str) -> bool:
        """Whether any device keeps it."""
        return bool(
            self._db.value(
                "SELECT EXISTS (SELECT 1 FROM offline_playlists WHERE playlist = :playlist)", playlist=playlist
            )
        )

    def list_kept(self) -> Sequence[str]:
        """Every playlist that any device keeps."""
        return [row["playlist"] for row in self._db.rows("SELECT DISTINCT playlist FROM offline_playlists")]

    def counts(self) -> dict[str, int]:
        """How many there are on all devices, by state."""
        rows = self._db.rows("SELECT state, count(*) AS number FROM offline_playlists GROUP BY state")
        return {row["state"]: row["number"] for row in rows}


class DayStats:
    """What devices counted."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def by_day(self, user_id: str | None, since: str) -> Sequence[dict[str, Any]]:
        """day and the counts, oldest first; of one user, or of all together."""
        return self._db.rows(
            f"""SELECT day, {_SUMS} FROM offline_counts WHERE day >= :since AND (:user IS NULL OR user_id = :user)
            GROUP BY day ORDER BY day""",
            user=user_id, since=since,
        )  # fmt: skip

    def by_user(self, since: str) -> Sequence[dict[str, Any]]:
        """user_id and the counts, by what came from caches."""
        return self._db.rows(
            f"""SELECT user_id, {_SUMS} FROM offline_counts WHERE day >= :since
            GROUP BY user_id ORDER BY sum(cache_bytes) DESC, user_id""",
            since=since,
        )

    def remove(self, user_id: str) -> None:
        """All of this user's."""
        self._db.execute("DELETE FROM offline_counts WHERE user_id = :user", user=user_id)

    def remove_old(self, before: str) -> int:
        """Days before this one; how many rows."""
        return self._db.execute("DELETE FROM offline_counts WHERE day < :before", before=before)


def users_with_records(db: Database, user_ids: Sequence[str]) -> Sequence[str]:
    """Those of these users of whom there is anything."""
    rows = db.rows(
        """SELECT u.value AS id FROM json_each(:users) u
        WHERE EXISTS (SELECT 1 FROM offline_devices WHERE user_id = u.value)
        OR EXISTS (SELECT 1 FROM offline_counts WHERE user_id = u.value)""",
        users=msgspec.json.encode(user_ids).decode(),
    )
    return [row["id"] for row in rows]


def forget_user(tx: Database, user_id: str) -> None:
    """Nothing stays of them: a device, what it did and what it counted is personal."""
    tx.execute("DELETE FROM offline_devices WHERE user_id = :user", user=user_id)
    Operations(tx, user_id).forget_all()
    DayStats(tx).remove(user_id)


def _day(text: str) -> date:
    """``date.min`` for what is none."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return date.min
    return day if day.isoformat() == text else date.min  # not a week's or a year's form


def _most(name: str) -> int:
    return _MOST_BYTES if name.endswith("_bytes") else _MOST_SECONDS if name.endswith("_seconds") else _MOST_TIMES
