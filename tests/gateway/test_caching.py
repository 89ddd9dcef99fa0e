"""Answers that are kept: a real gateway, SDKs of two formats, and an upstream that counts what it is asked."""

import contextlib
import itertools
from collections.abc import Callable
from typing import Any

import openai
import pytest
from tests.faults import replies
from tests.gateway.cached import HOUR, QUESTION, cached, configured

from trunkline.cache.request import canonical
from trunkline.config.cache import Scope
from trunkline.formats.conversation import Message, Request, Text
from trunkline.gateway.cache_rules import scope_of
from trunkline.gateway.identity import Caller

WAYS = list(itertools.product(("chat", "messages"), (False, True)))


@pytest.mark.parametrize("first", WAYS)
async def test_clients_of_all_formats_share_an_entry_streamed_or_not(first: tuple[str, bool]) -> None:
    async with cached() as it:
        for form, stream in [first, *WAYS]:
            assert await it.say(form=form, stream=stream) == replies.TEXT
        assert it.asked == 1
        paid, *free = await it.running.rows()
    assert paid.cost > 0
    assert [(row.cost, row.saved, row.usage, row.outcome) for row in free] == [(0, paid.cost, "none", "ok")] * 4


async def test_a_hit_says_so_with_its_age_and_what_it_saved() -> None:
    async with cached() as it:
        miss, hit = [await it.post() for _ in range(2)]
        assert miss.header("x-trunkline-cache") == "miss"
        assert hit.header("x-trunkline-cache") == "hit"
        assert int(hit.header("age") or 100) < 10
        assert hit.header("x-trunkline-saved") == miss.header("x-trunkline-cost")
        assert float(hit.header("x-trunkline-cost") or 1) == 0
        assert hit.json() == miss.json()


async def test_a_replayed_stream_comes_in_natural_pieces_with_usage_where_it_is_wanted() -> None:
    async with cached() as it:
        await it.post()
        stream = await it.chat.chat.completions.create(
            model="openai/normal", messages=QUESTION, stream=True, stream_options={"include_usage": True}
        )
        chunks = [chunk async for chunk in stream]
        texts = [c.choices[0].delta.content for c in chunks if c.choices and c.choices[0].delta.content]
        assert len(texts) > 1
        assert "".join(texts) == replies.TEXT
        assert chunks[-1].usage is not None
        assert chunks[-1].usage.completion_tokens == 9


async def test_usage_is_known_to_all_though_the_first_did_not_ask_for_it() -> None:
    async with cached() as it:
        await it.say(form="chat", stream=True)
        assert (await it.post()).json()["usage"]["prompt_tokens"] == 12
        assert it.asked == 1


async def test_without_the_opt_in_nothing_is_kept_or_told() -> None:
    async with cached({}) as it:
        answers = [await it.post() for _ in range(2)]
        assert it.asked == 2
        assert [answer.header("x-trunkline-cache") for answer in answers] == [None, None]


@pytest.mark.parametrize(
    ("told", "asked"),
    [
        ({"cache-control": "no-cache"}, 2),
        ({"cache-control": "no-store"}, 2),
        ({"cache-control": "max-age=0"}, 2),
        ({"cache-control": "max-age=100"}, 1),
        ({"x-trunkline-cache": "no-cache"}, 2),
        ({"x-trunkline-cache": "something new"}, 1),
    ],
)
async def test_a_request_decides_whether_a_kept_answer_will_do(told: dict[str, str], asked: int) -> None:
    async with cached() as it:
        await it.post()
        await it.post(headers=told)
        assert it.asked == asked


async def test_no_store_keeps_nothing_and_says_bypass() -> None:
    async with cached() as it:
        assert await it.result(headers={"cache-control": "no-store"}) == "bypass"
        await it.post()
        assert it.asked == 2


