"""The only place with SQL. Writes happen inside ``soundwave_core.transaction``, in whoever's it is."""

from .arrivals import Arrivals
from .changed import Changed, Changes, Mark
from .channels import Channel, Channels
from .entries import Entries, Favorites, Removal
from .file_states import FileState, FileStates
from .files import Artworks, FileRemovals, unknown_paths
from .items import NewItem
from .kept_files import KeptFile, kept_files, some_tracks
from .leftovers import Leftovers, users_with_leftovers
from .listening import Plays, Positions, listening_rev
from .lists import Lists, Page
from .lyrics import Lyrics
from .picking import TrackList
from .places import END
from .playlists import KINDS, LONGEST_TITLE, Playlists
from .readable import readable
from .taking import Taking
from .tracks import NO_HASH, NewTrack, StoredTrack, Tracks

__all__ = [
    "END",
    "KINDS",
    "LONGEST_TITLE",
    "NO_HASH",
    "Arrivals",
    "Artworks",
    "Changed",
    "Changes",
    "Channel",
    "Channels",
    "Entries",
    "Favorites",
    "FileRemovals",
    "FileState",
    "FileStates",
    "KeptFile",
    "Leftovers",
    "Lists",
    "Lyrics",
    "Mark",
    "NewItem",
    "NewTrack",
    "Page",
    "Playlists",
    "Plays",
    "Positions",
    "Removal",
    "StoredTrack",
    "Taking",
    "TrackList",
    "Tracks",
    "kept_files",
    "listening_rev",
    "readable",
    "some_tracks",
    "unknown_paths",
    "users_with_leftovers",
]
