"""Running a plan: one step after the other until one answers, streamed and not in the same way.

A failure before the first output can be made good by another attempt. After it, it is told, unless the route resumes
and another model can go on with the answer. Going on to another model is what the plan is for; asking the same one
again is bound by a budget, so that an outage is not made worse.
"""

import asyncio
import itertools
import random
from time import monotonic

from trunkline.gateway.alternatives import with_hint
from trunkline.gateway.attempt import Attempt
from trunkline.gateway.contest import Contest
from trunkline.gateway.errors import (
    AllUnwell,
    BudgetSpent,
    CannotExpress,
    GatewayError,
    LimitReached,
    UpstreamAuth,
    UpstreamQuota,
    UpstreamRateLimited,
    all_failed,
)
from trunkline.gateway.failing import reason_of
from trunkline.gateway.judging import REASONS, Reason
from trunkline.gateway.planning import plan_instead
from trunkline.gateway.resuming import ended, may_go_on
from trunkline.gateway.state import Journey
from trunkline.routing.plan import Candidate, Plan, Step, after
from trunkline.routing.targets import Retries

NOT_PICKY: frozenset[Reason] = frozenset()
AGAIN = frozenset({"error", "timeout", "rate_limit"})
"""Reasons for which the same model may be asked again; for all others it would say the same again."""


async def run(journey: Journey, plan: Plan) -> None:
    """Attempts along `plan` until one has answered. Raises the last error, with all attempts listed.

    A candidate whose API has no words for the request is passed over: nothing is sent, and it counts as no attempt.
    """
    if plan.wait:
        await asyncio.sleep(plan.wait)
    first = plan.steps[0]
    failed: GatewayError | None = None
    if first.kind == "single":
        try:
            await Attempt(journey, first.first, picky(plan, 0)).run()
        except GatewayError as error:
            failed = error
        else:
            return  # as nearly always
    try:
        await _go_on(journey, plan, failed)
    except GatewayError:
        if journey.second_best is None or journey.delivering:
            raise
        journey.second_best.deliver()  # nobody had a better one


async def _go_on(journey: Journey, plan: Plan, failed: GatewayError | None) -> None:
    """All that can come after the first attempt, which has `failed`, unless it is still to be made."""
    seen = {plan.route}
    instead = await _Run(journey, plan, failed).go()
    while instead is not None:
        error, name = instead
        if name in seen:
            raise _told(journey, error)
        seen.add(name)
        try:
            plan = await plan_instead(journey, name)
        except GatewayError:
            raise _told(journey, error) from None
        instead = await _Run(journey, plan).go()


