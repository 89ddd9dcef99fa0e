"""What providers answer instead of a reply: errors of the caller, of the operator's account, and of their own."""

from tests.faults import http1, replies
from tests.faults.connection import Exchange
from tests.faults.fault import Fault, Table
from tests.faults.outcomes import (
    BAD_GATEWAY,
    BROKEN,
    FAILED,
    RATE_LIMITED,
    UPSTREAM_AUTH,
    UPSTREAM_QUOTA,
    Outcome,
    passed_on,
)
from tests.faults.replies import ACCOUNT, encode, error

HTML = ("content-type", "text/html")

table = Table()


def _canned(name: str, outcome: Outcome, status: int, body: bytes, *headers: tuple[str, str], does: str) -> None:
    async def script(x: Exchange) -> None:
        await x.send(http1.message(status, body, headers))

    table.add(Fault(name, does, outcome, outcome, answer=script))


_canned(
    "caller_400",
    passed_on(400),
    400,
    error("Invalid 'temperature': decimal above maximum value.", "invalid_request_error", "decimal_above_max_value"),
    does="Refuses what the caller sent: 400 with the provider's own words.",
)
_canned(
    "caller_404",
    passed_on(404),
    404,
    error("The model `gpt-9` does not exist.", "invalid_request_error", "model_not_found"),
    does="Knows no such model: 404 with the provider's own words.",
)
_canned(
    "auth_401",
    UPSTREAM_AUTH,
    401,
    error(f"Incorrect API key provided: sk-proj***{ACCOUNT}.", "invalid_request_error", "invalid_api_key"),
    does="Refuses the operator's key: upstream_auth, and not a word about the account.",
)
_canned(
    "auth_403",
    UPSTREAM_AUTH,
    403,
    error(f"Project `{ACCOUNT}` may not use this model.", "invalid_request_error", "model_not_found"),
    does="Forbids the model to the operator's key: upstream_auth, and not a word about the account.",
)
_canned(
    "auth_400_google",
    UPSTREAM_AUTH,
    400,
    encode(
        {
            "error": {
                "code": 400,
                "message": f"API key not valid. Please pass a valid API key. ({ACCOUNT})",
                "status": "INVALID_ARGUMENT",
                "details": [
                    {
                        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                        "reason": "API_KEY_INVALID",
                        "domain": "googleapis.com",
                    }
                ],
            }
        }
    ),
    does="Refuses the operator's key with a 400, in Google's shape: upstream_auth, and not a word about the account.",
)
_canned(
    "auth_400_xai",
    UPSTREAM_AUTH,
    400,
    encode(
        {
            "code": "Client specified an invalid argument",
            "error": f"Incorrect API key provided: xa***{ACCOUNT}. You can obtain an API key from https://console.x.ai.",
        }
    ),
    does="Refuses the operator's key with a 400, in xAI's shape: upstream_auth, and not a word about the account.",
)
_canned(
    "quota_402",
    UPSTREAM_QUOTA,
    402,
    error(f"Insufficient Balance of {ACCOUNT}", "unknown_error", "invalid_request_error"),
    does="Has no credit left, as DeepSeek says it: upstream_quota, and not a word about the account.",
)
_canned(
    "quota_400",
    UPSTREAM_QUOTA,
    400,
    encode(
        {
            "type": "error",
            "error": {
                "type": "invalid_request_error",
                "message": f"Your credit balance is too low to access the Anthropic API. ({ACCOUNT})",
            },
        }
    ),
    does="Has no credit left, with Anthropic's 400: upstream_quota, and not a word about the account.",
)
_canned(
    "quota_429",
    UPSTREAM_QUOTA,
    429,
    error(f"{ACCOUNT} exceeded its current quota.", "insufficient_quota", "insufficient_quota"),
    does="Has no credit left, with OpenAI's 429: upstream_quota and no retry, and not a word about the account.",
)
_canned(
    "rate_429",
    RATE_LIMITED,
    429,
    error("Rate limit reached for requests", "requests", "rate_limit_exceeded"),
    ("retry-after", "1"),
    does="Is asked too often: 429 with its `retry-after: 1`.",
)
_canned(
    "error_500",
    FAILED,
    500,
    error("The server had an error while processing your request.", "server_error"),
    does="Fails: 502 with every attempt listed.",
)
_canned(
    "error_503",
    FAILED,
    503,
    error("The engine is currently overloaded", "service_unavailable_error"),
    does="Is overloaded: 502 with every attempt listed.",
)
_canned(
    "error_529",
    FAILED,
    529,
    encode({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}),
    does="Is overloaded, with Anthropic's own status: 502 with every attempt listed.",
)
_canned(
    "error_502_html",
    FAILED,
    502,
    b"<html><head><title>502 Bad Gateway</title></head></html>",
    HTML,
    does="Fails with a page of its load balancer: 502 in OpenAI's shape.",
)
_canned(
    "not_json",
    BROKEN,
    200,
    b"<html><body>Welcome to nginx!</body></html>",
    HTML,
    does="Answers 200 with a page that is no JSON: 502.",
)
_canned(
    "broken_json",
    BROKEN,
    200,
    replies.chat("gpt-4o")[:-1],
    does="Answers 200 with JSON whose last brace is missing: 502.",
)
_canned(
    "error_in_200",
    BAD_GATEWAY,
    200,
    error("Upstream worker died", "server_error"),
    does="Answers 200 with an error in its body: 502.",
)
_canned(
    "empty_200",
    BROKEN,
    200,
    b"",
    does="Answers 200 with an empty body: 502.",
)
