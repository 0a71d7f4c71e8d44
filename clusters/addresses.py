"""Addresses of machines: which are never opened, and the IPv4 address that hides inside an IPv6 one."""

from __future__ import annotations

import ipaddress
from typing import TypeAlias

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address


def literal(host: str) -> Address | None:
    """The address, when the host is written as one."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def forbidden(address: Address) -> bool:
    """Link-local (where clouds hand out credentials), multicast, unspecified; also inside an IPv6 wrapping."""
    inner = plain(address)
    return inner.is_link_local or inner.is_multicast or inner.is_unspecified or str(inner) == "fd00:ec2::254"


def plain(address: Address) -> Address:
    """The IPv4 address that an IPv6 address wraps (mapped, compatible, 6to4, NAT64, Teredo), or the address itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address.ipv4_mapped or address.sixtofour:
        return address.ipv4_mapped or address.sixtofour or address
    if address.teredo:
        return address.teredo[1]
    if address in _NAT64 or (int(address) >> 32 == 0 and int(address) > 1):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def is_public(address: Address) -> bool:
    """Is it of the open internet, and of no network that only we can reach?"""
    return plain(address).is_global and not forbidden(address)
