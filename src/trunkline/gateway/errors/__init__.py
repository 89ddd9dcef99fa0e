"""Every way a request can end without its answer.

    GatewayError
    │                                  caller: the request must be changed
    ├── InvalidRequest            400
    │   ├── UnknownPath           404
    │   ├── MethodNotAllowed      405
    │   ├── ModelNotFound         404
    │   ├── ResponseNotFound      404  no response of this id is kept for this key
    │   ├── PreviousResponseNotFound  there is no such conversation to continue
    │   ├── ConversationTooLong   400  it is too long to be continued
    │   ├── ResponsesNotKept      400  responses cannot be named, for none is kept
    │   ├── IdempotencyConflict   422  its Idempotency-Key was used for another request
    │   ├── NoCandidate           400  every model of the route is kept out by a filter
    │   ├── CannotExpress         400  the provider's API has no words for part of it; another target may have
    │   │   └── ContextExceeded   400  the request is too long for the model
    │   └── TransportRefused      4xx  what transport.server refused (413, 408, 431, …)
    │                                  policy: the operator's rules do not allow it
    ├── AuthenticationFailed      401  no key, or not one of ours
    ├── PermissionDenied          403  a key that may not do this
    ├── ForbiddenOrigin           403  without keys, only programs on this machine may call
    ├── GuardRefused              400  a policy refuses the request
    │   ├── GuardForbidden        403  for its model or its tools
    │   └── GuardWithheld         403  a policy withholds the answer
    ├── LimitReached              429  a limit of the operator's allows no more
    │   ├── RateLimited           429  of requests or tokens in a time, or of requests under way
    │   ├── BudgetSpent           429  of money
    │   └── RunsAway              429  the same request over and over, or a session that does not end
    │                                  service: the gateway itself cannot, just now
    ├── Overloaded                503  more requests in flight than allowed; come back later
    ├── ShuttingDown              503  the gateway is going away, and could not wait for the answer
    ├── AllUnwell                 503  no model of the route can be asked just now
    ├── GuardUnavailable          503  a check of a policy could not be made
    ├── LedgerUnavailable         503  requests cannot be recorded, so none is sent
    ├── LimitsUnavailable         503  nobody can say whether the limits allow it
    ├── ResponsesUnavailable      503  what is kept of responses cannot be read
    ├── InternalError             500  a bug of ours
    │                                  upstream: the provider, or the way to it
    ├── UpstreamError             502
    │   ├── UpstreamUnreachable   502  nothing was sent: DNS, refused, TLS
    │   ├── UpstreamTimeout       504
    │   ├── UpstreamBroken        502  reset, broken off, not HTTP, not JSON
    │   ├── UpstreamFailed        502  it answered 5xx
    │   ├── UpstreamRateLimited   429  it answered 429
    │   ├── UpstreamAuth          502  it refuses the operator's key
    │   │   └── UpstreamModelRefused  for this model only
    │   ├── UpstreamQuota         503  the operator's account has no credit
    │   ├── StreamTruncated       502  its stream ended before it was complete
    │   └── UpstreamUnusable      502  its answer is empty, a refusal, or broken JSON, and somebody else may do better
    └── UpstreamRefused           4xx  the provider refuses the caller's request; its answer is handed on as it is

An error answers: whose fault it is (`kind`), what to do (`message`), and when to come back (`retry_after`). Another
attempt can only help against an `UpstreamError`.
"""

from trunkline.gateway.errors.base import (
    GatewayError,
)
from trunkline.gateway.errors.caller import (
    CannotExpress,
    ContextExceeded,
    ConversationTooLong,
    IdempotencyConflict,
    InvalidRequest,
    MethodNotAllowed,
    ModelNotFound,
    NoCandidate,
    PreviousResponseNotFound,
    ResponseNotFound,
    ResponsesNotKept,
    TransportRefused,
    UnknownPath,
)
from trunkline.gateway.errors.policy import (
    AuthenticationFailed,
    BudgetSpent,
    ForbiddenOrigin,
    GuardForbidden,
    GuardRefused,
    GuardWithheld,
    LimitReached,
    PermissionDenied,
    RateLimited,
    RunsAway,
)
from trunkline.gateway.errors.service import (
    AllUnwell,
    GuardUnavailable,
    InternalError,
    LedgerUnavailable,
    LimitsUnavailable,
    Overloaded,
    ResponsesUnavailable,
    ShuttingDown,
)
from trunkline.gateway.errors.upstream import (
    StreamTruncated,
    Tried,
    UpstreamAuth,
    UpstreamBroken,
    UpstreamError,
    UpstreamFailed,
    UpstreamModelRefused,
    UpstreamQuota,
    UpstreamRateLimited,
    UpstreamRefused,
    UpstreamTimeout,
    UpstreamUnreachable,
    UpstreamUnusable,
    all_failed,
)

__all__ = [
    "AllUnwell",
    "AuthenticationFailed",
    "BudgetSpent",
    "CannotExpress",
    "ContextExceeded",
    "ConversationTooLong",
    "ForbiddenOrigin",
    "GatewayError",
    "GuardForbidden",
    "GuardRefused",
    "GuardUnavailable",
    "GuardWithheld",
    "IdempotencyConflict",
    "InternalError",
    "InvalidRequest",
    "LedgerUnavailable",
    "LimitReached",
    "LimitsUnavailable",
    "MethodNotAllowed",
    "ModelNotFound",
    "NoCandidate",
    "Overloaded",
    "PermissionDenied",
    "PreviousResponseNotFound",
    "RateLimited",
    "ResponseNotFound",
    "ResponsesNotKept",
    "ResponsesUnavailable",
    "RunsAway",
    "ShuttingDown",
    "StreamTruncated",
    "TransportRefused",
    "Tried",
    "UnknownPath",
    "UpstreamAuth",
    "UpstreamBroken",
    "UpstreamError",
    "UpstreamFailed",
    "UpstreamModelRefused",
    "UpstreamQuota",
    "UpstreamRateLimited",
    "UpstreamRefused",
    "UpstreamTimeout",
    "UpstreamUnreachable",
    "UpstreamUnusable",
    "all_failed",
]
