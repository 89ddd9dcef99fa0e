"""The caller must change the request."""

from trunkline.gateway.errors.base import GatewayError


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
