"""One name of the configuration, compiled: its tree of strategies, its candidates, and what can matter for them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import blake2b
from math import inf
from typing import Final

import msgspec

from trunkline.config import names, routes, schema
from trunkline.formats.dialect import Parameter
from trunkline.routing import strategies
from trunkline.routing.abilities import Models
from trunkline.routing.bounds import DataFacts, broken_by
from trunkline.routing.expressions import compile_expression
from trunkline.routing.inherited import Inherited
from trunkline.routing.lookup import Lookup
from trunkline.routing.plan import Candidate, Served, Shadow, Target
from trunkline.routing.planning import TIGHT, Matters
from trunkline.routing.reading import CAPABILITIES
from trunkline.routing.scores import By
from trunkline.routing.strategies import Node

_FASTEST_BY: Final[Mapping[str, By]] = {"first_token": "latency", "tokens_per_second": "throughput"}


class Compiler:
    """Compiles one tree. What is refused when the configuration is checked (circles, unknown names) is left out."""

    def __init__(self, config: schema.Config, lookup: Lookup, models: Models) -> None:
        self._config = config
        self._lookup = lookup
        self._models = models
        self._shadowing = False
        self.candidates: list[Candidate] = []
        """All of the tree, in the order in which they stand there."""
        self.shadows: list[Candidate] = []
        """Those of its shadows."""
        self.scored = False
        """It asks how difficult a request is."""

    def node(self, reference: str, inherited: Inherited, seen: frozenset[str] = frozenset()) -> Node | None:
        """The tree of what a target of the configuration names; None if it names nothing."""
        target = self._lookup.target(reference)
        if target is not None:
            return self._leaf(target, inherited)
        label = self._lookup.referred(reference)
        return self.alias(label, reference, inherited, seen) if label is not None else None

    def alias(
        self, label: str, reference: str, inherited: Inherited, seen: frozenset[str] = frozenset()
    ) -> Node | None:
        """The tree of the entry `label` of `models`, which `reference` means."""
        taken = names.match(label, reference) or ""
        while label not in seen:
            seen |= {label}
            model = self._config.models[label]
            if not isinstance(model, str):
                return self._route(label, model, taken, inherited, seen)
            reference = names.fill(model, taken)
            target = self._lookup.target(reference)
            if target is not None:
                return self._leaf(target, inherited)
            found = self._lookup.referred(reference)
            if found is None:
                return None
            label, taken = found, names.match(found, reference) or ""
        return None

    def _leaf(self, target: Target, inherited: Inherited) -> Node:
        provider = self._config.providers.get(target.provider)
        deadline = self._config.deadline.overridden_by(provider.deadline if provider is not None else None)
        served = served_by(provider)
        times, total = inherited.times(deadline)
        candidate = Candidate(
            target=target,
            name=str(target),
            times=times,
            terms=inherited.terms(total),
            abilities=self._models.of(target),
            served=served,
            breaks=next(filter(None, (broken_by(policy, served.data) for policy in inherited.data)), ""),
            caps=inherited.caps,
            weaker=inherited.weaker,
            shadows=inherited.shadows,
        )
        self.candidates.append(candidate)
        return strategies.Leaf(candidate)

    def _route(
        self, label: str, route: routes.Listed, taken: str, inherited: Inherited, seen: frozenset[str]
    ) -> Node | None:
        inherited = inherited.below(route, self._config)
        if route.shadow is not None and not self._shadowing:
            shadow = self._shadow(route.shadow, taken, inherited)
            inherited = msgspec.structs.replace(inherited, shadows=(*inherited.shadows, *shadow))
        main = self._strategy(label, route, self._below(taken, inherited, seen), inherited)
        nodes = [] if main is None else [main]
        nodes += _found(map(self._below(taken, msgspec.structs.replace(inherited, weaker=True), seen), route.weaker))
        return strategies.Fallback(label, nodes) if len(nodes) > 1 else next(iter(nodes), None)

    def _below(self, taken: str, inherited: Inherited, seen: frozenset[str]) -> "Below":
        """What compiles a reference that stands in a route."""
        return lambda reference: self.node(names.fill(reference, taken), inherited, seen)

    def _shadow(self, shadow: routes.Shadow, taken: str, inherited: Inherited) -> list[Shadow]:
        """Compiled within the same bounds; what a shadow would be shadowed by is left out."""
        own, self.candidates, self._shadowing = self.candidates, [], True
        node = self.node(names.fill(shadow.to, taken), inherited)
        self.shadows += self.candidates
        self.candidates, self._shadowing = own, False
        return [Shadow(shadow.to, shadow.share, node)] if node is not None else []

    def _strategy(self, label: str, route: routes.Listed, below: "Below", inherited: Inherited) -> Node | None:
        match route:
            case routes.Conditional():
                rules = [(compile_expression(rule.when), below(rule.to)) for rule in route.rules]
                otherwise = below(route.otherwise) if route.otherwise is not None else None
                known = [(expression, node) for expression, node in rules if node is not None]
                return strategies.Conditional(label, known, otherwise, critical=inherited.critical)
            case routes.Complexity():
                easy, hard = below(route.easy), below(route.hard)
                self.scored = self.scored or not self._shadowing
                if easy is None or hard is None:
                    return easy or hard
                hard_share, critical = route.hard_share, inherited.critical
                return strategies.Complexity(label, easy, hard, hard_share, route.quality, critical=critical)
            case routes.Weighted():
                weighted = [(node, weight) for name, weight in route.of.items() if (node := below(name)) is not None]
                return strategies.Weighted(label, weighted) if weighted else None
            case _:
                nodes = _found(map(below, route.of))
                return _over(label, route, nodes) if nodes else None


Below = Callable[[str], Node | None]


def _found(nodes: Iterable[Node | None]) -> list[Node]:
    return [node for node in nodes if node is not None]


def _over(label: str, route: routes.Listed, nodes: Sequence[Node]) -> Node:
    """The strategy of a route that has a list."""
    match route:
        case routes.Cheapest():
            return strategies.Ranked(label, nodes, "price")
        case routes.Fastest():
            return strategies.Ranked(label, nodes, _FASTEST_BY[route.by], route.explore)
        case routes.LeastBusy():
            return strategies.Ranked(label, nodes, "busy")
        case routes.Sticky():
            return strategies.Sticky(label, [(node, _number_of(node.label)) for node in nodes])
        case routes.Race():
            return strategies.Race(label, nodes, route.win)
        case routes.Hedge():
            after = None if route.after == "p95" else route.after
            return strategies.Hedge(label, nodes, after, route.extra)
        case _:
            return nodes[0] if len(nodes) == 1 else strategies.Fallback(label, nodes)


def _number_of(label: str) -> int:
    """64 bits that stand for a name, the same everywhere and always."""
    return int.from_bytes(blake2b(label.encode(), digest_size=8).digest())


def served_by(provider: schema.Provider | None) -> Served:
    """What the operator says of a provider; None: it is there by its key in the environment alone."""
    if provider is None:
        return Served()
    place = provider.region or provider.location
    said, here = provider.data, (place,) if place else ()
    data = DataFacts(said.region or here, said.retention, said.training) if said is not None else DataFacts(here)
    return Served(data, provider.router)


def what_matters(candidates: Sequence[Candidate], shadows: Sequence[Candidate]) -> Matters:
    """What can matter for a policy of these, and for its shadows: data and money are as safe with them."""
    everybody = (*candidates, *shadows)
    sole, names = len(candidates) == 1, frozenset(candidate.name for candidate in candidates)
    contexts = [candidate.abilities.context for candidate in candidates]
    lacks = frozenset[Parameter]().union(*(candidate.abilities.refuses for candidate in candidates))
    return Matters(
        data=any(candidate.breaks for candidate in everybody),
        price=any(candidate.caps for candidate in everybody),
        weaker=any(candidate.weaker for candidate in everybody),
        lacks=frozenset() if sole else lacks & CAPABILITIES,
        roomy=inf if sole else min((context * TIGHT for context in contexts if context is not None), default=inf),
        names=frozenset(candidate.name for candidate in everybody),
        providers=frozenset(candidate.target.provider for candidate in everybody),
        repeats=len(names) < len(candidates),
    )
