"""Callers read their limits where their SDKs look for them."""

from math import inf

import pytest

from trunkline.gateway.rate_headers import KEPT, RateHeaders, retry_after
from trunkline.limits.amounts import amounts
from trunkline.limits.holder import Holder
from trunkline.limits.meter import HOUR, MINUTE, Meter
from trunkline.limits.ticket import Ticket

NOW = 1_000.0
"""Of the clock; the books' is the same."""


def ticket_of(*shares: tuple[Meter, int, int]) -> Ticket:
    """Of meters, what is free of each, and the milliseconds after which all has come back."""
    holder = Holder("p", 10.0, 0, lambda: None)
    holder.until = inf
    ticket = Ticket(holder, [meter for meter, _, _ in shares], lambda: None)
    for meter, free, reset in shares:
        share = holder.share(meter)
        share.free, share.reset_at = free, int(NOW * 1000) + reset
    return ticket


def ticket() -> Ticket:
    return ticket_of(
        (Meter("org", "o", "requests", 6000, MINUTE), 6000, 0),
        (Meter("key", "a", "requests", 600, MINUTE), 599, 61_200),
        (Meter("key", "a", "tokens", 200_000, MINUTE), 0, 500),
        (Meter("key", "a", "input", 1000, HOUR), 10, 3_600_000),
    )


def test_in_the_names_of_openai_and_of_the_tightest_meter() -> None:
    assert RateHeaders(ticket(), "openai_chat").at(NOW, lambda: 0.0).decode().splitlines() == [
        "x-ratelimit-limit-requests: 600",
        "x-ratelimit-remaining-requests: 599",
        "x-ratelimit-reset-requests: 1m2s",
        "x-ratelimit-limit-tokens: 200000",
        "x-ratelimit-remaining-tokens: 0",
        "x-ratelimit-reset-tokens: 500ms",
    ]


def test_in_the_names_of_anthropic() -> None:
    lines = RateHeaders(ticket(), "anthropic_messages").at(NOW, lambda: 1_795_000_000.0).decode().splitlines()
    assert lines[:3] == [
        "anthropic-ratelimit-requests-limit: 600",
        "anthropic-ratelimit-requests-remaining: 599",
        "anthropic-ratelimit-requests-reset: 2026-11-18T11:07:42Z",
    ]
    assert "anthropic-ratelimit-input-tokens-remaining: 10" in lines


@pytest.mark.parametrize("left", [5000, 10])
def test_what_remains_is_always_true_and_which_meter_is_tightest_near_a_limit(left: int) -> None:
    key = Meter("key", "a", "requests", 6000, MINUTE)
    mine = ticket_of((Meter("org", "o", "requests", 10_000, MINUTE), left, 0), (key, 6000, 0))
    headers = RateHeaders(mine, "openai_chat")
    assert f"remaining-requests: {left}\r\n" in headers.at(NOW, lambda: 0.0).decode()
    assert mine.take(NOW, amounts())
    assert f"remaining-requests: {left - 1}\r\n" in headers.at(NOW, lambda: 0.0).decode()
    mine.holder.share(key).free = 1
    tightest = f"remaining-requests: {left - 1 if left > 10 else 1}\r\n"
    assert tightest in headers.at(NOW + KEPT / 2, lambda: 0.0).decode()
    assert "remaining-requests: 1\r\n" in headers.at(NOW + KEPT, lambda: 0.0).decode()


def test_without_limits_there_are_none() -> None:
    assert RateHeaders(ticket_of(), "openai_chat").at(NOW, lambda: 0.0) == b""


@pytest.mark.parametrize(("seconds", "whole"), [(0.0, 1), (0.2, 1), (1.2, 2), (60.0, 60)])
def test_nobody_is_called_back_too_early(seconds: float, whole: int) -> None:
    assert retry_after(seconds) == whole
