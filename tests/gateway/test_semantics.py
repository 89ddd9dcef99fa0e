"""The same question in other words, with the model kept beside the repository."""

from pathlib import Path
from typing import Any

import pytest
from tests.gateway.cached import Cached, cached

EMBEDDER = Path("../shared/models/all-MiniLM-L6-v2-int8")
SENSE = {"ttl": "1h", "semantic": {"max_error": "1%"}}
WITH_EMBEDDER: dict[str, Any] = {"embedder": {"path": str(EMBEDDER.resolve())}}
ASKED, AGAIN = "How do I reset my password?", "How can I reset my password?"

pytestmark = pytest.mark.shared


async def ask(it: Cached, text: str, *, system: str = "Be brief.", **request: Any) -> str | None:
    """What `x-trunkline-cache` says, once what was answered has been taken in."""
    messages = [{"role": "system", "content": system}, {"role": "user", "content": text}]
    result = await it.result(messages=messages, **request)
    await it.running.process.gateway.caching.semantics.learnt()
    return result


def never_verify(it: Cached) -> None:
    it.running.process.gateway.caching.semantics.chance = lambda: 0.999


async def test_other_words_find_the_answer_and_it_is_told() -> None:
    async with cached(SENSE, **WITH_EMBEDDER) as it:
        never_verify(it)
        assert [await ask(it, text) for text in (ASKED, AGAIN, AGAIN)] == ["miss", "semantic", "semantic"]
        assert it.asked == 1
        paid, *free = await it.running.rows()
    assert [(row.cost, row.saved) for row in free] == [(0, paid.cost)] * 2


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("How do I reset my PIN?", {}),
        (AGAIN, {"user": "bob"}),
        (AGAIN, {"system": "Be long."}),
        (AGAIN, {"temperature": 0}),
        (AGAIN, {"headers": {"cache-control": "no-cache"}}),
    ],
)
async def test_what_differs_in_anything_else_is_asked(text: str, fields: dict[str, Any]) -> None:
    async with cached(SENSE, **WITH_EMBEDDER) as it:
        never_verify(it)
        await ask(it, ASKED)
        assert await ask(it, text, **fields) == "miss"


async def test_a_verified_hit_is_asked_behind_the_answer_and_its_cost_is_shown() -> None:
    async with cached(SENSE, **WITH_EMBEDDER) as it:
        it.running.process.gateway.caching.semantics.chance = lambda: 0.0
        await ask(it, ASKED)
        assert await ask(it, AGAIN) == "semantic"
        await it.upstream.request(1)
        rows = await it.running.rows()
    paid, told, verified = sorted(rows, key=lambda row: (row.tags, -row.cost))
    assert (told.cost, told.saved) == (0, 0)
    assert verified.tags == '{"cache":"verification"}'
    assert verified.cost == paid.cost
    assert len({row.request for row in rows}) == 3


async def test_without_an_embedder_only_the_same_words_find_an_answer() -> None:
    async with cached(SENSE) as it:
        assert [await ask(it, text) for text in (ASKED, AGAIN, ASKED)] == ["miss", "miss", "hit"]
