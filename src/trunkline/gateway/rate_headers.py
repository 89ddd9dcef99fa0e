"""How a caller stands with its limits, in the header fields that its SDK knows.

OpenAI: https://platform.openai.com/docs/guides/rate-limits#rate-limits-in-headers; a reset is a duration, `6m0s`.
Anthropic: https://docs.anthropic.com/en/api/rate-limits#response-headers; a reset is a moment (RFC 3339).
"""

from collections.abc import Callable
from datetime import UTC, datetime
from math import ceil

from trunkline.limits.meter import Unit
from trunkline.limits.ticket import Standing

_OPENAI: tuple[tuple[Unit, str], ...] = (("requests", "requests"), ("tokens", "tokens"))
_ANTHROPIC: tuple[tuple[Unit, str], ...] = (
    ("requests", "requests"),
    ("tokens", "tokens"),
    ("input", "input-tokens"),
    ("output", "output-tokens"),
)


def rate_headers(format_name: str, standing: Callable[[Unit], Standing | None], now: float) -> bytes:
    """Header lines for a client of this format. `standing` gives the tightest meter of a unit; `now` is Unix time."""
    if format_name == "anthropic_messages":
        return b"".join(_anthropic(name, found, now) for unit, name in _ANTHROPIC if (found := standing(unit)))
    return b"".join(_openai(name, found) for unit, name in _OPENAI if (found := standing(unit)))


def retry_after(seconds: float) -> int:
    """Whole seconds for `retry-after` (RFC 9110, 10.2.3): never too early."""
    return max(1, ceil(seconds))


def _openai(name: str, it: Standing) -> bytes:
    return (
        f"x-ratelimit-limit-{name}: {it.meter.limit}\r\n"
        f"x-ratelimit-remaining-{name}: {it.remaining}\r\n"
        f"x-ratelimit-reset-{name}: {_duration(it.reset)}\r\n"
    ).encode()


def _anthropic(name: str, it: Standing, now: float) -> bytes:
    reset = datetime.fromtimestamp(ceil(now + it.reset), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return (
        f"anthropic-ratelimit-{name}-limit: {it.meter.limit}\r\n"
        f"anthropic-ratelimit-{name}-remaining: {it.remaining}\r\n"
        f"anthropic-ratelimit-{name}-reset: {reset}\r\n"
    ).encode()


def _duration(seconds: float) -> str:
    """As OpenAI writes it: `120ms`, `8s`, `6m0s`, `1h0m0s`."""
    if seconds < 1:
        return f"{ceil(seconds * 1000)}ms"
    if seconds <= 59:
        return f"{ceil(seconds)}s"
    minutes, rest = divmod(ceil(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h{minutes}m{rest}s" if hours else f"{minutes}m{rest}s" if minutes else f"{rest}s"
