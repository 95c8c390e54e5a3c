"""Pieces of SQL that several stores share. All are constants: values travel as parameters only.

``:user`` is the uid of the user whose library it is, ``:prefix`` the path prefix of the request.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import msgspec

from soundwave_core import Cursor, Invalid, decode_cursor

IS_SHARED = "t.channel_id IS NOT NULL"
IS_OWNED = "EXISTS (SELECT 1 FROM entries e WHERE e.user_id = :user AND e.track_id = t.id)"
IS_READABLE = f"({IS_SHARED} OR {IS_OWNED})"

# What a user's own entries take on the disk; the household's tracks are nobody's.
OWN_SIZES = "FROM entries e JOIN tracks t ON t.id = e.track_id WHERE e.user_id = :user"

_AUDIO = "'/api/audio/' || t.uid"
AUDIO_URL = f":prefix || {_AUDIO} || '/stream/'"
ARTWORK_URL = f":prefix || {_AUDIO} || '/artwork/?v=' || substr(a.sha256, 1, 12)"

TRACK_JOINS = "LEFT JOIN channels c ON c.id = t.channel_id LEFT JOIN artworks a ON a.id = t.artwork_id"


def track_fields(added_at: str) -> str:
    """The members of a track's JSON object; ``added_at`` is the expression for when it came to this list."""
    return f"""'id', t.uid, 'title', t.title, 'artist', t.artist, 'album', t.album,
        'channel', coalesce(c.title, t.channel_title), 'duration_seconds', t.duration_seconds,
        'size_bytes', t.size_bytes, 'codec', t.codec, 'added_at', {added_at}, 'published_at', t.published_at,
        'is_favorite', json(iif(EXISTS (SELECT 1 FROM favorites f
            WHERE f.user_id = :user AND f.track_id = t.id), 'true', 'false')),
        'is_missing', json(iif(EXISTS (SELECT 1 FROM file_states s
            WHERE s.track_id = t.id AND s.state = 'missing'), 'true', 'false')),
        'audio_url', {AUDIO_URL}, 'artwork_url', {ARTWORK_URL}, 'revision', t.revision"""


OWN_ADDED_AT = """coalesce((SELECT e.added_at FROM entries e WHERE e.user_id = :user AND e.track_id = t.id),
        t.added_at)"""
TRACK_JSON = f"json_object({track_fields(OWN_ADDED_AT)})"

# A playlist without a picture of its own shows its first item's.
PLAYLIST_FIELDS = f"""'id', p.uid, 'title', p.title, 'description', p.description, 'kind', p.kind,
    'count', p.item_count, 'duration_seconds', p.duration_seconds, 'rev', p.rev,
    'artwork_url', coalesce((SELECT :prefix || '/api/playlist/' || p.uid || '/artwork/?v=' || substr(a.sha256, 1, 12)
        FROM artworks a WHERE a.id = p.artwork_id),
        (SELECT {ARTWORK_URL} FROM playlist_items i JOIN tracks t ON t.id = i.track_id
        JOIN artworks a ON a.id = t.artwork_id WHERE i.playlist_id = p.id ORDER BY i.position, i.uid LIMIT 1)),
    'updated_at', p.updated_at, 'source_url', p.source_url"""

ITEM_JSON = f"""json_object('id', i.uid, 'position', i.position, 'audio_url', {AUDIO_URL},
    'track', {TRACK_JSON})"""

# Of a play ``y``, with its track ``t`` where that is there.
_PLAY = {
    "id": "y.uid", "track_id": "t.uid", "title": "y.title", "artist": "y.artist", "played_at": "y.played_at",
    "seconds": "y.seconds",
}  # fmt: skip
PLAY_FIELDS = ", ".join(f"'{name}', {column}" for name, column in _PLAY.items())
PLAY_COLUMNS = ", ".join(f"{column} AS {name}" for name, column in _PLAY.items())


def json_list(value: str, order: str) -> str:
    """An aggregate that makes one JSON array, in this order."""
    return f"json_group_array({value} ORDER BY {order})"


def after(cursor: str | None, name: str, first: Cursor) -> dict[str, Any]:
    """The keyset's parameters k0, k1 and so on: a cursor's values, or ``first`` for a list's beginning.

    A cursor carries the ``name`` of its list, and fits no other.
    """
    given, *values = [name, *first] if cursor is None else decode_cursor(cursor) or [None]
    if given != name:
        raise Invalid("The cursor belongs to another list.", code="cursor_invalid")
    if [type(value) for value in values] != [type(value) for value in first]:
        raise Invalid("The cursor belongs to another list.", code="cursor_invalid")
    return {f"k{index}": value for index, value in enumerate(values)}


def other_values(row: Mapping[str, Any], values: Mapping[str, Any], allowed: Collection[str]) -> dict[str, Any]:
    """What of these values is another one in the row. ValueError where one is not ``allowed`` to be changed."""
    if not values.keys() <= set(allowed):
        raise ValueError(f"{sorted(values)}: only {', '.join(allowed)} can be changed")
    return {name: value for name, value in values.items() if row[name] != value}


def contains(words: str) -> str:
    """A LIKE pattern for text that contains these words, with backslash as the escape character."""
    escaped = words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def as_json(values: Sequence[Any]) -> str:
    """A list as one parameter, for ``json_each``."""
    return msgspec.json.encode(values).decode()
