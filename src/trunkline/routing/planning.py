"""The circumstances of one plan: the request, the state of the world, and what keeps candidates out.

A filter looks at one candidate and says why it must not be asked, or nothing. Filters that cannot matter for this
request are not run. What is only unwise (a quota nearly spent, a context that is tight) puts a candidate after others.
"""

from collections.abc import Callable, Mapping
from typing import Final, Protocol

import msgspec

from trunkline.formats.conversation import Usage
from trunkline.formats.dialect import Parameter
from trunkline.ledger.prices import MILLION, Price
from trunkline.routing.bounds import DataPolicy, broken_by, dearer
from trunkline.routing.owned import AnyHealth
from trunkline.routing.plan import Candidate, FilterName, Removed, Target
from trunkline.routing.reading import capabilities
from trunkline.routing.request import USUAL_OUTPUT, Request

CERTAINLY: Final = 1.3
"""How much longer than a model's context a request must seem to be refused: the estimate is not exact."""
TIGHT: Final = 0.9
"""The share of a context above which another model is asked first."""


class Scorer(Protocol):
    """What `complexity` goes by."""

    def place(self, route: str, score: float) -> float:
        """Where a request of that score stands among those of late on that route: from 0, the easiest, to 1."""

    def share_for(self, quality: float) -> float:
        """The smallest share of hard requests that recovers so much (0 to 1) of the gap in quality."""


class Conditions(msgspec.Struct, frozen=True, gc=False):
    """The state of the world, apart from the request."""

    health: AnyHealth
    price: Callable[[Target], Price | None]
    """What a target costs now; None: not known."""
    now: float
    """Of the monotonic clock that health goes by."""
    random: Callable[[], float]
    """Numbers from 0 to 1."""
    scorer: Scorer | None = None


class Matters(msgspec.Struct, frozen=True, gc=False):
    """What of a policy can matter at all, found out when it is compiled: what does not, is not looked at."""

    data: bool
    price: bool
    weaker: bool
    lacks: frozenset[Parameter]
    """What some candidate does not take; nothing, where there is only one: then that is for its format and its provider
    to say.
    """
    roomy: float
    """Bytes of a request that is not too long for anybody: no token is shorter than a byte."""
    names: frozenset[str]
    """Of all candidates."""
    providers: frozenset[str]
    """Of all candidates."""
    repeats: bool
    """Some candidate stands there twice."""


class Planning:
    """What is found out while one plan is made."""

    __slots__ = (
        "_active",
        "_known",
        "_needs",
        "conditions",
        "critical",
        "decisions",
        "later",
        "open",
        "providers",
        "removed",
        "request",
        "told",
    )

    def __init__(
        self, request: Request, conditions: Conditions, matters: Matters, *, critical: bool | None, explain: bool
    ) -> None:
        """`critical`: what the request says; None: as its route has it."""
        self.request = request
        self.conditions = conditions
        self.critical = critical
        self.providers = matters.providers
        """Of all candidates."""
        self.later: dict[str, str] = {}
        """Candidates that should be asked after others, and why."""
        self.removed: list[Removed] = []
        self.told: dict[Candidate, tuple[float | None, str]] | None = {} if explain else None
        """What strategies say of candidates: their score, and what that is."""
        self.decisions: list[str] = []
        self._known: dict[Candidate, bool] = {}
        self._needs: frozenset[Parameter] | None = None
        self._active = self._that_matter(matters)
        self.open = not self._active
        """Nothing can keep anybody out."""

    def _that_matter(self, matters: Matters) -> list["Filter"]:
        """The filters that can keep somebody out."""
        request, found = self.request, list[Filter]()
        asker, wishes = request.asker, request.wishes
        if matters.data or asker.data is not None or wishes.data is not None:
            found.append(_data)
        if matters.price or asker.cap is not None or wishes.cap is not None:
            found.append(_price)
        if wishes.only or wishes.ignore or wishes.unknown or wishes.require_parameters:
            found.append(_wish)
        if matters.weaker and self.critical is not False:
            found.append(_critical)
        if matters.lacks and not matters.lacks.isdisjoint(self.needs):
            found.append(_capability)
        if request.size > matters.roomy:
            found.append(_context)
        if not matters.names.isdisjoint(self.conditions.health.watched):
            found.append(_health)
        return found

    def is_critical(self, route: bool) -> bool:
        """Whether the request is critical on a route that is, or is not."""
        return route if self.critical is None else self.critical

    def admits(self, candidate: Candidate) -> bool:
        """Whether `candidate` may be asked; if not, that and why is in `removed`."""
        if self.open:
            return True
        known = self._known.get(candidate)
        if known is None:
            known = self._known[candidate] = self._judge(candidate)
        return known

    def _judge(self, candidate: Candidate) -> bool:
        for check in self._active:
            removed = check(self, candidate)
            if removed is not None:
                self.removed.append(removed)
                return False
        return True

    def tell(self, candidate: Candidate, score: float | None, why: str) -> None:
        """What puts a candidate in its place, where somebody wants to know."""
        if self.told is not None:
            self.told[candidate] = (score, why)

    def decide(self, what: str) -> None:
        """Something that decides about several candidates."""
        if self.told is not None:
            self.decisions.append(what)

    @property
    def needs(self) -> frozenset[Parameter]:
        """What a model must take to answer at all."""
        if self._needs is None:
            self._needs = capabilities(self.request.document)
        return self._needs

    def cost(self, candidate: Candidate, cached: float | None = None) -> int | None:
        """Nano-dollars that the request will probably cost there; None: no price is known. `cached`: the share of the
        prompt that is; None: as it was there lately.
        """
        price = self.conditions.price(candidate.target)
        if price is None:
            return None
        request, known = self.request, self.conditions.health.of(candidate.name)
        usual: float | None = None
        if known is not None:
            usual = known.output.value
            cached = known.cached.value if cached is None else cached
        answer = int(usual) if usual is not None else USUAL_OUTPUT
        if request.cap is not None and request.cap < answer:
            answer = request.cap
        tokens = request.tokens(candidate.abilities.tokenizer)
        if price.tiers or cached:
            return price.cost(Usage(tokens, int(tokens * (cached or 0.0)), 0, answer))
        return price.per_request + (tokens * price.input + answer * price.output) // MILLION  # as it would, and quicker


