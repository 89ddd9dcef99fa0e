"""Which addresses lead to the public Internet."""

from ipaddress import IPv4Address, IPv6Network, ip_address
from typing import Final

_CARRIERS: Final = (
    IPv6Network("64:ff9b::/96"),  # NAT64 (RFC 6052)
    IPv6Network("64:ff9b:1::/48"),  # NAT64 of one's own (RFC 8215)
    IPv6Network("::/96"),  # IPv4-compatible (RFC 4291)
)
"""Networks whose addresses end in the IPv4 address that they lead to."""


def is_public(address: str) -> bool:
    """Whether an address is nobody's private one, nor leads to one by a network that carries IPv4 within IPv6."""
    known = ip_address(address.partition("%")[0])
    if isinstance(known, IPv4Address):
        return known.is_global
    inner = known.ipv4_mapped or known.sixtofour  # of both, Python's releases think differently
    if any(known in network for network in _CARRIERS):
        inner = IPv4Address(int(known) & 0xFFFFFFFF)
    return known.is_global if inner is None else inner.is_global
