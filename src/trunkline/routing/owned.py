"""How deployments are doing for a caller whose tenant has brought keys of its own: with these keys.

A tenant's keys with a provider are a pool of their own, of which each model is a deployment of its own: what one
tenant's keys go through says nothing of another's, nor of the common ones.
"""

from collections.abc import Collection, Mapping
from typing import Final

from trunkline.routing.allowance import Allowance
from trunkline.routing.deployment import DeploymentHealth, Trouble
from trunkline.routing.health import Health
from trunkline.routing.lanes import Why
from trunkline.routing.tickets import Ticket

LATER: Final = 3600.0
"""Seconds after which a tenant may have brought a key that it lacks now; nobody knows better."""


class _All(set[str]):
    """Nothing is taken to be well without a look."""

    def __contains__(self, _: object) -> bool:
        return True

    def isdisjoint(self, _: object) -> bool:
        return False


class OwnHealth:
    """As `Health`, for one caller."""

    watched: Final[Collection[str]] = _All()

    def __init__(self, common: Health, pools: Mapping[str, str], free: Collection[str], *, only: bool) -> None:
        """`pools`: by provider, the pool of its own keys. `only`: others are not used, but with providers that want
        none (`free`).
        """
        self._common = common
        self._pools = pools
        self._free = free
        self._only = only

    def _own(self, name: str) -> str | None:
        provider, _, model = name.partition("/")
        pool = self._pools.get(provider)
        return f"{pool}/{model}" if pool is not None else None

    def _lacks(self, name: str) -> bool:
        """It has no key there, and may use no other."""
        provider = name.partition("/")[0]
        return self._only and provider not in self._pools and provider not in self._free

    def _used(self, name: str, now: float) -> str:
        """The deployment that `name` stands for now: with its own keys, unless they cannot be used and others may."""
        own = self._own(name)
        if own is None:
            return name
        if self._only or self._common.trouble(own, now) is None:
            return own
        return name if self._common.trouble(name, now) is None else own

    def of(self, name: str) -> DeploymentHealth | None:
        """See `Health`."""
        return self._common.of(self._own(name) or name)

    def trouble(self, name: str, now: float) -> Trouble | None:
        """See `Health`."""
        if self._lacks(name):
            return Trouble("unowned", now + LATER, True)
        return self._common.trouble(self._used(name, now), now)

    def why_benched(self, name: str, now: float) -> Why | None:
        """See `Health`."""
        return "auth" if self._lacks(name) else self._common.why_benched(self._used(name, now), now)

    def begin(
        self, name: str, now: float, *, stream: bool = True, again: bool = False, tokens: int = 0
    ) -> Ticket | None:
        """See `Health`."""
        if self._lacks(name):
            return None
        return self._common.begin(self._used(name, now), now, stream=stream, again=again, tokens=tokens)

    def key(self, provider: str, now: float) -> tuple[str, str] | None:
        """The pool of a key that is not refused, and the key."""
        pools = [pool for pool in (self._pools.get(provider), provider) if pool is not None]
        if self._only and provider not in self._free:
            pools = [pool for pool in pools if pool != provider]
        found = ((pool, key) for pool in pools if (key := self._common.key(pool, now)) is not None)
        return next(found, None)

    def may_retry(self, name: str, now: float) -> bool:
        """See `Health`."""
        return self._common.may_retry(self._used(name, now), now)

    def first_output_p95(self, name: str, *, stream: bool = True) -> float | None:
        """See `Health`."""
        return self._common.first_output_p95(self._own(name) or name, stream=stream)

    def hedges(self, route: str, share: float) -> Allowance:
        """See `Health`."""
        return self._common.hedges(route, share)


AnyHealth = Health | OwnHealth
