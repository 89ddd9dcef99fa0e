"""Searches of the web are charged for, and Google does not count them among the tokens."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.formats.google_generate.speaking import LIMIT, chunk, hello, read

from trunkline.formats.conversation import Usage
from trunkline.formats.dialect import PLAIN
from trunkline.formats.folding import fold
from trunkline.formats.format import NOTHING
from trunkline.formats.google_generate import FORMAT
from trunkline.ledger.catalogue import Catalogue

RECORDED = Path(__file__).resolve().parents[4] / "shared" / "recorded" / "gemini"
USED = {"promptTokenCount": 7, "candidatesTokenCount": 3, "totalTokenCount": 10}
QUERIES = ["", "ruby", "largest city", "ruby"]


def answer(model: str, queries: list[Any], *, snake: bool = False) -> dict[str, Any]:
    """A whole answer, or the last event of a stream."""
    value = chunk({"text": "a"}, finish="STOP") | {"usageMetadata": USED, "modelVersion": model}
    outer, inner = ("grounding_metadata", "web_search_queries") if snake else ("groundingMetadata", "webSearchQueries")
    value["candidates"][0][outer] = {inner: queries}
    return value


def searches(usage: Usage | None) -> int:
    assert usage is not None
    return dict(usage.details.units if usage.details is not None else ()).get("web_search", 0)


def counted(value: dict[str, Any]) -> set[int]:
    """The searches of an answer that passes and of one that is read, whole and as a stream."""
    body = json.dumps(value).encode()
    event = b"data: %s\r\n\r\n" % body
    scanner, reader = FORMAT.scanner(NOTHING, PLAIN, LIMIT), FORMAT.reader(PLAIN, LIMIT)
    scanner.feed(event)
    streamed = fold(reader.feed(event), "google_generate")
    whole = FORMAT.read_reply(value, PLAIN)
    return {searches(it) for it in (FORMAT.look_reply(body).usage, scanner.usage, streamed.usage, whole.usage)}


@pytest.mark.parametrize("snake", [False, True])
@pytest.mark.parametrize(
    ("model", "count"),
    [("gemini-3-flash-preview", 2), ("gemini-4-argon", 2), ("", 2), ("gemini-2.5-flash", 1), ("models/gemini-2.0", 1)],
)
def test_each_query_is_counted_once_and_before_gemini_3_each_answer(model: str, count: int, snake: bool) -> None:
    assert counted(answer(model, QUERIES, snake=snake)) == {count}


@pytest.mark.parametrize("queries", [[], [""], [3, None]])
def test_without_a_query_there_was_no_search(queries: list[Any]) -> None:
    assert counted(answer("gemini-3-flash", queries)) == {0}


def test_queries_of_a_stream_are_told_in_several_events() -> None:
    scanner = FORMAT.scanner(NOTHING, PLAIN, LIMIT)
    for queries in (["a"], ["b", "a"], []):
        scanner.feed(b"data: %s\r\n\r\n" % json.dumps(answer("gemini-3-flash", queries)).encode())
    assert searches(scanner.usage) == 2


def test_what_passes_through_the_neutral_types_has_its_usage_as_it_came() -> None:
    value = answer("gemini-3-flash", QUERIES)
    reply = FORMAT.read_reply(value, PLAIN)
    assert FORMAT.write_reply(reply, read(hello()))["usageMetadata"] == USED


@pytest.mark.parametrize(("model", "dollars"), [("gemini-2.5-flash", 35), ("gemini-3-flash-preview", 2 * 14)])
def test_they_are_charged(model: str, dollars: int) -> None:
    usage = FORMAT.read_reply(answer(model, QUERIES), PLAIN).usage
    plain = FORMAT.read_reply(answer(model, []), PLAIN).usage
    price = Catalogue().look_up("google", "google", model, 0.0, datetime(2026, 11, 1, tzinfo=UTC))
    assert price is not None
    assert usage is not None
    assert plain is not None
    assert price.cost(usage) - price.cost(plain) == dollars * 10**9 // 1000


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "count"),
    [("4326fe0228e420c2", 1), ("4a868d80a8a77ea6", 3), ("70a453448c192869", 1), ("f4b559b29915a41d", 1)],
)
def test_recorded_answers(name: str, count: int) -> None:
    response = json.loads((RECORDED / f"{name}.json").read_bytes())["response"]
    if "sse" in response:
        scanner = FORMAT.scanner(NOTHING, PLAIN, LIMIT)
        scanner.feed(response["sse"].encode())
        assert searches(scanner.usage) == count
    else:
        assert searches(FORMAT.read_reply(response["body"], PLAIN).usage) == count
