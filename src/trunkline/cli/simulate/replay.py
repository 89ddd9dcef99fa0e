"""The ledger's requests, planned once more with another configuration.

The ledger has no content. What is known of a request is what it asked for, with which key and tags, when, how many
tokens it had, who answered, what that cost and how long it took.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from random import Random
from typing import Any, Final

import msgspec

from trunkline.config import routes
from trunkline.formats.conversation import Usage
from trunkline.gateway.shadowing import NUMBERS
from trunkline.gateway.snapshot import Snapshot, declare
from trunkline.ledger.catalogue import load_catalogue
from trunkline.ledger.prices import Price
from trunkline.ledger.record import Row
from trunkline.routing.bounds import Asker
from trunkline.routing.expressions import compile_expression
from trunkline.routing.health import Health
from trunkline.routing.plan import Step, Target
from trunkline.routing.planner import plan
from trunkline.routing.planning import Conditions
from trunkline.routing.policies import NameRefused
from trunkline.routing.request import Request
from trunkline.routing.wishes import NONE
from trunkline.tenancy.directory import Directory

KNOWN: Final = frozenset({"request.model", "request.tokens", "request.stream", "key", "tags", "now"})
"""What conditions may name and the ledger tells. That a request was critical, it does not."""
BYTES_A_TOKEN: Final = 4
LONGEST: Final = 3_600_000_000
"""Microseconds after which a request has no further attempt."""
SAMPLES: Final = 20
"""Answers by which the simulated health knows a model: enough for it to go by them."""


class Recorded(Request):
    """A request of which only the ledger's row is left."""

    __slots__ = ("_row", "undecided")

    def __init__(self, row: Row, asker: Asker) -> None:
        super().__init__(
            {},
            {},
            row.asked,
            row.input_tokens * BYTES_A_TOKEN,
            stream=row.stream,
            cap=None,
            wall=row.started / 1e6,
            asker=asker,
            difficulty=0.5,
        )
        self._row = row
        self.undecided = False
        """Some condition asked for what nobody knows any more."""

    def tokens(self, tokenizer: str = "") -> int:
        """As recorded."""
        del tokenizer
        return self._row.input_tokens

    @property
    def stays_with(self) -> int:
        """Every request for itself: which belonged together is not recorded."""
        return int(self._row.request.replace("-", "")[-16:], 16)

    def facts(self, needs: tuple[str, ...], *, critical: bool) -> dict[str, Any]:
        """Without those that need the content: a condition that depends on them does not hold."""
        self.undecided = self.undecided or not KNOWN.issuperset(needs)
        return super().facts(tuple(name for name in needs if name in KNOWN), critical=critical)


class Side(msgspec.Struct):
    """Sums over requests, as they were or as they would be."""

    cost: int = 0
    """Nano-dollars."""
    unpriced: int = 0
    """Requests whose model has no price."""
    seconds: float = 0.0
    """Of those that are timed on both sides."""


class Model(msgspec.Struct):
    """One model's part."""

    before: int = 0
    """Requests that it answered."""
    after: int = 0


class Result(msgspec.Struct):
    """What came of it."""

    requests: int = 0
    unanswered: int = 0
    """Left out: they had no answer then."""
    disbelieved: int = 0
    """Left out: their usage, as the provider told it, cannot be true."""
    refused: Counter[str] = msgspec.field(default_factory=Counter)
    """Names that were asked for, of requests that would be refused."""
    undecided: int = 0
    """Requests that met a condition which cannot be decided."""
    timed: int = 0
    before: Side = msgspec.field(default_factory=Side)
    after: Side = msgspec.field(default_factory=Side)
    models: dict[str, Model] = msgspec.field(default_factory=dict)


class _Speed:
    """How a model has answered."""

    def __init__(self) -> None:
        self.answers = 0
        self.first = self.total = 0.0
        self.output = 0

    def add(self, row: Row) -> None:
        self.answers += 1
        self.first += max(row.first_byte_us, 0) / 1e6
        self.total += row.total_us / 1e6
        self.output += row.output_tokens

    @property
    def seconds(self) -> float:
        """Of an answer, on average."""
        return self.total / self.answers


class _Drawn:
    """Stands for the scorer of `complexity`: requests are hard by chance, as often as is wanted."""

    def __init__(self, random: Random, share_for: Callable[[float], float]) -> None:
        self._random = random
        self.share_for = share_for

    def place(self, route: str, score: float) -> float:
        """See `routing.planning.Scorer`."""
        del route, score
        return self._random.random()


