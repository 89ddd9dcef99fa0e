"""Protection from programs that run away: the same request over and over, and sessions without an end.

Both are counted in the process, so that they cost nothing: with several processes a loop is noticed after at most so
many times as many requests. Both remember a bounded number, the latest; who is forgotten begins anew.
"""

from collections import OrderedDict, deque
from typing import Literal

import msgspec

Fingerprint = bytes
"""Of who asks and of all that the answer depends on, such as a BLAKE2 of key and body."""


class Repeats:
    """How often the identical request has come within a window."""

    def __init__(self, most: int, window: float, remembered: int = 10_000) -> None:
        """`most` within `window` seconds are let through; `remembered` requests are told apart."""
        self._most = most
        self._window = window
        self._remembered = remembered
        self._times: OrderedDict[Fingerprint, deque[float]] = OrderedDict()

    def again(self, fingerprint: Fingerprint, now: float) -> float | None:
        """Count a request. Seconds after which it may come again, if it has come too often; None if it may pass.

        One that is refused does not count: a program that tries on is let through at the pace of the limit.
        """
        times = self._times.get(fingerprint)
        if times is None:
            if len(self._times) >= self._remembered:
                self._times.popitem(last=False)
            self._times[fingerprint] = deque((now,), self._most)
            return None
        self._times.move_to_end(fingerprint)
        if len(times) == self._most and now - times[0] < self._window:
            return times[0] + self._window - now
        times.append(now)
        return None


class Session(msgspec.Struct, gc=False):
    """What a session or the run of an agent has used."""

    requests: int = 0
    cost: int = 0
    """Nano-dollars."""
    last: float = 0.0


Cap = Literal["requests", "cost"]


class Sessions:
    """What sessions have used, each until it is silent for a while."""

    def __init__(self, requests: int | None, cost: int | None, idle: float = 3600.0, remembered: int = 10_000) -> None:
        """The most that one session may have: requests, nano-dollars; None: any. `idle`: seconds."""
        self._requests = requests
        self._cost = cost
        self._idle = idle
        self._remembered = remembered
        self._sessions: OrderedDict[tuple[str, str], Session] = OrderedDict()

    def begin(self, key: str, name: str, now: float) -> Cap | None:
        """A request of the key's session of that name begins: which cap stands against it, if any."""
        session = self._session(key, name, now)
        if self._cost is not None and session.cost >= self._cost:
            return "cost"
        if self._requests is not None and session.requests >= self._requests:
            return "requests"
        session.requests += 1
        return None

    def charge(self, key: str, name: str, cost: int, now: float) -> None:
        """A request has cost so much. A session can pass its cap by what was under way when it was reached."""
        self._session(key, name, now).cost += cost

    def _session(self, key: str, name: str, now: float) -> Session:
        session = self._sessions.pop((key, name), None)
        if session is None or now - session.last > self._idle:
            session = Session()
        session.last = now
        if len(self._sessions) >= self._remembered:
            self._sessions.popitem(last=False)
        self._sessions[key, name] = session
        return session
