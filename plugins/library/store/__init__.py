"""The only place with SQL. Writes happen inside ``soundwave_core.transaction``, in whoever's it is."""

from .channels import Channel, Channels
from .entries import Entries, Favorites, Removal
from .files import Artworks, FileRemovals, unknown_paths
from .items import END
from .leftovers import Leftovers, users_with_leftovers
from .listening import Plays, Positions, listening_rev
from .lists import Lists, Page
from .picking import TrackList
from .playlists import Playlists
from .tracks import NewTrack, StoredTrack, Tracks

__all__ = [
    "END",
    "Artworks",
    "Channel",
    "Channels",
    "Entries",
    "Favorites",
    "FileRemovals",
    "Leftovers",
    "Lists",
    "NewTrack",
    "Page",
    "Playlists",
    "Plays",
    "Positions",
    "Removal",
    "StoredTrack",
    "TrackList",
    "Tracks",
    "listening_rev",
    "unknown_paths",
    "users_with_leftovers",
]
