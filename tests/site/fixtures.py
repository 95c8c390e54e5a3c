"""Pytest fixtures: ``media`` (made once a session), ``site``, and ``forbidden``, which must never be hit."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .media import Media, make_media
from .server import Hit, Page, Site

ALLOWED_NETWORKS = ("127.0.0.1/32",)  # the site's address; the forbidden one is 127.0.0.2


class Forbidden(Site):
    """A listener on 127.0.0.2: it plays, shows or leads on whatever is asked for, and keeps count."""

    def page_for(self, hit: Hit) -> Page:
        name = hit.path.rpartition("/")[2]
        return self.file(name if name.startswith(("tone", "cover")) else "tone.mp3")

    @property
    def disguises(self) -> list[str]:
        """The same address in other spellings."""
        hosts = ["127.0.0.2", "127.2", "2130706434", "0x7f000002", "0177.0.0.2"]
        hosts += ["[::ffff:127.0.0.2]", "[::127.0.0.2]"]
        return [f"http://{host}:{self.port}" for host in hosts]


@pytest.fixture(scope="session")
def media(tmp_path_factory: pytest.TempPathFactory) -> Media:
    return make_media(tmp_path_factory.mktemp("media"))


@pytest.fixture
def site(media: Media) -> Iterator[Site]:
    site = Site(media)
    yield site
    site.close()


@pytest.fixture
def forbidden(media: Media) -> Iterator[Forbidden]:
    listener = Forbidden(media, "127.0.0.2")
    yield listener
    listener.close()
