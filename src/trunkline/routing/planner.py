"""From a request and the state of the world to a plan. Pure: the same values give the same plan.

The route's strategy orders the candidates that no filter keeps out (`strategies`, `planning`); what is only unwise goes
to the end; what the request wishes reorders and narrows that.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from trunkline.routing.bounds import Asker
from trunkline.routing.explaining import explanation, refusal
from trunkline.routing.owned import AnyHealth
from trunkline.routing.plan import Candidate, Plan, Step, Terms
from trunkline.routing.planning import Conditions, Matters, Planning
from trunkline.routing.request import Request
from trunkline.routing.strategies import Node
from trunkline.routing.wished import as_wished
from trunkline.routing.wishes import NONE, Priority, Wishes

SPREAD: Final = 0.25
"""Requests that wait for the same pause to be over are let go over so much more of it, not all at once."""


class Policy(msgspec.Struct, frozen=True, eq=False):
    """One name of the configuration, compiled."""

    name: str
    """The configured name: the alias, the wildcard that matched, or `provider/model` itself."""
    root: Node
    candidates: tuple[Candidate, ...]
    """All there can be, the most likely first; at least one."""
    matters: Matters
    shadows: tuple[Candidate, ...] = ()
    """All that may be asked as well."""
    ready: Plan | None = None
    """The plan while nothing is the matter, where that is always the same: see `at_once`."""
    scored: bool = False
    """It asks how difficult a request is (`Request.difficulty`)."""
    sorted_within: bool = False
    """Its parts have been put in the order that the request wishes, each for itself."""
    guards: tuple[str, ...] = ()
    """Names of the policies about what may be said, of all its candidates: they hold whichever of them is asked."""
    logs: tuple[str, ...] = ()
    """Likewise, of those of the request log."""


def at_once(policy: Policy, wishes: Wishes, asker: Asker, health: AnyHealth) -> Plan | None:
    """The plan where nothing need be looked at: one candidate, who is well, and no wish or bound."""
    ready = policy.ready
    if ready is None or wishes is not NONE or asker.data is not None or asker.cap is not None:
        return None
    return None if ready.steps[0].candidates[0].name in health.watched else ready


def plan(policy: Policy, request: Request, conditions: Conditions, *, explain: bool = False) -> Plan:
    """What to do for `request`. It has a step, or a `refusal`."""
    wishes = request.wishes
    planning = Planning(request, conditions, policy.matters, critical=_critical(wishes), explain=explain)
    steps = policy.root.order(planning)
    if planning.later:
        steps = _unwise_last(steps, planning)
    if wishes is not NONE and not policy.sorted_within:
        steps = as_wished(steps, planning)
    if policy.matters.repeats:
        steps = _each_once(steps)
    wait = 0.0
    if not steps:
        steps, wait = _after_a_pause(policy.candidates, planning)
    first = steps[0].candidates[0] if steps else policy.candidates[0]
    return Plan(
        policy.name,
        tuple(steps),
        first.terms if wishes is NONE else _asked(first.terms, wishes),
        _shadows(first, planning) if steps and first.shadows else (),
        wait,
        tuple(planning.removed),
        None if steps else refusal(policy.name, planning),
        explanation(policy.candidates, planning, steps) if explain else None,
    )


def _critical(wishes: Wishes) -> bool | None:
    """What a request says of itself; None: nothing."""
    return _CRITICAL.get(wishes.priority)


_CRITICAL: Final[Mapping[Priority, bool]] = {"high": True, "low": False}


def _asked(terms: Terms, wishes: Wishes) -> Terms:
    """`terms`, within which the request may be stricter."""
    critical = _critical(wishes)
    if critical is None and wishes.timeout is None:
        return terms
    return msgspec.structs.replace(
        terms,
        total=terms.total if wishes.timeout is None else min(terms.total, wishes.timeout),
        critical=terms.critical if critical is None else critical,
    )


def _unwise_last(steps: Sequence[Step], planning: Planning) -> list[Step]:
    """Steps all of whose candidates had better come later, after the others."""
    later = planning.later
    last = [all(candidate.name in later for candidate in step.candidates) for step in steps]
    return [
        *(step for step, unwise in zip(steps, last, strict=True) if not unwise),
        *(step for step, unwise in zip(steps, last, strict=True) if unwise),
    ]


def _each_once(steps: Sequence[Step]) -> list[Step]:
    """Without the candidates that an earlier step has had already."""
    seen: set[str] = set()
    kept: list[Step] = []
    for step in steps:
        names = [candidate.name for candidate in step.candidates]
        if not seen.issuperset(names):
            kept.append(step)
            seen.update(names)
    return kept


def _after_a_pause(candidates: Sequence[Candidate], planning: Planning) -> tuple[list[Step], float]:
    """The candidate whose pause is over first, where that is soon: one may wait for it. And for how long to wait."""
    now = planning.conditions.now
    pausing = {removed.name: removed.until for removed in planning.removed if removed.pauses}
    waits = [
        (until - now, place)
        for place, candidate in enumerate(candidates)
        if (until := pausing.get(candidate.name)) is not None
    ]
    if not waits:
        return [], 0.0
    wait, place = min(waits)
    candidate = candidates[place]
    wait *= 1.0 + SPREAD * planning.conditions.random()
    if wait > candidate.terms.retries.longest_wait or wait >= candidate.terms.total:
        return [], 0.0
    return [Step((candidate,))], wait


def _shadows(first: Candidate, planning: Planning) -> tuple[Candidate, ...]:
    """Whom to ask as well, as often as is wanted."""
    found: list[Candidate] = []
    for shadow in first.shadows:
        if planning.conditions.random() < shadow.share:
            found += [step.first for step in shadow.route.order(planning)[:1]]
    return tuple(found)
