"""Ordered lists of targets: what the names of a configuration come to without strategies, filters or health."""

from collections.abc import Collection, Iterable, Mapping

import msgspec

from trunkline.config import names
from trunkline.routing.lookup import Lookup
from trunkline.routing.targets import Retries, Target
from trunkline.transport.exchange import Times

REMEMBERED = 10_000
"""Names whose resolution is remembered. Callers choose names, so it must be bounded."""


class Alias(msgspec.Struct, frozen=True):
    """What a name of the configuration stands for. A `*` in the name takes any text, which a `*` in a target stands
    for.
    """

    of: Collection[str]
    times: Times | None
    """None: those of the provider that is asked."""
    retries: Retries
    drops: bool = False
    """What a target's API has no words for is dropped even where the answer depends on it."""


class Route(msgspec.Struct, frozen=True):
    """Targets in the order in which they are tried."""

    name: str
    """The configured name: the alias, the wildcard that matched, or `provider/model` itself."""
    targets: tuple[Target, ...]
    times: Times | None
    retries: Retries
    drops: bool = False
    """See `Alias`."""


class Routes:
    """All names of one configuration."""

    def __init__(
        self, providers: Iterable[str], aliases: Mapping[str, Alias], retries: Retries, *, drops: bool = False
    ) -> None:
        """`retries` and `drops` are for names that are no aliases."""
        self._lookup = Lookup(providers, aliases)
        self._aliases = dict(aliases)
        self._retries = retries
        self._drops = drops
        self._known: dict[str, Route | None] = {}

    @property
    def names(self) -> list[str]:
        """Every name that can be listed: the aliases without a `*`."""
        return self._lookup.listed

    def resolve(self, name: str) -> Route | None:
        """What `name` stands for; None if nothing is configured under it."""
        if name in self._known:
            return self._known[name]
        if len(self._known) >= REMEMBERED:
            self._known.clear()
        route = self._known[name] = self._resolve(name)
        return route

    def nearest(self, name: str) -> str | None:
        """The name most like `name` that would be known."""
        return self._lookup.nearest(name)

    def _resolve(self, name: str) -> Route | None:
        label = self._lookup.asked(name)
        if label is None:
            target = self._lookup.target(name)
            return Route(name, (target,), None, self._retries, self._drops) if target is not None else None
        alias = self._aliases[label]
        targets = tuple(self._flatten(label, names.match(label, name) or "", frozenset()))
        return Route(label, targets, alias.times, alias.retries, alias.drops) if targets else None

    def _flatten(self, label: str, taken: str, seen: frozenset[str]) -> Iterable[Target]:
        """The targets of an alias, those of aliases it names in their place. Cycles were refused with the
        configuration.
        """
        for text in self._aliases[label].of:
            name = names.fill(text, taken)
            target = self._lookup.target(name)
            if target is not None:
                yield target
                continue
            inner = self._lookup.referred(name)
            if inner is not None and inner not in seen:
                yield from self._flatten(inner, names.match(inner, name) or "", seen | {label})
