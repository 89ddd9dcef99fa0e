"""The strategies: how each kind of route orders what stands below it.

A route is a tree. Every node gives its steps in the order in which they are to be taken, without the candidates that
must not be asked; a node above it orders, chooses or joins what those below it give.
"""

from collections.abc import Sequence
from math import inf, log1p
from typing import Final, Protocol

from trunkline.routing.bounds import dollars
from trunkline.routing.expressions import Expression
from trunkline.routing.plan import Candidate, Step, Win
from trunkline.routing.planning import Planning
from trunkline.routing.request import USUAL_OUTPUT
from trunkline.routing.scores import SCORES, By


class Node(Protocol):
    """A route, or a part of one."""

    label: str
    """Its name in the configuration."""

    @property
    def fixed(self) -> list[Step] | None:
        """What it gives as long as nobody is kept out, where that is always the same. Nobody may change it."""

    def order(self, planning: Planning) -> list[Step]:
        """What to try, in order; empty if nothing may be asked."""


def _steps(node: Node, planning: Planning) -> list[Step]:
    """What `node` gives. Most requests have nothing for which anybody could be kept out."""
    return node.fixed if planning.open and node.fixed is not None else node.order(planning)


class Leaf:
    """One candidate."""

    __slots__ = ("_candidate", "fixed", "label")

    def __init__(self, candidate: Candidate) -> None:
        self.label = candidate.name
        self._candidate = candidate
        self.fixed = [Step((candidate,))]

    def order(self, planning: Planning) -> list[Step]:
        """See `Node`."""
        return self.fixed if planning.admits(self._candidate) else []


class Fallback:
    """One after the other."""

    __slots__ = ("_nodes", "fixed", "label")

    def __init__(self, label: str, nodes: Sequence[Node]) -> None:
        self.label = label
        self._nodes = nodes
        known = [node.fixed for node in nodes]
        fixed = [steps for steps in known if steps is not None]
        self.fixed = [step for steps in fixed for step in steps] if len(fixed) == len(known) else None

    def order(self, planning: Planning) -> list[Step]:
        """See `Node`."""
        if planning.open and self.fixed is not None:
            return self.fixed
        steps: list[Step] = []
        for node in self._nodes:
            steps += _steps(node, planning)
        return steps


class Weighted:
    """Each first as often as its weight says; then the others, likewise.

    Every node draws the time of its turn from an exponential distribution with its weight as the rate: the earliest is
    each with exactly the probability of its share, and so is the next among the rest (Efraimidis and Spirakis, 2006).
    """

    __slots__ = ("_nodes", "_total", "label")

    fixed = None

    def __init__(self, label: str, nodes: Sequence[tuple[Node, float]]) -> None:
        self.label = label
        self._nodes = nodes
        self._total = sum(weight for _, weight in nodes)

    def order(self, planning: Planning) -> list[Step]:
        """See `Node`."""
        random = planning.conditions.random
        drawn = [(-log1p(-random()) / weight, place) for place, (_, weight) in enumerate(self._nodes)]
        drawn.sort()
        steps: list[Step] = []
        for _, place in drawn:
            node, weight = self._nodes[place]
            own = _steps(node, planning)
            if planning.told is not None:
                _tell(planning, own, None, f"weight {weight:g} of {self._total:g}, drawn at random")
            steps += own
        return steps


class Ranked:
    """By a score, the least first; equals at random."""

    __slots__ = ("_by", "_explore", "_nodes", "label")

    fixed = None

    def __init__(self, label: str, nodes: Sequence[Node], by: By, explore: float = 0.0) -> None:
        """`explore`: the share of requests for which another than the best is tried first, to learn how it does."""
        self.label = label
        self._nodes = nodes
        self._by = by
        self._explore = explore

    def order(self, planning: Planning) -> list[Step]:
        """See `Node`."""
        random, score = planning.conditions.random, SCORES[self._by]
        ranked: list[tuple[float, float, int, list[Step]]] = []
        for place, node in enumerate(self._nodes):
            steps = _steps(node, planning)
            if steps:
                value = score.of(planning, steps[0].candidates[0])
                ranked.append((self._unknown(planning, steps) if value is None else value, random(), place, steps))
                if planning.told is not None:
                    _tell(planning, steps, value, score.unknown if value is None else score.told(value))
        ranked.sort()
        if self._explore and len(ranked) > 1 and random() < self._explore:
            other = ranked.pop(1 + int(random() * (len(ranked) - 1)))
            ranked.insert(0, other)
            planning.decide(f"{other[3][0].first.name} is tried first to learn how it does, as a few requests are")
        return [step for *_, steps in ranked for step in steps]

    def _unknown(self, planning: Planning, steps: list[Step]) -> float:
        """The rank of what has no score. Where that can be learned, one request at a time goes there first."""
        if not self._explore:
            return inf
        known = planning.conditions.health.of(steps[0].first.name)
        return -inf if known is None or not known.in_flight else inf


