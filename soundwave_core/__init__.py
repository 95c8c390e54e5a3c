"""SoundWave's core: the plugin host. Third parties import from here, and nothing deeper.

The exception is ``soundwave_core.testing``, the pytest fixtures that we and plugin authors use.
"""

from .addresses import network_of, plain_address
from .app import SoundWave
from .cli import open_core, print_table
from .clock import ID_PATTERN, Clock, from_stamp, to_stamp
from .config import SettingInfo
from .control import Control
from .control import call as call_server
from .database import Database, IntegrityError, transaction
from .errors import (
    BadRequest,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    PluginError,
    SoundWaveError,
    StartError,
    TooLarge,
    TooMany,
    Unauthorized,
    Unavailable,
)
from .hookspecs import hookimpl
from .http import Body, Cursor, ListQuery, Request, decode_cursor, encode_cursor
from .idempotency import sweep as sweep_operations
from .listing import Listing, next_url, row_before, whole
from .permissions import AdminOnly, AdminWriteOnly, IsAuthenticated, IsOwnerOrAdmin, Public
from .records import (
    Access,
    Actor,
    Answer,
    FileAnswer,
    HealthCheck,
    Job,
    Json,
    Migration,
    Page,
    Permission,
    PrecacheEntry,
    Raw,
    ResourceKind,
    Route,
    Setting,
    Slot,
)
from .texts import LINE_FORM, Id, printable
from .values import Network
from .version import __version__
from .web import PageView, SlotView