# What keeps a candidate out

Filter = Callable[[Planning, Candidate], Removed | None]


def _data(planning: Planning, candidate: Candidate) -> Removed | None:
    request = planning.request
    why = candidate.breaks
    wished = None if candidate.served.is_router else request.wishes.data  # it is told, and knows its own providers
    for policy in (request.asker.data, wished):
        why = why or (_broken_by(policy, candidate) if policy is not None else "")
    return Removed(candidate.name, "data", why) if why else None


def _broken_by(policy: DataPolicy, candidate: Candidate) -> str:
    return broken_by(policy, candidate.served.data)


def _price(planning: Planning, candidate: Candidate) -> Removed | None:
    request = planning.request
    price = planning.conditions.price(candidate.target)
    wished = None if candidate.served.is_router else request.wishes.cap
    why = dearer(wished, price) if wished is not None else ""
    if not why and request.asker.cap is not None:
        why = dearer(request.asker.cap, price)
    for cap in candidate.caps:
        why = why or dearer(cap, price)
    return Removed(candidate.name, "price", why) if why else None


def _wish(planning: Planning, candidate: Candidate) -> Removed | None:
    wishes, names = planning.request.wishes, (candidate.target.provider, candidate.name)
    why, is_router = "", candidate.served.is_router
    names_its_own = is_router and planning.providers.isdisjoint(name.partition("/")[0] for name in wishes.only)
    if wishes.only and not names_its_own and not any(name in wishes.only for name in names):
        why = "it is not among the providers in `provider.only`"
    elif any(name in wishes.ignore for name in names):
        why = "it is among those in `provider.ignore`"
    elif wishes.unknown and not is_router:
        why = f"`{wishes.unknown[0]}` cannot be honoured there"
    elif wishes.require_parameters:
        lacking = candidate.abilities.refuses & planning.request.parameters
        why = f"it does not take {', '.join(sorted(lacking))}" if lacking else ""
    return Removed(candidate.name, "wish", why) if why else None


def _critical(planning: Planning, candidate: Candidate) -> Removed | None:
    if candidate.weaker and planning.is_critical(candidate.terms.critical):
        return Removed(candidate.name, "critical", "it is a weaker model, and the request is critical")
    return None


def _capability(planning: Planning, candidate: Candidate) -> Removed | None:
    lacking = candidate.abilities.refuses & planning.needs
    if not lacking:
        return None
    why = f"it does not take {', '.join(sorted(lacking))}"
    if candidate.terms.drops:
        planning.later[candidate.name] = f"{why}, which would be dropped"
        return None
    return Removed(candidate.name, "capability", why)


def _context(planning: Planning, candidate: Candidate) -> Removed | None:
    context, request = candidate.abilities.context, planning.request
    if context is None or request.size <= context * TIGHT:
        return None
    tokens = request.tokens(candidate.abilities.tokenizer)
    if tokens > context * CERTAINLY:
        why = f"the request has about {tokens:,} tokens, and it takes at most {context:,}"
        return Removed(candidate.name, "context", why)
    if tokens + (request.cap or 0) > context * TIGHT:
        planning.later[candidate.name] = f"about {tokens:,} tokens may be too many for its {context:,}"
    return None


def _health(planning: Planning, candidate: Candidate) -> Removed | None:
    trouble = planning.conditions.health.trouble(candidate.name, planning.conditions.now)
    if trouble is None:
        return None
    if trouble.hard:
        pauses = trouble.kind == "cooling"
        return Removed(candidate.name, "health", _TROUBLES[trouble.kind], trouble.until, pauses)
    planning.later[candidate.name] = _TROUBLES[trouble.kind]
    return None


_TROUBLES: Final = {
    "open": "it has failed too often lately",
    "cooling": "it has asked for a pause (429)",
    "benched": "its keys are refused, or their account has no credit",
    "on_trial": "another request is trying whether the pause it has asked for is over",
    "nearly_spent": "its rate limit is nearly spent",
    "unowned": "no key of one's own is there for it, and no other may be used",
    "stalled": "answers that should have come have not",
}

FILTERS: Final[Mapping[FilterName, Filter]] = {
    "data": _data,
    "price": _price,
    "wish": _wish,
    "critical": _critical,
    "capability": _capability,
    "context": _context,
    "health": _health,
}
"""In the order in which they are asked: see `Planning._that_matter`."""
