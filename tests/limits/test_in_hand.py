"""What is in hand is used as exactly as what is not: every use is reported once, in the slot in which it was used.

Requests of three kinds, whose scopes overlap, come in any order and number to one process. Each batch that it writes is
held against what its requests really used.
"""

from collections import Counter
from dataclasses import dataclass
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trunkline.limits.amounts import NOTHING, Amounts
from trunkline.limits.holder import Holder
from trunkline.limits.meter import MINUTE, SECOND, UNITS, Meter, slot_of
from trunkline.limits.pool import Batch, Pool
from trunkline.limits.ticket import Reserved, Ticket

TEAM = [
    Meter("team", "t", "requests", 10**6, SECOND),
    Meter("team", "t", "tokens", 10**9, MINUTE),
    Meter("team", "t", "concurrent", 10**5),
    Meter("team", "t", "cost", 10**15, period="2026-11-01"),
]
KEYS = [
    [
        Meter("key", key, "requests", 10**6, MINUTE),
        Meter("key", key, "output", 10**9, 2 * SECOND),
        Meter("key", key, "cost", 10**15, period="2026-11-01"),
    ]
    for key in "ab"
]
KINDS = [TEAM + KEYS[0], TEAM + KEYS[1], KEYS[0], TEAM]
"""The last comes seldom, so that it has nothing in hand."""


@dataclass
class Request:
    kind: int
    at: int
    """By the books' clock."""
    reserved: Reserved


class Run:
    """One process, and what its requests really used."""

    def __init__(self, seed: int, pause: int) -> None:
        self.random = Random(seed)
        self.pause = pause
        self.now = 1_000_000
        self.pool = Pool()
        self.holder = Holder("p", 1e9, 0, lambda: None)
        self.tickets = [Ticket(self.holder, meters, lambda: None) for meters in KINDS]
        self.under_way: list[Request] = []
        self.used: dict[str, Counter[int]] = {meter.id: Counter() for meters in KINDS for meter in meters}
        """By slot, as it really was."""
        self.reported: dict[str, Counter[int]] = {meter: Counter() for meter in self.used}
        self.lent = Counter[str]()
        self.begun = self.from_the_hand = 0

    def go(self, steps: int) -> None:
        for _ in range(steps):
            self.now += self.random.randint(0, self.pause)
            kind = self.random.choice([0, 0, 0, 1, 2, 3])
            for _ in range(self.random.choice([1, 5, 20]) if kind < 3 else 1):
                self.begin(kind)
            self.random.shuffle(self.under_way)
            while len(self.under_way) > 30 or (self.under_way and self.random.random() < 0.7):
                self.end(self.under_way.pop())
            if self.random.random() < 0.1:
                self.talk()

    def begin(self, kind: int) -> None:
        output = self.random.randint(0, 50)
        wanted = (1, 10, output, 10 + output, 1, self.random.randint(0, 1000))
        now, ticket = self.now / 1000, self.tickets[kind]
        reserved = ticket.take(now, wanted)
        while reserved is None:
            assert ticket.want(now, wanted) is None
            self.talk()
            reserved = ticket.take(now, wanted)
        self.begun += 1
        self.from_the_hand += ticket.left != NOTHING
        at = self.holder.at(now)
        self.under_way.append(Request(kind, at, reserved))
        self.use(kind, at, wanted)

    def end(self, request: Request) -> None:
        now, taken = self.now / 1000, request.reserved.amounts
        part = self.random.choice([0.0, 0.3, 1.0, 1.0, 1.5])
        output = int(taken[2] * part)
        used = (1, 10, output, 10 + output, 0, int(taken[5] * min(part, 1.0))) if part else (0,) * 6
        request.reserved.settle(now, used)
        more = tuple(needed - amount for amount, needed in zip(taken, used, strict=True))
        self.use(request.kind, self.holder.at(now) if part > 1 else request.at, more)
        for meter in KINDS[request.kind]:
            if meter.returns:
                self.used[meter.id][0] += used[UNITS.index(meter.unit)]

    def use(self, kind: int, at: int, amounts: Amounts) -> None:
        for meter in KINDS[kind]:
            if not meter.returns:
                self.used[meter.id][slot_of(at, meter.window)] += amounts[UNITS.index(meter.unit)]

    def talk(self) -> None:
        batch = self.holder.ask(self.now / 1000, hungry=True)
        assert batch is not None
        self.check(batch)
        reply = self.pool.exchange(batch, self.now)
        self.lent.update({ask.meter: answer.granted for ask, answer in zip(batch.asks, reply.answers, strict=True)})
        self.holder.answered(reply)

    def check(self, batch: Batch) -> None:
        for ask in batch.asks:
            used, reported = self.used[ask.meter], self.reported[ask.meter]
            if ask.hold:  # else more was used than was estimated
                assert ask.hold + (used - reported).total() <= self.lent[ask.meter], "nothing is used that was not lent"
            self.lent[ask.meter] = ask.hold
            reported.update(dict(ask.marks))


@given(st.integers(0, 2**32), st.sampled_from([1, 10, 100]))
@settings(max_examples=60, deadline=None)
def test_what_is_reported_is_what_was_used_in_the_slot_in_which_it_was_used(seed: int, pause: int) -> None:
    run = Run(seed, pause)
    run.go(150)
    while run.under_way:
        run.end(run.under_way.pop())
    run.talk()
    assert not any(run.holder.share(meter).out for meters in KINDS for meter in meters)
    assert {meter: +slots for meter, slots in run.reported.items()} == {
        meter: +slots for meter, slots in run.used.items()
    }


def test_what_was_used_beyond_what_is_in_hand_is_missing_for_all_at_once() -> None:
    run = Run(1, 1)
    for _ in range(100):
        run.begin(0)
    request, free = run.under_way.pop(), run.holder.share(TEAM[1]).free
    assert run.tickets[0].left != NOTHING
    request.reserved.settle(run.now / 1000, (1, 10, 10, 10 * free, 0, 0))
    assert run.tickets[3].take(run.now / 1000, (1, 1, 1, 2, 1, 1)) is None


@pytest.mark.parametrize("pause", [1, 10])
def test_most_is_taken_from_the_hand(pause: int) -> None:
    run = Run(1, pause)
    run.go(300)
    assert run.from_the_hand > run.begun * 0.7
