"""The admin's window on the audit trail. There is nothing to send here: over HTTP no line is changed or goes."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta, Struct

from soundwave_core import AdminOnly, Id, Invalid, Listing, ListQuery, Route, plain_address, row_before, to_stamp

from .audit import Kind
from .lists import page
from .refusals import Refusals
from .store import AuditFilter, AuditRow, AuditTrail

if TYPE_CHECKING:
    from soundwave_core import Request, SoundWave

IpAddress = Annotated[str, Meta(max_length=64, extra_json_schema={"anyOf": [{"format": "ipv4"}, {"format": "ipv6"}]})]
Moment = Annotated[str, Meta(max_length=40, extra_json_schema={"format": "date-time"})]


class AuditQuery(ListQuery, frozen=True):
    """Which lines: of this kind, about or by this user, from this address, from ``since`` until before ``until``."""

    kind: Kind | None = None
    user: Id | None = None
    address: IpAddress | None = None
    since: Moment | None = None
    until: Moment | None = None


class AuditView(Struct, frozen=True, kw_only=True):
    """What happened to ``username``, and who did it where that was another; ``count`` times, ``at`` the last one."""

    id: str
    at: str
    kind: str
    user_id: str | None
    username: str | None
    by_id: str | None
    by: str | None
    address: str | None
    count: int
    detail: dict[str, str]


def list_audit(core: SoundWave, request: Request) -> Listing[AuditView]:
    """What happened, newest first: sign-ins, refusals, and who changed whom or what."""
    core.part(Refusals).flush(is_all=True)
    trail, wanted = AuditTrail(core), _filter(request.query)
    shown, following = page(request, trail.list(wanted, request.query.limit + 1, row_before(request)))
    return Listing(count=trail.count(wanted), next=following, results=[_view(row) for row in shown])


def _filter(query: AuditQuery) -> AuditFilter:
    return AuditFilter(
        kind=query.kind,
        user=query.user,
        address=_address(query.address),
        since=_stamp("since", query.since),
        until=_stamp("until", query.until),
    )


def _address(text: str | None) -> str | None:
    if text is None:
        return None
    found = plain_address(text)
    if found is None:
        raise Invalid("address in the query is no IP address.", code="query_invalid")
    return found


def _stamp(name: str, text: str | None) -> str | None:
    if text is None:
        return None
    try:
        return to_stamp(msgspec.convert(text, Annotated[datetime, Meta(tz=True)]))
    except (msgspec.ValidationError, OverflowError) as error:
        sentence = f"{name} in the query is no date and time such as 2026-01-05T12:00:00Z."
        raise Invalid(sentence, code="query_invalid") from error


def _view(row: AuditRow) -> AuditView:
    return AuditView(
        id=row.id,
        at=row.at,
        kind=row.kind,
        user_id=row.user_id,
        username=row.username,
        by_id=row.by_id,
        by=row.by_name,
        address=row.address,
        count=row.count,
        detail=row.detail,
    )


ROUTES = [Route("GET", "/api/user/admin/audit/", list_audit, AdminOnly, query=AuditQuery, answer=Listing[AuditView])]
