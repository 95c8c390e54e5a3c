"""The routes by which people take along what is theirs, and the report of what an old server brought."""

from __future__ import annotations

from soundwave_auth import Users
from soundwave_core import (
    AdminOnly,
    ImportReport,
    IsAuthenticated,
    Listing,
    Raw,
    Request,
    Route,
    SoundWave,
    disposition,
    import_reports,
    whole,
)

from .exports import export_bytes


def export_own(core: SoundWave, request: Request) -> Raw:
    """Everything of one's own but the media, in one zip file of JSON and M3U8."""
    user = Users(core).get(request.user.id)
    return _file(export_bytes(core, [user]), f"soundwave-{user.name}-{core.clock.stamp()[:10]}.zip")


def export_all(core: SoundWave, request: Request) -> Raw:
    """Everything of everybody but the media, in one zip file."""
    users = sorted(Users(core).list(), key=lambda user: user.number)
    return _file(export_bytes(core, users), f"soundwave-{core.clock.stamp()[:10]}.zip")


def list_imports(core: SoundWave, request: Request) -> Listing[ImportReport]:
    """What each import of an old server brought over and what it did not, the last one first."""
    return whole(import_reports(core.db))


def _file(content: bytes, name: str) -> Raw:
    headers = [("Content-Disposition", disposition(name)), ("Cache-Control", "no-store")]
    return Raw(content, "application/zip", headers)


ROUTES = [
    Route("GET", "/api/user/export/", export_own, IsAuthenticated, answer=Raw),
    Route("GET", "/api/appsettings/export/", export_all, AdminOnly, answer=Raw, needs_confirmation=True),
    Route("GET", "/api/appsettings/import/", list_imports, AdminOnly, answer=Listing[ImportReport]),
]
