"""The part of the schema that devices need to follow the library: every change of what they show has a rev."""

from __future__ import annotations

# A list shows its length and its first track's picture: when a track's change, the list's rev moves too.
SYNC = """
CREATE INDEX plays_by_rev ON plays (user_id, rev);
CREATE INDEX channels_by_rev ON channels (rev);
CREATE TRIGGER playlists_follow_tracks AFTER UPDATE OF duration_seconds, artwork_id ON tracks
WHEN (OLD.duration_seconds IS NOT NEW.duration_seconds OR OLD.artwork_id IS NOT NEW.artwork_id)
    AND EXISTS (SELECT 1 FROM playlist_items WHERE track_id = NEW.id) BEGIN
    UPDATE counters SET value = value + 1 WHERE name = 'rev';
    UPDATE playlists SET rev = (SELECT value FROM counters WHERE name = 'rev')
    WHERE id IN (SELECT playlist_id FROM playlist_items WHERE track_id = NEW.id);
END;
"""

# A play of what its user cannot see is a device's word for it. Of these there are only so many (``listening.py``).
HEARSAY = """
ALTER TABLE plays ADD COLUMN is_hearsay INTEGER NOT NULL DEFAULT 0 CHECK (is_hearsay IN (0, 1));
CREATE INDEX plays_by_hearsay ON plays (user_id) WHERE is_hearsay;
"""
