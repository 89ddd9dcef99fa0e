"""Requests that say word for word what was answered from the cache lately: what has a say about them, still has it."""

from typing import Any

import pytest
from tests.gateway.cached import Cached, cached, configured

WORDS = b'{"model":"openai/normal","messages":[{"role":"user","content":"What is a trunk line?"}]}'
KEYS: list[dict[str, Any]] = [{"name": name, "key": f"sk-{name}-0123456789abcdef"} for name in ("acme", "zeta")]


def by(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer sk-{key}-0123456789abcdef"}


def remembered(it: Cached) -> int:
    """How many requests would be answered without being read."""
    return len(it.running.process.gateway.caching.verbatim)


async def warm(it: Cached, headers: dict[str, str] | None = None) -> list[str | None]:
    """The same request three times: asked, answered from the cache, answered unread."""
    results = [await it.result(body=WORDS, headers=headers) for _ in range(3)]
    assert remembered(it) == 1
    return results


async def test_the_answer_is_the_same_however_it_was_found_and_each_has_its_row() -> None:
    async with cached() as it:
        answers = [await it.post(body=WORDS) for _ in range(4)]
        assert remembered(it) == 1
        assert len({bytes(answer.body) for answer in answers[1:]}) == 1
        assert answers[0].json() == answers[1].json()
        names = [{name for name, _ in answer.head.headers} for answer in answers[1:]]
        assert names[0] == names[1] == names[2]
        paid, *free = await it.running.rows()
    assert it.asked == 1
    assert [(row.cost, row.saved, row.asked, row.model) for row in free] == [(0, paid.cost, paid.asked, paid.model)] * 3
    assert len({row.request for row in free}) == 3


async def test_streams_and_whole_answers_are_kept_apart() -> None:
    async with cached() as it:
        streamed = WORDS[:-1] + b',"stream":true}'
        kinds = [(await it.post(body=body)).header("content-type") for body in [WORDS, streamed] * 3]
        assert kinds == ["application/json", "text/event-stream; charset=utf-8"] * 3
        assert it.asked == 1


@pytest.mark.parametrize(
    ("headers", "result"),
    [
        ({"cache-control": "no-cache"}, "miss"),
        ({"cache-control": "no-store"}, "bypass"),
        ({"x-trunkline-cache": "max-age=0"}, "miss"),
        ({"anthropic-beta": "interleaved-thinking-2025-05-14"}, "miss"),
        ({"openai-beta": "assistants=v2"}, "miss"),
        ({"x-request-id": "mine"}, "hit"),
        ({"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}, "hit"),
    ],
)
async def test_header_fields_have_their_say(headers: dict[str, str], result: str) -> None:
    async with cached() as it:
        assert await warm(it) == ["miss", "hit", "hit"]
        assert await it.result(body=WORDS, headers=headers) == result


async def test_tags_of_a_request_are_in_its_row() -> None:
    async with cached() as it:
        await warm(it)
        assert await it.result(body=WORDS, headers={"x-trunkline-tags": "feature=faq"}) == "hit"
        assert [row.tags for row in await it.running.rows()] == ["", "", "", '{"feature":"faq"}']


async def test_an_idempotency_key_still_means_one_outcome() -> None:
    async with cached() as it:
        await warm(it)
        other = WORDS.replace(b"trunk", b"branch")
        named = {"idempotency-key": "one"}
        statuses = [(await it.post(body=body, headers=named)).status for body in (WORDS, other)]
        assert statuses == [200, 200]  # a hit is no outcome: nothing was charged under the name
        assert (await it.post(body=WORDS, headers=named)).status == 422


async def test_other_keys_do_not_profit() -> None:
    async with cached(keys=KEYS) as it:
        assert await warm(it, by("acme")) == ["miss", "hit", "hit"]
        assert await it.result(body=WORDS, headers=by("zeta")) == "miss"


async def test_limits_count_such_requests() -> None:
    async with cached({"ttl": "1h"}, keys=KEYS, limits=[{"key": "*", "requests": "3/h"}]) as it:
        await warm(it, by("acme"))
        assert (await it.post(body=WORDS, headers=by("acme"))).status == 429


async def test_an_answer_ends_with_its_time() -> None:
    async with cached({"ttl": "60s"}) as it:
        await warm(it)
        answers = it.running.process.gateway.caching.answers
        now, answers.now = answers.now(), lambda: now + 61
        assert await it.result(body=WORDS) == "miss"


async def test_a_new_configuration_is_asked_anew() -> None:
    async with cached(models={"openai/normal": "house/normal"}) as it:
        await warm(it)
        config = configured(it.upstream, models={"openai/normal": "house/another"})
        it.running.write({"server": {"listen": "127.0.0.1:0"}, **config})
        assert await it.running.process.reload()
        assert await it.result(body=WORDS) == "miss"


async def test_a_key_that_is_gone_is_refused() -> None:
    async with cached(keys=KEYS) as it:
        await warm(it, by("acme"))
        it.running.write({"server": {"listen": "127.0.0.1:0"}, **configured(it.upstream, keys=KEYS[1:])})
        assert await it.running.process.reload()
        assert (await it.post(body=WORDS, headers=by("acme"))).status == 401


@pytest.mark.parametrize(
    "settings",
    [
        {"loops": {"same_request": "100/min"}},
        {"guard": {"noted": {"everywhere": True, "input": [{"words": ["trunk"], "action": "redact"}]}}},
        {
            "models": {
                "c": {"route": "conditional", "rules": [{"when": "key == 'x'", "to": "house/a"}], "else": "house/b"}
            }
        },
    ],
)
async def test_where_anything_else_has_a_say_requests_are_read(settings: dict[str, Any]) -> None:
    async with cached(**settings) as it:
        assert [await it.result(body=WORDS) for _ in range(3)] == ["miss", "hit", "hit"]
        assert remembered(it) == 0


async def test_policies_that_have_nothing_to_say_about_it_cost_nothing_again() -> None:
    policy = {
        "everywhere": True,
        "input": [{"pii": "email", "action": "block"}],
        "inject": {"system_first": "Be kind."},
    }
    async with cached(guard={"house": policy}) as it:
        assert await warm(it) == ["miss", "hit", "hit"]


async def test_an_answer_that_had_to_make_room_is_asked_for_again() -> None:
    async with cached() as it:
        await warm(it)
        memory = it.running.process.gateway.caching.answers.memory
        memory.most = memory.size + 100
        await it.result(body=WORDS.replace(b"trunk", b"branch"))
        assert await it.result(body=WORDS) == "miss"
