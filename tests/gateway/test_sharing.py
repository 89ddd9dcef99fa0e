"""Calls under way that several requests share, and what an Idempotency-Key stands for."""

import asyncio
import contextlib
from typing import Any

import openai
import pytest
from tests.faults import replies
from tests.faults.client import chat_body, connect, request
from tests.faults.gateway import LOOK_EVERY, SETTLED_WITHIN
from tests.gateway.cached import QUESTION, Cached, cached

HELD, HALF = "openai/held", "openai/held_mid_stream"


async def following(it: Cached, number: int) -> None:
    """Wait until so many requests follow a call."""
    caching = it.running.process.gateway.caching
    for _ in range(round(SETTLED_WITHIN / LOOK_EVERY)):
        there = sum(len(flight.followers) for flight in set(caching.flights.values()))
        if there == number:
            return
        await asyncio.sleep(LOOK_EVERY)
    pytest.fail(f"{there} requests follow")


@pytest.mark.parametrize("first", [False, True])
async def test_identical_requests_share_one_call_whatever_their_format(first: bool) -> None:
    async with cached() as it:
        ways = [("chat", first), ("chat", True), ("chat", False), ("chat", True)]
        asking = [asyncio.create_task(it.say(form=form, stream=stream, model=HELD)) for form, stream in ways]
        await following(it, 4)
        it.upstream.release()
        assert await asyncio.gather(*asking) == [replies.TEXT] * 4
        assert it.asked == 1
        rows = await it.running.rows()
    assert sorted(row.cost > 0 for row in rows) == [False, False, False, True]
    paid = max(row.cost for row in rows)
    assert sorted(row.saved for row in rows) == [0, paid, paid, paid]


async def test_late_joiners_of_a_stream_get_what_has_come_and_then_follow() -> None:
    async with cached() as it:
        first = await it.chat.chat.completions.create(model=HALF, messages=QUESTION, stream=True)
        early = [await anext(first) for _ in range(4)]
        late = await it.chat.chat.completions.create(model=HALF, messages=QUESTION, stream=True)
        seen = [await anext(late) for _ in range(4)]
        assert [chunk.choices[0].delta for chunk in seen] == [chunk.choices[0].delta for chunk in early]
        it.upstream.release()
        for chunks, stream in ((early, first), (seen, late)):
            chunks += [chunk async for chunk in stream]
            assert "".join([c.choices[0].delta.content or "" for c in chunks if c.choices]) == replies.TEXT
        assert it.asked == 1


async def test_the_first_client_may_leave_and_the_others_have_their_answer() -> None:
    async with cached() as it:
        first, other = [asyncio.create_task(it.say(stream=True, model=HELD)) for _ in range(2)]
        await following(it, 2)
        first.cancel()
        await following(it, 1)
        it.upstream.release()
        assert await other == replies.TEXT
        assert it.asked == 1


async def test_a_call_that_nobody_follows_any_more_is_given_up() -> None:
    async with cached() as it:
        asking = [asyncio.create_task(it.say(model=HELD)) for _ in range(2)]
        await following(it, 2)
        connection = await it.upstream.connection()
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)
        await it.upstream.closed(connection, within=1)
        [row] = await it.running.rows()
    assert row.outcome == "cancelled"


@pytest.mark.parametrize(("split", "parts"), [("first", [0, 0, 1]), ("even", [1 / 3, 1 / 3, 1 / 3])])
async def test_the_cost_of_a_shared_call_is_split_as_the_operator_says(split: str, parts: list[float]) -> None:
    async with cached({"ttl": "1h", "cost": split}) as it:
        asking = [asyncio.create_task(it.say(model=HELD)) for _ in range(3)]
        await following(it, 3)
        it.upstream.release()
        await asyncio.gather(*asking)
        rows = await it.running.rows()
    whole = 12 * 2000 + 9 * 8000
    assert sum(row.cost for row in rows) == whole
    assert sorted(row.cost for row in rows) == [pytest.approx(part * whole, abs=2) for part in parts]


async def test_all_who_share_a_call_are_told_that_it_failed() -> None:
    async with cached() as it:
        asking = [asyncio.create_task(it.say(stream=True, model="openai/error_500")) for _ in range(2)]
        told = await asyncio.gather(*asking, return_exceptions=True)
        assert all(isinstance(error, openai.APIError) for error in told)


