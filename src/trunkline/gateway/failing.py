"""What an attempt's failure means: for the health of the model that was asked, and for whom to ask next."""

from typing import Final

from trunkline.gateway.errors import (
    AllUnwell,
    BudgetSpent,
    CannotExpress,
    ContextExceeded,
    GatewayError,
    GuardWithheld,
    RateLimited,
    UpstreamAuth,
    UpstreamBroken,
    UpstreamError,
    UpstreamModelRefused,
    UpstreamQuota,
    UpstreamRateLimited,
    UpstreamRefused,
    UpstreamTimeout,
    UpstreamUnreachable,
    UpstreamUnusable,
)
from trunkline.gateway.reception import Reception
from trunkline.ledger.record import Outcome
from trunkline.routing.deployment import Kind
from trunkline.routing.plan import FailureReason


def reason_of(error: GatewayError) -> FailureReason | None:
    """Why the plan goes on with another candidate; None: nobody else can help."""
    if isinstance(error, UpstreamUnusable):
        return error.reason
    if isinstance(error, UpstreamRefused):
        return _OF_REFUSALS.get(error.about)
    if isinstance(error, ContextExceeded):
        return "context"
    if isinstance(error, BudgetSpent):
        return "budget"
    if isinstance(error, UpstreamTimeout):
        return "timeout"
    if isinstance(error, UpstreamRateLimited | UpstreamQuota | RateLimited):
        return "rate_limit"
    return "error" if isinstance(error, UpstreamError | CannotExpress | AllUnwell) else None


def kind_of(error: GatewayError | None, reception: Reception | None, outcome: Outcome, *, hurried: bool) -> Kind:
    """How an attempt ended, as health counts it. `hurried`: it was the caller's own deadline that passed."""
    if outcome == "cancelled":
        return "cancelled"
    if error is None or isinstance(error, UpstreamUnusable | GuardWithheld):
        return "ok"  # it answers; whether the answer is any good, is between the model and the question
    verdict = reception.verdict if reception is not None else None
    if verdict is not None:
        return verdict
    if isinstance(error, UpstreamTimeout):
        return "cancelled" if hurried else "timeout"
    if outcome == "truncated":
        return "truncated"
    return _KINDS.get(type(error), "broken")


_OF_REFUSALS: Final[dict[str | None, FailureReason]] = {"context": "context", "content": "refused"}

_KINDS: Final[dict[type[GatewayError], Kind]] = {
    UpstreamUnreachable: "unreached",
    UpstreamBroken: "broken",
    UpstreamAuth: "auth",
    UpstreamModelRefused: "model",
    UpstreamQuota: "quota",
}
