"""The local test site: a podcast, pages, files, HLS, and every way to misbehave. See ``fixtures.py``."""

from .fixtures import ALLOWED_NETWORKS, Forbidden
from .media import SECONDS, Media
from .server import Episode, Hit, Page, Site

__all__ = ["ALLOWED_NETWORKS", "SECONDS", "Episode", "Forbidden", "Hit", "Media", "Page", "Site"]