async def test_another_user_never_joins() -> None:
    async with cached() as it:
        create = it.chat.chat.completions.create
        asking = [asyncio.create_task(create(model=HELD, messages=QUESTION, user=user)) for user in ("ann", "bob")]
        await following(it, 2)
        assert len(it.running.process.gateway.caching.flights) == 2
        it.upstream.release()
        await asyncio.gather(*asking)
        assert it.asked == 2


# Idempotency-Key


async def test_the_same_idempotency_key_is_charged_once_and_told_the_same() -> None:
    async with cached({}) as it:
        one, two = [await it.post(headers={"idempotency-key": "k1"}) for _ in range(2)]
        assert one.json() == two.json()
        await it.post(headers={"idempotency-key": "k2"})
        assert it.asked == 2
        rows = await it.running.rows()
    assert [row.cost > 0 for row in rows] == [True, False, True]


async def test_an_empty_idempotency_key_names_nothing() -> None:
    async with cached({}) as it:
        for asked in (1, 2):
            answer = await it.post(headers={"idempotency-key": ""})
            assert (answer.status, answer.header("x-trunkline-cache"), it.asked) == (200, None, asked)


async def test_an_answer_with_a_number_that_cannot_be_kept_is_given_and_asked_for_anew() -> None:
    body = b'{"model":"house/normal","input":"Hello","safety_identifier":1000000000000000000000000000000}'
    async with cached({}) as it, connect(it.running.port) as raw:
        for asked in (1, 2):
            await raw.send(request(target="/v1/responses", body=body, headers=[("idempotency-key", "k1")]))
            assert (await raw.response()).status == 200
            assert it.asked == asked


async def test_an_idempotency_key_outlives_the_client_that_left() -> None:
    async with cached({}) as it:
        key = {"idempotency-key": "k1"}
        async with connect(it.running.port) as raw:
            await raw.send(request(body=chat_body(HELD), headers=key.items()))
            await it.upstream.request()
            raw.leave()
        await following(it, 0)
        again = asyncio.create_task(it.post(headers=key, body=chat_body(HELD)))
        await following(it, 1)
        it.upstream.release()
        assert (await again).json()["choices"][0]["message"]["content"] == replies.TEXT
        assert it.asked == 1


@pytest.mark.parametrize(
    ("path", "shape"), [("/v1/chat/completions", "invalid_request_error"), ("/v1/messages", "error")]
)
async def test_an_idempotency_key_with_another_body_is_a_conflict(path: str, shape: str) -> None:
    async with cached({}) as it, connect(it.running.port) as raw:
        answers = []
        for text in ("one", "two"):
            fields: dict[str, Any] = {"max_tokens": 100, "messages": [{"role": "user", "content": text}]}
            body = chat_body("openai/normal", **fields)
            await raw.send(request(target=path, body=body, headers=[("idempotency-key", "k1")]))
            answers.append(await raw.response())
        assert [answer.status for answer in answers] == [200, 422]
        told = answers[1].json()
        assert shape in (told.get("type"), told["error"]["type"])
        assert it.asked == 1


async def test_idempotency_keys_of_two_callers_are_two() -> None:
    keys = [{"name": name, "key": f"sk-{name}-0123456789abcdef"} for name in ("acme", "zeta")]
    async with cached({}, keys=keys) as it:
        for name in ("acme", "zeta"):
            headers = {"idempotency-key": "k1", "authorization": f"Bearer sk-{name}-0123456789abcdef"}
            assert (await it.post(headers=headers)).status == 200
        assert it.asked == 2


async def test_what_failed_may_be_tried_again_under_its_key() -> None:
    async with cached({}) as it:
        it.upstream.play("error_500")
        statuses = [(await it.post(headers={"idempotency-key": "k1"})).status for _ in range(2)]
        assert statuses == [502, 200]


async def test_a_call_with_a_name_ends_with_the_gateway() -> None:
    async with cached({}) as it:
        asking = asyncio.create_task(it.post(headers={"idempotency-key": "k"}, body=chat_body(HELD)))
        await it.upstream.request()
        asking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asking
        await following(it, 0)
        assert it.running.process.gateway.caching.flights


async def test_a_stream_past_the_limit_of_replies_is_handed_on_and_not_kept() -> None:
    async with cached(server={"limits": {"reply": "1kB"}}) as it:
        for asked in (1, 2):
            assert await it.say(stream=True) == replies.TEXT
            assert it.asked == asked
