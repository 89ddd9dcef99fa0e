"""How a caller stands with its limits, in the header fields that its SDK knows.

OpenAI: https://platform.openai.com/docs/guides/rate-limits#rate-limits-in-headers; a reset is a duration, `6m0s`.
Anthropic: https://docs.anthropic.com/en/api/rate-limits#response-headers; a reset is a moment (RFC 3339).
"""

from collections.abc import Callable
from datetime import UTC, datetime
from math import ceil

from trunkline.limits.meter import UNITS, Unit
from trunkline.limits.share import Share
from trunkline.limits.ticket import Ticket

KEPT = 0.05
"""Seconds for which the lines are kept, but for what remains, while more than `NEAR` of every limit is left."""
NEAR = 0.25

_OPENAI: tuple[tuple[Unit, bytes], ...] = (("requests", b"requests"), ("tokens", b"tokens"))
_ANTHROPIC: tuple[tuple[Unit, str], ...] = (
    ("requests", "requests"),
    ("tokens", "tokens"),
    ("input", "input-tokens"),
    ("output", "output-tokens"),
)

_OPENAI_LINES = b"x-ratelimit-limit-%b: %d\r\nx-ratelimit-remaining-%b: %%d\r\nx-ratelimit-reset-%b: %b\r\n"


class RateHeaders:
    """The header lines about one ticket, for clients of one format: of each unit, the meter with the least left."""

    __slots__ = ("_lines", "_shares", "_ticket", "_until", "_write")

    def __init__(self, ticket: Ticket, format_name: str) -> None:
        self._ticket = ticket
        self._write = _anthropic if format_name == "anthropic_messages" else _openai
        self._until = 0.0
        self._lines = b""
        """Without what remains."""
        self._shares: list[tuple[Share, int]] = []  # with the places of their units

    def at(self, now: float, clock: Callable[[], float]) -> bytes:
        """As things stand at the moment `now`, of the steady clock; `clock` tells Unix time."""
        if now >= self._until:
            self._lines, shares = self._write(self._ticket, self._ticket.holder.at(now), clock)
            self._shares = [(share, UNITS.index(share.meter.unit)) for share in shares]
            near = any(share.part_left < NEAR for share in shares)
            self._until = now if near else now + KEPT
        in_hand = self._ticket.left
        return self._lines % tuple([max(0, share.free + in_hand[place]) + share.left for share, place in self._shares])


def _openai(ticket: Ticket, at: int, _clock: Callable[[], float]) -> tuple[bytes, list[Share]]:
    lines, shares = b"", []
    for unit, name in _OPENAI:
        share = ticket.tightest(unit)
        if share is not None:
            lines += _OPENAI_LINES % (name, share.meter.limit, name, name, _duration(_reset(share, at)))
            shares.append(share)
    return lines, shares


def _anthropic(ticket: Ticket, at: int, clock: Callable[[], float]) -> tuple[bytes, list[Share]]:
    lines, shares = "", []
    for unit, name in _ANTHROPIC:
        share = ticket.tightest(unit)
        if share is not None:
            reset = datetime.fromtimestamp(ceil(clock() + _reset(share, at)), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            lines += f"anthropic-ratelimit-{name}-limit: {share.meter.limit}\r\n"
            lines += f"anthropic-ratelimit-{name}-remaining: %d\r\n"
            lines += f"anthropic-ratelimit-{name}-reset: {reset}\r\n"
            shares.append(share)
    return lines.encode(), shares


def _reset(share: Share, at: int) -> float:
    """Seconds until all has come back."""
    return max(0, share.reset_at - at) / 1000


def retry_after(seconds: float) -> int:
    """Whole seconds for `retry-after` (RFC 9110, 10.2.3): never too early."""
    return max(1, ceil(seconds))


def _duration(seconds: float) -> bytes:
    """As OpenAI writes it: `120ms`, `8s`, `6m0s`, `1h0m0s`."""
    if seconds < 1:
        return b"%dms" % ceil(seconds * 1000)
    if seconds <= 59:
        return b"%ds" % ceil(seconds)
    minutes, rest = divmod(ceil(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return b"%dh%dm%ds" % (hours, minutes, rest)
    return b"%dm%ds" % (minutes, rest) if minutes else b"%ds" % rest
