"""What Trunkline must know of a provider: facts, and how to read its refusals.

A provider is a page: an instance of `Provider` with who, where, how it authenticates, which format it speaks and its
quirks as flags that the format honours. Nowhere else is a provider's name compared.
"""

import re
from collections.abc import Callable
from typing import Any, Literal

import msgspec

from trunkline.formats.openai_chat import Ending

Verdict = Literal["caller", "rate_limit", "auth", "model", "quota", "server"]
"""Whose fault an error is.

`caller`: the request; its answer is handed on. `rate_limit`: come back later. `auth`: the operator's key is refused.
`model`: the key is good, but not for this model. `quota`: the operator's account has no credit. `server`: the
provider's own trouble.
"""


class Refused(msgspec.Struct, frozen=True):
    """An upstream's error, read from its status and body."""

    status: int
    message: str
    code: str
    type: str


class Provider(msgspec.Struct, frozen=True, kw_only=True):
    """The facts of one kind of provider."""

    type: str
    title: str
    base_url: str | None = None
    """Default; None where the operator must give one."""
    key_variables: tuple[str, ...] = ()
    """Environment variables that hold an API key; with one of them set, the provider is there."""
    base_variable: str | None = None
    """Environment variable that overrides `base_url`."""
    needs_key: bool = True
    key_header: str = "authorization"
    key_prefix: str = "Bearer "
    ending: Ending = "done"
    """What completes its streams."""
    usage_on_request: bool = True
    """It takes `stream_options.include_usage`."""
    example_model: str = ""
    """A cheap model for a first try; empty where nobody can know what is served."""
    catalogue: str = ""
    """Its id in the price catalogue; empty where it has none."""
    judge: Callable[[Refused], Verdict | None] = lambda _: None
    """What it says differently from `usual_verdict`; None leaves the usual one."""


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


def read_refusal(status: int, body: bytes) -> Refused:
    """Whatever can be read of an error's body. The shapes are those of recorded providers; none is relied on."""
    try:
        value: Any = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Refused(status, "", "", "")
    if not isinstance(value, dict):
        return Refused(status, "", "", "")
    return read_error_value(status, value.get("error") or value)


def read_error_value(status: int, error: object) -> Refused:
    """The same of the value of `error` alone."""
    if not isinstance(error, dict):
        return Refused(status, error if isinstance(error, str) else "", "", "")

    def text(*names: str) -> str:
        return next((str(error[name]) for name in names if isinstance(error.get(name), str | int)), "")

    return Refused(status, text("message", "error", "detail"), text("code"), text("type", "error_type"))
