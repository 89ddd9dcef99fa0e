"""One attempt at one deployment, from its begin to its end: what keeps the counters exact."""

from typing import Final, Literal

from trunkline.routing.deployment import FAULTS, DeploymentHealth, Kind, Waiting
from trunkline.routing.lanes import Lane
from trunkline.routing.quotas import Left

Change = Literal["breaker.opened", "breaker.closed", "key.benched", "lane.cooling"]
"""What an operator may want to know of."""

LEAST_SPOKEN: Final = 16
"""Tokens of an answer below which its speed says nothing."""


class Ticket:
    """An attempt under way. `end` must be called once it is over, whatever happened; further calls do nothing."""

    __slots__ = (
        "_began",
        "_counted",
        "_deployment",
        "_first",
        "_lane",
        "_trial",
        "_waiting",
        "_watched",
        "open",
        "probe",
    )

    def __init__(
        self,
        deployment: DeploymentHealth,
        lane: Lane,
        waiting: Waiting,
        watched: set[str],
        now: float,
        *,
        probe: bool,
        trial: bool,
    ) -> None:
        """Use `Health.begin`."""
        self._deployment = deployment
        self._lane = lane
        self._waiting: Waiting | None = waiting
        self._watched = watched
        self._began = now
        self._first = 0.0
        self._counted = False
        self.open = True
        """Its end was not told yet."""
        self._trial = trial
        self.probe = probe
        """It tries whether a deployment that has failed is well again: the only one there now."""

    @property
    def name(self) -> str:
        """The deployment that is tried, as it is known to `Health`."""
        return self._deployment.name

    @property
    def key(self) -> str:
        """Which of the provider's keys to use: as it was declared; empty where there is none."""
        return self._lane.key.id

    def first_output(self, now: float) -> Change | None:
        """The first output of a stream has come: it is well, as far as that goes."""
        waiting = self._waiting
        if waiting is None or not self.open:
            return None
        self._waiting = None
        self._first = now
        waiting.answered(now - self._began, now)
        return self._well(now)

    def end(
        self,
        kind: Kind,
        now: float,
        *,
        input: int = 0,  # noqa: A002  # as in `Usage`
        output: int = 0,
        cached: int = 0,
        retry_after: float | None = None,
        left: Left | None = None,
    ) -> Change | None:
        """The attempt is over. Tokens are those the provider tells; `retry_after` is in seconds; `left` is what the
        reply's headers say of the rate limits.
        """
        if not self.open:
            return None
        self.open = False
        deployment, lane = self._deployment, self._lane
        deployment.in_flight -= 1
        lane.in_flight -= 1
        lane.key.in_flight -= 1
        if self._waiting is not None:
            if kind == "ok":
                self._waiting.answered(now - self._began, now)
            elif kind == "outrun":
                self._waiting.outrun(now - self._began, now)
            else:
                self._waiting.count -= 1
            self._waiting = None
        if self._trial:
            lane.trial_over()
        if left is not None and lane.saw(left, now):
            self._watched.add(deployment.name)
        if kind != "ok":
            return self._went_wrong(kind, now, retry_after)
        if output:
            deployment.output.add(output)
            seconds = now - (self._first or self._began)
            if output >= LEAST_SPOKEN and seconds > 0:
                deployment.speed.add(output / seconds)
        if input:
            deployment.cached.add(cached / input)
        return self._well(now)

    def _well(self, now: float) -> Change | None:
        if self._counted:
            return None
        self._counted = True
        self._lane.went_well(self._began)
        closed = self._deployment.breaker.succeeded(now, self._began if self.probe else None)
        return "breaker.closed" if closed else None

    def _went_wrong(self, kind: Kind, now: float, retry_after: float | None) -> Change | None:
        deployment, lane, probe = self._deployment, self._lane, self._began if self.probe else None
        if kind in FAULTS:
            opened = deployment.breaker.failed(now, probe, deployment.usual)
            if opened:
                self._watched.add(deployment.name)
            if retry_after is not None:
                self._cool(now, retry_after)
            return "breaker.opened" if opened and probe is None else None
        deployment.breaker.released(now, probe)
        if kind == "rate_limit":
            self._cool(now, retry_after)
            return "lane.cooling"
        if kind == "model":
            lane.refuse(now)
            self._watched.add(deployment.name)
        elif (kind == "auth" or kind == "quota") and not deployment.pool.keyless:
            lane.key.bench(kind, now)
            self._watched |= deployment.pool.deployments
            return "key.benched"
        return None

    def _cool(self, now: float, told: float | None) -> None:
        self._lane.cool(now, told, self._began)
        self._watched.add(self._deployment.name)
