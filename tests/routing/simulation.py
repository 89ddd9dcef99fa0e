"""Traffic in simulated time: the routing core as the gateway drives it, before providers that are functions of time.

Nothing waits and nothing is random but by a seed, so ten minutes at 200 requests a second take seconds, and always give
the same figures.
"""

import heapq
import math
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final, NamedTuple

from tests.routing.world import HELLO, World

from trunkline.routing.deployment import Kind
from trunkline.routing.plan import Candidate, Step
from trunkline.routing.tickets import Ticket

NEVER: Final = math.inf
STREAM: Final[dict[str, Any]] = {**HELLO, "stream": True}


class Reply(NamedTuple):
    """What a provider does with one request."""

    seconds: float
    """Until the first output, or the error."""
    kind: Kind = "ok"
    retry_after: float | None = None


Upstream = Callable[[float, Random], Reply]
"""By the time since the beginning, in seconds."""


@dataclass
class Call:
    """One request, as its client sees it."""

    at: float
    """Seconds since the beginning."""
    seconds: float = NEVER
    """Until the first output."""
    answered_by: str = ""
    asked: list[str] = field(default_factory=list)


@dataclass
class _Attempt:
    name: str
    ticket: Ticket
    reply: Reply
    ends: float
    in_time: bool


Steps = Generator[float, None, bool]
"""Gives the times at which it wants to go on, and in the end whether there is an answer."""


class Simulation:
    """Requests for the model `it` of a world."""

    def __init__(self, there: World, upstreams: Mapping[str, Upstream], seed: int = 0) -> None:
        """`upstreams`: by `provider/model`."""
        self.there = there
        self.asked: dict[str, list[float]] = {name: [] for name in upstreams}
        """When each was asked."""
        self._upstreams = upstreams
        self._random = Random(seed)
        self._began = there.now

    def run(self, rate: float, seconds: float) -> list[Call]:
        """So many requests a second, for so many seconds, to their ends."""
        calls = [Call(number / rate) for number in range(round(rate * seconds))]
        due = [(self._began + call.at, number, self._request(call)) for number, call in enumerate(calls)]
        while due:  # sorted, hence a heap
            self.there.now, number, request = due[0]
            again = next(request, None)
            if again is None:
                heapq.heappop(due)
            else:
                heapq.heapreplace(due, (again, number, request))
        return calls

    def _request(self, call: Call) -> Generator[float, None, None]:
        for step in self.there.plan("it", STREAM).steps:
            answered = yield from self._single(step.first, call) if step.kind == "single" else self._contest(step, call)
            if answered:
                call.seconds = self.there.now - self._began - call.at
                return

    def _single(self, candidate: Candidate, call: Call) -> Steps:
        attempt = self._begin(candidate, call)
        if attempt is None:
            return False
        yield attempt.ends
        return self._end(attempt, call)

    def _contest(self, step: Step, call: Call) -> Steps:
        hedges, hedge = self.there.health.hedges(step.route, step.share), step.kind == "hedge"
        waiting, running = list(step.candidates), list[_Attempt]()
        late = self.there.now + step.after if hedge else NEVER
        if hedge:
            hedges.earn()

        def start(count: int) -> None:
            begun = [self._begin(waiting.pop(0), call) for _ in range(count)]
            running.extend(filter(None, begun))

        start(1 if hedge else len(waiting))
        while running or waiting:
            if not running:
                start(1)
                continue
            attempt = min(running, key=lambda each: each.ends)
            if waiting and late < attempt.ends:
                yield late
                late = NEVER
                start(int(hedges.take(self.there.now)))
                continue
            yield attempt.ends
            running.remove(attempt)
            if self._end(attempt, call):
                for other in running:
                    other.ticket.end(
                        "outrun" if hedge and other.name == step.first.name else "cancelled", self.there.now
                    )
                return True
        return False

    def _begin(self, candidate: Candidate, call: Call) -> _Attempt | None:
        now, name = self.there.now, candidate.name
        ticket = self.there.health.begin(name, now)
        if ticket is None:
            return None
        reply = self._upstreams[name](now - self._began, self._random)
        call.asked.append(name)
        self.asked[name].append(now - self._began)
        patience = candidate.times.first_token
        return _Attempt(name, ticket, reply, now + min(reply.seconds, patience), reply.seconds <= patience)

    def _end(self, attempt: _Attempt, call: Call) -> bool:
        now, reply = self.there.now, attempt.reply
        kind: Kind = reply.kind if attempt.in_time else "timeout"
        if kind == "ok":
            attempt.ticket.first_output(now)
            call.answered_by = attempt.name
        attempt.ticket.end(kind, now, retry_after=reply.retry_after)
        return kind == "ok"


def quantile(values: list[float], share: float) -> float:
    """The value that a `share` of all does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)]
