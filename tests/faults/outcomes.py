"""What a client of Trunkline must see of a fault: the few ways in which a request may end."""

import json
from dataclasses import dataclass
from typing import Any

from tests.faults import replies
from tests.faults.client import Response


@dataclass(frozen=True)
class Outcome:
    """A status, then a whole reply, or an error in OpenAI's shape.

    `error`: its code (see `trunkline.gateway.errors`); "" when any will do, `None` when there must be no error.
    """

    status: int
    error: str | None = ""


WHOLE = Outcome(200, error=None)
BAD_GATEWAY = Outcome(502)
UNREACHABLE = Outcome(502, error="upstream_unreachable")
BROKEN = Outcome(502, error="upstream_invalid_response")
FAILED = Outcome(502, error="upstream_server_error")
TIMED_OUT = Outcome(504, error="upstream_timeout")
UPSTREAM_AUTH = Outcome(502, error="upstream_auth")
UPSTREAM_QUOTA = Outcome(503, error="upstream_quota")
RATE_LIMITED = Outcome(429, error="rate_limit_exceeded")

# A stream that began, then an error event and no [DONE]:
TRUNCATED = Outcome(200, error="stream_truncated")
STALLED = Outcome(200, error="upstream_timeout")
BROKEN_OFF = Outcome(200)


def passed_on(status: int) -> Outcome:
    """The provider's refusal is the caller's own business and reaches it with the provider's wording."""
    return Outcome(status)


def check(response: Response, outcome: Outcome, *, stream: bool) -> None:
    """Fails unless the client's `response` to a request (with `stream` or not) is that outcome."""
    assert response.status == outcome.status, f"{response.status} {bytes(response.body[:1000])!r}"
    assert response.complete, f"ended within the body: {bytes(response.body[-1000:])!r}"
    assert replies.ACCOUNT.encode() not in response.head.raw + response.body, "the operator's account was told"
    if response.status == 200 and stream:
        error = _check_stream(response, ended_well=outcome.error is None)
    elif response.status == 200:
        assert response.json()["choices"][0]["message"]["content"] == replies.TEXT
        error = None
    else:
        error = response.json()["error"]
    if outcome.error is None:
        assert error is None
    else:
        _check_error(error, outcome.error)
    if outcome is RATE_LIMITED:
        assert response.header("retry-after"), "429 without retry-after"


def _check_stream(response: Response, *, ended_well: bool) -> Any:
    """The error a stream ended with, if it did; its text must be the reply's, as far as it goes."""
    assert (response.header("content-type") or "").startswith("text/event-stream")
    *data, last = response.data()
    events = [json.loads(text) for text in data]
    text = "".join(choice["delta"].get("content", "") for event in events for choice in event["choices"])
    if ended_well:
        assert last == "[DONE]", f"the stream's last event is {last}"
        assert text == replies.TEXT
        return None
    assert text, "a stream that fails before any output fails by status"
    assert replies.TEXT.startswith(text)
    return json.loads(last)["error"]


def _check_error(error: Any, code: str) -> None:
    assert isinstance(error, dict), f"no error was told, but {error!r}"
    assert error.get("message")
    assert error.get("type")
    assert not code or error.get("code") == code, error
