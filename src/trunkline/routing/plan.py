"""Which upstream next: the name of a model to an ordered list of candidates. Pure: values in, values out."""

import difflib
from collections.abc import Iterable, Mapping

import msgspec

from trunkline.config import names
from trunkline.transport.exchange import Times

REMEMBERED = 10_000
"""Names whose resolution is remembered. Callers choose names, so it must be bounded."""


class Target(msgspec.Struct, frozen=True):
    """One model of one configured provider."""

    provider: str
    model: str

    def __str__(self) -> str:
        return f"{self.provider}/{self.model}"


class Retries(msgspec.Struct, frozen=True):
    """When to try again. Seconds."""

    attempts: int = 3
    """Most attempts for one request, over all targets together."""
    backoff: float = 0.25
    most: float = 8.0
    longest_wait: float = 10.0
    """A provider that asks to wait for longer is not waited for."""


class Alias(msgspec.Struct, frozen=True):
    """What a name of the configuration stands for. A `*` in the name takes any text, which a `*` in a target stands
    for.
    """

    of: tuple[str, ...]
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
    """All names of one configuration. How a name is looked up is written in `config.names`."""

    def __init__(
        self, providers: Iterable[str], aliases: Mapping[str, Alias], retries: Retries, *, drops: bool = False
    ) -> None:
        """`retries` and `drops` are for names that are no aliases."""
        self._providers = frozenset(providers)
        self._aliases = dict(aliases)
        self._wildcards = [name for name in aliases if "*" in name]
        self._retries = retries
        self._drops = drops
        self._known: dict[str, Route | None] = {}

    @property
    def names(self) -> list[str]:
        """Every name that can be listed: the aliases without a `*`."""
        return sorted(name for name in self._aliases if "*" not in name)

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
        provider, slash, model = name.partition("/")
        if slash:
            near = difflib.get_close_matches(provider.lower(), self._providers, n=1, cutoff=0.6)
            if near and near[0] != provider:
                return f"{near[0]}/{model}"
        found = difflib.get_close_matches(name, self.names, n=1, cutoff=0.5)
        return found[0] if found else None

    def _resolve(self, name: str) -> Route | None:
        label = self._alias(name)
        if label is None:
            target = self._target(name)
            return Route(name, (target,), None, self._retries, self._drops) if target is not None else None
        alias = self._aliases[label]
        targets = tuple(self._flatten(label, names.match(label, name) or "", frozenset()))
        return Route(label, targets, alias.times, alias.retries, alias.drops) if targets else None

    def _alias(self, name: str) -> str | None:
        if name in self._aliases and "*" not in name:
            return name
        wildcard = names.wildcard(self._wildcards, name)
        if wildcard is None and "*" in self._aliases and self._target(name) is None:
            return "*"
        return wildcard

    def _flatten(self, label: str, taken: str, seen: frozenset[str]) -> Iterable[Target]:
        """The targets of an alias, those of aliases it names in their place. Cycles were refused with the
        configuration.
        """
        for text in self._aliases[label].of:
            name = names.fill(text, taken)
            target = self._target(name)
            if target is not None:
                yield target
                continue
            inner = name if name in self._aliases else names.wildcard(self._wildcards, name)
            if inner is not None and inner not in seen:
                yield from self._flatten(inner, names.match(inner, name) or "", seen | {label})

    def _target(self, name: str) -> Target | None:
        parts = names.split(name)
        return Target(*parts) if parts is not None and parts[0] in self._providers else None
