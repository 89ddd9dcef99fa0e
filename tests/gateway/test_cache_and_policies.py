"""Kept answers beside all else that has a say about a request: policies, limits, conditions, conversations, shadows."""

import asyncio
import contextlib
import itertools
import json
from typing import Any

import apsw
import pytest
from tests.faults import replies
from tests.faults.client import Response, connect, request
from tests.gateway.cached import Cached, cached
from tests.gateway.test_sharing import HELD, following

from trunkline.cache.request import canonical
from trunkline.formats.conversation import Message, Request, Text
from trunkline.gateway.cache_rules import Frame
from trunkline.routing.bounds import ANYBODY, Asker, Cap, DataPolicy
from trunkline.routing.wishes import NONE
from trunkline.tenancy.caller import Caller, Owned

PRIVATE = {"private": {"everywhere": True, "input": [{"pii": "email", "action": "pseudonymise"}]}}
SHARED = {"ttl": "1h", "scope": "all"}
KEYS: list[dict[str, Any]] = [{"name": name, "key": f"sk-{name}-0123456789abcdef"} for name in ("acme", "zeta")]


def by(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer sk-{key}-0123456789abcdef"}


def says(text: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": text}]


@pytest.mark.parametrize("headers", [{}, {"idempotency-key": "one"}])
async def test_what_is_said_under_pseudonyms_is_neither_kept_nor_shared(headers: dict[str, str]) -> None:
    async with cached(SHARED, guard=PRIVATE) as it:
        asked = says("I am ann@example.com.")
        results = [await it.result(messages=asked, headers=headers) for _ in range(2)]
        assert (results, it.asked) == (["bypass", "bypass"], 2)
        assert not len(it.running.process.gateway.caching.answers.memory)


async def test_where_nothing_had_to_be_hidden_an_answer_is_kept_under_such_a_policy_too() -> None:
    async with cached(SHARED, guard=PRIVATE) as it:
        assert [await it.result() for _ in range(2)] == ["miss", "hit"]


async def test_requests_are_the_same_that_are_the_same_once_redacted() -> None:
    policy = {"quiet": {"everywhere": True, "input": [{"pii": "email", "action": "redact"}]}}
    async with cached(guard=policy) as it:
        asked = ("I am ann@example.com.", "I am bob@example.com.", "I am Bob.")
        assert [await it.result(messages=says(each)) for each in asked] == ["miss", "hit", "miss"]


async def test_an_idempotency_key_means_the_request_as_it_came_though_policies_make_two_the_same() -> None:
    policy = {"quiet": {"everywhere": True, "input": [{"pii": "email", "action": "redact"}]}}
    async with cached({}, guard=policy) as it:
        asked = ("I am ann@example.com.", "I am ann@example.com.", "I am bob@example.com.")
        told = [await it.post(messages=says(each), headers={"idempotency-key": "one"}) for each in asked]
        assert ([answer.status for answer in told], it.asked) == ([200, 200, 422], 1)


async def test_keys_under_other_policies_do_not_share_though_these_change_nothing() -> None:
    policies = {"brief": {"output": [{"words": ["forbidden"], "action": "block"}]}}
    keys = [KEYS[0], {**KEYS[1], "guard": "brief"}]
    async with cached(SHARED, guard=policies, keys=keys) as it:
        results = [await it.result(headers=by(key)) for key in ("acme", "zeta", "acme", "zeta")]
        assert results == ["miss", "miss", "hit", "hit"]


async def test_an_answer_is_kept_as_it_was_delivered() -> None:
    policies = {"mild": {"everywhere": True, "output": [{"words": [replies.TEXT.split()[0]], "action": "redact"}]}}
    async with cached(guard=policies) as it:
        first, second = [(await it.post()).json()["choices"][0]["message"]["content"] for _ in range(2)]
        assert (it.asked, first) == (1, second)
        assert first != replies.TEXT


@pytest.mark.parametrize("fact", ["key == 'acme'", "headers['x-plan'] == 'acme'", "metadata.plan == 'acme'"])
async def test_who_asks_from_another_side_of_a_condition_does_not_share(fact: str) -> None:
    route = {"route": "conditional", "rules": [{"when": fact, "to": "openai/a"}], "else": "openai/b"}
    async with cached(SHARED, keys=KEYS, models={"tiered": route}) as it:
        results = [
            await it.result(model="tiered", headers={**by(key), "x-plan": key}, metadata={"plan": key})
            for key in ("acme", "zeta", "acme")
        ]
        assert results == ["miss", "miss", "hit"]


async def test_keys_with_other_bounds_or_other_keys_with_providers_do_not_share() -> None:
    asked = canonical(Request(format="openai_chat", messages=[Message(role="user", parts=[Text(text="Hi")])]))
    own = [None, Owned("first", {"openai": "acme/openai"}), Owned("first", {"openai": "zeta/openai"})]
    bounds = [ANYBODY, Asker(data=DataPolicy(training=False)), Asker(cap=Cap(input=5))]
    async with cached(SHARED) as it:
        snapshot = it.running.process.gateway.snapshot
        rules = snapshot.cache
        policy, _ = snapshot.policies.choose("openai/normal", NONE, ANYBODY)
    assert rules is not None
    frames = [
        Frame(Caller(key, owned=owned), asker, policy, (), NONE, {})
        for key in ("acme", "zeta")
        for owned, asker in itertools.product(own, bounds)
    ]
    keys = [rules.key(rules.rule(policy), frame, asked) for frame in frames]
    assert keys[:9] == keys[9:]
    assert len(set(keys)) == 9


async def test_requests_that_wish_for_other_providers_do_not_share() -> None:
    models = {"either": {"route": "fallback", "of": ["openai/normal", "house/normal"]}}
    async with cached(models=models) as it:
        wishes = [{"only": ["openai"]}, {"only": ["house"]}, {"only": ["openai"]}]
        answers = [await it.post(model="either", provider=wish) for wish in wishes]
        assert [answer.header("x-trunkline-provider") for answer in answers] == ["openai", "house", "openai"]
        assert [answer.header("x-trunkline-cache") for answer in answers] == ["miss", "miss", "hit"]


async def test_a_hit_is_a_request_of_its_key_but_none_of_its_tokens() -> None:
    limits = [{"key": "*", "requests": "3/hour", "tokens": "10k/hour"}]
    async with cached(limits=limits, keys=KEYS) as it:
        told = [await it.post(headers=by("acme"), max_tokens=100) for _ in range(4)]
        assert [answer.status for answer in told] == [200, 200, 200, 429]
        left = [int(answer.header("x-ratelimit-remaining-tokens") or 0) for answer in told[1:3]]
        assert left[0] == left[1]


async def test_a_budget_that_is_spent_by_the_first_does_not_refuse_those_who_wait_with_it() -> None:
    budgets = [{"key": "acme", "amount": "0.0009", "overshoot": "bounded"}, {"key": "zeta", "amount": 100}]
    async with cached(SHARED, keys=KEYS, budgets=budgets) as it:
        assert (await it.post(headers=by("acme"), max_tokens=100, messages=says("Hi"))).status == 200
        await it.running.idle()
        with contextlib.closing(apsw.Connection(str(it.running.data / "trunkline.db"))) as store:
            store.set_busy_timeout(5000)
            store.execute("BEGIN IMMEDIATE")  # so that the first waits for an answer about its budget
            first = asyncio.create_task(it.post(headers=by("acme"), max_tokens=100))
            await following(it, 1)
            second = asyncio.create_task(it.post(headers=by("zeta"), max_tokens=100))
            await following(it, 2)
            store.execute("COMMIT")
        assert [(await first).status, (await second).status] == [429, 200]
        assert it.asked == 2


async def test_what_a_cheaper_model_answers_since_a_budget_is_spent_is_not_given_to_others() -> None:
    budgets = [{"key": "acme", "amount": "0.000000001", "when_spent": "house/normal"}]
    prices = {"house/normal": {"input": 0, "output": 0}}
    async with cached(SHARED, keys=KEYS, budgets=budgets, prices=prices) as it:
        told = [await it.post(headers=by(key), max_tokens=100) for key in ("acme", "zeta", "acme")]
        assert [answer.header("x-trunkline-provider") for answer in told] == ["house", "openai", "openai"]
        assert [answer.header("x-trunkline-cache") for answer in told] == ["miss", "miss", "hit"]


async def test_a_hit_costs_no_budget() -> None:
    budgets = [{"key": "zeta", "amount": "0.000000001"}]
    async with cached(SHARED, keys=KEYS, budgets=budgets) as it:
        told = [await it.post(headers=by(key), max_tokens=100) for key in ("acme", "zeta")]
        assert [answer.header("x-trunkline-cache") for answer in told] == ["miss", "hit"]


async def test_a_call_is_under_way_for_its_key_until_it_is_over_whoever_has_left() -> None:
    limits = [{"key": "acme", "concurrent": 1}]
    async with cached(SHARED, keys=KEYS, limits=limits) as it:
        first = asyncio.create_task(it.post(model=HELD, headers=by("acme")))
        await following(it, 1)
        second = asyncio.create_task(it.post(model=HELD, headers=by("zeta")))
        await following(it, 2)
        first.cancel()
        await following(it, 1)
        assert (await it.post(headers=by("acme"))).status == 429
        it.upstream.release()
        assert (await second).status == 200
        assert (await it.post(headers=by("acme"))).status == 200


async def respond(it: Cached, **fields: Any) -> Response:
    async with connect(it.running.port) as raw:
        body = json.dumps({"model": "house/normal", **fields}).encode()
        await raw.send(request(target="/v1/responses", body=body))
        return await raw.response()


async def test_going_on_from_a_response_that_is_kept_here_is_answered_from_the_cache_and_can_be_gone_on_from() -> None:
    async with cached() as it:
        first = (await respond(it, input="Hi")).json()
        told = [await respond(it, input="And?", previous_response_id=first["id"]) for _ in range(2)]
        assert [answer.header("x-trunkline-cache") for answer in told] == ["miss", "hit"]
        ids = [answer.json()["id"] for answer in told]
        assert len({first["id"], *ids}) == 3
        assert [answer.json()["previous_response_id"] for answer in told] == [first["id"]] * 2
        assert (await respond(it, input="So?", previous_response_id=ids[1])).status == 200
        assert len(it.upstream.requests[-1].json()["messages"]) == 5
