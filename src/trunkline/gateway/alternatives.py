"""Which other models could have taken a request that the ones it asked for cannot express: a hint, never a promise."""

from collections.abc import Sequence

from trunkline.formats.losses import CannotCarry, Losses
from trunkline.gateway.errors import CannotExpress
from trunkline.gateway.identity import may_use
from trunkline.gateway.state import Journey
from trunkline.routing.plan import Target

TRIED = 12
"""Names looked at: each may cost as much as the request itself."""
TOLD = 3


async def with_hint(journey: Journey, error: CannotExpress) -> CannotExpress:
    """`error` with the names in the configuration, of those that the caller may use, that stand for a model which takes
    the request as it is.
    """
    if journey.unreadable is None:
        names = await _able(journey)
        if names:
            error.message += f" Configured here, and able to: {', '.join(names)}."
    return error


async def _able(journey: Journey) -> list[str]:
    policies, caller = journey.snapshot.policies, journey.caller
    unfit = set(journey.passed_over)
    able: list[str] = []
    for name in [name for name in policies.names if may_use(caller, name)][:TRIED]:
        policy = policies.resolve(name)
        targets = [candidate.target for candidate in policy.candidates] if policy is not None else []
        if not unfit.issuperset(targets) and await _any_takes(journey, targets):
            able.append(name)
            if len(able) == TOLD:
                break
    return able


async def _any_takes(journey: Journey, targets: Sequence[Target]) -> bool:
    for target in targets:
        deployment = journey.snapshot.deployments[target.provider]
        try:
            await journey.fits(deployment, target.model)
            if journey.bridges(target) is None:
                journey.translating(target).body(journey.document, journey.asked, target.model, Losses())
        except (CannotExpress, CannotCarry):
            continue
        return True
    return False
