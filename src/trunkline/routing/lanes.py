"""A provider's keys, and the lane that each of them is to a model: benched, cooling down, nearly spent, or good."""

from collections.abc import Callable, Hashable, Sequence
from typing import Final, Literal

from trunkline.routing.quotas import Left, Quota

BENCHED_FOR: Final = 60.0
"""Seconds for which a key is left aside that the provider refuses, or whose account has no credit."""
FIRST_COOLING: Final = 1.0
"""Seconds after a 429 that does not say how long; each further one in a row doubles them."""
LONGEST_COOLING: Final = 60.0
"""Seconds, where a provider does not say."""
TRIAL: Final = 10.0
"""Seconds for which the first request after a pause has the lane to itself, where others can go elsewhere."""

Why = Literal["auth", "quota"]


class Key:
    """One of the operator's keys with a provider."""

    __slots__ = ("benched_for", "benched_until", "id", "in_flight")

    def __init__(self, id: str) -> None:  # noqa: A002  # what it is
        self.id = id
        """What the key is known by, such as a fingerprint; never the key itself."""
        self.in_flight = 0
        self.benched_until = 0.0
        self.benched_for: Why = "auth"

    def bench(self, why: Why, now: float) -> None:
        """The provider refuses it. A longer bench is never shortened."""
        self.benched_for = why
        self.benched_until = max(self.benched_until, now + BENCHED_FOR)


class Lane:
    """One key for one model: what a rate limit binds."""

    __slots__ = (
        "_strikes",
        "_struck_at",
        "_tried_at",
        "cooling_until",
        "in_flight",
        "key",
        "metered",
        "refused_until",
        "requests",
        "tokens",
    )

    def __init__(self, key: Key) -> None:
        self.key = key
        self.in_flight = 0
        self.cooling_until = 0.0
        self.refused_until = 0.0
        """The key is good, but not for this model."""
        self.requests = Quota()
        self.tokens = Quota()
        self.metered = False
        """The provider has told of a quota."""
        self._strikes = 0
        self._struck_at = 0.0
        self._tried_at = -TRIAL

    def usable(self, now: float) -> bool:
        """Whether the provider may be asked on it at all."""
        return self.cooling_until <= now and not self.refused(now)

    def refused(self, now: float) -> bool:
        """Whether the key is refused, for this model or for all."""
        return self.key.benched_until > now or self.refused_until > now

    def back_at(self, now: float) -> float:
        """When it is no longer nearly spent; `now` or before, if it is not."""
        return max(self.requests.back_at(now), self.tokens.back_at(now))

    def spend(self, tokens: int) -> bool:
        """A request goes out. Whether a quota may be nearly spent by it."""
        self.requests.spend(1)
        if tokens:
            self.tokens.spend(tokens)
        return self.requests.tight or self.tokens.tight

    def saw(self, left: Left, now: float) -> bool:
        """A reply's headers. Whether a quota may be nearly spent."""
        self.metered = True
        if left.requests is not None:
            self.requests.saw(left.requests, left.requests_reset, now)
        if left.tokens is not None:
            self.tokens.saw(left.tokens, left.tokens_reset, now)
        return self.requests.tight or self.tokens.tight

    def cool(self, now: float, told: float | None, began: float) -> None:
        """The provider says it is too much, to a request that `began` then. `told`: for how many seconds. A longer
        cool-down is never shortened. What was under way when the first was told so is of the same strike.
        """
        if not self._strikes or began >= self._struck_at:
            self._strikes += 1
            self._struck_at = now
        if told is None:
            told = min(LONGEST_COOLING, FIRST_COOLING * 2.0 ** min(self._strikes - 1, 10))
        self.cooling_until = max(self.cooling_until, now + told)

    @property
    def struck(self) -> bool:
        """The last that is known of it is that it was too much."""
        return self._strikes > 0

    def try_again(self, now: float) -> bool:
        """A request goes out. Whether it is the first after a pause, and shows if that was long enough."""
        if not self._strikes or self.on_trial(now):
            return False
        self._tried_at = now
        return True

    def on_trial(self, now: float) -> bool:
        """Whether that is being shown just now: others had better go elsewhere."""
        return now < self._tried_at + TRIAL

    def trial_over(self) -> None:
        """It has been shown, or cannot be."""
        self._tried_at = -TRIAL

    def refuse(self, now: float) -> None:
        """The provider refuses the key for this model."""
        self.refused_until = max(self.refused_until, now + BENCHED_FOR)

    def went_well(self, began: float) -> None:
        """A request that `began` then was answered. If that was after the last 429, the next is the first in a row."""
        if self._strikes and began >= self._struck_at:
            self._strikes = 0
            self._tried_at = -TRIAL


class Pool:
    """All keys of one configured provider."""

    __slots__ = ("deployments", "identity", "keyless", "keys")

    def __init__(self, identity: Hashable, keys: Sequence[str]) -> None:
        self.identity = identity
        """What must stay the same for its state to mean anything: where it is, say."""
        self.keyless = not keys
        """It wants no key, so there is none to leave aside."""
        self.keys = [Key(each) for each in keys or ("",)]
        self.deployments: set[str] = set()
        """Names of its deployments that something is known of."""

    def renewed(self, keys: Sequence[str]) -> None:
        """It has these keys from now on; of those that stay, everything is remembered."""
        known = {key.id: key for key in self.keys}
        self.keyless = not keys
        self.keys = [known.get(each) or Key(each) for each in keys or ("",)]


def choose(lanes: Sequence[Lane], now: float, random: Callable[[], float]) -> Lane | None:
    """The lane for the next request: neither nearly spent nor on trial if possible, and of these the least busy, at
    random among equals. None if none is usable.
    """
    best: Lane | None = None
    rank: tuple[bool, int, float] = (True, 0, 0.0)
    for lane in lanes:
        if lane.cooling_until <= now and not lane.refused(now):
            spent = (lane.requests.tight or lane.tokens.tight) and lane.back_at(now) > now
            own = (spent or lane.on_trial(now), lane.key.in_flight, random())
            if best is None or own < rank:
                best, rank = lane, own
    return best