LARGE: Final = (1 << 64) - 1


class Sticky:
    """What belongs together stays together, at a place that the others' coming and going does not change.

    Each node draws a number from the request's `stays_with` and its own label; the largest has it (rendezvous hashing,
    Thaler and Ravishankar, 1998). It is left where its price with what it has cached is above that of another without.
    """

    __slots__ = ("_nodes", "label")

    fixed = None

    def __init__(self, label: str, nodes: Sequence[tuple[Node, int]]) -> None:
        """With each node 64 bits made of its label."""
        self.label = label
        self._nodes = nodes

    def order(self, planning: Planning) -> list[Step]:
        """See `Node`."""
        nodes, key = self._nodes, planning.request.stays_with
        drawn = [_mix(key ^ own) for _, own in nodes]
        places = sorted(range(len(nodes)), key=drawn.__getitem__, reverse=True)
        ordered = [steps for place in places if (steps := _steps(nodes[place][0], planning))]
        if len(ordered) > 1:
            ordered = self._cheaper(planning, ordered)
        if ordered and planning.told is not None:
            _tell(planning, ordered[0], None, "requests that belong together stay here")
            for steps in ordered[1:]:
                _tell(planning, steps, None, "next, should that one fail")
        return [step for steps in ordered for step in steps]

    def _cheaper(self, planning: Planning, ordered: list[list[Step]]) -> list[list[Step]]:
        """The same, but the cheapest in front where the discount on what is cached at the first does not outweigh."""
        place = self._least(planning, ordered)
        if not place:
            return ordered
        request = planning.request
        home, other = ordered[0][0].first, ordered[place][0].first
        known = planning.conditions.health.of(home.name)
        lately = known.cached.value if known is not None else None
        at_home = planning.cost(home, lately if lately is not None else request.history)
        cost = planning.cost(other, 0.0)
        if at_home is None or cost is None or at_home <= cost:
            return ordered
        planning.decide(
            f"{home.name} is left: with what it has cached it costs about {dollars(at_home)} USD, "
            f"and {other.name} {dollars(cost)} without"
        )
        return [ordered[place], *ordered[:place], *ordered[place + 1 :]]

    def _least(self, planning: Planning, ordered: list[list[Step]]) -> int:
        """Who of them is the cheapest without anything cached; 0, where the first one's price is not known."""
        price, tokens, place = planning.conditions.price, planning.request.tokens(), 0
        own = price(ordered[0][0].candidates[0].target)
        if own is None:
            return 0
        least = tokens * own.input + USUAL_OUTPUT * own.output
        for other in range(1, len(ordered)):
            found = price(ordered[other][0].candidates[0].target)
            if found is not None:
                cost = tokens * found.input + USUAL_OUTPUT * found.output
                if cost < least:
                    least, place = cost, other
        return place


def _mix(number: int) -> int:
    """Spreads 64 bits that are spread already, each for itself: two rounds of a multiplication and a fold."""
    number = number * 0xBF58476D1CE4E5B9 & LARGE
    return (number ^ number >> 32) * 0x94D049BB133111EB & LARGE


class Conditional:
    """The first whose rule holds."""

    __slots__ = ("_critical", "_otherwise", "_rules", "label")

    fixed = None

    def __init__(
        self, label: str, rules: Sequence[tuple[Expression, Node]], otherwise: Node | None, *, critical: bool
    ) -> None:
        self.label = label
        self._rules = rules
        self._otherwise = otherwise
        self._critical = critical

    def order(self, planning: Planning) -> list[Step]:
        """See `Node`. A rule that cannot be decided, because it asks for a tag that is not there, does not hold."""
        critical, told = planning.is_critical(self._critical), planning.told is not None
        for number, (expression, node) in enumerate(self._rules, 1):
            facts = planning.request.facts(expression.needs, critical=critical)
            if told:
                planning.decide(self._outcome(number, expression, expression.test(facts)))
            if expression.holds(facts):
                return _steps(node, planning)
        if told:
            otherwise = "so `else` does" if self._otherwise is not None else "and there is no `else`"
            planning.decide(f"{self.label}: no rule holds, {otherwise}")
        return _steps(self._otherwise, planning) if self._otherwise is not None else []

    def _outcome(self, number: int, expression: Expression, holds: bool | str) -> str:
        """What came of a rule, in words."""
        why = f": {holds}" if isinstance(holds, str) else ""
        return f"{self.label}: rule {number} {'holds' if holds is True else 'does not hold'} ({expression.text}){why}"


