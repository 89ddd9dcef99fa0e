"""Callers read their limits where their SDKs look for them."""

import pytest

from trunkline.gateway.rate_headers import rate_headers, retry_after
from trunkline.limits.meter import HOUR, MINUTE, Meter, Unit
from trunkline.limits.ticket import Standing

STANDINGS: dict[Unit, Standing] = {
    "requests": Standing(Meter("key", "a", "requests", 600, MINUTE), 599, 61.2),
    "tokens": Standing(Meter("key", "a", "tokens", 200_000, MINUTE), 0, 0.5),
    "input": Standing(Meter("key", "a", "input", 1000, HOUR), 10, 3600.0),
}


def test_in_the_names_of_openai() -> None:
    assert rate_headers("openai_chat", STANDINGS.get, 0.0).decode().splitlines() == [
        "x-ratelimit-limit-requests: 600",
        "x-ratelimit-remaining-requests: 599",
        "x-ratelimit-reset-requests: 1m2s",
        "x-ratelimit-limit-tokens: 200000",
        "x-ratelimit-remaining-tokens: 0",
        "x-ratelimit-reset-tokens: 500ms",
    ]


def test_in_the_names_of_anthropic() -> None:
    lines = rate_headers("anthropic_messages", STANDINGS.get, 1_795_000_000.0).decode().splitlines()
    assert lines[:3] == [
        "anthropic-ratelimit-requests-limit: 600",
        "anthropic-ratelimit-requests-remaining: 599",
        "anthropic-ratelimit-requests-reset: 2026-11-18T11:07:42Z",
    ]
    assert "anthropic-ratelimit-input-tokens-remaining: 10" in lines


def test_without_limits_there_are_none() -> None:
    assert rate_headers("openai_chat", lambda _: None, 0.0) == b""


@pytest.mark.parametrize(("seconds", "whole"), [(0.0, 1), (0.2, 1), (1.2, 2), (60.0, 60)])
def test_nobody_is_called_back_too_early(seconds: float, whole: int) -> None:
    assert retry_after(seconds) == whole
