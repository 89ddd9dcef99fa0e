"""Questions that may share answers, because everything else about their requests is equal."""

import math
from typing import Final

import msgspec

from trunkline.cache.semantic.answers import Answer, same
from trunkline.cache.semantic.cells import Cells
from trunkline.cache.semantic.entry import VERSION, Entry, Question, Stored, Taught, pack
from trunkline.cache.semantic.facts import agree
from trunkline.cache.semantic.risk import Budget, Risk
from trunkline.cache.semantic.vote import Vote, count

VOTERS: Final = 32
LOOKED_AT: Final = 48
"""Neighbours among which one must agree with the question."""
COMPARED: Final = 8
"""Known answers, at most, that a new one is compared with."""

LEAST_CHECKED: Final = 0.005
MOST_CHECKED: Final = 0.15
CHECKED: Final = 0.15
"""Of hits with the risk r, the share CHECKED x sqrt(r) is verified upstream: chance is greatest where r is."""


class Trace(msgspec.Struct, frozen=True):
    """What was thought of a request, kept until its real answer is known."""

    vote: Vote | None
    near: tuple[int, ...]
    """Numbers of the neighbours' answers, nearest first."""
    checked: float
    """How likely the real answer would be asked for: 1 for a miss."""


class Miss(msgspec.Struct, frozen=True):
    """Ask upstream, then `store` with this trace."""

    risk: float
    trace: Trace


class Hit(msgspec.Struct, frozen=True):
    """Answer with this entry's reply. Where `verify`, ask upstream as well, then `store` with this trace."""

    entry: Entry
    risk: float
    """How likely the reply is wrong."""
    verify: bool
    trace: Trace


class Partition:
    """Entries, what their answers are, and what has been learnt from both. Not thread-safe."""

    def __init__(self, dimensions: int, max_error: float, pooled: Risk) -> None:
        self.entries: dict[int, Entry] = {}
        self._cells = Cells(dimensions)
        self._answers: dict[int, Answer] = {}
        self._holders: dict[int, set[int]] = {}
        """Entries of each answer."""
        self._answered = 0
        self._risk = Risk(pooled)
        self._budget = Budget(max_error)

    def look_up(self, question: Question, now: float, chance: float) -> Hit | Miss:
        """What is known about `question`. `chance`, in [0, 1), decides whether a hit is verified."""
        near = self._near(question, now)
        answers = tuple(dict.fromkeys(entry.answer for entry, _ in near))
        vote = count(((entry.answer, cosine) for entry, cosine in near[:VOTERS]), len(self.entries))
        entry = None if vote is None else _spokesman(near, vote.answer, question)
        risk = 1.0 if vote is None or entry is None else self._risk.of(vote)
        self._budget.note(risk)
        if entry is None or risk > self._budget.limit:
            return Miss(risk, Trace(vote, answers, 1.0))
        checked = min(max(CHECKED * math.sqrt(risk), LEAST_CHECKED), MOST_CHECKED)
        return Hit(entry, risk, chance < checked, Trace(vote, answers, checked))

    def learn(self, answer: Answer, trace: Trace) -> tuple[int, Taught | None]:
        """Compare a real answer with what was foreseen; the answer's number, a new one if it is new, and what that has
        taught.
        """
        alike = [n for n in trace.near[:COMPARED] if n in self._answers and same(answer, self._answers[n])]
        vote, taught = trace.vote, None
        if vote is not None:
            taught = Taught(float(vote.odds), float(vote.lead), vote.answer in alike, 1 / trace.checked)
            self._risk.learn(taught)
        return self._group(alike), taught

    def _group(self, alike: list[int]) -> int:
        """The number of an answer that is the same as all of `alike`, which are merged where they are the same."""
        if not alike:
            self._answered += 1
            return self._answered
        into = max(alike, key=lambda n: len(self._holders[n]))
        for other in alike:
            if other != into and same(self._answers[other], self._answers[into]):
                self._merge(other, into)
        return into

    def keep(self, entry: Entry, answer: Answer) -> None:
        """Add an entry, whose answer is known by `entry.answer`."""
        self._answers.setdefault(entry.answer, answer)
        self._holders.setdefault(entry.answer, set()).add(entry.number)
        self._cells.add(entry.number, entry.question.vector)
        self.entries[entry.number] = entry

    def drop(self, number: int) -> Entry:
        """Forget an entry, and its answer with the last that has it. Raises `KeyError`."""
        entry = self.entries.pop(number)
        self._cells.remove(number)
        self._holders[entry.answer].discard(number)
        if not self._holders[entry.answer]:
            del self._holders[entry.answer], self._answers[entry.answer]
        return entry

    def twin(self, question: Question) -> int | None:
        """The number of the entry with the very same question."""
        numbers, _ = self._cells.nearest(question.vector, 4)
        return next((n for n in numbers.tolist() if self.entries[n].question.text == question.text), None)

    def recognise(self, question: Question, answer: Answer, now: float) -> int:
        """The number of an answer that was compared with what was foreseen elsewhere."""
        near = tuple(dict.fromkeys(entry.answer for entry, _ in self._near(question, now)))
        return self.learn(answer, Trace(None, near, 1.0))[0]

    def believe(self, taught: Taught, *, alone: bool) -> None:
        """Take in what an answer has taught elsewhere. `alone`: see `Risk.learn`."""
        self._risk.learn(taught, alone=alone)

    def stored(self, entry: Entry) -> Stored:
        """An entry as it is written down."""
        answer = self._answers[entry.answer]
        return Stored(
            VERSION,
            entry.question.text,
            pack(entry.question.vector),
            answer.text,
            pack(answer.vector),
            entry.reply,
            entry.stored,
            entry.expires,
            sorted(entry.tags),
            entry.taught,
        )

    def _near(self, question: Question, now: float) -> list[tuple[Entry, float]]:
        """The nearest entries that are still good, and their cosines."""
        numbers, cosines = self._cells.nearest(question.vector, LOOKED_AT)
        found: list[tuple[Entry, float]] = []
        for number, cosine in zip(numbers.tolist(), cosines.tolist(), strict=True):
            entry = self.entries[number]
            if entry.expires > now:
                found.append((entry, cosine))
        return found

    def _merge(self, one: int, into: int) -> None:
        """Two answers that were met apart, and are the same."""
        for number in self._holders.pop(one):
            self.entries[number].answer = into
            self._holders[into].add(number)
        del self._answers[one]


def _spokesman(near: list[tuple[Entry, float]], answer: int, question: Question) -> Entry | None:
    """The nearest entry with the answer that agrees with the question. The others vote, but do not speak: five
    questions about five cities show what such questions are about, and none of them answers for a sixth.
    """
    return next((e for e, _ in near if e.answer == answer and agree(e.question.facts, question.facts)), None)
