"""The operator's rules do not allow it: who may call, what may be said, how much may be used."""

from typing import Literal

from trunkline.gateway.errors.base import GatewayError


class AuthenticationFailed(GatewayError):
    """No virtual key was given, or none that is known."""

    status = 401
    kind = "authentication_error"
    code = "invalid_api_key"


class PermissionDenied(GatewayError):
    """The key is known and may not do this."""

    status = 403
    kind = "permission_error"
    code = "model_not_allowed"


class ForbiddenOrigin(GatewayError):
    """Without keys, only a local program may call: a web page may not."""

    status = 403
    kind = "permission_error"
    code = "local_only"


class GuardRefused(GatewayError):
    """A policy refuses the request. `param` is where in the conversation it found something."""

    status = 400
    kind = "invalid_request_error"
    code = "guard_refused"

    def __init__(self, message: str, *, param: str | None = None) -> None:
        super().__init__(message)
        self.param = param


class GuardForbidden(GuardRefused):
    """A policy does not allow the request's model, or one of its tools."""

    status = 403
    kind = "permission_error"


class GuardWithheld(GuardRefused):
    """A policy withholds the answer, of which it found something or could not check something."""

    status = 403
    kind = "permission_error"
    code = "guard_withheld"


class LimitReached(GatewayError):
    """A limit that the operator set allows no more; nothing was sent."""

    status = 429
    kind = "rate_limit_error"
    code = "rate_limit_exceeded"


class RateLimited(LimitReached):
    """A limit of requests or tokens in a time, or of requests under way: it is worth trying again."""


class BudgetSpent(LimitReached):
    """A budget has not enough left for the request."""

    kind = "insufficient_quota"
    code = "insufficient_quota"

    def __init__(self, message: str, instead: str = "") -> None:
        """`instead`: the model that answers when this budget is spent, if any."""
        super().__init__(message)
        self.instead = instead


class RunsAway(LimitReached):
    """The program that asks seems to have lost its way."""

    def __init__(self, message: str, code: Literal["loop_detected", "session_limit_exceeded"]) -> None:
        super().__init__(message)
        self.code = code
