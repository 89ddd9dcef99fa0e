"""Which requests are kept, how long, without what, and that nothing waits for it."""

import contextlib
import json
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import apsw
import openai
import pytest
from tests.e2e.house import Alone, alone
from tests.e2e.request_log.reading import log_of, words
from tests.faults.client import connect, request

from trunkline.gateway import transcripts
from trunkline.gateway.journey import travel

MAIL = "jane.doe@example.com"
GUARD = {"private": {"input": [{"pii": ["email"], "action": "block"}]}}
KEYS = [
    {"name": "plain", "key": "sk-plain-key-of-tests"},
    {"name": "kept", "key": "sk-kept-key-of-tests", "request_log": "debug"},
    {"name": "of-acme", "key": "sk-acme-key-of-tests", "org": "acme"},
    {"name": "of-team", "key": "sk-team-key-of-tests", "team": "acme/quiet"},
]
SETTINGS: dict[str, Any] = {
    "guard": {"private": {**GUARD["private"]}},
    "request_log": {
        "debug": {"keep": "1h"},
        "audit": {"keep": "90d"},
        "nothing": {"never": True},
        "none-of-it": {"sample": "0%"},
        "clean": {"redact": "private"},
    },
    "orgs": {"acme": {"request_log": "audit"}},
    "teams": {"acme/quiet": {"request_log": ["nothing"]}},
    "models": {
        "plain": "simulated/echo",
        "logged": {"route": "fallback", "of": ["simulated/echo"], "request_log": "debug"},
        "sampled": {"route": "fallback", "of": ["simulated/echo"], "request_log": "none-of-it"},
        "clean": {"route": "fallback", "of": ["simulated/echo"], "request_log": "clean"},
    },
    "keys": KEYS,
    "providers": {"simulated": {"simulated": {"latency": "0s", "tokens_per_second": 1_000_000}}},
}


@contextlib.asynccontextmanager
async def house(**more: Any) -> AsyncIterator[Alone]:
    async with alone(key="sk-plain-key-of-tests", **{**SETTINGS, **more}) as there:
        yield there


def by(there: Alone, key: str) -> openai.AsyncOpenAI:
    return there.client.with_options(api_key=f"sk-{key}-key-of-tests")


async def say(client: openai.AsyncOpenAI, text: str, model: str = "plain", **fields: Any) -> str:
    messages: Any = [{"role": "user", "content": text}]
    reply = await client.chat.completions.create(model=model, messages=messages, **fields)
    return reply.choices[0].message.content or ""


async def test_only_what_a_policy_names_is_kept_and_never_wins() -> None:
    async with house() as there:
        await say(there.client, "nobody wants this")
        await say(by(there, "kept"), "the key does")
        await say(by(there, "acme"), "its organisation does")
        await say(by(there, "team"), "its team forbids it", "logged")
        await say(there.client, "its route does", "logged")
        await say(there.client, "the sample does not", "sampled")
        kept = await log_of(there.running)
        assert [it.input["messages"][0]["content"] for it in kept] == [
            "the key does",
            "its organisation does",
            "its route does",
        ]
        assert [(it.entry.key, it.entry.org) for it in kept] == [("kept", ""), ("of-acme", "acme"), ("plain", "")]
        assert len(await log_of(there.running, org="acme")) == 1
        assert len(await log_of(there.running, key="kept", model="plain")) == 1


async def test_without_policies_requests_go_their_usual_way() -> None:
    async with alone(providers=SETTINGS["providers"]) as there:
        snapshot = there.running.process.gateway.snapshot
        assert snapshot.travel is travel
        assert await say(there.client, "hello", "simulated/echo") == "hello"
        assert await log_of(there.running) == []


async def test_a_share_of_the_requests_is_kept() -> None:
    async with house(request_log={**SETTINGS["request_log"], "none-of-it": {"sample": "25%"}}) as there:
        for number in range(60):
            await say(there.client, f"question {number}", "sampled")
        assert 3 <= len(await log_of(there.running)) <= 30


