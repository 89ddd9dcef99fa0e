"""What is known of one deployment: its breaker, its times, its lanes, and who is waiting for it now."""

from typing import Final, Literal

import msgspec

from trunkline.routing.allowance import Allowance
from trunkline.routing.breaker import Breaker, BreakerSettings
from trunkline.routing.lanes import TRIAL, Lane, Pool
from trunkline.routing.windows import Mean, Times

Kind = Literal[
    "ok",
    "caller",  # the request was at fault, or its content
    "cancelled",  # the client left, or another won the race
    "outrun",  # it was late, and another that was asked later has answered first
    "rate_limit",
    "auth",  # the key is refused
    "quota",  # its account has no credit
    "model",  # the key is refused for this model only
    "server",
    "timeout",
    "unreached",
    "broken",  # not HTTP, not JSON, empty
    "truncated",
]
"""How an attempt ended. A deadline that passed is a `timeout` if it is the operator's; if the caller has asked for
less time than that, it is `cancelled`, or anybody could make a good deployment look bad.
"""

FAULTS: Final[frozenset[Kind]] = frozenset({"server", "timeout", "unreached", "broken", "truncated"})
"""Those that count against the deployment."""

STALLED_FROM: Final = 4
"""Requests that must be waiting."""
PATIENCE: Final = 3.0
"""Times the 99th percentile of what an answer took lately."""
LEAST_PATIENCE: Final = 1.0
"""Seconds."""


class Trouble(msgspec.Struct, frozen=True, gc=False):
    """Why a deployment should not be asked now."""

    kind: Literal["open", "cooling", "benched", "nearly_spent", "on_trial", "stalled", "unowned"]
    until: float
    """When that may be over, by the monotonic clock."""
    hard: bool
    """It must not be asked; else it may, after others."""


class Waiting:
    """Attempts that have no output yet, of one sort: the streamed, or the others, whose first output is the whole."""

    __slots__ = ("count", "moved_at", "times")

    def __init__(self) -> None:
        self.count = 0
        self.moved_at = 0.0
        """When the last output came, or waiting began."""
        self.times = Times()

    def began(self, now: float) -> None:
        """One more waits."""
        if not self.count:
            self.moved_at = now
        self.count += 1

    def answered(self, seconds: float, now: float) -> None:
        """One has its output."""
        self.count -= 1
        self.moved_at = now
        self.times.add(seconds, now)

    def outrun(self, seconds: float, now: float) -> None:
        """One is no longer waited for, after a time that would have been longer still. Were it left out, the late ones
        would be missing from what is known, and ever more would count as late.
        """
        self.count -= 1
        self.times.add(seconds, now)

    def stalled_since(self, now: float) -> float | None:
        """Since when, by the times of lately, an answer should have come to several of them; None if all is well."""
        if self.count < STALLED_FROM or now - self.moved_at <= LEAST_PATIENCE:
            return None
        usual = self.times.quantile(0.99)
        if usual is None:
            return None
        late = self.moved_at + max(LEAST_PATIENCE, PATIENCE * usual)
        return late if now > late else None


class DeploymentHealth:
    """The state of one deployment."""

    __slots__ = (
        "breaker",
        "cached",
        "in_flight",
        "lanes",
        "name",
        "output",
        "pool",
        "retries",
        "speed",
        "streams",
        "try_at",
        "wholes",
    )

    def __init__(self, name: str, pool: Pool, settings: BreakerSettings, retries: Allowance) -> None:
        self.name = name
        self.pool = pool
        self.breaker = Breaker(settings)
        self.retries = retries
        self.lanes = [Lane(key) for key in pool.keys]
        self.in_flight = 0
        self.streams = Waiting()
        self.wholes = Waiting()
        self.speed = Mean()
        """Tokens a second, after the first."""
        self.output = Mean()
        """Tokens of an answer."""
        self.cached = Mean()
        """The share of the input that the provider had cached."""
        self.try_at = 0.0
        """While it is stalled: when the next is let through in its usual place."""

    @property
    def first_output(self) -> float | None:
        """Seconds until the first output, lately: of streams, else of whole answers; None if nothing is known."""
        mean = self.streams.times.mean
        return mean if mean is not None else self.wholes.times.mean

    @property
    def usual(self) -> float:
        """Seconds that a good answer takes to show, as far as it is worth waiting for; 0 if nothing is known."""
        return min(self.first_output or 0.0, LEAST_PATIENCE)

    def renew_lanes(self) -> None:
        """The pool has other keys; what is known of those that stay is kept."""
        known = {lane.key.id: lane for lane in self.lanes}
        self.lanes = [known.get(key.id) or Lane(key) for key in self.pool.keys]

    def trouble(self, now: float) -> Trouble | None:
        """Why it should not be asked now; None if it may."""
        if not self.breaker.allows(now):
            return Trouble("open", self.breaker.retry_at, hard=True)
        usable = [lane for lane in self.lanes if lane.usable(now)]
        if not usable:
            return self._no_lane(now)
        if any(lane.requests.tight or lane.tokens.tight for lane in usable):
            back_at = min(lane.back_at(now) for lane in usable)
            if back_at > now:
                return Trouble("nearly_spent", back_at, hard=False)
        if all(lane.on_trial(now) for lane in usable):
            return Trouble("on_trial", now + TRIAL, hard=False)
        if self.stalled(now) and now < self.try_at:
            return Trouble("stalled", self.try_at, hard=False)
        return None

    def _no_lane(self, now: float) -> Trouble:
        waiting = [lane.cooling_until for lane in self.lanes if not lane.refused(now)]
        if waiting:
            return Trouble("cooling", min(waiting), hard=True)
        until = min(max(lane.key.benched_until, lane.refused_until) for lane in self.lanes)
        return Trouble("benched", until, hard=True)

    def stalled(self, now: float) -> bool:
        """Whether answers that should have come have not."""
        return self.streams.stalled_since(now) is not None or self.wholes.stalled_since(now) is not None

    def let_through(self, now: float, *, stalled: bool) -> None:
        """An attempt begins. While it is stalled, the next is let through in its usual place only some time later."""
        if stalled:
            usual = self.streams.times.mean or self.wholes.times.mean or 0.0
            self.try_at = now + max(LEAST_PATIENCE, PATIENCE * usual)

    def sound(self, now: float) -> bool:
        """Whether there is nothing to watch, so that `trouble` need not be asked until something happens."""
        return (
            self.breaker.state == "closed" and all(_sound(lane, now) for lane in self.lanes) and not self.stalled(now)
        )


def _sound(lane: Lane, now: float) -> bool:
    return lane.usable(now) and not (lane.requests.tight or lane.tokens.tight or lane.struck)
