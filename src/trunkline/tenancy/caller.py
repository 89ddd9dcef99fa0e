"""Who asks, with all that follows from whose key it is: worked out when keys are loaded, looked up at each request."""

from collections.abc import Mapping
from ipaddress import IPv6Address, ip_address

import msgspec

from trunkline.config.tenants import OwnKeys
from trunkline.routing.bounds import ANYBODY as NO_BOUNDS
from trunkline.routing.bounds import Asker
from trunkline.tenancy.grants import Network


class Owned(msgspec.Struct, frozen=True):
    """The keys with providers that a caller's tenants have brought."""

    policy: OwnKeys
    pools: Mapping[str, str]
    """By provider, the name of the pool of keys that is used first."""


class Caller(msgspec.Struct, frozen=True):
    """Whoever a request is counted for."""

    key: str
    tags: dict[str, str] = {}
    """Of all levels. A request cannot change them."""
    expires: int | None = None
    org: str = ""
    team: str = ""
    user: str = ""
    """Whom the key belongs to; each empty where it is nobody's. A team is `organisation/team`."""
    asker: Asker = NO_BOUNDS
    guards: tuple[str, ...] = ()
    """Policies of what may be said, the outermost first: all of them hold."""
    logs: tuple[str, ...] = ()
    """Policies of the request log, likewise."""
    addresses: tuple[Network, ...] = ()
    """Whence the key is taken; empty: from everywhere."""
    refused: str = ""
    """Why it is not, in words for the caller."""
    owned: Owned | None = None
    markup: int = 0
    """What is charged on top of the cost with common provider keys, in millionths."""

    def comes_from(self, address: str) -> bool:
        """Whether its key is taken from there."""
        if not self.addresses:
            return True
        try:
            parsed = ip_address(address)
        except ValueError:
            return False
        if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None:
            parsed = parsed.ipv4_mapped
        return any(parsed in network for network in self.addresses)


ANYBODY = Caller(key="")
