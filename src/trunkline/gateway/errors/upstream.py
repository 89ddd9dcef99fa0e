"""The provider, or the way to it; and what it says of the caller's request."""

from collections.abc import Sequence
from typing import Literal

import msgspec

from trunkline.gateway.errors.base import GatewayError


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


class Tried(msgspec.Struct, frozen=True, gc=False):
    """One attempt as the caller may know it: which model of whom, and what came of it."""

    provider: str
    model: str
    error: str


def all_failed(last: GatewayError, tried: Sequence[Tried]) -> GatewayError:
    """`last` with every attempt listed in its message, if there was more than one."""
    if len(tried) > 1:
        listed = "; ".join(f"{n}. {t.provider}/{t.model}: {t.error}" for n, t in enumerate(tried, 1))
        said = last.message if last.message.endswith((".", "!", "?")) else f"{last.message}."  # it may be a provider's
        last.message = f"{said} All {len(tried)} attempts failed: {listed}"
    return last
