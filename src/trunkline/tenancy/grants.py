"""What a key may do: what its organisation, its team, its user and itself say, put together.

The strictest holds: of models what all of them allow, of data and prices what the strictest demands, of wishes what
none of them takes away, and the first moment at which one expires. A tag is as the outermost says that has it.
"""

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network
from typing import Final, TypeVar

import msgspec

from trunkline.config.tenants import KeyGrant, Level
from trunkline.routing.bounds import Asker, Cap, DataPolicy, Wish
from trunkline.routing.inherited import cap_of, policy_of

Network = IPv4Network | IPv6Network
NOWHERE: Final = ("nowhere, for no region is allowed to all",)
"""Regions, where those of two levels have none in common."""

Number = TypeVar("Number", int, float)


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """What one level says; what it does not say does not bind."""

    models: tuple[str, ...] = ()
    tags: dict[str, str] = {}
    may: frozenset[Wish] | None = None
    data: DataPolicy | None = None
    cap: Cap | None = None
    guards: tuple[str, ...] = ()
    logs: tuple[str, ...] = ()
    expires: int | None = None
    """Unix time, seconds."""
    refused: str = ""
    """Why nobody may ask, for the caller to read; empty: it may."""
    addresses: tuple[Network, ...] = ()


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """What several levels come to."""

    models: tuple[tuple[str, ...], ...] = ()
    """Lists of names; what is asked for must be in every one."""
    tags: dict[str, str] = {}
    may: frozenset[Wish]
    data: DataPolicy | None = None
    cap: Cap | None = None
    guards: tuple[str, ...] = ()
    """Policies, the outermost first; all of them hold."""
    logs: tuple[str, ...] = ()
    """Likewise, those of the request log."""
    expires: int | None = None
    refused: str = ""

    def asker(self, key: str) -> Asker:
        """The same for whoever plans a route."""
        models, *within = self.models or ((),)
        return Asker(key, models, self.tags, self.may, self.data, self.cap, tuple(within))


def grant_of(level: Level, called: str) -> Grant:
    """What a section of the configuration says; `called`: what the caller is told where it is disabled."""
    return Grant(
        models=tuple(level.models or ()),
        tags=dict(level.tags),
        may=frozenset(level.requests_may) if level.requests_may is not None else None,
        data=policy_of(level.data) if level.data is not None else None,
        cap=cap_of(level.max_price) if level.max_price is not None else None,
        guards=level.guard,
        logs=level.request_log,
        expires=int(level.expires.timestamp()) if level.expires is not None else None,
        refused=f"{called} is disabled" if level.disabled else "",
        addresses=level.addresses if isinstance(level, KeyGrant) else (),
    )


def together(levels: Sequence[Grant], usual: frozenset[Wish]) -> Bounds:
    """What `levels` come to, of which the outermost is first. `usual`: what requests may wish where none says."""
    tags: dict[str, str] = {}
    for level in reversed(levels):
        tags |= level.tags
    wishes = [level.may for level in levels if level.may is not None]
    return Bounds(
        models=tuple(dict.fromkeys(level.models for level in levels if level.models)),
        tags=tags,
        may=frozenset.intersection(*wishes) if wishes else usual,
        data=_strictest([level.data for level in levels if level.data is not None]),
        cap=_lowest([level.cap for level in levels if level.cap is not None]),
        guards=tuple(dict.fromkeys(name for level in levels for name in level.guards)),
        logs=tuple(dict.fromkeys(name for level in levels for name in level.logs)),
        expires=_least([level.expires for level in levels]),
        refused=next((level.refused for level in levels if level.refused), ""),
    )


def _strictest(policies: Sequence[DataPolicy]) -> DataPolicy | None:
    if not policies:
        return None
    regions: tuple[str, ...] = ()
    for policy in policies:
        regions = _common(regions, policy.regions)
    training = False if any(policy.training is False for policy in policies) else None
    return DataPolicy(regions, _least([policy.retention for policy in policies]), training)


def _common(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    """Regions that are within both; `eu-central-1` is within `eu`."""
    if not one or not other:
        return one or other
    inside = [a for a in one if any(a == b or a.startswith(f"{b}-") for b in other)]
    inside += [b for b in other if any(b.startswith(f"{a}-") for a in one)]
    return tuple(dict.fromkeys(inside)) or NOWHERE


def _lowest(caps: Sequence[Cap]) -> Cap | None:
    if not caps:
        return None
    return Cap(
        _least([cap.input for cap in caps]),
        _least([cap.output for cap in caps]),
        _least([cap.per_request for cap in caps]),
    )


def _least(values: Sequence[Number | None]) -> Number | None:
    return min((value for value in values if value is not None), default=None)
