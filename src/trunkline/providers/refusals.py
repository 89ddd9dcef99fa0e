"""What a provider's error says, and whose fault it is.

Providers put the same few facts into a dozen shapes. `read_refusal` finds them in all of those that were recorded or
are documented, and relies on none. `usual_verdict` says what they mean; where a provider means something else by them,
its page says so with `means`.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Literal

import msgspec

Verdict = Literal["caller", "rate_limit", "auth", "model", "quota", "server"]
"""Whose fault an error is.

`caller`: the request; its answer is handed on. `rate_limit`: come back later. `auth`: the operator's key is refused.
`model`: the key is good, but not for this model. `quota`: the operator's account has no credit. `server`: the
provider's own trouble.
"""


class Refused(msgspec.Struct, frozen=True):
    """An upstream's error, read from its status, headers and body."""

    status: int
    message: str
    code: str
    type: str
    wait: float | None = None
    """Seconds to wait, where the body says it (Google has no header for it)."""


Judge = Callable[[Refused], Verdict | None]
"""What a provider says differently from `usual_verdict`; None leaves the usual one."""


def means(
    *,
    statuses: Mapping[int, Verdict] | None = None,
    codes: Mapping[str, Verdict] | None = None,
    words: Mapping[str, Verdict] | None = None,
) -> Judge:
    """A judge that goes by words in the message (in lower case), then the code, then the type, then the status."""

    def judge(refused: Refused) -> Verdict | None:
        message = refused.message.lower()
        by_words = next((verdict for said, verdict in (words or {}).items() if said in message), None)
        by_code = (codes or {}).get(refused.code) or (codes or {}).get(refused.type)
        return by_words or by_code or (statuses or {}).get(refused.status)

    return judge


_KEY_REFUSED = re.compile(
    r"(incorrect|invalid|expired|revoked) (api|subscription) key|api key (not|is) (valid|invalid)", re.IGNORECASE
)
_NO_CREDIT = re.compile(
    r"credit balance is too low|insufficient (balance|credits?|funds)|no credits? (left|remaining)", re.IGNORECASE
)
_SPENT = frozenset(
    {
        "insufficient_quota",
        "credit_balance_exhausted",
        "billing_hard_limit_reached",
        "organization_spend_limit_exceeded",
        "project_spend_limit_exceeded",
        "organization_usage_limit_exceeded",
        "enforced_spend_limit_reached",
    }
)


def usual_verdict(refused: Refused) -> Verdict:
    """What an error means where its provider has nothing special to say. Facts: provider documentation and
    recordings.
    """
    status = refused.status
    if refused.code in _SPENT or status == 402 or _NO_CREDIT.search(refused.message):
        return "quota"
    if status == 403 and "model" in f"{refused.code} {refused.message}".lower():
        return "model"
    if status in (401, 403) or (status == 400 and _KEY_REFUSED.search(refused.message)):
        return "auth"
    if status == 429:
        return "rate_limit"
    if status >= 500 or status in (408, 409, 425):
        return "server"
    return "caller"


_TOO_LONG = re.compile(
    r"maximum context length|context (window|length)|prompt is too long|input is too long|too many (input )?tokens"
    r"|input token count|exceeds? the (maximum|max)[^.]{0,40}tokens|reduce the length",
    re.IGNORECASE,
)
_TOO_LONG_CODES = frozenset({"context_length_exceeded", "model_context_window_exceeded"})
_CONTENT_CODES = frozenset(
    {
        "content_filter",
        "content_policy_violation",
        "data_inspection_failed",  # DashScope
        "invalid_prompt",  # OpenAI, of prompts to its reasoning models
        "moderation_blocked",
        "prompt_blocked",
        "responsible_ai_policy_violation",  # Azure
        "sensitive",  # Z.ai
    }
)
_CONTENT = re.compile(r"content (management )?policy|usage polic|safety (system|filter|policy)|flagged", re.IGNORECASE)


def about(refused: Refused) -> Literal["", "context", "content"]:
    """What a refusal of the caller's request is about, where another model may take it: its length, or its content."""
    codes = {refused.code.lower(), refused.type.lower()}
    if codes & _TOO_LONG_CODES or _TOO_LONG.search(refused.message):
        return "context"
    return "content" if codes & _CONTENT_CODES or _CONTENT.search(refused.message) else ""


# Reading


def read_refusal(status: int, body: bytes, headers: Mapping[bytes, bytes] | None = None) -> Refused:
    """Whatever can be read of an error."""
    try:
        value: Any = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        value = {}
    if isinstance(value, list) and value:  # Google's, where a stream was to be one JSON array
        value = value[0]
    refused = read_error_value(status, _error_in(value))
    kind = (headers or {}).get(b"x-amzn-errortype", b"").partition(b":")[0]
    return msgspec.structs.replace(refused, type=kind.decode("latin-1")) if kind else refused


def _error_in(value: object) -> object:
    """The object that says what is wrong, in the middle of what is around it."""
    if not isinstance(value, dict):
        return {}
    inner = value.get("error") or value
    if isinstance(inner, str):  # xAI and TGI: the code stands beside it
        return {**value, "message": inner}
    errors = value.get("errors")
    return errors[0] if inner is value and isinstance(errors, list) and errors else inner  # Cloudflare


def read_error_value(status: int, error: object) -> Refused:
    """The same of the value of `error` alone, as in a stream's event. Who has answered 200 already may say the status
    that it would have been as the code (OpenRouter, vLLM).
    """
    if not isinstance(error, dict):
        return Refused(status, error if isinstance(error, str) else "", "", "")
    code = error.get("code")
    if status < 400 and type(code) is int and 400 <= code < 600:
        status = code

    def text(*names: str) -> str:
        return next((str(error[name]) for name in names if isinstance(error.get(name), str | int)), "")

    reason, wait = _details(error.get("details"))
    wrapped = _wrapped(error.get("metadata"))
    return Refused(
        status,
        wrapped or text("message", "error", "detail") or _listed(error.get("detail")),
        reason or text("code"),
        text("type", "error_type", "status"),
        wait,
    )


def _details(details: object) -> tuple[str, float | None]:
    """A finer code, and seconds to wait: Anthropic has an object there, Google a list of typed ones."""
    if isinstance(details, dict):
        code = details.get("error_code")
        return (code, None) if isinstance(code, str) else ("", None)
    reason, wait = "", None
    for each in details if isinstance(details, list) else ():
        if isinstance(each, dict):
            found, delay = each.get("reason"), each.get("retryDelay")
            reason = found if isinstance(found, str) else reason
            wait = _seconds(delay) if isinstance(delay, str) else wait
    return reason, wait


def _seconds(delay: str) -> float | None:
    """`48s` or `0.5s`, as Google's `Duration` is written in JSON."""
    return float(delay.removesuffix("s")) if _DURATION.fullmatch(delay) else None


_DURATION = re.compile(r"\d{1,9}(\.\d{1,9})?s", re.ASCII)


def _wrapped(metadata: object) -> str:
    """What the provider behind a gateway said: OpenRouter keeps its body as text."""
    raw = metadata.get("raw") if isinstance(metadata, dict) else None
    if not isinstance(raw, str):
        return ""
    return read_refusal(0, raw.encode()).message


def _listed(detail: object) -> str:
    """The messages of FastAPI's list of mistakes (Mistral, vLLM)."""
    if not isinstance(detail, list):
        return ""
    return "; ".join(str(each["msg"]) for each in detail if isinstance(each, dict) and "msg" in each)
