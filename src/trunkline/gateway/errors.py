"""Every way a request can end without its answer.

    GatewayError
    ├── InvalidRequest            400  the caller must change the request
    │   ├── UnknownPath           404
    │   ├── MethodNotAllowed      405
    │   ├── ModelNotFound         404
    │   ├── ResponseNotFound      404  no response of this id is kept for this key
    │   ├── PreviousResponseNotFound  there is no such conversation to continue
    │   ├── ConversationTooLong   400  it is too long to be continued
    │   ├── ResponsesNotKept      400  responses cannot be named, for none is kept
    │   ├── IdempotencyConflict   422  its Idempotency-Key was used for another request
    │   ├── ContextExceeded       400  the request is too long for the model
    │   ├── NoCandidate           400  every model of the route is kept out by a filter
    │   ├── CannotExpress         400  the provider's API has no words for part of it; another target may have
    │   └── TransportRefused      4xx  what transport.server refused (413, 408, 431, …)
    ├── GuardRefused              400  a policy refuses the request
    │   ├── GuardForbidden        403  for its model or its tools
    │   └── GuardWithheld         403  a policy withholds the answer
    ├── GuardUnavailable          503  a check of a policy could not be made
    ├── AuthenticationFailed      401  no key, or not one of ours
    ├── PermissionDenied          403  a key that may not do this
    ├── ForbiddenOrigin           403  without keys, only programs on this machine may call
    ├── Overloaded                503  more requests in flight than allowed; come back later
    ├── AllUnwell                 503  no model of the route can be asked just now
    ├── ShuttingDown              503  the gateway is going away, and could not wait for the answer
    ├── LedgerUnavailable         503  requests cannot be recorded, so none is sent
    ├── LimitReached              429  a limit of the operator's allows no more
    │   ├── RateLimited           429  of requests or tokens in a time, or of requests under way
    │   ├── BudgetSpent           429  of money
    │   └── RunsAway              429  the same request over and over, or a session that does not end
    ├── LimitsUnavailable         503  nobody can say whether the limits allow it
    ├── ResponsesUnavailable      503  what is kept of responses cannot be read
    ├── UpstreamError             502  the provider is at fault, or the way to it
    │   ├── UpstreamUnreachable   502  nothing was sent: DNS, refused, TLS
    │   ├── UpstreamTimeout       504
    │   ├── UpstreamBroken        502  reset, broken off, not HTTP, not JSON
    │   ├── UpstreamFailed        502  it answered 5xx
    │   ├── UpstreamRateLimited   429  it answered 429
    │   ├── UpstreamAuth          502  it refuses the operator's key
    │   │   └── UpstreamModelRefused  for this model only
    │   ├── UpstreamQuota         503  the operator's account has no credit
    │   ├── UpstreamUnusable      502  its answer is empty, a refusal, or broken JSON, and somebody else may do better
    │   └── StreamTruncated       502  its stream ended before it was complete
    ├── UpstreamRefused           4xx  the provider refuses the caller's request; its answer is handed on as it is
    └── InternalError             500  a bug of ours

An error answers: whose fault it is (`kind`), what to do (`message`), and when to come back (`retry_after`). Another
attempt can only help against an `UpstreamError`.
"""

from collections.abc import Sequence
from typing import Literal

import msgspec


class GatewayError(Exception):
    """The request has no answer; `status`, `kind` and `code` say why in the vocabulary of OpenAI's errors."""

    status = 500
    kind = "server_error"
    code: str | None = None
    param: str | None = None
    retry_after: float | None = None
    """Seconds after which the caller may try again, where that is known."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class InvalidRequest(GatewayError):
    """The caller must change the request."""

    status = 400
    kind = "invalid_request_error"

    def __init__(self, message: str, *, param: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.param = param
        self.code = code or self.code


class UnknownPath(InvalidRequest):
    """Nothing is served at this path."""

    status = 404
    code = "unknown_url"


class MethodNotAllowed(InvalidRequest):
    """The path exists, with other methods, which `allow` lists."""

    status = 405
    code = "method_not_allowed"

    def __init__(self, message: str, allow: str) -> None:
        super().__init__(message)
        self.allow = allow


class ModelNotFound(InvalidRequest):
    """No configured model has this name."""

    status = 404
    code = "model_not_found"


class ResponseNotFound(InvalidRequest):
    """No response of this key's with that id is kept."""

    status = 404
    code = "response_not_found"


class PreviousResponseNotFound(InvalidRequest):
    """`previous_response_id` names no response of this key's that is kept, or a part of the conversation is not."""

    code = "previous_response_not_found"


