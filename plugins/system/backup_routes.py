"""The doors to backups: what there is, making one, trying one out, taking one along, and going back to one."""

from __future__ import annotations

import logging

from soundwave_core import (
    BACKUP_PATTERN,
    COMMAND_LINE,
    AdminOnly,
    BadRequest,
    FileAnswer,
    Forbidden,
    Listing,
    Request,
    Route,
    SoundWave,
    whole,
)

from . import backup_work
from .backup_desk import Desk
from .backup_downloads import Downloads
from .backup_shapes import (
    BackupView,
    HoldBody,
    HoldView,
    RestoreBody,
    RestoreView,
    UploadBody,
    UploadView,
)
from .backup_uploads import PART_BYTES, Uploads
from .backup_views import restore_view, view, views

log = logging.getLogger(__name__)


def list_backups(core: SoundWave, request: Request) -> Listing[BackupView]:
    """Every backup, the newest first; also those being made, and those that could not be."""
    return whole(views(core))


def make_backup(core: SoundWave, request: Request) -> BackupView:
    """Make a backup and try it out; the answer comes before that is done."""
    id = core.backups.new_id("manual")
    backup_work.wish(core, "make", id)
    return _find(core, id)


def get_backup(core: SoundWave, request: Request) -> BackupView:
    """One backup."""
    return _find(core, request.params["backup"])


def remove_backup(core: SoundWave, request: Request) -> None:
    """Remove a backup for good; but for the last one that was tried out and is good."""
    id = request.params["backup"]
    core.part(Desk).ensure_free(id)
    core.backups.remove(id)
    log.info("%s removed the backup %s", request.user.name, id)


def download_backup(core: SoundWave, request: Request) -> FileAnswer:
    """The backup as one zip, without the media."""
    backup = core.backups.get(request.params["backup"])
    log.info("%s downloads the backup %s", request.user.name, backup.id)
    return core.part(Downloads).file(backup)


def verify_backup(core: SoundWave, request: Request) -> BackupView:
    """Read all of a backup and restore it for a test; the answer comes before that is done."""
    backup = core.backups.get(request.params["backup"])
    backup_work.wish(core, "test", backup.id)
    return view(core, backup)


def begin_upload(core: SoundWave, request: Request) -> UploadView:
    """Announce a backup that was downloaded, here or elsewhere."""
    return core.part(Uploads).begin(request.body.size_bytes)


def get_upload(core: SoundWave, request: Request) -> UploadView:
    """How far it is."""
    return core.part(Uploads).view(request.params["upload"])


def put_part(core: SoundWave, request: Request) -> UploadView:
    """Bytes of the file, from the offset in the path; the content is taken as it is, whatever its type."""
    return core.part(Uploads).put(request.params["upload"], int(request.params["offset"]), request.raw_body)


def finish_upload(core: SoundWave, request: Request) -> BackupView:
    """All parts are there: read the backup in and try it out; one that is no good is not kept."""
    path = core.part(Uploads).finish(request.params["upload"])
    id = core.backups.new_id("uploaded")
    backup_work.wish(core, "take in", id, path=path)
    return _find(core, id)


def remove_upload(core: SoundWave, request: Request) -> None:
    """Give an upload up."""
    core.part(Uploads).remove(request.params["upload"])


def get_restore(core: SoundWave, request: Request) -> RestoreView:
    """How the last wish to restore goes."""
    return restore_view(core)


def restore(core: SoundWave, request: Request) -> RestoreView:
    """Go back to a backup: it is prepared beside what is there, then the server starts again with it.

    All sessions end. What was there stays as ``db.before-restore-<moment>.sqlite3``, and as a backup.
    """
    backup = core.backups.get(request.body.backup)
    if backup.state == "damaged":
        raise BadRequest(f"This backup is damaged: {backup.sentence}", code="backup_damaged")
    backup_work.wish(core, "restore", backup.id, actor=request.user)
    log.warning("%s wants to restore the backup %s", request.user.name, backup.id)
    return restore_view(core)


def hold(core: SoundWave, request: Request) -> HoldView:
    """Hold all writers back for so many seconds, for a snapshot of the volume: for the command line there."""
    if request.user is not COMMAND_LINE:
        sentence = "Call soundwave backup --quiesce on the server's machine, where the snapshot is taken."
        raise Forbidden(sentence, code="command_line_only")
    core.db.hold_writes(request.body.seconds)
    log.info("writers are held back for %d seconds", request.body.seconds)
    return HoldView(seconds_left=core.db.hold.seconds_left)


def release(core: SoundWave, request: Request) -> HoldView:
    """Let writers go on."""
    core.db.hold.end()
    log.info("writers go on")
    return HoldView(seconds_left=0)


def _find(core: SoundWave, id: str) -> BackupView:
    return next((one for one in views(core) if one.id == id), None) or view(core, core.backups.get(id))


_ALL, _UPLOADS = "/api/appsettings/backup/", "/api/appsettings/backup/upload/"
_ONE, _UPLOAD = f"{_ALL}<backup:re:{BACKUP_PATTERN}>/", f"{_UPLOADS}<upload:id>/"

ROUTES = [
    Route("GET", _ALL, list_backups, AdminOnly, answer=Listing[BackupView]),
    Route("POST", _ALL, make_backup, AdminOnly, answer=BackupView, status=202),
    Route("GET", _ONE, get_backup, AdminOnly, answer=BackupView),
    Route("DELETE", _ONE, remove_backup, AdminOnly, needs_confirmation=True),
    Route("GET", f"{_ONE}download/", download_backup, AdminOnly, answer=FileAnswer, needs_confirmation=True),
    Route("POST", f"{_ONE}verify/", verify_backup, AdminOnly, answer=BackupView, status=202),
    Route("POST", f"{_ALL}hold/", hold, AdminOnly, body=HoldBody, answer=HoldView),
    Route("POST", f"{_ALL}release/", release, AdminOnly, answer=HoldView),
    Route(
        "POST", _UPLOADS, begin_upload, AdminOnly,
        body=UploadBody, answer=UploadView, status=201, needs_confirmation=True,
    ),
    Route("GET", _UPLOAD, get_upload, AdminOnly, answer=UploadView),
    Route("DELETE", _UPLOAD, remove_upload, AdminOnly),
    Route(
        "PUT", f"{_UPLOAD}<offset:int>/", put_part, AdminOnly,
        answer=UploadView, body_limit=PART_BYTES, content_types=("application/octet-stream",),
    ),
    Route("POST", f"{_UPLOAD}finish/", finish_upload, AdminOnly, answer=BackupView, status=202),
    Route("GET", "/api/appsettings/restore/", get_restore, AdminOnly, answer=RestoreView),
    Route(
        "POST", "/api/appsettings/restore/", restore, AdminOnly,
        body=RestoreBody, answer=RestoreView, status=202, needs_confirmation=True,
    ),
]  # fmt: skip
