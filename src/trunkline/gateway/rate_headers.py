"""How a caller stands with its limits, in the header fields that its SDK knows.

OpenAI: https://platform.openai.com/docs/guides/rate-limits#rate-limits-in-headers; a reset is a duration, `6m0s`.
Anthropic: https://docs.anthropic.com/en/api/rate-limits#response-headers; a reset is a moment (RFC 3339).
"""

from collections.abc import Callable
from datetime import UTC, datetime
from math import ceil

from trunkline.limits.meter import Unit
from trunkline.limits.ticket import Standing

_OPENAI: tuple[tuple[Unit, bytes], ...] = (("requests", b"requests"), ("tokens", b"tokens"))
_ANTHROPIC: tuple[tuple[Unit, str], ...] = (
    ("requests", "requests"),
    ("tokens", "tokens"),
    ("input", "input-tokens"),
    ("output", "output-tokens"),
)

_OPENAI_LINES = b"x-ratelimit-limit-%b: %d\r\nx-ratelimit-remaining-%b: %d\r\nx-ratelimit-reset-%b: %b\r\n"


def rate_headers(format_name: str, standing: Callable[[Unit], Standing | None], now: float) -> bytes:
    """Header lines for a client of this format. `standing` gives the tightest meter of a unit; `now` is Unix time."""
    if format_name == "anthropic_messages":
        return b"".join(_anthropic(name, found, now) for unit, name in _ANTHROPIC if (found := standing(unit)))
    lines = b""
    for unit, name in _OPENAI:
        found = standing(unit)
        if found is not None:
            lines += _OPENAI_LINES % (name, found.meter.limit, name, found.remaining, name, _duration(found.reset))
    return lines


def retry_after(seconds: float) -> int:
    """Whole seconds for `retry-after` (RFC 9110, 10.2.3): never too early."""
    return max(1, ceil(seconds))


def _anthropic(name: str, it: Standing, now: float) -> bytes:
    reset = datetime.fromtimestamp(ceil(now + it.reset), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return (
        f"anthropic-ratelimit-{name}-limit: {it.meter.limit}\r\n"
        f"anthropic-ratelimit-{name}-remaining: {it.remaining}\r\n"
        f"anthropic-ratelimit-{name}-reset: {reset}\r\n"
    ).encode()


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