@pytest.mark.parametrize("stream", [False, True])
async def test_what_the_guard_finds_is_taken_out_before_it_is_written(stream: bool) -> None:
    async with house() as there:
        text = f"I am {MAIL}, and so is my tool."
        tool_call = {
            "id": "call_1",
            "type": "function",
            "function": {"name": "f", "arguments": json.dumps({"m": MAIL})},
        }
        messages: Any = [
            {"role": "user", "content": "Call."},
            {"role": "assistant", "tool_calls": [tool_call]},
            {"role": "tool", "tool_call_id": "call_1", "content": f"found {MAIL}"},
            {"role": "user", "content": text},
        ]
        said: Any = await there.client.chat.completions.create(
            model="clean", messages=messages, user=MAIL, metadata={"who": MAIL}, stream=stream
        )
        if stream:
            answer = "".join([chunk.choices[0].delta.content or "" async for chunk in said if chunk.choices])
        else:
            answer = said.choices[0].message.content or ""
        assert MAIL in answer  # only what is kept is redacted
        [entry] = await log_of(there.running)
        assert entry.redacted
        assert not entry.withheld
        assert "[EMAIL]" in str(entry.output)
        assert "jane" not in words(entry)
        [found] = await log_of(there.running, end_user=MAIL)  # whom it is about is known all the same
        assert found == entry


async def test_what_cannot_be_redacted_is_not_kept() -> None:
    """A body that passes as it is, but that nobody here understands."""
    async with house() as there, connect(there.running.port) as raw:
        odd = {"model": "clean", "messages": [{"role": "user", "content": [{"type": "text", "text": {"mail": MAIL}}]}]}
        key = ("authorization", "Bearer sk-plain-key-of-tests")
        await raw.send(request(body=json.dumps(odd).encode(), headers=[key]))
        await raw.response()
        [entry] = await log_of(there.running)
        assert (entry.redacted, entry.withheld) == (True, True)
        assert (entry.input, entry.output) == (None, None)
        assert "jane" not in entry.message


async def test_nothing_of_what_was_said_is_on_the_disk() -> None:
    async with house() as there:
        await say(by(there, "kept"), "the Kraken sleeps", user=MAIL)
        await log_of(there.running)
        for file in there.running.data.rglob("*"):
            if file.is_file():
                content = file.read_bytes()
                assert b"Kraken" not in content
                assert b"jane.doe" not in content


async def test_each_is_kept_as_long_as_the_longest_policy_says() -> None:
    async with house() as there:
        await say(by(there, "acme"), "both", "logged")
        [entry] = await log_of(there.running)
        database = apsw.Connection(str(there.running.data / "trunkline.db"), flags=apsw.SQLITE_OPEN_READONLY)
        [(kept,)] = database.execute("SELECT expires - at FROM request_log")
        database.close()
        assert kept == 90 * 86400
        sweep = there.running.process.gateway.transcripts.sweep
        moment = datetime.fromisoformat(entry.entry.at).timestamp() + 1
        assert await sweep(moment + 80 * 86400) == 0
        assert await sweep(moment + 90 * 86400) == 1
        assert await log_of(there.running) == []


@pytest.mark.parametrize("stream", [False, True])
async def test_an_answer_from_the_cache_is_kept_as_well(stream: bool) -> None:
    async with house(cache={"ttl": "1h", "scope": "key"}) as there:
        kept = by(there, "kept")
        for _ in range(2):
            said: Any = await kept.chat.completions.create(
                model="plain", messages=[{"role": "user", "content": "What is a trunk line?"}], stream=stream
            )
            if stream:
                assert [chunk async for chunk in said]
        entries = await log_of(there.running)
        assert [it.attempts for it in entries] == [1, 0]
        assert [it.whole for it in entries] == [True, True]
        ends = "data: [DONE]\n\n" if stream else "stop"
        assert [ends in str(it.output) for it in entries] == [True, True]


async def test_what_finds_no_room_is_dropped_counted_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transcripts, "MOST_HELD", 3000)
    async with house() as there:
        kept = by(there, "kept")
        assert await say(kept, "x" * 5000) == "x" * 5000
        assert await say(kept, "short") == "short"
        entries = await log_of(there.running)
        assert [it.input["messages"][0]["content"] for it in entries] == ["short"]
        keeping = there.running.process.gateway.transcripts
        assert keeping.held == 0
        assert there.running.process.metrics._events["request_log_dropped"]["full"] == 1
    [told] = there.running.logged("request_log.dropped")
    assert told["full"] == 1


async def test_a_reload_begins_and_ends_it() -> None:
    async with house() as there:
        running = there.running
        written = json.loads(running.config.read_text())
        await say(there.client, "before")
        running.write({**written, "request_log": {**written["request_log"], "all": {"everywhere": True}}})
        assert await running.process.reload()
        await say(there.client, "meanwhile")
        running.write(written)
        assert await running.process.reload()
        await say(there.client, "after")
        assert [it.input["messages"][0]["content"] for it in await log_of(running)] == ["meanwhile"]
