"""The most that a request can cost, and what has no bound."""

import msgspec
import pytest

from trunkline.formats.format import NOTHING, Asked
from trunkline.gateway.bounding import (
    LEAST_OUTPUT,
    OVERHEAD,
    PICTURE,
    TEXTS,
    UNKNOWN_OUTPUT,
    bound_of,
    contents_of,
    dearest,
    only_texts,
)
from trunkline.ledger.prices import Price

PRICE = Price(2_000_000, 8_000_000, cached=1_000_000, cache_write=3_000_000, reasoning=8_000_000, per_request=5)
"""Nano-dollars for a million tokens: two, eight, one and three for each."""


def asked(size: int, cap: int | None = None, choices: int = 1) -> Asked:
    return msgspec.structs.replace(NOTHING, size=size, output_cap=cap, choices=choices, tools=False)


def test_input_is_bounded_by_bytes_at_the_dearest_price_of_any_kind() -> None:
    bound = bound_of(TEXTS, asked(1000, 50), dearest(PRICE), None)
    assert bound.fixed == 5 + 3 * (1000 + OVERHEAD)
    assert (bound.price, bound.wanted, bound.least) == (8_000_000, 50, LEAST_OUTPUT)


def test_dear_tiers_count_from_the_first_token() -> None:
    tiered = msgspec.structs.replace(
        PRICE,
        tiers=((200_000, Price(9, 11, cached=9, cache_write=9, reasoning=99_000_000)),),
    )
    assert dearest(tiered) == (5, 3_000_000, 99_000_000)


@pytest.mark.parametrize(("most", "wanted"), [(None, UNKNOWN_OUTPUT), (1000, 1000)])
def test_output_that_nobody_caps_is_capped_by_the_model_or_by_us(most: int | None, wanted: int) -> None:
    assert bound_of(TEXTS, asked(10, None, 2), dearest(PRICE), most).wanted == 2 * wanted


def test_a_picture_has_a_bound_of_its_own() -> None:
    body = b'{"messages":[{"content":[{"type": "image_url","image_url":{"url":"https://x/y.png"}}]}]}'
    assert bound_of(contents_of(body), asked(0, 1), dearest(PRICE), None).fixed == 5 + 3 * (OVERHEAD + PICTURE)


def test_thinking_must_fit_below_the_cap() -> None:
    body = b'{"thinking":{"type":"enabled","budget_tokens":2048}}'
    assert bound_of(contents_of(body), asked(0, 9000), dearest(PRICE), None).least == 2049


@pytest.mark.parametrize(
    ("body", "name"),
    [
        (b'{"tools":[{"type":"web_search_20250305","name":"web_search"}]}', "web_search_20250305"),
        (b'{"tools":[{"t\\u0079pe":"mcp"}]}', "mcp"),
        (b'{"tools":[{"googleSearch":{}}]}', "googleSearch"),
        (b'{"previous_response_id":"resp_1"}', "previous_response_id"),
        (b'{"content":[{"type":"document","source":{}}]}', "document"),
        (b'{"web_search_options": {}}', "web_search_options"),
    ],
)
def test_what_the_provider_fetches_or_remembers_has_no_bound(body: bytes, name: str) -> None:
    assert contents_of(body).endless == name
    assert not only_texts(msgspec.json.decode(body))


@pytest.mark.parametrize(
    "body",
    [
        b'{"messages":[{"role":"user","content":"document"}]}',
        b'{"messages":[{"role":"user","content":"{\\"type\\":\\"file\\"}"}]}',
        b'{"tools":[{"type":"function","function":{"name":"web_search","parameters":{}}}]}',
        b'{"previous_response_id":null}',
    ],
)
def test_what_only_looks_like_it_has_one(body: bytes) -> None:
    assert not contents_of(body).endless


def test_most_requests_are_seen_to_be_texts_without_reading_their_bytes() -> None:
    body = b'{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"an image, {\\"type\\":\\"file\\"}"}]}'
    assert only_texts(msgspec.json.decode(body))
    assert contents_of(body) == TEXTS


@pytest.mark.parametrize(
    "body",
    [
        b'{"input":"Hallo"}',
        b'{"messages":[]}',
        b'{"messages":"Hallo"}',
        b'{"messages":["role"]}',
        b'{"messages":[{"role":"user"}]}',
        b'{"messages":[{"role":"user","content":null}]}',
        b'{"messages":[{"role":"user","content":[{"type":"file"}]}]}',
        b'{"messages":[{"role":"user","content":"Hallo","video":{}}]}',
        b'{"messages":[{"role":"user","content":"Hallo"}],"tools":[]}',
        b'{"messages":[{"role":"user","content":"Hallo"}],"thinking":{"type":"enabled","budget_tokens":9}}',
        b'{"messages":[{"role":"user","content":"Hallo"}],"unheard_of":1}',
    ],
)
def test_whatever_is_not_known_to_be_a_text_is_looked_at_closely(body: bytes) -> None:
    assert not only_texts(msgspec.json.decode(body))
