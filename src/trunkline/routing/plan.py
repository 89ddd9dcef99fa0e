"""A plan: what to try for one request, in which order, how, and why.

Whoever runs a plan takes its steps one after the other. A step is one candidate, or a race or a hedge of several. What
the failure of a step leads to is in the `Terms` of its candidates, by reason; `after` reads it.
"""

from collections.abc import Collection, Mapping
from typing import Any, Final, Literal, Protocol, get_args

import msgspec

from trunkline.formats.dialect import Parameter
from trunkline.routing.bounds import Cap, DataFacts
from trunkline.routing.targets import Retries, Target
from trunkline.transport.exchange import Times

__all__ = [
    "Abilities",
    "Candidate",
    "Considered",
    "Explanation",
    "FailureReason",
    "FilterName",
    "Plan",
    "REASONS",
    "Refusal",
    "Removed",
    "Retries",
    "Served",
    "Shadow",
    "Step",
    "Target",
    "Terms",
    "Verdict",
    "Win",
    "after",
    "narrowed",
]

FailureReason = Literal["error", "timeout", "rate_limit", "context", "refused", "empty", "invalid", "budget"]
"""Why an attempt has no answer that can be handed on.

`error`: the provider failed, or cannot be reached; also an error in the body of a 200. `timeout`: a deadline passed.
`rate_limit`: too many requests, or no credit. `context`: the request is too long for the model. `refused`: the provider
or the model will not answer this. `empty`: an answer without anything in it. `invalid`: JSON was due, and this is none.
`budget`: the caller's budget does not allow this model.
"""
REASONS: Final[tuple[FailureReason, ...]] = get_args(FailureReason)
Win = Literal["first_token", "first_complete"]

FilterName = Literal["data", "price", "wish", "critical", "capability", "context", "health"]
"""What can keep a candidate out of a plan.

`data`: the data policy. `price`: a price cap. `wish`: what the request itself asks. `critical`: it is a weaker model,
and the request is critical. `capability`: the model does not take what the request has. `context`: the request is too
long for it. `health`: it is failing, cooling down, or has no key that is good.
"""


class Abilities(msgspec.Struct, frozen=True):
    """What is known of a model at a provider."""

    refuses: frozenset[Parameter] = frozenset()
    context: int | None = None
    """Tokens; None: not known."""
    tokenizer: str = ""


class Served(msgspec.Struct, frozen=True):
    """What the operator and the provider's page say of a configured provider."""

    data: DataFacts = DataFacts()
    is_router: bool = False
    """It understands `models`, `provider` and the like itself, so they are handed on to it."""


class Orders(Protocol):
    """A compiled route, or a part of one (`strategies.Node`)."""

    def order(self, planning: Any) -> list["Step"]:
        """What to try, in order. The argument is a `planning.Planning`, which knows this module."""


class Shadow(msgspec.Struct, frozen=True, eq=False):
    """A share of the requests is sent to another model, too."""

    to: str
    share: float
    route: Orders


class Terms(msgspec.Struct, frozen=True):
    """What holds for a request that goes to a candidate, besides the times of an attempt."""

    total: float
    """Seconds, over all attempts."""
    retries: Retries
    on_failure: Mapping[FailureReason, str] = {}
    """What a failure leads to, where that is not the usual: `next`, `stop`, or the name of a model to go on with."""
    critical: bool = False
    """It never falls to a weaker model."""
    drops: bool = False
    """What a provider's API has no words for is dropped even where the answer depends on it."""
    resumes: bool = False
    """A stream that breaks off is continued by the next candidate."""
    guards: tuple[str, ...] = ()
    """Names of the policies about what may be said that the routes on the way to it have."""
    logs: tuple[str, ...] = ()
    """Likewise, of those of the request log."""

    def consequence(self, reason: FailureReason) -> str:
        """What a failure leads to: `next`, `stop`, or the name of a model."""
        return self.on_failure.get(reason, _USUAL[reason])


_USUAL: Final[Mapping[FailureReason, str]] = {
    "error": "next",
    "timeout": "next",
    "rate_limit": "next",
    "context": "next",
    "refused": "stop",  # the refusal is the answer, and is handed on
    "empty": "next",
    "invalid": "stop",  # the caller may be able to mend it
    "budget": "stop",
}