class _Run:
    """One plan under way."""

    _last: GatewayError | None = None
    _unfit: CannotExpress | None = None
    _unwell: AllUnwell | None = None
    _allowed = -1
    """The step that the budget has just allowed to be taken again."""

    def __init__(self, journey: Journey, plan: Plan, failed: GatewayError | None = None) -> None:
        """`failed`: what came of the first step, which has been taken then."""
        self._journey = journey
        self._plan = plan
        self._failed_first = failed
        self._before = 0 if failed is not None else len(journey.tried)
        self._out: set[int] = set()
        """Steps that need not be taken again."""

    async def go(self) -> tuple[GatewayError, str] | None:
        """None: there is an answer. Else the last error, and the name of the model that is to be asked instead."""
        steps, journey = self._plan.steps, self._journey
        for turn in itertools.count(1):
            place = 0
            while place < len(steps):
                step = steps[place]
                if place in self._out or (turn > 1 and not self._may_retry(place)):
                    place += 1
                    continue
                try:
                    await self._take(step, place, again=turn > 1)
                except CannotExpress as error:
                    self._pass_over(place, error)
                    place += 1
                except AllUnwell as error:
                    self._unwell = error
                    place += 1
                except GatewayError as error:
                    if ended(journey):
                        return None
                    next_one = self._failed(place, error)
                    if isinstance(next_one, str):
                        return error, next_one
                    place = next_one
                else:
                    return None
            await self._before_the_next_turn(turn)
        raise AssertionError

    def _failed(self, place: int, error: GatewayError) -> int | str:
        """Where to go on after `error`: at a step, or with another model. Raises it, where nowhere."""
        journey, plan = self._journey, self._plan
        self._last = error
        if isinstance(error, BudgetSpent):
            journey.sparing = True
        reason = reason_of(error) or ("error" if journey.delivering else None)  # it was asked otherwise than the first
        if reason is None or not may_go_on(journey) or len(journey.tried) >= self._most():
            raise _told(journey, error) from None
        failed = journey.failed or plan.steps[place].first
        consequence = failed.terms.consequence(reason)
        if consequence == "stop":
            if isinstance(error, BudgetSpent) and error.instead:
                return error.instead
            raise _told(journey, error) from None
        journey.gateway.metrics.event("retries", error.code or error.kind)
        if self._again_at_once(failed, error):
            return place
        if reason not in AGAIN or isinstance(error, LimitReached):
            self._out.add(place)
        goes_on = after(plan, place, failed, reason)
        return len(plan.steps) if goes_on is None else goes_on

    def _most(self) -> int:
        """Attempts, of all plans so far: everybody has a turn."""
        everybody = sum(len(step.candidates) for step in self._plan.steps)
        return self._before + max(self._plan.terms.retries.attempts, everybody)

    async def _take(self, step: Step, place: int, *, again: bool) -> None:
        if self._failed_first is not None:
            failed, self._failed_first = self._failed_first, None
            raise failed
        if step.kind != "single" and not self._journey.delivering:
            await Contest(self._journey, step).run(again=again)
            return
        await Attempt(self._journey, step.first, picky(self._plan, place)).run(again=again)

    def _pass_over(self, place: int, error: CannotExpress) -> None:
        """Nobody of that step can take the request."""
        journey = self._journey
        self._unfit = self._unfit or error
        self._out.add(place)
        code = error.code or error.kind
        passed = {candidate.target: code for candidate in self._plan.steps[place].candidates}
        journey.passed_over = {**journey.passed_over, **passed}

    def _may_retry(self, place: int) -> bool:
        """Whether the budget of the model in that step allows another attempt, which is then counted."""
        if place == self._allowed:
            self._allowed = -1
            return True
        return self._journey.health.may_retry(self._plan.steps[place].first.name, monotonic())

    def _somebody_may_retry(self) -> bool:
        """The same of any step, which is then remembered: nobody need wait for a turn in which nobody may be asked."""
        places = (place for place in range(len(self._plan.steps)) if place not in self._out)
        self._allowed = next((place for place in places if self._may_retry(place)), -1)
        return self._allowed >= 0

    def _again_at_once(self, failed: Candidate, error: GatewayError) -> bool:
        """Whether the same model is to be asked again before another: on a new line, where the other side had closed an
        idle one; or with another key, where one was refused or has had enough.
        """
        journey = self._journey
        if journey.line_was_stale:
            return True
        keys = journey.snapshot.deployments[failed.target.provider].keys
        others = len(keys) > 1 or journey.caller.owned is not None
        if not others or not isinstance(error, UpstreamAuth | UpstreamQuota | UpstreamRateLimited):
            return False
        return journey.health.trouble(failed.name, monotonic()) is None

    async def _before_the_next_turn(self, turn: int) -> None:
        """All have had their turn, and none has answered. Raises that, unless it is worth waiting and asking again."""
        journey, last = self._journey, self._last
        if last is None:
            raise await self._nobody()
        if isinstance(last, UpstreamAuth | UpstreamQuota) or len(self._out) == len(self._plan.steps):
            raise _told(journey, last)
        wait = self._pause(last, self._plan.terms.retries, turn)
        if wait is None or monotonic() + wait >= journey.ends or not self._left() or not self._somebody_may_retry():
            raise _told(journey, last)
        await asyncio.sleep(wait)

    async def _nobody(self) -> GatewayError:
        """Nothing was sent to anybody."""
        journey = self._journey
        if self._unwell is None and self._unfit is not None:
            return _told(journey, await with_hint(journey, self._unfit))
        assert self._unwell is not None
        name, now = self._unwell.name, monotonic()
        benched = journey.health.why_benched(name, now)  # keys, by what another model of the provider was told
        if benched is not None:
            kind = UpstreamAuth if benched == "auth" else UpstreamQuota
            told = "its keys are refused, or their account has no credit"
            return _told(journey, kind(f"{name} cannot be asked just now: {told}. Tell its operator."))
        trouble = journey.health.trouble(name, now)
        self._unwell.retry_after = max(1.0, trouble.until - now) if trouble is not None else 1.0
        return _told(journey, self._unwell)

    def _left(self) -> bool:
        """Whether some step may be tried again."""
        health = self._journey.health
        return any(
            place not in self._out and health.of(step.first.name) is not None
            for place, step in enumerate(self._plan.steps)
        )

    def _pause(self, error: GatewayError, retries: Retries, turn: int) -> float | None:
        """Seconds to wait before the models are asked again that have all had so many turns; None: not so long."""
        wait: float = min(retries.most, retries.backoff * 2.0 ** min(turn - 1, 60)) * random.uniform(0.5, 1.0)  # noqa: S311  # jitter
        if error.retry_after is not None:
            if error.retry_after > retries.longest_wait:
                return None
            wait = max(wait, error.retry_after)
        health, now = self._journey.health, monotonic()
        names = [step.first.name for place, step in enumerate(self._plan.steps) if place not in self._out]
        troubles = [health.trouble(name, now) for name in names]
        if all(trouble is not None and trouble.hard for trouble in troubles):
            until = min((t.until for t in troubles if t is not None and t.kind == "cooling"), default=None)
            if until is None or until - now > retries.longest_wait:
                return None
            wait = max(wait, until - now)
        return wait


def picky(plan: Plan, place: int) -> frozenset[Reason]:
    """For which reasons an answer of the step at `place` is not the answer, because somebody else can be asked."""
    first = plan.steps[place].first
    if len(plan.steps) == 1 and not first.terms.on_failure:
        return NOT_PICKY
    return frozenset(reason for reason in REASONS if after(plan, place, first, reason) is not None)


def _told(journey: Journey, error: GatewayError) -> GatewayError:
    """`error` with all that was tried, and all that was not, in its message."""
    error = all_failed(error, journey.tried)
    if journey.passed_over and len(journey.passed_over) + len(journey.tried) > 1:
        listed = ", ".join(f"{target} ({code})" for target, code in journey.passed_over.items())
        error.message += f" Passed over: {listed}."
    return error
