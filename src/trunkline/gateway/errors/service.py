"""The gateway itself cannot, just now."""

from trunkline.gateway.errors.base import GatewayError


class Overloaded(GatewayError):
    """More requests are in flight than the operator allows."""

    status = 503
    code = "overloaded"
    retry_after = 1.0


class ShuttingDown(GatewayError):
    """The gateway is going away, and its patience with requests under way is over."""

    status = 503
    code = "shutting_down"
    retry_after = 1.0


class AllUnwell(GatewayError):
    """Every model that might answer is failing, or has asked for a pause."""

    status = 503
    kind = "upstream_error"
    code = "all_unwell"

    def __init__(self, message: str, name: str = "") -> None:
        """`name`: whom it is about, where it is one only."""
        super().__init__(message)
        self.name = name


class GuardUnavailable(GatewayError):
    """A check of a policy could not be made, so nothing is sent."""

    status = 503
    code = "guard_unavailable"
    retry_after = 5.0


class LedgerUnavailable(GatewayError):
    """What cannot be recorded is not begun."""

    status = 503
    code = "ledger_unavailable"
    retry_after = 5.0


class LimitsUnavailable(GatewayError):
    """Where the limits are kept does not answer, and what was lent is used up."""

    status = 503
    code = "limits_unavailable"
    retry_after = 1.0


class ResponsesUnavailable(GatewayError):
    """What is kept of responses cannot be read just now."""

    status = 503
    code = "responses_unavailable"
    retry_after = 5.0


class InternalError(GatewayError):
    """A bug in Trunkline. The log has it under the request's id."""

    code = "internal_error"
