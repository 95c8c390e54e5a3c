"""Addresses of machines: read in every form, written in one, and which of them one asker has."""

from __future__ import annotations

import ipaddress

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def parse_address(text: str) -> Address | None:
    """None for what is no address. IPv4 mapped into IPv6 is IPv4, and an interface's name (``%eth0``) is dropped."""
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(found, ipaddress.IPv4Address):
        return found
    return found.ipv4_mapped or ipaddress.IPv6Address(int(found))


def plain_address(text: str) -> str | None:
    """The one way to write an address; None for what is none."""
    found = parse_address(text)
    return str(found) if found else None


def network_of(text: str) -> str:
    """What counts as one asker: an IPv4 address, or an IPv6 /64, for whoever has one of these has them all.

    Empty for what is no address: all of these are one.
    """
    found = parse_address(text)
    if isinstance(found, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found) if found else ""