class Replay:
    """One configuration, and what the ledger tells of the models in it."""

    def __init__(self, snapshot: Snapshot, rows: Iterable[Row]) -> None:
        """`rows` are those from which to learn: how fast models are, and what is asked for."""
        self._policies = snapshot.policies
        self._snapshot = snapshot
        self._speeds: dict[str, _Speed] = {}
        self._prices: dict[Target, Price | None] = {}
        directory = Directory(snapshot.config)
        self._askers = {key.name: directory.configured(key).asker for key in snapshot.config.keys}
        self._anybody = directory.anybody().asker
        self._learn(rows)
        health = Health()
        declare(snapshot, health)
        self._teach(health)
        random, difficulty = Random(0), snapshot.learnt.difficulty  # noqa: S311  # the same result every time
        scorer = _Drawn(random, difficulty.share_for) if difficulty is not None else None
        self._conditions = Conditions(health, self._prices.get, 0.0, random.random, scorer)

    def _learn(self, rows: Iterable[Row]) -> None:
        asked: set[str] = set()
        for row in rows:
            asked.add(row.asked)
            if row.outcome == "ok" and row.usage != "impossible":
                self._speeds.setdefault(f"{row.provider}/{row.model}", _Speed()).add(row)
        load_catalogue()
        policies = filter(None, map(self._policies.resolve, asked))
        self._policies.learn({each.target for policy in policies for each in policy.candidates}, self._look_up)

    def _look_up(self, target: Target) -> None:
        source = self._snapshot.deployments[target.provider].facts.catalogue
        catalogue, at = self._snapshot.catalogue, datetime.now(UTC)
        self._prices[target] = catalogue.look_up(target.provider, source, target.model, time.monotonic(), at)

    def _teach(self, health: Health) -> None:
        for name, speed in self._speeds.items():
            if name.partition("/")[0] not in self._snapshot.deployments:
                continue
            for _ in range(SAMPLES):
                ticket = health.begin(name, 0.0)
                if ticket is not None:
                    ticket.first_output(speed.first / speed.answers)
                    ticket.end("ok", speed.seconds, output=speed.output // speed.answers)

    def run(self, rows: Iterable[Row]) -> Result:
        """What would have become of the requests to which `rows` belong."""
        result = Result()
        for attempts in _requests(rows):
            answer = next((row for row in reversed(attempts) if row.outcome == "ok"), None)
            if answer is None:
                result.unanswered += 1
            elif answer.usage == "impossible":
                result.disbelieved += 1
            else:
                self._replay(attempts, answer, result)
        return result

    def _replay(self, attempts: list[Row], answer: Row, result: Result) -> None:
        tags = msgspec.json.decode(answer.tags, type=dict[str, str]) if answer.tags else {}
        asker = msgspec.structs.replace(self._askers.get(answer.key, self._anybody), key=answer.key, tags=tags)
        request = Recorded(answer, asker)
        try:
            policy, _ = self._policies.choose(answer.asked, NONE, asker)
        except NameRefused:
            result.refused[answer.asked] += 1
            return
        made = plan(policy, request, self._conditions)
        if made.refusal is not None:
            result.refused[answer.asked] += 1
            return
        step = made.steps[0]
        result.requests += 1
        result.undecided += request.undecided
        before = f"{answer.provider}/{answer.model}"
        result.models.setdefault(before, Model()).before += 1
        result.models.setdefault(step.first.name, Model()).after += 1
        self._add_costs(attempts, answer, step, result)
        self._add_times(attempts, answer, step, result)

    def _add_costs(self, attempts: list[Row], answer: Row, step: Step, result: Result) -> None:
        before = [row.cost for row in attempts]
        after = [self._cost(answer, candidate.target) for candidate in step.candidates]
        if step.kind == "hedge":
            after = [after[0], *(cost and int(cost * step.share) for cost in after[1:])]
        if min(before) < 0 or None in after:
            result.before.unpriced += min(before) < 0
            result.after.unpriced += None in after
        else:
            result.before.cost += sum(before)
            result.after.cost += sum(filter(None, after))

    def _cost(self, answer: Row, target: Target) -> int | None:
        price = self._prices.get(target)
        if price is None:
            return None
        same = (target.provider, target.model) == (answer.provider, answer.model)
        cached, written = (answer.cached_tokens, answer.cache_write_tokens) if same else (0, 0)
        return price.cost(Usage(answer.input_tokens, cached, written, answer.output_tokens))

    def _add_times(self, attempts: list[Row], answer: Row, step: Step, result: Result) -> None:
        raced = step.candidates if step.kind == "race" else step.candidates[:1]
        known = [self._speeds[each.name].seconds for each in raced if each.name in self._speeds]
        if known:
            began = min(row.started for row in attempts)
            result.timed += 1
            result.before.seconds += (answer.started + answer.total_us - began) / 1e6
            result.after.seconds += min(known)


def _requests(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """The attempts of each request; shadows left out. `rows` come in the order in which they began."""
    under_way: dict[str, list[Row]] = {}
    for row in rows:
        if row.attempt > NUMBERS or not row.provider:
            continue
        under_way.setdefault(row.request, []).append(row)
        while (oldest := next(iter(under_way.values())))[0].started < row.started - LONGEST:
            yield under_way.pop(oldest[0].request)
    yield from under_way.values()


def undecidable(models: Mapping[str, object]) -> Iterator[str]:
    """The conditions of routes that the ledger cannot decide, each with what it lacks."""
    for name, model in models.items():
        for rule in model.rules if isinstance(model, routes.Conditional) else ():
            lacking = [each for each in compile_expression(rule.when).needs if each not in KNOWN | {"critical"}]
            if lacking:
                yield f"{name}: {rule.when} (nothing is recorded of {', '.join(lacking)})"