class ConversationTooLong(InvalidRequest):
    """The conversation that `previous_response_id` continues has too many responses, or is too large."""

    code = "conversation_too_long"


class IdempotencyConflict(InvalidRequest):
    """The same `Idempotency-Key` came with another request within 24 hours."""

    status = 422
    code = "idempotency_key_reused"


class ResponsesNotKept(InvalidRequest):
    """This gateway keeps no responses (`responses.store`), so none can be named."""

    code = "responses_not_kept"


class NoCandidate(InvalidRequest):
    """Every model of the route is kept out: by a policy, a price cap, or what the request itself wishes."""

    code = "no_candidate"


class CannotExpress(InvalidRequest):
    """The provider's API has no words for something the answer depends on; `param` says for what."""

    code = "unsupported_parameter"


class ContextExceeded(CannotExpress):
    """The request is longer than the model's context window; another model may take it."""

    code = "context_length_exceeded"


class TransportRefused(InvalidRequest):
    """The request was refused before it was whole."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message, code=code)
        self.status = status


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


class GuardUnavailable(GatewayError):
    """A check of a policy could not be made, so nothing is sent."""

    status = 503
    code = "guard_unavailable"
    retry_after = 5.0


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


class Overloaded(GatewayError):
    """More requests are in flight than the operator allows."""

    status = 503
    code = "overloaded"
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


class ShuttingDown(GatewayError):
    """The gateway is going away, and its patience with requests under way is over."""

    status = 503
    code = "shutting_down"
    retry_after = 1.0


class LedgerUnavailable(GatewayError):
    """What cannot be recorded is not begun."""

    status = 503
    code = "ledger_unavailable"
    retry_after = 5.0


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


class UpstreamError(GatewayError):
    """The provider is at fault, or the way to it."""

    status = 502
    kind = "upstream_error"
    code = "upstream_error"


class UpstreamUnreachable(UpstreamError):
    """No connection could be made: nothing was sent."""

    code = "upstream_unreachable"


class UpstreamTimeout(UpstreamError):
    """The provider took longer than the deadline that the message names."""

    status = 504
    code = "upstream_timeout"


class UpstreamBroken(UpstreamError):
    """The provider's answer broke off, or is not what it should be."""

    code = "upstream_invalid_response"


class UpstreamFailed(UpstreamError):
    """The provider answered with a server error."""

    code = "upstream_server_error"


class UpstreamRateLimited(UpstreamError):
    """The provider's rate limit is reached."""

    status = 429
    kind = "rate_limit_error"
    code = "rate_limit_exceeded"


class UpstreamAuth(UpstreamError):
    """The provider refuses the operator's key. The caller's key is not at fault."""

    code = "upstream_auth"


class UpstreamModelRefused(UpstreamAuth):
    """The provider refuses the operator's key for this model only."""


class UpstreamQuota(UpstreamError):
    """The operator's account with the provider has no credit left."""

    status = 503
    code = "upstream_quota"


class StreamTruncated(UpstreamError):
    """The provider's stream ended before it was complete."""

    code = "stream_truncated"


class UpstreamUnusable(UpstreamError):
    """The provider's answer is whole and not to be handed on, for a `reason` that the route names."""

    code = "upstream_unusable"

    def __init__(self, message: str, reason: Literal["empty", "refused", "invalid"]) -> None:
        super().__init__(message)
        self.reason: Literal["empty", "refused", "invalid"] = reason


class UpstreamRefused(GatewayError):
    """The provider refuses the caller's request: its own answer is handed on."""

    kind = "invalid_request_error"
    code = "upstream_refused"

    def __init__(
        self, status: int, body: bytes, content_type: bytes, message: str, about: Literal["", "context", "content"] = ""
    ) -> None:
        """`about`: it is about the request's length, or about what it says."""
        super().__init__(message)
        self.status = status
        self.about: Literal["", "context", "content"] = about
        self.body = body
        self.content_type = content_type


class InternalError(GatewayError):
    """A bug in Trunkline. The log has it under the request's id."""

    code = "internal_error"


class Tried(msgspec.Struct, frozen=True, gc=False):
    """One attempt as the caller may know it: which model of whom, and what came of it."""

    provider: str
    model: str
    error: str


def all_failed(last: GatewayError, tried: Sequence[Tried]) -> GatewayError:
    """`last` with every attempt listed in its message, if there was more than one."""
    if len(tried) > 1:
        listed = "; ".join(f"{n}. {t.provider}/{t.model}: {t.error}" for n, t in enumerate(tried, 1))
        last.message = f"{last.message} All {len(tried)} attempts failed: {listed}"
    return last
