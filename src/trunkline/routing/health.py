"""How every deployment is doing, learned from the traffic itself.

A deployment is one model of one configured provider, known by `provider/model`. An attempt takes a `Ticket` when it
begins and hands it back when it has ended, however it ended; nothing else is told. All times are given by the caller,
of one monotonic clock, in seconds. Everything here is called on one thread.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from random import random as uniform
from typing import Final

import msgspec

from trunkline.routing.allowance import Allowance
from trunkline.routing.breaker import USUAL, BreakerSettings, State
from trunkline.routing.deployment import DeploymentHealth, Trouble
from trunkline.routing.lanes import Pool, Why, choose
from trunkline.routing.tickets import Ticket

REMEMBERED: Final = 10_000
"""Deployments of which something is known. Callers choose names of models, so it must be bounded."""
FIRST_RETRIES: Final = 10.0
"""Retries that a deployment has in advance, and `RETRIES_A_SECOND` of them come back by themselves, so that whoever
sends three requests a day may have one retried.
"""
RETRIES_A_SECOND: Final = 0.1


class Settings(msgspec.Struct, frozen=True):
    """What the operator decides."""

    breaker: BreakerSettings = USUAL
    retries: float = 0.1
    """Extra attempts at the same deployment, as a share of the ordinary ones."""


class View(msgspec.Struct, frozen=True):
    """One deployment, for whoever wants to look."""

    name: str
    breaker: State
    trouble: Trouble | None
    in_flight: int
    failures: float
    """The share of attempts that failed lately."""
    first_output: float | None
    """Seconds: the moving mean, and the 95th percentile."""
    first_output_p95: float | None
    speed: float | None
    """Tokens a second."""
    keys: tuple[str, ...]
    """Those that may be used now."""


class Health:
    """All deployments. It outlives reloads of the configuration."""

    def __init__(self, settings: Settings | None = None, random: Callable[[], float] = uniform) -> None:
        """`random`: numbers from 0 to 1, for ties."""
        self._settings = settings or Settings()
        self._random = random
        self._pools: dict[str, Pool] = {}
        self._deployments: dict[str, DeploymentHealth] = {}
        self._hedges: dict[str, Allowance] = {}
        self.watched: set[str] = set()
        """Deployments that something is, or was, the matter with. All others may be asked."""

    # what there is

    def configure(self, settings: Settings) -> None:
        """Go by other settings from now on."""
        self._settings = settings
        for deployment in self._deployments.values():
            deployment.breaker.configure(settings.breaker)
            deployment.retries.share = settings.retries

    def declare(self, providers: Mapping[str, tuple[Hashable, Sequence[str]]]) -> None:
        """What there is from now on: of each provider its identity and its keys, known by what is no secret.

        What is known of a provider with the same identity is kept, and so is what is known of its keys that stay. No
        keys: it wants none.
        """
        for name in [name for name, pool in self._pools.items() if name not in providers]:
            self._forget(name)
        for name, (identity, keys) in providers.items():
            pool = self._pools.get(name)
            if pool is not None and pool.identity != identity:
                self._forget(name)
                pool = None
            if pool is None:
                self._pools[name] = Pool(identity, keys)
            else:
                pool.renewed(keys)
                for each in pool.deployments:
                    self._deployments[each].renew_lanes()

    def _forget(self, provider: str) -> None:
        for name in self._pools.pop(provider).deployments:
            del self._deployments[name]
            self.watched.discard(name)

    def of(self, name: str) -> DeploymentHealth | None:
        """What is known of a deployment; None if nothing is."""
        return self._deployments.get(name)

    def _known(self, name: str) -> DeploymentHealth:
        found = self._deployments.get(name)
        if found is not None:
            return found
        if len(self._deployments) >= REMEMBERED:
            self._make_room()
        provider = name.partition("/")[0]
        pool = self._pools.get(provider)
        if pool is None:
            pool = self._pools[provider] = Pool(None, ())
        retries = Allowance(self._settings.retries, start=FIRST_RETRIES, trickle=RETRIES_A_SECOND)
        made = self._deployments[name] = DeploymentHealth(name, pool, self._settings.breaker, retries)
        pool.deployments.add(name)
        if any(key.benched_until for key in pool.keys):
            self.watched.add(name)
        return made

    def _make_room(self) -> None:
        """Forget those that nobody is on and nothing is the matter with."""
        for name, deployment in list(self._deployments.items()):
            if not deployment.in_flight and name not in self.watched:
                deployment.pool.deployments.discard(name)
                del self._deployments[name]

    # whom to ask

    def trouble(self, name: str, now: float) -> Trouble | None:
        """Why a deployment should not be asked now; None if it may."""
        if name not in self.watched:
            return None
        deployment = self._deployments[name]
        trouble = deployment.trouble(now)
        if trouble is None and deployment.sound(now):
            self.watched.discard(name)
        return trouble

    def why_benched(self, name: str, now: float) -> Why | None:
        """Why every key of a deployment is left aside; None if some key is not."""
        deployment = self._deployments.get(name)
        if deployment is None or not all(lane.refused(now) for lane in deployment.lanes):
            return None
        lane = deployment.lanes[0]
        return lane.key.benched_for if lane.key.benched_until > now else "auth"

    # attempts

    def begin(
        self, name: str, now: float, *, stream: bool = True, again: bool = False, tokens: int = 0
    ) -> Ticket | None:
        """An attempt begins; None if it must not, because another is probing, say. Then nothing is counted.

        `again`: it is a retry, which `may_retry` has allowed. `tokens`: about how many it takes of the quota.
        """
        deployment = self._deployments.get(name) or self._known(name)
        probe = trial = False
        lanes = deployment.lanes
        watched = name in self.watched
        if watched and not deployment.breaker.allows(now):
            return None
        lane = lanes[0] if len(lanes) == 1 else choose(lanes, now, self._random)
        if lane is None:
            return None
        if watched:
            if not lane.usable(now):
                return None
            stalled = deployment.stalled(now)
            probe = deployment.breaker.begin(now)
            trial = lane.try_again(now)
            deployment.let_through(now, stalled=stalled)
        if not again:
            deployment.retries.earn()
        deployment.in_flight += 1
        lane.in_flight += 1
        lane.key.in_flight += 1
        waiting = deployment.streams if stream else deployment.wholes
        waiting.began(now)
        if (lane.metered and lane.spend(tokens)) or (waiting.count >= 4 and waiting.stalled_since(now) is not None):
            self.watched.add(name)
        return Ticket(deployment, lane, waiting, self.watched, now, probe=probe, trial=trial)

    def key(self, provider: str, now: float) -> str | None:
        """A key of that provider that is not refused, for what is no attempt at a model; None if there is none."""
        pool = self._pools.get(provider)
        return next((key.id for key in pool.keys if key.benched_until <= now), None) if pool is not None else None

    def may_retry(self, name: str, now: float) -> bool:
        """Whether a deployment may be asked again for a request that it has just failed; if so, that is counted."""
        return self._known(name).retries.take(now)

    # hedges

    def first_output_p95(self, name: str, *, stream: bool = True) -> float | None:
        """Seconds within which 95 % of the streams lately had their first output, or 95 % of the other answers were
        there; None while too few are known.
        """
        deployment = self._deployments.get(name)
        if deployment is None:
            return None
        return (deployment.streams if stream else deployment.wholes).times.quantile(0.95)

    def hedges(self, route: str, share: float) -> Allowance:
        """The budget of a route's second calls, as a share of its requests: `earn` with every request, and `take`
        before a second call is made.
        """
        found = self._hedges.get(route)
        if found is None:
            if len(self._hedges) >= REMEMBERED:
                self._hedges.clear()
            found = self._hedges[route] = Allowance(share)
        found.share = share
        return found

    # looking

    def view(self, now: float) -> list[View]:
        """All that is known, by name."""
        return [self._view(name, now) for name in sorted(self._deployments)]

    def _view(self, name: str, now: float) -> View:
        deployment = self._deployments[name]
        return View(
            name,
            deployment.breaker.state,
            deployment.trouble(now),
            deployment.in_flight,
            deployment.breaker.failure_share,
            deployment.first_output,
            self.first_output_p95(name),
            deployment.speed.value,
            tuple(lane.key.id for lane in deployment.lanes if lane.usable(now)),
        )
