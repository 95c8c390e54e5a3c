"""The core's own routes: the description of the API, and the page that shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from .openapi import document
from .permissions import IsAuthenticated
from .records import Json, Page, Route
from .version import __version__

if TYPE_CHECKING:
    from .app import SoundWave
    from .http import Request


def get_openapi(core: SoundWave, request: Request) -> Json:
    """This API as an OpenAPI 3.1 document, made from the routes that are bound now."""
    return Json(msgspec.json.encode(document(core.routes.routes(), "SoundWave", __version__, prefix=request.prefix)))


ROUTES = [Route("GET", "/api/openapi.json", get_openapi, IsAuthenticated, answer=dict)]
DOCS_PAGE = Page("/api/docs/", "API", "docs-page", IsAuthenticated, order=-1)