class Complexity:
    """The easy to the one, the hard to the other; each stands in for the other, the weaker not for what is critical."""

    __slots__ = ("_critical", "_easy", "_hard", "_quality", "_share", "label")

    fixed = None

    def __init__(
        self, label: str, easy: Node, hard: Node, share: float, quality: float | None = None, *, critical: bool
    ) -> None:
        """`share`: of requests, that are to count as hard; or, in its place, the `quality` to be had that way."""
        self._quality = quality
        self._critical = critical
        self.label = label
        self._easy = easy
        self._hard = hard
        self._share = share

    def order(self, planning: Planning) -> list[Step]:
        """See `Node`."""
        scorer, difficulty = planning.conditions.scorer, planning.request.difficulty
        if scorer is None or difficulty is None:
            planning.decide(f"{self.label}: nothing scores requests here, so this one counts as hard")
            easy = False
        else:
            share = self._share if self._quality is None else scorer.share_for(self._quality)
            place = scorer.place(self.label, difficulty)
            easy = place <= 1 - share
            planning.decide(
                f"{self.label}: {'easy' if easy else 'hard'}, with a score of {difficulty:.3f}: harder than "
                f"{place:.0%} of those of late, and the hardest {share:.0%} are hard"
            )
        if planning.is_critical(self._critical):
            return self._hard.order(planning)
        first, second = (self._easy, self._hard) if easy else (self._hard, self._easy)
        return first.order(planning) + second.order(planning)


class Race:
    """All at once, and the first with an answer has won. What else they could fall back to comes afterwards."""

    __slots__ = ("_nodes", "_win", "label")

    fixed = None

    def __init__(self, label: str, nodes: Sequence[Node], win: Win) -> None:
        self.label = label
        self._nodes = nodes
        self._win = win

    def order(self, planning: Planning) -> list[Step]:
        """See `Node`."""
        racers, rest = _front(planning, self._nodes)
        if len(racers) < 2:
            return [*map(_single, racers), *rest]
        for candidate in racers:
            planning.tell(candidate, None, f"races with {len(racers) - 1} other(s) for the {_PRIZES[self._win]}")
        return [Step(tuple(racers), "race", self._win), *rest]


_PRIZES: Final = {"first_token": "first output", "first_complete": "first whole answer"}


class Hedge:
    """The second is asked as well if the first is late."""

    __slots__ = ("_after", "_nodes", "_share", "label")

    fixed = None

    def __init__(self, label: str, nodes: Sequence[Node], after: float | None, share: float) -> None:
        """`after`: seconds; None: the first's 95th percentile. `share`: the most second calls, of all requests."""
        self.label = label
        self._nodes = nodes
        self._after = after
        self._share = share

    def order(self, planning: Planning) -> list[Step]:
        """See `Node`."""
        pair, rest = _front(planning, self._nodes, most=2)
        if len(pair) < 2:
            return [*map(_single, pair), *rest]
        first, second = pair
        after = self._after
        if after is None:
            after = planning.conditions.health.first_output_p95(first.name, stream=planning.request.stream)
        if after is None:
            planning.tell(first, None, "alone: too few of its streams are known to say when it is late")
            return [_single(first), _single(second), *rest]
        planning.tell(first, None, f"asked first; if it has no output after {after:.3g} s, so is {second.name}")
        planning.tell(
            second, None, f"asked as well, should {first.name} be late, for {self._share:.3g} of requests at most"
        )
        return [Step((first, second), "hedge", after=after, share=self._share, route=self.label), *rest]


def _front(planning: Planning, nodes: Sequence[Node], most: int = 100) -> tuple[list[Candidate], list[Step]]:
    """The first candidates of each node, up to `most` and each target once, and all that is left.

    What had better come after others does not take part, if there are others.
    """
    first: list[Candidate] = []
    rest: list[Step] = []
    for node in nodes:
        for place, step in enumerate(_steps(node, planning)):
            for candidate in step.candidates:
                known = any(candidate.target == other.target for other in first)
                if not known and not place and len(first) < most and candidate.name not in planning.later:
                    first.append(candidate)
                elif not known:
                    rest.append(_single(candidate))
    if not first:
        return [step.first for step in rest[:most]], rest[most:]
    return first, rest


def _single(candidate: Candidate) -> Step:
    return Step((candidate,))


def _tell(planning: Planning, steps: list[Step], score: float | None, why: str) -> None:
    for step in steps[:1]:
        for candidate in step.candidates:
            planning.tell(candidate, score, why)
