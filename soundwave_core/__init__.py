"""SoundWave's core: the plugin host. Third parties import from here, and nothing deeper.

The exception is ``soundwave_core.testing``, the pytest fixtures that we and plugin authors use.
"""

from .addresses import network_of, plain_address
from .app import SoundWave
from .asking import ask_copy
from .backup_archive import pack as pack_backup
from .backup_archive import take_in as take_in_backup
from .backup_archive import take_in_database
from .backups import PATTERN as BACKUP_PATTERN
from .backups import Backup, Backups
from .cli import find_server, open_core, print_table
from .clock import ID_PATTERN, Clock, from_stamp, to_stamp
from .config import SettingInfo
from .control import COMMAND_LINE, Control
from .control import call as call_server
from .database import Database, IntegrityError, transaction
from .database_file import sync
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
from .exchange import Export, Import, open_export, write_export
from .hookspecs import hookimpl
from .http import Body, Cursor, ListQuery, Request, decode_cursor, encode_cursor
from .idempotency import sweep as sweep_operations
from .legacy import ImportReport, Legacy, Section
from .listing import Listing, next_url, row_before, whole
from .manifest import Manifest, MediaFacts, Verification
from .media_copy import write_media
from .operations import Operations, users_with_ops
from .operations import sweep as sweep_ops
from .permissions import AdminOnly, AdminWriteOnly, IsAuthenticated, IsOwnerOrAdmin, Public
from .records import (
    Access,
    Actor,
    Answer,
    FileAnswer,
    HealthCheck,
    Job,
    Json,
    Metric,
    Migration,
    OfflineEntry,
    Page,
    Permission,
    PrecacheEntry,
    Raw,
    ResourceKind,
    Route,
    Setting,
    Slot,
)
from .restoring import Note as RestoreNote
from .restoring import find_backup, restore_now
from .restoring import pending as pending_restore
from .restoring import prepare as prepare_restore
from .restoring import write_note as write_restore_note
from .sending import disposition
from .takeover import import_reports, open_copy
from .texts import LINE_FORM, Id, printable, wrong
from .tombstones import sweep as sweep_tombstones
from .tombstones import swept_rev
from .trial import find_fault, sweep_trials, trial_folder, try_out
from .values import Network
from .version import __version__
from .web import PageView, SlotView