@pytest.mark.parametrize("headers", [{}, {"x-trunkline-cache": "ttl=60"}])
async def test_an_answer_ends_with_its_time(headers: dict[str, str]) -> None:
    async with cached({"ttl": "60s" if not headers else "1h"}) as it:
        answers = it.running.process.gateway.caching.answers
        await it.post(headers=headers)
        now, answers.now = answers.now(), lambda: now + 59
        await it.post()
        assert it.asked == 1
        answers.now = lambda: now + 61
        await it.post()
        assert it.asked == 2


@pytest.mark.parametrize("model", ["error_500", "caller_400", "ends_early", "empty_200"])
async def test_no_failure_is_kept(model: str) -> None:
    async with cached() as it:
        for number in (1, 2):
            with contextlib.suppress(openai.APIError):
                await it.say(form="chat", stream=True, model=f"openai/{model}")
            assert it.asked == number


async def test_tools_and_heat_are_kept_only_where_the_operator_says_so() -> None:
    tool = {"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}
    async with cached({"ttl": "1h", "temperature": 0.5}) as it:
        for fields in ({"tools": [tool], "temperature": 0}, {"temperature": 0.6}, {}):
            assert await it.result(**fields) == "bypass"
        assert await it.result(temperature=0.5) == "miss"
    async with cached({"ttl": "1h", "tools": True}) as it:
        for result in ("miss", "hit"):
            assert await it.result(tools=[tool]) == result


async def test_a_route_decides_for_itself() -> None:
    models = {
        "faq": {"route": "fallback", "of": ["openai/normal"], "cache": HOUR},
        "chat": {"route": "fallback", "of": ["openai/normal"]},
        "other-name": "faq",
    }
    async with cached({}, models=models) as it:
        for name, asked in (("chat", 1), ("chat", 2), ("faq", 3), ("faq", 3), ("other-name", 4), ("other-name", 4)):
            await it.post(model=name)
            assert it.asked == asked


async def test_a_swapped_model_never_serves_old_answers() -> None:
    async with cached(models={"bot": "openai/normal"}) as it:
        await it.post(model="bot")
        config = configured(it.upstream, models={"bot": "openai/another"})
        it.running.write({"server": {"listen": "127.0.0.1:0"}, **config})
        assert await it.running.process.reload()
        assert await it.result(model="bot") == "miss"
        assert it.asked == 2


async def test_an_expired_answer_stands_in_where_nobody_answers() -> None:
    async with cached({"ttl": "60s", "stale": "1h"}) as it:
        answers = it.running.process.gateway.caching.answers
        await it.post()
        now, answers.now = answers.now(), lambda: now + 61
        it.upstream.play("error_500", "error_500")
        for headers, status in (({}, 200), ({"cache-control": "no-cache"}, 502)):
            assert (await it.post(headers=headers)).status == status
        assert it.asked == 3


async def test_a_smaller_cap_than_the_answer_asks_again_and_a_larger_one_does_not() -> None:
    async with cached() as it:
        await it.post(max_tokens=100)
        assert await it.result() == "hit"
        assert await it.result(max_tokens=50) == "hit"
        assert await it.result(max_tokens=8) == "miss"


async def test_a_response_from_the_cache_can_be_gone_on_from() -> None:
    async with cached() as it:
        ids = []
        for _ in range(2):
            response = await it.chat.responses.create(model="house/normal", input="Hello")
            assert response.output_text == replies.TEXT
            ids.append(response.id)
        assert it.asked == 1
        assert (await it.chat.responses.retrieve(ids[1])).output_text == replies.TEXT
        await it.chat.responses.create(model="house/normal", input="And?", previous_response_id=ids[1])
        assert it.asked == 2


# who shares

CALLERS = [
    Caller(key=key, org=org, team=team)
    for key, org, team in (("a", "x", "t"), ("b", "x", "t"), ("c", "x", "u"), ("d", "y", "t"), ("e", "", ""))
]
SCOPES: tuple[Scope, ...] = ("user", "key", "team", "org", "all")
MAY_SHARE: dict[Scope, Callable[[tuple[Caller, str], tuple[Caller, str]], object]] = {
    "user": lambda one, other: one == other,
    "key": lambda one, other: one[0].key == other[0].key,
    "team": lambda one, other: one[0].team and (one[0].org, one[0].team) == (other[0].org, other[0].team),
    "org": lambda one, other: one[0].org and one[0].org == other[0].org,
    "all": lambda one, other: True,
}


def test_no_two_scopes_ever_share_what_they_may_not() -> None:
    asking = [(caller, user) for caller in CALLERS for user in ("", "ann", "bob")]
    for scope, one in itertools.product(SCOPES, asking):
        for other_scope, other in itertools.product(SCOPES, asking):
            shared = scope_of(scope, *one) == scope_of(other_scope, *other)
            if shared and one[0].key != other[0].key:
                assert scope == other_scope
                assert MAY_SHARE[scope](one, other)
            if shared and "user" in (scope, other_scope):
                assert scope == other_scope
                assert one == other


async def test_two_keys_with_the_same_prompt_share_only_where_the_operator_says_so() -> None:
    keys = [{"name": name, "key": f"sk-{name}-0123456789abcdef"} for name in ("acme", "zeta")]
    for scope, asked in (("user", 3), ("key", 2), ("all", 1)):
        async with cached({"ttl": "1h", "scope": scope}, keys=keys) as it:
            for key, user in (("acme", "ann"), ("acme", "bob"), ("zeta", "ann"), ("acme", "ann")):
                await it.post(headers={"authorization": f"Bearer sk-{key}-0123456789abcdef"}, user=user)
            assert it.asked == asked


async def test_where_tags_decide_who_answers_only_the_same_tags_share() -> None:
    route = {"route": "conditional", "rules": [{"when": "tags.plan == 'free'", "to": "openai/a"}], "else": "openai/b"}
    async with cached({"ttl": "1h", "scope": "all"}, models={"tiered": route}) as it:
        tags = ("plan=free", "plan=paid", "plan=free")
        results = [await it.result(model="tiered", headers={"x-trunkline-tags": each}) for each in tags]
        assert results == ["miss", "miss", "hit"]


# what is the same question


def question(text: str = "Hi", **fields: Any) -> Request:
    return Request(format="openai_chat", messages=[Message(role="user", parts=[Text(text=text)])], **fields)


@pytest.mark.parametrize(
    "fields",
    [
        {"stream": True},
        {"user": "ann"},
        {"metadata": {"a": "b"}},
        {"model": "another"},
        {"choices": 1},
        {"top_p": 1.0},
        {"presence_penalty": 0},
        {"max_output": 100},
        {"cache_key": "k"},
        {"extras": {"openai_chat": {"stream_options": {"include_obfuscation": False}}}},
    ],
)
def test_what_an_answer_does_not_depend_on_makes_no_other_question(fields: dict[str, Any]) -> None:
    assert canonical(question(**fields)).digest == canonical(question()).digest


@pytest.mark.parametrize(
    "fields",
    [
        {"temperature": 0},
        {"top_p": 0.5},
        {"seed": 1},
        {"stop": ["."]},
        {"choices": 2},
        {"extras": {"openai_chat": {"something_new": 1}}},
        {"text": "Hi!"},
        {"format": "openai_completions"},
    ],
)
def test_what_an_answer_may_depend_on_makes_another_question(fields: dict[str, Any]) -> None:
    text = fields.pop("text", "Hi")
    request = question(text)
    for name, value in fields.items():
        setattr(request, name, value)
    assert canonical(request).digest != canonical(question()).digest


async def test_the_order_of_fields_does_not_matter() -> None:
    async with cached() as it:
        body = '{"model":"openai/normal","temperature":%s,"messages":[{%s}]}'
        for heat, fields in (("0.5", '"role":"user","content":"Hi"'), ("0.50", '"content":"Hi","role":"user"')):
            assert (await it.post(body=(body % (heat, fields)).encode())).status == 200
        assert it.asked == 1
