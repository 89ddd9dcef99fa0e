"""The seam between the gateway and an upstream: one call sent, one reply received as it comes.

`transport.client` implements it over sockets, `providers.simulated` inside the process. Everything here is called on
the event loop's thread, and nothing here waits, save `Upstream.open`.
"""

from typing import Literal, Protocol

import msgspec

FaultKind = Literal[
    "dns",
    "blocked",
    "refused",
    "tls",
    "connect_timeout",
    "proxy",
    "reset",
    "closed",
    "incomplete",
    "invalid",
    "too_large",
    "first_token_timeout",
    "gap_timeout",
    "total_timeout",
]
"""What went wrong between here and upstream.

Before anything was sent: `dns`, `blocked` (a private address where none is allowed), `refused`, `tls`,
`connect_timeout`, `proxy`. Afterwards: `reset` (connection reset), `closed` (closed before any reply), `incomplete`
(the reply broke off), `invalid` (not HTTP), `too_large`, and the three time-outs.
"""

UNSENT: frozenset[FaultKind] = frozenset({"dns", "blocked", "refused", "tls", "connect_timeout", "proxy"})
"""Faults after which it is certain that upstream saw nothing of the request."""


class Fault(Exception):
    """The exchange failed below HTTP. `detail` is for the operator's log and may name hosts; it never holds secrets."""

    def __init__(self, kind: FaultKind, detail: str) -> None:
        super().__init__(f"{kind}: {detail}")
        self.kind: FaultKind = kind
        self.detail = detail


class Call(msgspec.Struct, frozen=True, gc=False):
    """One request as bytes. `head` is everything up to and including the empty line."""

    head: bytes
    body: bytes


class Times(msgspec.Struct, frozen=True, gc=False):
    """How long an attempt may take, in seconds. `first_token` and `gap` bind streams only."""

    connect: float = 5.0
    first_token: float = 120.0
    gap: float = 120.0
    total: float = 600.0
    total_at_first: float = 0.0
    """What `total` is left of, where earlier attempts have used some; what the client is told. 0: nothing is used."""


class Receiver(Protocol):
    """Who takes the reply: `head` once, `data` per read, then exactly one of `end` and `fail`, after which no call
    follows.
    """

    def head(self, status: int, headers: dict[bytes, bytes]) -> None:
        """Status and header fields, names in lower case, of the final reply (never a 1xx)."""

    def data(self, data: bytes) -> None:
        """A piece of the body, as it came, content-coding removed."""

    def end(self) -> None:
        """The reply is whole: as long as announced, or ended by the connection where it announced no length."""

    def fail(self, fault: Fault) -> None:
        """No more will come."""


class Exchange(Protocol):
    """A line to upstream that can carry one call now."""

    def send(self, call: Call, receiver: Receiver, times: Times) -> None:
        """Write the request; the reply goes to `receiver`. May call it before returning."""

    def flowing(self) -> None:
        """The first output has come: from now on `Times.gap` counts instead of `Times.first_token`."""

    def pause(self) -> None:
        """Stop reading: whoever takes the reply is slower than upstream. Silence is not counted meanwhile."""

    def resume(self) -> None:
        """Go on reading."""

    def abort(self) -> None:
        """Drop the connection at once, without waiting for anything; `receiver` hears no more."""


class Upstream(Protocol):
    """Where exchanges come from: an origin's connection pool, or a simulation."""

    def ready(self) -> Exchange | None:
        """A line that is open already, or None."""

    async def open(self, timeout: float) -> Exchange:
        """A new line, within `timeout` seconds; raises `Fault` (one of `UNSENT`)."""

    async def close(self) -> None:
        """Keep no idle line from now on. Whoever still holds this may go on opening lines."""
