"""Channels: publishers whose tracks are the household's. When they are checked is the downloads plugin's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from soundwave_core import Access, Actor, Clock, Database, NotFound

from .entries import Entries
from .items import Source
from .sql import as_json, other_values
from .tracks import Tracks

_FIELDS = ("title", "url", "description", "artwork_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A channel as it is stored; ``artwork_revision`` is the picture's SHA-256."""

    uid: str
    title: str
    url: str
    description: str | None
    artwork_revision: str | None
    track_count: int
    created_at: str
    rev: int

    def artwork_url(self, prefix: str) -> str | None:
        """Where its picture is, for this path prefix."""
        if self.artwork_revision is None:
            return None
        return f"{prefix}/api/channel/{self.uid}/artwork/?v={self.artwork_revision[:12]}"


_SELECT = """SELECT c.uid, c.title, c.url, c.description, a.sha256 AS artwork_revision, c.created_at, c.rev,
    (SELECT count(*) FROM tracks t WHERE t.channel_id = c.id) AS track_count
    FROM channels c LEFT JOIN artworks a ON a.id = c.artwork_id"""


class Channels:
    """The household's channels."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def add(
        self,
        title: str,
        url: str,
        clock: Clock,
        *,
        uid: str | None = None,
        description: str | None = None,
        artwork_id: int | None = None,
        created_at: str | None = None,
    ) -> str:
        """A new channel's uid. A url that is there already is an IntegrityError (409)."""
        uid = uid or clock.new_id()
        self._db.execute(
            """INSERT INTO channels (uid, title, url, description, artwork_id, created_at, rev)
            VALUES (:uid, :title, :url, :description, :artwork, :at, :rev)""",
            uid=uid, title=title, url=url, description=description, artwork=artwork_id,
            at=created_at or clock.stamp(), rev=self._db.next_rev(),
        )  # fmt: skip
        return uid

    def find(self, uid: str) -> Channel | None:
        """The channel with this uid, or None."""
        row = self._db.row(f"{_SELECT} WHERE c.uid = :uid", uid=uid)
        return None if row is None else Channel(**row)

    def find_by_url(self, url: str) -> Channel | None:
        """The channel at exactly this url, or None."""
        row = self._db.row(f"{_SELECT} WHERE c.url = :url", url=url)
        return None if row is None else Channel(**row)

    def get(self, uid: str) -> Channel:
        """Raises NotFound."""
        found = self.find(uid)
        if found is None:
            raise NotFound("There is no such channel.", code="channel_not_found")
        return found

    def list(self) -> list[Channel]:
        """All of them, by title."""
        return [Channel(**row) for row in self._db.rows(f"{_SELECT} ORDER BY c.title, c.id")]

    def patch(self, uid: str, **fields: str | int | None) -> bool:
        """Change title, url, description or artwork_id; whether there was anything to change."""
        self.get(uid)
        present = self._db.row(f"SELECT {', '.join(_FIELDS)} FROM channels WHERE uid = :uid", uid=uid)
        changed = other_values(present or {}, fields, _FIELDS)
        if changed:
            changes = ", ".join(f"{name} = :{name}" for name in changed)
            self._db.execute(
                f"UPDATE channels SET {changes}, rev = :rev WHERE uid = :uid",
                **changed, rev=self._db.next_rev(), uid=uid,
            )  # fmt: skip
        if "title" in changed:
            self._renew_tracks(uid)
        return bool(changed)

    def remove(self, uid: str, heir_id: str, clock: Clock) -> None:
        """Stop having a channel, and lose nothing: its tracks become entries of ``heir_id`` (who removes it).

        Whoever has one as a favourite or in a playlist keeps it as well.
        """
        self.get(uid)
        entries = Entries(self._db)
        condition = "t.channel_id = (SELECT id FROM channels WHERE uid = :channel)"
        entries.keep_used(condition, clock, channel=uid)
        tracks = self._db.rows(f"SELECT t.uid, t.added_at FROM tracks t WHERE {condition}", channel=uid)
        for track in tracks:
            entries.ensure(heir_id, track["uid"], clock, track["added_at"])
            Tracks(self._db).unshare(track["uid"])
        self._db.execute("DELETE FROM channels WHERE uid = :uid", uid=uid)
        self._db.bury("channel", uid, None)

    def describe(self, uid: str, title: str | None = None, description: str | None = None) -> bool:
        """Take over what the publisher says of itself; a title only while there is none but the url."""
        known = self.get(uid)
        fields: dict[str, str | int | None] = {}
        if title and known.title == known.url:
            fields["title"] = title
        if description and description != known.description:
            fields["description"] = description
        return self.patch(uid, **fields)

    def missing(self, uid: str, upstream: Sequence[Source]) -> set[Source]:
        """What of ``upstream`` is to be fetched: not the household's yet, and not taken out by an admin."""
        rows = self._db.rows(
            """SELECT t.extractor, t.source_id FROM json_each(:upstream) u JOIN tracks t
            ON t.extractor = u.value ->> 0 AND t.source_id = u.value ->> 1 WHERE t.channel_id IS NOT NULL
            UNION SELECT r.extractor, r.source_id FROM channel_removals r
            JOIN channels c ON c.id = r.channel_id WHERE c.uid = :uid""",
            upstream=as_json(upstream), uid=uid,
        )  # fmt: skip
        return set(upstream) - {(row["extractor"], row["source_id"]) for row in rows}

    def access_of(self, actor: Actor, uid: str) -> Access:
        """READ for everybody in the household, WRITE for admins."""
        if not self._db.value("SELECT EXISTS (SELECT 1 FROM channels WHERE uid = :uid)", uid=uid):
            return Access.NONE
        return Access.WRITE if actor.is_admin else Access.READ

    def _renew_tracks(self, uid: str) -> None:
        """They show its title. Each gets a rev of its own, so that devices are told of them in pages."""
        tracks = self._db.rows(
            "SELECT t.id FROM tracks t JOIN channels c ON c.id = t.channel_id WHERE c.uid = :uid ORDER BY t.id", uid=uid
        )
        self._db.execute_many(
            "UPDATE tracks SET rev = :rev WHERE id = :id",
            [{"id": track["id"], "rev": self._db.next_rev()} for track in tracks],
        )
