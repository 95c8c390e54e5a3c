"""The routes by which people take along what is theirs, and the report of what an old server brought."""

from __future__ import annotations

from soundwave_auth import Users
from soundwave_core import (
    AdminOnly,
    ImportReport,
    IsAuthenticated,
    NotFound,
    Raw,
    Request,
    Route,
    SoundWave,
    disposition,
    last_report,
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


def get_import(core: SoundWave, request: Request) -> ImportReport:
    """What the last import of an old server brought over, and what it did not."""
    report = last_report(core.db)
    if report is None:
        raise NotFound("Nothing was brought over from an old server.", code="no_import")
    return report


def _file(content: bytes, name: str) -> Raw:
    headers = [("Content-Disposition", disposition(name)), ("Cache-Control", "no-store")]
    return Raw(content, "application/zip", headers)


ROUTES = [
    Route("GET", "/api/user/export/", export_own, IsAuthenticated),
    Route("GET", "/api/appsettings/export/", export_all, AdminOnly, needs_confirmation=True),
    Route("GET", "/api/appsettings/import/", get_import, AdminOnly, answer=ImportReport),
]
