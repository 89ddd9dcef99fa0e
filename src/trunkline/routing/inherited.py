"""What routes say about everything below them, gathered on the way down to a candidate."""

from collections.abc import Mapping
from typing import Any

import msgspec

from trunkline.config import routes, schema
from trunkline.routing.bounds import Cap, DataPolicy
from trunkline.routing.breaker import BreakerSettings
from trunkline.routing.health import Settings
from trunkline.routing.plan import FailureReason, Retries, Shadow, Terms
from trunkline.transport.exchange import Times


class Inherited(msgspec.Struct, frozen=True):
    """What holds here. Of two routes the nearer to the candidate wins; for what concerns the request as a whole
    (`total`, `retries`) the one farther out; data policies, price caps, guards and logs all hold.
    """

    attempt: dict[str, float] = {}
    """Deadlines of an attempt that differ."""
    total: float | None = None
    retries: Retries = Retries()
    retries_said: bool = False
    on_failure: Mapping[FailureReason, str] = {}
    critical: bool = False
    drops: bool = False
    resumes: bool = False
    data: tuple[DataPolicy, ...] = ()
    caps: tuple[Cap, ...] = ()
    weaker: bool = False
    shadows: tuple[Shadow, ...] = ()
    guards: tuple[str, ...] = ()
    logs: tuple[str, ...] = ()

    def below(self, route: routes.Route, config: schema.Config) -> "Inherited":
        """The same below `route`."""
        said: dict[str, Any] = {}
        if route.deadline is not None:
            deadlines = route.deadline.model_dump(exclude_none=True)
            total = deadlines.pop("total", None)
            said["attempt"] = {**self.attempt, **deadlines}
            said["total"] = self.total if self.total is not None else total
        if route.retries is not None and not self.retries_said:
            said["retries"] = retries_of(config.retries.overridden_by(route.retries))
            said["retries_said"] = True
        if route.on_failure is not None:
            said["on_failure"] = {**self.on_failure, **route.on_failure.model_dump(exclude_none=True)}
        if route.on_unsupported is not None:
            said["drops"] = route.on_unsupported == "drop"
        if route.on_truncated is not None:
            said["resumes"] = route.on_truncated == "resume"
        if route.data is not None:
            said["data"] = (*self.data, policy_of(route.data))
        if route.max_price is not None:
            said["caps"] = (*self.caps, cap_of(route.max_price))
        if route.guard:
            said["guards"] = (*self.guards, *route.guard)
        if route.request_log:
            said["logs"] = (*self.logs, *route.request_log)
        return msgspec.structs.replace(self, critical=self.critical or route.critical, **said)

    def times(self, deadline: schema.Deadline) -> tuple[Times, float]:
        """Of an attempt at a provider with this deadline, and of the request as a whole."""
        known = {name: getattr(deadline, name) for name in ("connect", "first_token", "gap", "attempt")} | self.attempt
        longest = known.pop("attempt")
        total = self.total if self.total is not None else deadline.total
        return Times(**known, total=total if longest is None else min(longest, total)), total

    def terms(self, total: float) -> Terms:
        """What holds for a request that goes to a candidate here."""
        said = (self.critical, self.drops, self.resumes, self.guards, self.logs)
        return Terms(total, self.retries, self.on_failure, *said)


def retries_of(retries: schema.Retries) -> Retries:
    """As the configuration has them."""
    return Retries(retries.attempts, retries.backoff, retries.max_backoff, retries.max_wait)


def policy_of(data: routes.DataPolicy) -> DataPolicy:
    """As the configuration has it."""
    return DataPolicy(data.region, data.retention, data.training)


def cap_of(cap: routes.PriceCap) -> Cap:
    """As the configuration has it."""
    return Cap(cap.input, cap.output, cap.per_request)


def health_settings(config: schema.Config) -> Settings:
    """What the configuration says of breakers and of retries at the same deployment."""
    said = config.breaker
    breaker = BreakerSettings(
        failures=said.failures,
        share=said.share,
        least=said.least,
        window=said.window,
        pause=said.pause,
        longest_pause=said.longest_pause,
    )
    return Settings(breaker, config.retries.budget)


def outermost(config: schema.Config) -> Inherited:
    """What holds before any route has said anything."""
    return Inherited(
        retries=retries_of(config.retries),
        drops=config.on_unsupported == "drop",
        resumes=config.on_truncated == "resume",
        data=(policy_of(config.data),) if config.data is not None else (),
        caps=(cap_of(config.max_price),) if config.max_price is not None else (),
    )
