"""The names that requests ask for, as policies.

A policy is compiled when its name is first asked for, and remembered. A name with a `*` stands for as many policies as
callers make up, so how many are remembered is bounded.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

import msgspec

from trunkline.config import schema
from trunkline.providers.base import Provider
from trunkline.routing.abilities import Models
from trunkline.routing.bounds import Asker
from trunkline.routing.compiling import Compiler, what_matters
from trunkline.routing.inherited import outermost
from trunkline.routing.lookup import Lookup
from trunkline.routing.plan import Candidate, Plan, Step, Target
from trunkline.routing.planner import Policy
from trunkline.routing.strategies import Fallback, Leaf, Node
from trunkline.routing.wished import AsWished
from trunkline.routing.wishes import NONE, SUFFIXES, Sort, Wishes, suffix

REMEMBERED: Final = 10_000
"""Names whose policy is remembered."""


class NameRefused(ValueError):
    """A name that is not configured, or not for this key. `param` is where it stands in the request."""

    def __init__(self, message: str, param: str, *, unknown: bool) -> None:
        super().__init__(message)
        self.param = param
        self.unknown = unknown
        """There is no such name; else the key may not use it."""


class Policies:
    """All names of one configuration."""

    def __init__(self, config: schema.Config, pages: Mapping[str, Provider]) -> None:
        """`pages`: what is known of every provider that is there, with what the operator says over it."""
        self._config = config
        self._lookup = Lookup(pages, config.models)
        self._models = Models(pages)
        self._outermost = outermost(config)
        self._known: dict[str, Policy | None] = {}

    @property
    def names(self) -> list[str]:
        """Every name that can be listed: the aliases without a `*`."""
        return self._lookup.listed

    def nearest(self, name: str) -> str | None:
        """The name most like `name` that would be known."""
        return self._lookup.nearest(name)

    def resolve(self, name: str) -> Policy | None:
        """The policy of a name; None if nothing is configured under it."""
        if name in self._known:
            return self._known[name]
        if len(self._known) >= REMEMBERED:
            self._known.clear()
        policy = self._known[name] = self._compile(name)
        return policy

    def _compile(self, name: str) -> Policy | None:
        label = self._lookup.asked(name)
        compiler = Compiler(self._config, self._lookup, self._models)
        if label is None:
            target = self._lookup.target(name)
            root = compiler.node(name, self._outermost) if target is not None else None
        else:
            root = compiler.alias(label, name, self._outermost)
        if root is None:
            return None
        candidates, shadows = tuple(compiler.candidates), tuple(compiler.shadows)
        matters = what_matters(candidates, shadows)
        guards = _guards(candidates, shadows)
        logs = _logs(candidates)
        policy = Policy(
            label or name, root, candidates, matters, shadows, scored=compiler.scored, guards=guards, logs=logs
        )
        return msgspec.structs.replace(policy, ready=_ready(policy))

    # what a request asks

    def choose(self, name: str, wishes: Wishes, asker: Asker) -> tuple[Policy, Wishes]:
        """The policy for a request that asks for `name`, and its wishes with what the name says of them. Raises
        `NameRefused`.
        """
        if wishes is NONE and not asker.models:
            policy = self._known.get(name)
            if policy is not None and not name.endswith(_SUFFIXES):
                return policy, wishes
        asked = [(wishes.route, "x-trunkline-route")] if wishes.route else [(name, "model")] if name else []
        asked += [(each, f"models[{place}]") for place, each in enumerate(wishes.models)]
        policies: list[Policy] = []
        for each, param in asked:
            try:
                policy, sort = self._named(each, param, asker)
            except NameRefused as error:
                if error.unknown and policies and _are_routers(policies[0]):
                    continue  # it is one of the router's own, which is told it
                raise
            if all(policy is not other for other in policies):
                policies.append(policy)
            if sort and not wishes.sort:
                wishes = msgspec.structs.replace(wishes, sort=sort)
        if not policies:
            raise NameRefused("The request names no model.", "model", unknown=True)
        return (policies[0] if len(policies) == 1 else _one_after_the_other(policies, wishes)), wishes

    def _named(self, name: str, param: str, asker: Asker) -> tuple[Policy, Sort]:
        base, sort = self._without_suffix(name)
        if not asker.may_name(base):
            told = f"The key {asker.key!r} may not use the model {base!r}. Ask your operator to allow it."
            raise NameRefused(told, param, unknown=False)
        policy = self.resolve(base)
        if policy is None:
            near = self.nearest(base)
            hint = f" Did you mean '{near}'?" if near else " `GET /v1/models` lists what there is."
            raise NameRefused(f"The model '{base}' is not configured here.{hint}", param, unknown=True)
        return policy, sort

    def _without_suffix(self, name: str) -> tuple[str, Sort]:
        """A name without `:floor` or `:nitro`, unless it is called so here or at a provider that is a router itself."""
        base, sort = suffix(name)
        if not sort or name in self._config.models:
            return name, ""
        target = self._lookup.target(name)
        at = self._config.providers.get(target.provider) if target is not None else None
        return (name, "") if at is not None and at.router else (base, sort)

    # what is to be known beforehand

    def targets(self) -> list[Target]:
        """Every target that the names without a `*` can come to."""
        policies = filter(None, map(self.resolve, self.names))
        return list({each.target: None for policy in policies for each in (*policy.candidates, *policy.shadows)})

    def learn(self, targets: Iterable[Target], price: Callable[[Target], object]) -> None:
        """Look up what the price catalogue knows of `targets`, and have `price` do so. For a worker thread, once the
        catalogue is loaded; what was compiled before is compiled again.
        """
        for target in targets:
            self._models.learn(target)
            price(target)
        self._known = {}


_SUFFIXES: Final = tuple(SUFFIXES)


def _are_routers(policy: Policy) -> bool:
    return all(candidate.served.is_router for candidate in policy.candidates)


def _ready(policy: Policy) -> Plan | None:
    """The plan that is always the same, while nothing is the matter."""
    matters, candidate = policy.matters, policy.candidates[0]
    always = len(policy.candidates) == 1 and not (matters.data or matters.price or matters.weaker or candidate.shadows)
    if not always or not isinstance(policy.root, Leaf):
        return None
    return Plan(policy.name, (Step((candidate,)),), candidate.terms)


def _one_after_the_other(policies: list[Policy], wishes: Wishes) -> Policy:
    """What a request's `models` come to: each falls back to the next."""
    nodes: list[Node] = [policy.root if wishes.across_models else AsWished(policy.root) for policy in policies]
    candidates = tuple(candidate for policy in policies for candidate in policy.candidates)
    shadows = tuple(candidate for policy in policies for candidate in policy.shadows)
    return Policy(
        policies[0].name,
        Fallback(policies[0].name, nodes),
        candidates,
        what_matters(candidates, shadows),
        shadows,
        scored=any(policy.scored for policy in policies),
        sorted_within=not wishes.across_models,
        guards=_guards(candidates, shadows),
        logs=_logs(candidates),
    )


def _guards(candidates: Iterable[Candidate], shadows: Iterable[Candidate]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for each in (*candidates, *shadows) for name in each.terms.guards))


def _logs(candidates: Iterable[Candidate]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for each in candidates for name in each.terms.logs))