class Candidate(msgspec.Struct, frozen=True, eq=False):
    """A target as a member of one route. Two with the same target may have different times."""

    target: Target
    name: str
    """`provider/model`: by this its health is known."""
    times: Times
    terms: Terms
    abilities: Abilities = Abilities()
    served: Served = Served()
    breaks: str = ""
    """What it does not keep of the data policies of the routes on the way to it; empty if it keeps all."""
    caps: tuple[Cap, ...] = ()
    """The price caps of those routes."""
    weaker: bool = False
    """It stands in for better ones: not for what is critical."""
    shadows: tuple[Shadow, ...] = ()


class Step(msgspec.Struct, frozen=True):
    """One candidate, or several at once."""

    candidates: tuple[Candidate, ...]
    kind: Literal["single", "race", "hedge"] = "single"
    win: Win = "first_token"
    """Of a race: what the first to have it has won by."""
    after: float = 0.0
    """Of a hedge: seconds without a first output after which the second is asked as well, if `share` allows."""
    share: float = 0.0
    """Of a hedge: the most second calls, as a share of the requests (`Health.hedges`)."""
    route: str = ""
    """Of a hedge: whose budget that is."""

    @property
    def first(self) -> Candidate:
        """The one that is asked first, or with the others."""
        return self.candidates[0]


class Removed(msgspec.Struct, frozen=True):
    """A candidate that a filter keeps out."""

    name: str
    by: FilterName
    why: str
    until: float | None = None
    """Of health: when that may be over, by the monotonic clock."""
    pauses: bool = False
    """Of health: the provider has asked for a pause, and nothing else is wrong."""


class Refusal(msgspec.Struct, frozen=True):
    """Why there is nobody to ask."""

    status: Literal[400, 503]
    message: str
    retry_after: float | None = None
    """Seconds."""


class Verdict(msgspec.Struct, frozen=True):
    """What one filter says of one candidate."""

    filter: FilterName
    passes: bool
    why: str = ""
    """Why not; or what there is to say."""


class Considered(msgspec.Struct, frozen=True):
    """One candidate, explained."""

    name: str
    place: int | None
    """Of the step it is in, from 1; None: it is in none."""
    kind: Literal["single", "race", "hedge", ""]
    verdicts: tuple[Verdict, ...]
    score: float | None
    """By what the strategy ranks; what it is, stands in `why`."""
    cost: int | None
    """Nano-dollars that this request will probably cost there; None: no price is known."""
    why: str
    """What put it in its place, or left it out."""


class Explanation(msgspec.Struct, frozen=True):
    """Why a plan is as it is."""

    candidates: tuple[Considered, ...]
    decisions: tuple[str, ...]
    """What was decided on the way, such as which rule holds."""


class Plan(msgspec.Struct, frozen=True):
    """What to do for one request."""

    route: str
    """The configured name, or `provider/model` itself."""
    steps: tuple[Step, ...]
    terms: Terms
    """Those of the first candidate, with what the request asks."""
    shadows: tuple[Candidate, ...] = ()
    """Whom to ask as well, without waiting for the answer."""
    wait: float = 0.0
    """Seconds until the first step may begin: everybody is cooling down, and it is soon over."""
    removed: tuple[Removed, ...] = ()
    refusal: Refusal | None = None
    """There are no steps, for this reason."""
    explanation: Explanation | None = None


def after(plan: Plan, step: int, failed: Candidate, reason: FailureReason) -> int | str | None:
    """What to do when `failed`, in the step of that number, has failed: go on with the step of the number returned, or
    with a plan for the model of that name; None: tell the caller.

    After `context`, candidates whose context is known to be no larger are passed over.
    """
    consequence = failed.terms.consequence(reason)
    if consequence == "stop":
        return None
    if consequence != "next":
        return consequence
    for number in range(step + 1, len(plan.steps)):
        if reason != "context" or _larger(plan.steps[number], failed):
            return number
    return None


def narrowed(plan: Plan, targets: Collection[Target]) -> Plan:
    """`plan` with those `targets` only, for a request that nobody else can answer, where any of them is in it."""
    steps = []
    for step in plan.steps:
        kept = tuple(candidate for candidate in step.candidates if candidate.target in targets)
        if kept:
            kind = step.kind if len(kept) > 1 else "single"
            steps.append(msgspec.structs.replace(step, candidates=kept, kind=kind))
    return msgspec.structs.replace(plan, steps=tuple(steps), shadows=()) if steps else plan


def _larger(step: Step, failed: Candidate) -> bool:
    """Whether some candidate of `step` may take what was too long for `failed`."""
    limit = failed.abilities.context or 0
    return any(
        candidate.abilities.context is None or candidate.abilities.context > limit for candidate in step.candidates
    )
