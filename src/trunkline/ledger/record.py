"""What the ledger keeps of one attempt: an *intent* before the first byte goes upstream, a *row* once it is settled.

Both are keyed by (request, attempt): the request's id is minted here and never taken from a client, whose own
`x-request-id` is only a label. Money is integer nano-dollars; times are integer microseconds.
"""

from typing import Literal

import msgspec

Outcome = Literal["ok", "refused", "unreached", "failed", "truncated", "cancelled", "unsettled"]
"""How an attempt ended.

`ok`: complete. `refused`: upstream answered with an error. `unreached`: no connection could be made, so nothing was
sent. `failed`: sent, and no usable answer came (timeout, reset, garbage). `truncated`: upstream stopped in
mid-stream. `cancelled`: the client left, or another attempt won. `unsettled`: the process died in between; charged at
the reservation.
"""

UsageSource = Literal["provider", "estimated", "impossible", "none"]
"""Where the token counts come from: the provider's `usage`, our estimate of what was produced, a `usage` that cannot be
true (a count below zero, or larger than the request and the model allow), or nothing was produced.
"""


class Intent(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What must survive a crash: enough to charge an attempt whose end nobody saw."""

    request: str
    """UUIDv7 of the request, canonical text form."""
    attempt: int
    """1 for the first attempt of a request."""
    started: int
    """Unix time, microseconds."""
    label: str
    """The client's `x-request-id`, or empty."""
    key: str
    """Name of the virtual key; empty when Trunkline runs without keys."""
    asked: str
    """The model name in the client's request."""
    provider: str
    """The configured provider's name."""
    model: str
    """The model asked of the provider."""
    stream: bool
    reserved: int
    """Upper estimate of the cost in nano-dollars, charged if the attempt is never settled; -1 when the model is
    unpriced.
    """
    org: str = ""
    team: str = ""
    user: str = ""
    tags: str = ""
    """See `Row`."""
    markup: int = 0
    """What is charged to the tenant besides `reserved`, should that be charged."""


class Row(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One settled attempt, in the order of the columns of the table `attempts`."""

    request: str
    attempt: int
    started: int
    label: str
    key: str
    asked: str
    provider: str
    model: str
    stream: bool
    outcome: Outcome
    status: int
    """Status of the upstream's answer; 0 when there was none."""
    error: str
    """Code of the error (`gateway/errors`), or empty."""
    finish: str
    """Finish reason of the first choice, or empty."""
    usage: UsageSource
    input_tokens: int
    """Includes the cached and cache-write ones."""
    cached_tokens: int
    cache_write_tokens: int
    output_tokens: int
    """Includes the reasoning ones."""
    reasoning_tokens: int
    cost: int
    """Nano-dollars; -1 when the model is unpriced."""
    first_byte_us: int
    """From the attempt's start to the upstream's first byte of body; -1 when none came."""
    total_us: int
    """From the attempt's start to its end."""
    org: str = ""
    team: str = ""
    user: str = ""
    """Whom the key belongs to; each empty where it is nobody's."""
    tags: str = ""
    """A JSON object of strings, or empty: what the attempt was for."""
    saved: int = 0
    """Nano-dollars that an answer from the cache did not cost."""
    price: str = ""
    """By what the cost was reckoned: the price list and since when its price holds (`genai-prices 0.2.3 2026-01-31`,
    `configuration`), `reported` by the provider, or `reservation`. Empty where nothing was.
    """
    markup: int = 0
    """Nano-dollars that the tenant is charged besides what the provider charges; less than nothing for a discount."""

    @property
    def charged(self) -> int:
        """Nano-dollars that the tenant is charged; -1 when the model is unpriced."""
        return self.cost + self.markup


UNPRICED = -1
RESERVATION = "reservation"
REPORTED = "reported"


def unsettled(intent: Intent) -> Row:
    """The row of an attempt that was begun and whose end nobody recorded: charged at its reservation."""
    return Row(
        request=intent.request,
        attempt=intent.attempt,
        started=intent.started,
        label=intent.label,
        key=intent.key,
        asked=intent.asked,
        provider=intent.provider,
        model=intent.model,
        stream=intent.stream,
        outcome="unsettled",
        status=0,
        error="",
        finish="",
        usage="estimated",
        input_tokens=0,
        cached_tokens=0,
        cache_write_tokens=0,
        output_tokens=0,
        reasoning_tokens=0,
        cost=intent.reserved,
        first_byte_us=-1,
        total_us=-1,
        org=intent.org,
        team=intent.team,
        user=intent.user,
        tags=intent.tags,
        price=RESERVATION if intent.reserved != UNPRICED else "",
        markup=intent.markup,
    )
