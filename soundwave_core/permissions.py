"""The five permissions, and the one place where a request is judged.

The core alone allows; the ``restrict`` hook can only take away. Nothing is allowed by default: a route
without a permission cannot be made (``records.Route``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .errors import Forbidden, NotFound, Unauthorized
from .records import Access, Actor, Permission, Route, default_scope

if TYPE_CHECKING:
    from .app import SoundWave
    from .http import Request

Public = Permission("Public", "Anyone, signed in or not.")
IsAuthenticated = Permission("IsAuthenticated", "Anyone signed in.")
IsOwnerOrAdmin = Permission("IsOwnerOrAdmin", "The owner of the thing in the path, or an admin.")
AdminOnly = Permission("AdminOnly", "Admins.")
AdminWriteOnly = Permission("AdminWriteOnly", "Anyone signed in reads, admins write.")

FIVE = (Public, IsAuthenticated, IsOwnerOrAdmin, AdminOnly, AdminWriteOnly)


def needed_scope(route: Route) -> str:
    """The scope that a token needs for this route."""
    is_admin = route.permission == AdminOnly or (route.permission == AdminWriteOnly and not route.is_safe)
    return route.scope or default_scope(route, is_admin)


def may_use(actor: Actor | None, permission: Permission, is_safe: bool = True) -> bool:
    """The permission's own question, before any resource is looked at."""
    if permission == Public:
        return True
    if actor is None:
        return False
    if permission == AdminOnly or (permission == AdminWriteOnly and not is_safe):
        return actor.is_admin
    return permission in FIVE


def judge_actor(actor: Actor | None, route: Route) -> None:
    """The first half of the judgement: 401 nobody asks, 403 a role or scope is missing."""
    if actor is None and route.permission != Public:
        raise Unauthorized()
    if not (may_use(actor, route.permission, route.is_safe) or _is_enough(actor, route)):
        raise Forbidden("Only an admin may do this.", code="admin_only")
    if actor is not None and actor.scopes is not None and route.permission != Public:
        scope = needed_scope(route)
        if scope not in actor.scopes:
            raise Forbidden(f"This token lacks the scope {scope}.", code="scope_missing")
    if route.needs_session and actor is not None and actor.session_id is None:
        raise Forbidden("Sign in with the password to do this: a token is not enough.", code="session_required")
    if route.needs_confirmation and actor is not None and not actor.is_confirmed:
        raise Forbidden("Confirm this with your password.", code="confirmation_needed")


def _is_enough(actor: Actor | None, route: Route) -> bool:
    """A lesser token of an admin's, where a route for admins says that less is enough: a scraper only reads."""
    return actor is not None and actor.is_of_admin and route.scope not in (None, "admin")


def judge_access(core: SoundWave, request: Request, route: Route) -> None:
    """The second half: 404 not this actor's thing, 403 theirs to look at only, or a plugin's reason."""
    if route.resource is not None:
        _ensure_access(core, request, route, route.resource)
    for reason in core.plugins.decide("restrict", actor=request.actor, request=request):
        raise Forbidden(str(reason), code="restricted")


def _ensure_access(core: SoundWave, request: Request, route: Route, kind: str) -> None:
    actor = request.actor
    access = Access.NONE
    if actor is not None:
        access = Access(core.resources[kind].access_of(core, actor, request.params[kind]))
    if access is Access.NONE:
        raise NotFound(f"There is no such {kind.replace('_', ' ')}.", code=f"{kind}_not_found")
    if access < route.needed_access:
        raise Forbidden(f"You may look at this {kind.replace('_', ' ')}, but not change it.", code="read_only")
