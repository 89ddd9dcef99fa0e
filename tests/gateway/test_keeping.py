"""What is kept of answers, for whom, and for how long: the promises that no other file is about."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
import redis
from msgspec.structs import replace
from tests.faults.server import FaultServer
from tests.gateway.cached import HOUR, Cached, cached, configured
from tests.gateway.test_forgetting import forget
from tests.gateway.test_semantics import AGAIN, ASKED, SENSE, WITH_EMBEDDER, ask, never_verify
from tests.gateway.test_shared_answers import KEY, failures, stored, two, written
from tests.gateway.test_sharing import HELD, following

from trunkline.cache.entry import VERSION, Entry, dump, load, worth_keeping
from trunkline.formats.conversation import Choice, Refusal, Reply, Stop, StopReason, Text, ToolCall

WORDS, CALL = Text(text="A line."), ToolCall(id="1", name="look", arguments="{}")


def reply(*parts: Any, reason: StopReason | None = "stop") -> Reply:
    stop = Stop(reason=reason) if reason is not None else None
    return Reply(format="openai_chat", choices=[Choice(parts=list(parts), stop=stop)])


@pytest.mark.parametrize(
    ("answer", "calls", "kept"),
    [
        (reply(WORDS), False, True),
        (reply(WORDS, reason="stop_sequence"), False, True),
        (reply(WORDS, reason="length"), False, False),
        (reply(WORDS, reason="context"), False, False),
        (reply(WORDS, reason="filtered"), False, False),
        (reply(WORDS, reason="refused"), False, False),
        (reply(WORDS, reason=None), False, False),
        (reply(Text(text=" ")), False, False),
        (reply(WORDS, Refusal(text="No.")), False, False),
        (reply(CALL, reason="tool_calls"), False, False),
        (reply(CALL, reason="tool_calls"), True, True),
        (Reply(format="openai_chat"), False, False),
    ],
)
def test_only_whole_answers_that_say_something_and_refuse_nothing_are_kept(
    answer: Reply, calls: bool, kept: bool
) -> None:
    assert worth_keeping(answer, calls=calls) is kept


@pytest.mark.parametrize("change", [lambda entry: dump(replace(entry, version=VERSION - 1)), lambda entry: b"\x90"])
async def test_an_authentic_value_of_another_version_is_ignored_and_counted(
    redis_url: str, tmp_path: Path, change: Any
) -> None:
    async with two(redis_url, tmp_path) as (one, other):
        await one.post()
        await written(one)
        [(name, sealed)] = stored(redis_url).items()
        key = name.removeprefix(b"trunkline:answer:")
        vault, about = one.running.process._vault, ("answer", key.hex())
        entry: Entry = load(vault.open("", about, sealed))
        with redis.Redis.from_url(redis_url) as client:
            client.set(name, vault.seal("", about, change(entry)))
        assert await other.result() == "miss"
        assert failures(other)["damaged"] == 1


async def test_a_policy_that_says_something_else_makes_old_answers_unknown() -> None:
    def policy(word: str) -> dict[str, Any]:
        return {"house": {"everywhere": True, "output": [{"words": [word], "action": "block"}]}}

    async with cached(guard=policy("one")) as it:
        assert [await it.result() for _ in range(2)] == ["miss", "hit"]
        config = configured(it.upstream, HOUR, guard=policy("another"))
        it.running.write({"server": {"listen": "127.0.0.1:0"}, **config})
        assert await it.running.process.reload()
        assert await it.result() == "miss"


@pytest.mark.parametrize("name", ["user", "safety_identifier"])
async def test_end_users_are_told_apart_by_whatever_field_names_them(name: str) -> None:
    async with cached() as it:
        assert [await it.result(**{name: user}) for user in ("ann", "bob", "ann")] == ["miss", "miss", "hit"]


async def test_the_outcome_of_an_idempotency_key_is_known_for_a_day() -> None:
    async with cached({}) as it:
        answers, named = it.running.process.gateway.caching.answers, {"idempotency-key": "one"}
        await it.post(headers=named)
        now = answers.now()
        for hours, asked in ((23, 1), (25, 2)):
            answers.now = lambda hours=hours: now + hours * 3600  # type: ignore[misc]
            await it.post(headers=named)
            assert it.asked == asked


async def test_an_idempotency_key_outlives_a_restart_where_answers_are_shared(redis_url: str, tmp_path: Path) -> None:
    named = {"idempotency-key": "one"}
    settings = {"shared": redis_url, "store": f"sqlite://{tmp_path}/shared.db", "master_key": KEY}
    async with FaultServer() as upstream:
        told = []
        for _ in range(2):
            async with cached({}, upstream, **settings) as it:
                told.append((await it.post(headers=named)).json())
        assert told[0] == told[1]
        assert len(upstream.requests) == 1


async def test_what_is_forgotten_while_it_is_made_is_told_and_not_kept() -> None:
    async with cached() as it:
        asking = asyncio.create_task(it.post(model=HELD))
        await following(it, 1)
        await forget(it, everything=True)
        it.upstream.release()
        assert (await asking).status == 200
        assert await kept(it) == 0


async def kept(it: Cached) -> int:
    """Answers that are kept once all is settled."""
    await it.running.idle()
    return len(it.running.process.gateway.caching.answers.memory)


@pytest.mark.shared
async def test_what_is_forgotten_is_not_found_by_other_words_either() -> None:
    async with cached(SENSE, **WITH_EMBEDDER) as it:
        never_verify(it)
        assert [await ask(it, text) for text in (ASKED, AGAIN)] == ["miss", "semantic"]
        await forget(it, everything=True)
        assert await ask(it, AGAIN) == "miss"
