"""What there is to ask for: every simulated model, and what the `error-…` ones answer."""

from typing import Final

import msgspec


class ErrorFacts(msgspec.Struct, frozen=True, gc=False):
    """How OpenAI words an error of one status. 402, 422 and 529 are other providers' and take its shape."""

    type: str
    code: str | None
    message: str


ERRORS: Final[dict[int, ErrorFacts]] = {
    400: ErrorFacts("invalid_request_error", None, "This request is invalid"),
    401: ErrorFacts("invalid_request_error", "invalid_api_key", "Incorrect API key provided"),
    402: ErrorFacts("insufficient_quota", "insufficient_quota", "The account has insufficient credit"),
    403: ErrorFacts("request_forbidden", "unsupported_country_region_territory", "Country or region not supported"),
    404: ErrorFacts("invalid_request_error", "model_not_found", "The model does not exist"),
    408: ErrorFacts("server_error", "request_timeout", "The request timed out"),
    422: ErrorFacts("invalid_request_error", None, "The request cannot be processed"),
    429: ErrorFacts("requests", "rate_limit_exceeded", "Rate limit reached for requests"),
    500: ErrorFacts("server_error", None, "The server had an error while processing your request"),
    502: ErrorFacts("server_error", None, "Bad gateway"),
    503: ErrorFacts("server_error", None, "The engine is currently overloaded, please try again later"),
    529: ErrorFacts("overloaded_error", None, "Overloaded"),
}

MODELS: Final[dict[str, str]] = {
    "echo": "Repeats the text of the last user message.",
    "chat": "Answers in a few sentences; the same request gets the same answer. Honours `response_format`.",
    "long": "Answers like `chat`, in about 5,000 tokens.",
    "slow": "Answers like `chat`: first token after 3 s, then 5 tokens a second.",
    "tools": "Calls the tools it is offered with arguments that fit their schemas; given results, it answers in text.",
    "json": "Answers with the smallest JSON that fits `response_format`.",
    "empty": "Answers with nothing: a whole reply, no output.",
    "flaky": "Answers like `chat`, or fails: as often as `failure_rate` says, every second time where it is 0.",
    **{f"error-{status}": f"Fails with status {status}: {facts.message}." for status, facts in ERRORS.items()},
    "refuse": "Cannot be connected to.",
    "close": "Takes the request and closes the connection without an answer.",
    "mute": "Takes the request and never answers.",
    "cut": "Closes the connection half-way through its answer.",
    "cut-event": "Closes the connection half-way, inside an event of the stream.",
    "stall": "Stops half-way and keeps the connection open.",
    "garbage": "Answers 200 with something that is not JSON.",
    "no-usage": "Answers like `chat`, and never tells its token counts.",
    "no-done": "Answers like `chat`; its stream ends without `[DONE]`.",
}
"""By name; `/v1/models` and the documentation list them in this order."""
