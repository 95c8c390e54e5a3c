"""Links as users give them: what is none is refused at once, in one sentence."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from soundwave_core import Invalid

from .addresses import is_allowed, parse_networks

if TYPE_CHECKING:
    from soundwave_core import SoundWave

_NOT_IN_LINKS = re.compile(r"[\x00-\x20\x7f]")


def ensure_link(core: SoundWave, text: str) -> str:
    """The link, or Invalid: http(s) with a host, no credentials, no private address written out.

    Names are looked up later, where the connection is made: by the egress proxy.
    """
    try:
        parts = urlsplit("" if _NOT_IN_LINKS.search(text) else text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    if parts.scheme not in ("http", "https") or not host:
        raise Invalid(
            "This is no link: it must begin with http:// or https://, name a host and have no spaces.",
            code="not_a_link",
        )
    if parts.username is not None or parts.password is not None:
        raise Invalid("A link must not carry a user name or password.", code="not_a_link")
    address = "127.0.0.1" if host == "localhost" else host
    try:
        ipaddress.ip_address(address)
    except ValueError:
        return text
    if not is_allowed(address, parse_networks(core.config["downloads.allowed_networks"])):
        sentence = f"{host} is a private address; an admin can allow it in SOUNDWAVE_DOWNLOADS_ALLOWED_NETWORKS."
        raise Invalid(sentence, code="address_forbidden")
    return text
