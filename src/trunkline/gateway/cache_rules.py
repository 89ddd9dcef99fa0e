"""Which answers are kept, for whom, and what a kept answer hangs on: what one configuration says of the cache."""

import hashlib
import re
from collections.abc import Mapping
from typing import Final

import msgspec

from trunkline.cache.request import Canonical, key_of
from trunkline.config import schema
from trunkline.config.cache import Cache, Scope, Split
from trunkline.config.routes import Conditional, Route
from trunkline.gateway.identity import Caller
from trunkline.routing.bounds import Asker
from trunkline.routing.planner import Policy
from trunkline.routing.wishes import NONE, Wishes
from trunkline.tenancy.caller import Owned

REMEMBERED: Final = 10_000
"""Policies whose digest is remembered."""
UNSAID: Final = 1.0
"""What a temperature that is not said counts as: the default of most providers."""


class Rule(msgspec.Struct, frozen=True):
    """What holds for the answers of one name."""

    ttl: float
    """Seconds; 0: none is kept."""
    scope: Scope
    stale: float
    tools: bool
    temperature: float | None
    in_pieces: bool
    split: Split
    max_error: float = 0.0
    """Of the semantic cache; 0: there is none."""
    stored: bool = False
    """What it keeps is in the store as well."""

    def takes(self, asked: Canonical) -> bool:
        """Whether answers to such a request are kept."""
        if asked.tools and not self.tools:
            return False
        heat = UNSAID if asked.temperature is None else asked.temperature
        return self.temperature is None or heat <= self.temperature


class Frame(msgspec.Struct, frozen=True):
    """What stands around a request that an answer to it depends on as well."""

    caller: Caller
    asker: Asker
    policy: Policy
    guards: tuple[str, ...]
    """The policies of what may be said that hold for it, in their order."""
    wishes: Wishes
    facts: Mapping[str, object]
    """What conditions may look at, by the names that they have there."""
    betas: tuple[bytes, ...] = ()
    """Header fields that are handed on to providers."""


class CacheRules:
    """What holds for each name, and the versions of what stands behind it."""

    def __init__(
        self, usual: Rule, named: Mapping[str, Rule], policy: bytes, providers: Mapping[str, str], conditions: str
    ) -> None:
        """`policy`: the version of what may be said. `providers`: what each provider is, by name. `conditions`: the
        text of all that decide who answers: only requests that are equal in what these look at share.
        """
        self.conditions = conditions
        self._deciding = frozenset(re.findall(r"\w+", conditions))
        self._usual = usual
        self._named = named
        self._policy = policy
        self._providers = providers
        self._routes: dict[Policy, bytes] = {}
        self.semantic = any(rule.max_error for rule in [usual, *named.values()])
        """Whether any answers are looked for by their sense."""
        self.stored = frozenset(rule.max_error for rule in [usual, *named.values()] if rule.stored and rule.ttl)
        """The shares of errors of semantic caches that are in the store as well."""

    def rule(self, policy: Policy) -> Rule:
        """What holds for answers under the name that was asked for."""
        return self._named.get(policy.name, self._usual)

    def key(self, rule: Rule, frame: Frame, asked: Canonical) -> bytes:
        """What an answer is kept under: equal exactly for those who may have the same one."""
        return key_of(b"answer", *self._around(rule, frame, asked), asked.digest)

    def frame(self, rule: Rule, frame: Frame, asked: Canonical) -> list[bytes]:
        """What questions must have in common to be compared by their sense."""
        return [*self._around(rule, frame, asked), asked.frame]

    def _around(self, rule: Rule, frame: Frame, asked: Canonical) -> list[bytes]:
        facts = {name: fact for name, fact in frame.facts.items() if name in self._deciding}
        return [
            msgspec.json.encode(scope_of(rule.scope, frame.caller, asked.user)),
            _bounds(frame.asker, frame.caller.owned),
            self._route(frame.policy),
            msgspec.json.encode(frame.guards),
            _wished(frame.wishes),
            msgspec.json.encode(facts, order="deterministic") if facts else b"",
            *frame.betas,
        ]

    def _route(self, policy: Policy) -> bytes:
        """The version of what answers under a name: another model, provider or guard makes another."""
        known = self._routes.get(policy)
        if known is None:
            if len(self._routes) >= REMEMBERED:
                self._routes.clear()
            names = [candidate.name for candidate in policy.candidates]
            behind = [self._providers.get(candidate.target.provider, "") for candidate in policy.candidates]
            parts = [self._policy, policy.name.encode(), *(each.encode() for each in [*names, *behind])]
            known = self._routes[policy] = key_of(*parts)
        return known


def _bounds(asker: Asker, owned: Owned | None) -> bytes:
    """What the key itself demands of who answers, and with whose keys. Which names it may ask for is not among it: who
    asks for a name that is not allowed is refused before.
    """
    if asker.data is None and asker.cap is None and owned is None:
        return b""
    return msgspec.json.encode([asker.data, asker.cap, owned], order="deterministic")


def _wished(wishes: Wishes) -> bytes:
    """What the request itself demands of who answers."""
    if wishes is NONE:
        return b""
    asked = msgspec.structs.replace(wishes, timeout=None, tags={}, session="", explain=False)
    return msgspec.json.encode(asked) if asked != NONE else b""


def scope_of(scope: Scope, caller: Caller, user: str) -> list[str]:
    """Who shares an answer. A key that belongs to no team or organisation shares with nobody but itself."""
    if scope == "all":
        return ["all"]
    if scope == "org" and caller.org:
        return ["org", caller.org]
    if scope == "team" and caller.team:
        return ["team", caller.org, caller.team]
    if scope == "user":
        return ["user", caller.key, user]
    return ["key", caller.key]


def cache_rules(config: schema.Config, providers: Mapping[str, str]) -> CacheRules | None:
    """What `config` says of the cache; None where no answers are kept."""
    named = {name: _rule(config, name) for name in config.models}
    usual = _compiled(config.cache)
    if not usual.ttl and not any(rule.ttl for rule in named.values()):
        return None
    said = config.model_dump_json(include={"guard"})
    routes = [model for model in config.models.values() if isinstance(model, Conditional)]
    conditions = "\n".join(str(rule.when) for route in routes for rule in route.rules).lower()
    return CacheRules(usual, named, hashlib.sha256(said.encode()).digest(), providers, conditions)


def _rule(config: schema.Config, name: str) -> Rule:
    """Of a name, or of the route that it is another name of."""
    model = config.models.get(name)
    for _ in range(len(config.models)):
        if not isinstance(model, str):
            break
        model = config.models.get(model)
    if not isinstance(model, Route) or model.cache is None:
        return _compiled(config.cache)
    said = {name: value for name, value in model.cache if value is not None}
    return _compiled(config.cache.model_copy(update=said))


def _compiled(cache: Cache) -> Rule:
    return Rule(
        cache.ttl,
        cache.scope,
        cache.stale,
        cache.tools,
        cache.temperature,
        cache.replay == "pieces",
        cache.cost,
        cache.semantic.max_error if cache.semantic is not None else 0.0,
        cache.semantic is not None and cache.semantic.store and bool(cache.semantic.max_error),
    )
