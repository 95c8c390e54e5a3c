"""Which addresses a download may connect to: public ones, and the networks that the owner listed."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# Where clouds hand out credentials to whoever asks. Never allowed, whatever is listed:
# AWS, Google, Azure, DigitalOcean; AWS containers; AWS over IPv6; Alibaba; Azure's agent; Oracle.
_METADATA = frozenset(
    ipaddress.ip_address(text)
    for text in (
        "169.254.169.254",
        "169.254.170.2",
        "fd00:ec2::254",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
    )
)
_NAT64 = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("64:ff9b:1::/48"))  # RFC 6052, 8215
# Of IANA's special-purpose registries, what ``is_global`` of some Pythons takes for public (CVE-2024-4032).
_SPECIAL: tuple[Network, ...] = tuple(
    ipaddress.ip_network(text) for text in ("192.0.0.0/24", "2001::/23", "3fff::/20", "5f00::/16")
)
_COMPATIBLE = ipaddress.IPv6Network("::/96")  # IPv4-compatible, RFC 4291 section 2.5.5.1


def parse_networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Raises ValueError where one is no network (``10.0.0.0/8``, ``fd00::/8``, one address)."""
    return tuple(ipaddress.ip_network(text.strip(), strict=False) for text in texts if text.strip())


def is_allowed(text: str, networks: Iterable[Network] = ()) -> bool:
    """Whether this resolved address may be connected to. What cannot be read may not."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    listed = tuple(networks)
    return all(_is_fit(meant, listed) for meant in meant_addresses(address))


def meant_addresses(address: Address) -> list[Address]:
    """Where a packet to this address may end: for IPv6 that carries IPv4, the carried ones."""
    if isinstance(address, ipaddress.IPv4Address):
        return [address]
    if address.ipv4_mapped is not None:
        return [address.ipv4_mapped]
    if address.sixtofour is not None:
        return [address.sixtofour]
    if address.teredo is not None:
        return list(address.teredo)
    carried = ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    if any(address in network for network in _NAT64):
        return [carried]
    if address in _COMPATIBLE and int(address) > 1:
        return [carried]
    return [address]


def _is_fit(address: Address, networks: tuple[Network, ...]) -> bool:
    if address in _METADATA:
        return False
    if any(address in network for network in networks):
        return True
    is_local = isinstance(address, ipaddress.IPv6Address) and address.is_site_local
    is_special = any(address in network for network in _SPECIAL)
    return address.is_global and not (address.is_multicast or address.is_reserved or is_local or is_special)
