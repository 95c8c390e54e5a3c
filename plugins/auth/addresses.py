"""Where a request comes from, in the forms in which it is kept. (Whose word counts for it, the core knows.)"""

from __future__ import annotations

import ipaddress

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def parse(text: str) -> Address | None:
    """None for what is no address. IPv4 mapped into IPv6 is IPv4, and an interface's name is no part of it."""
    try:
        found = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def plain(text: str) -> str | None:
    """The one way to write an address; None for what is none."""
    found = parse(text)
    return str(found) if found else None


def household(text: str) -> str:
    """What counts as one: an IPv4 address, an IPv6 /64. Whoever has no address is one with all of these."""
    found = parse(text)
    if found is None or found.version == 4:
        return str(found)
    return str(ipaddress.ip_network((found, 64), strict=False))
