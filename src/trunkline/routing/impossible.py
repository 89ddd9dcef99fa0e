"""Demands that nobody can meet: routes and keys for which no candidate would ever be left."""

from collections.abc import Callable, Iterator
from typing import Final

from trunkline.config import schema
from trunkline.config.problems import Path
from trunkline.ledger.prices import Price
from trunkline.routing.bounds import broken_by, dearer
from trunkline.routing.compiling import served_by
from trunkline.routing.inherited import cap_of, policy_of
from trunkline.routing.plan import Candidate, Target
from trunkline.routing.policies import Policies

TOLD: Final = 5
"""Candidates of which it is said why not."""


def impossible(
    config: schema.Config, policies: Policies, price: Callable[[Target], Price | None]
) -> Iterator[tuple[Path, str]]:
    """Where in the configuration, and what is wrong. `price` may take its time: it is asked only for price caps."""
    for name in policies.names:
        policy = policies.resolve(name)
        if policy is not None:
            reasons = [(candidate, _why_never(candidate, price)) for candidate in policy.candidates]
            if all(why for _, why in reasons):
                told = "; ".join(f"{candidate.name}: {why}" for candidate, why in reasons[:TOLD])
                yield ("models", name), f"none of these models can ever be asked: {told}"
    yield from _keys(config, policies, price)


def _why_never(candidate: Candidate, price: Callable[[Target], Price | None]) -> str:
    if candidate.breaks:
        return candidate.breaks
    if not candidate.caps:
        return ""
    cost = price(candidate.target)
    return next(filter(None, (dearer(cap, cost) for cap in candidate.caps)), "")


def _keys(
    config: schema.Config, policies: Policies, price: Callable[[Target], Price | None]
) -> Iterator[tuple[Path, str]]:
    """Keys whose own demands no provider, or none of the models in `models`, can meet."""
    served = [served_by(provider) for provider in config.providers.values()]
    targets = policies.targets()
    for place, key in enumerate(config.keys):
        if key.data is not None:
            policy = policy_of(key.data)
            if all(broken_by(policy, each.data) for each in served):
                yield ("keys", place, "data"), "no provider is known to keep to this"
        if key.max_price is not None and targets:
            cap = cap_of(key.max_price)
            if all(dearer(cap, price(target)) for target in targets):
                yield ("keys", place, "max_price"), "none of the models in `models` is as cheap as this"
