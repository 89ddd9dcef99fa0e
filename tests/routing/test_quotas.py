"""Rate limits that providers tell about, and how they are paced."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.providers import PROVIDERS
from trunkline.providers.base import Limits
from trunkline.routing.quotas import Left, LimitsReader, Quota

WALL = 1_700_000_000.0  # 2023-11-14T22:13:20Z
RECORDED = Path(__file__).parents[3] / "shared" / "recorded"


def read(provider: str, headers: dict[str, str]) -> Left | None:
    limits = PROVIDERS[provider].limits
    assert limits is not None
    return LimitsReader(limits).read({k.encode(): v.encode() for k, v in headers.items()}, lambda: WALL)


@pytest.mark.parametrize(
    ("provider", "headers", "left"),
    [
        (
            "openai",
            {
                "x-ratelimit-remaining-requests": "59",
                "x-ratelimit-reset-requests": "1m0.5s",
                "x-ratelimit-remaining-tokens": "149984",
                "x-ratelimit-reset-tokens": "6ms",
            },
            Left(59, 60.5, 149984, 0.006),
        ),
        (
            "anthropic",
            {
                "anthropic-ratelimit-requests-remaining": "0",
                "anthropic-ratelimit-requests-reset": "2023-11-14T22:13:50Z",
                "anthropic-ratelimit-tokens-remaining": "1000",
                "anthropic-ratelimit-tokens-reset": "2023-11-14T22:13:00+00:00",
            },
            Left(0, 30.0, 1000, 0.0),
        ),
        (
            "cerebras",
            {"x-ratelimit-remaining-requests-day": "3", "x-ratelimit-reset-requests-day": "3600.25"},
            Left(3, 3600.25, None, None),
        ),
        ("mistral", {"x-ratelimit-remaining-tokens-minute": "149984.0"}, Left(None, None, 149984, None)),
        ("openai", {"x-ratelimit-remaining-requests": "many", "x-ratelimit-reset-requests": "soon"}, Left()),
        ("openai", {"x-ratelimit-remaining-requests": "nan", "x-ratelimit-reset-requests": "nan"}, Left()),
        ("openai", {"x-ratelimit-remaining-requests": "-1", "x-ratelimit-reset-requests": "-1s"}, Left()),
        ("openai", {"retry-after": "3"}, None),
    ],
)
def test_headers_are_read_as_the_provider_writes_them(
    provider: str, headers: dict[str, str], left: Left | None
) -> None:
    assert read(provider, headers) == left


@given(st.text(max_size=40), st.sampled_from(["duration", "seconds", "rfc3339"]))
def test_nothing_that_a_provider_may_write_raises(text: str, written: str) -> None:
    limits = Limits(requests="a", requests_reset="b", tokens="c", tokens_reset="d", reset=written)  # type: ignore[arg-type]  # one of the three
    value = text.encode("latin-1", "replace")
    left = LimitsReader(limits).read({b"a": value, b"b": value, b"c": value, b"d": value}, lambda: WALL)
    assert left is not None
    assert left.requests_reset is None or 0 <= left.requests_reset <= 86_400


@pytest.mark.shared
def test_the_headers_of_every_recorded_reply_are_understood() -> None:
    read_of: dict[str, int] = {}
    for file in sorted(RECORDED.glob("*/*.json")):
        recording = json.loads(file.read_text(encoding="utf-8"))
        page = PROVIDERS.get(recording["provider"].partition("-")[0])
        headers = (recording.get("response") or {}).get("headers")
        if page is None or page.limits is None or not isinstance(headers, dict):
            continue
        given = {name.lower().encode(): str(value).encode() for name, value in headers.items()}
        left = LimitsReader(page.limits).read(given, lambda: WALL)
        if left is None:
            continue
        for value, name in ((left.requests, page.limits.requests), (left.tokens, page.limits.tokens)):
            assert (value is None) == (given.get(name.encode(), b"-1") == b"-1"), file  # -1: Azure does not know
        read_of[page.type] = read_of.get(page.type, 0) + 1
    assert {"openai", "anthropic", "groq", "azure"} <= read_of.keys(), read_of


def test_a_quota_that_is_nearly_spent_is_paced_until_enough_is_back() -> None:
    quota = Quota()
    assert quota.back_at(0.0) == 0.0
    quota.saw(100, 60.0, 0.0)
    for _ in range(94):
        quota.spend(1)
    assert quota.back_at(0.0) == 0.0
    quota.spend(1)
    assert 0.0 < quota.back_at(0.0) < 2.0  # 5 of 100 are left: one more comes back every 0.63 s
    quota.saw(0, 60.0, 10.0)
    assert 13.0 < quota.back_at(10.0) < 15.0
    quota.saw(100, 60.0, 20.0)
    assert quota.back_at(20.0) == 20.0


def test_without_a_reset_a_minute_is_taken() -> None:
    quota = Quota()
    quota.saw(1000, None, 0.0)
    quota.saw(0, None, 0.0)
    assert 2.9 < quota.back_at(0.0) < 3.2


def test_an_account_with_next_to_nothing_comes_back_at_its_reset() -> None:
    quota = Quota()
    quota.saw(1, 60.0, 0.0)
    assert quota.back_at(0.0) == 60.0
    assert quota.back_at(61.0) <= 61.0
