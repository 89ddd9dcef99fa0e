"""How likely an answer from the cache is wrong, and how likely it may be.

`Risk` learns the first from what upstream then answered: a logistic curve over the vote, one for a partition, which
begins at a curve that came with the program and is moved by what is seen. `Budget` decides the second: hits may be
taken up to the risk at which the expected share of wrong answers, over all requests of late, is what is allowed.
"""

import math
from collections import deque
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from trunkline.cache.semantic.entry import Damaged, Taught
from trunkline.cache.semantic.vote import Vote

PRIOR: Final = np.array([0.4, 1.2, 2.0])
"""Of a constant, `Vote.odds` and `Vote.lead`: the curve before anything is seen (decision 0014)."""
TRUST: Final = np.array([4.0, 40.0, 1.0])
"""How firmly the prior is held: the inverse of its variance."""
LEAST: Final = np.array([-math.inf, 0.2, 0.0])
"""More votes never make an answer less likely."""
REMEMBERED: Final = 4000
AGAIN: Final = 40
"""Observations after which the curve is fitted again."""
STEPS: Final = 8
HEAVIEST: Final = 10.0
"""How much one observation may count: a single mistake must not turn everything around."""
LEAST_ODDS: Final = 0.0
"""Votes below are far from being hits. There are many, and the curve would be bent to fit them, not those above."""

RECENT: Final = 1000
ENOUGH: Final = 200
"""Requests over which the expected share is kept, and below which every single hit must keep it."""
EVERY: Final = 20
MARGIN: Final = 0.7
"""Of what is allowed, this share is aimed at, so that chance does not carry it beyond."""
STEEPEST: Final = 10.0
"""No single hit may be riskier than this many times what is allowed over all."""


VERSION: Final = 1
"""Of what is written down. Another one is due when votes come to mean something else."""


class Learnt(msgspec.Struct, array_like=True, frozen=True):
    """What one `Risk` has learnt, as it is written down."""

    version: int
    curve: tuple[float, float, float]
    seen: list[tuple[float, float, float, float]]


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Learnt).decode


class Risk:
    """The probability that a vote's answer is wrong, learnt by one partition on what all partitions have learnt."""

    def __init__(self, pooled: "Risk | None" = None) -> None:
        """`pooled`: of all partitions together, which this one begins with, leans on, and teaches."""
        self._pooled = pooled
        self._curve = self._prior()
        self._seen: deque[tuple[float, float, float, float]] = deque(maxlen=REMEMBERED)
        self._since = 0

    def of(self, vote: Vote) -> float:
        """Between 0 and 1."""
        constant, odds, lead = self._curve.tolist()
        return 1 / (1 + math.exp(min(constant + odds * vote.odds + lead * vote.lead, 50.0)))

    def learn(self, taught: Taught, *, alone: bool = False) -> None:
        """A vote turned out right or wrong. `alone`: what all partitions together have learnt holds it already."""
        if taught.odds < LEAST_ODDS:
            return
        if self._pooled is not None and not alone:
            self._pooled.learn(taught)
        self._seen.append((taught.odds, taught.lead, float(taught.right), min(taught.weight, HEAVIEST)))
        self._since += 1
        if self._since >= AGAIN:
            self._since = 0
            self._fit()

    def dump(self) -> bytes:
        """The curve and what it was fitted to."""
        constant, odds, lead = self._curve.tolist()
        return _encode(Learnt(VERSION, (constant, odds, lead), list(self._seen)))

    def load(self, data: bytes) -> None:
        """Go on from what `dump` gave. Raises `Damaged`, and then changes nothing."""
        try:
            learnt = _decode(data)
        except msgspec.DecodeError as error:
            raise Damaged(str(error)) from None
        numbers = [*learnt.curve, *(number for each in learnt.seen for number in each)]
        if learnt.version != VERSION or not all(map(math.isfinite, numbers)):
            raise Damaged(f"a curve of version {learnt.version}, or none")
        self._curve = np.maximum(np.array(learnt.curve), LEAST)
        self._seen.extend(learnt.seen)

    def _fit(self) -> None:
        """Newton's method on the posterior, with steps that are halved until they lead down: three unknowns."""
        seen = np.array(self._seen)
        given = np.column_stack([np.ones(len(seen)), seen[:, 0], seen[:, 1]])
        right, weight = seen[:, 2], seen[:, 3]
        prior = self._prior()

        def cost(curve: NDArray[np.float64]) -> float:
            """The negative logarithm of the posterior."""
            lean = given @ curve
            missed = weight * (np.logaddexp(0, lean) - right * lean)
            return float(missed.sum() + (TRUST * (curve - prior) ** 2).sum() / 2)

        curve = self._curve.copy()
        for _ in range(STEPS):
            expected = 1 / (1 + np.exp(-np.clip(given @ curve, -50, 50)))
            slope = given.T @ (weight * (right - expected)) - TRUST * (curve - prior)
            bend = (given.T * (weight * expected * (1 - expected))) @ given + np.diag(TRUST)
            step, before = np.linalg.solve(bend, slope), cost(curve)
            halved = 0
            while cost(curve + step) > before and halved < STEPS:
                step, halved = step / 2, halved + 1
            if halved == STEPS:
                break
            curve = curve + step
        self._curve = np.maximum(curve, LEAST)

    def _prior(self) -> NDArray[np.float64]:
        return PRIOR.copy() if self._pooled is None else self._pooled._curve.copy()  # noqa: SLF001  # its own kind


class Budget:
    """The risk that a hit may have, for `max_error` wrong answers over all requests."""

    def __init__(self, max_error: float) -> None:
        self._allowed = max_error * MARGIN
        self._recent: deque[float] = deque(maxlen=RECENT)
        self._requests = 0
        self.limit = self._allowed

    def note(self, risk: float) -> None:
        """A request came whose answer from the cache would be wrong with probability `risk`; 1 where there is none."""
        self._recent.append(risk)
        self._requests += 1
        if self._requests >= ENOUGH and self._requests % EVERY == 0:
            risks = np.sort(self._recent)
            spent = np.cumsum(risks)
            affordable = int(np.searchsorted(spent, self._allowed * len(risks), side="right"))
            self.limit = min(max(float(risks[max(affordable - 1, 0)]), self._allowed), self._allowed * STEEPEST)
