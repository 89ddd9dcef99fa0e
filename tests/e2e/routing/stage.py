"""A gateway before several providers that act as they are told, and the official SDK that asks it.

async with stage({"a": "mute", "b": "normal"}, race("a/m", "b/m")) as on:
    answer = await on.ask(stream=True)
    assert answer.provider == "b"
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import openai
from openai.types.chat import ChatCompletion
from tests import aio
from tests.faults import http1, replies
from tests.faults.connection import Exchange
from tests.faults.fault import Fault
from tests.faults.gateway import INPUT_PRICE, OUTPUT_PRICE, RunningGateway, gateway
from tests.faults.leaks import no_leaks
from tests.faults.server import FaultServer
from tests.faults.table import FAULTS
from tests.running import base_url

from trunkline.ledger.record import Row

HELLO: Any = [{"role": "user", "content": "Hallo"}]
PRICE = {"input": INPUT_PRICE / 1000, "output": OUTPUT_PRICE / 1000}


@dataclass
class Answer:
    """What the SDK made of an answer, whole or streamed."""

    headers: Mapping[str, str]
    text: str = ""
    refusal: str = ""
    calls: list[str] = field(default_factory=list)
    """The arguments of each call of a tool."""

    @property
    def provider(self) -> str:
        return self.headers["x-trunkline-provider"]

    @property
    def attempts(self) -> int:
        return int(self.headers["x-trunkline-attempts"])


@dataclass
class Stage:
    """Made by `stage`. `upstreams` are by the names of their providers."""

    running: RunningGateway
    client: openai.AsyncOpenAI
    upstreams: dict[str, FaultServer]

    async def ask(self, model: str = "it", *, stream: bool = False, **asked: Any) -> Answer:
        """Raises the SDK's errors. `asked`: more arguments for the SDK."""
        asked = {"messages": HELLO, **asked, "model": model, "stream": stream}
        raw = await self.client.chat.completions.with_raw_response.create(**asked)
        answer = Answer(raw.headers)
        said: Any = raw.parse()
        if stream:
            await _follow(answer, said)
        else:
            _read(answer, said)
        return answer

    async def refused(self, model: str = "it", **asked: Any) -> openai.APIStatusError:
        """The error with which a request ends."""
        try:
            answer = await self.ask(model, **asked)
        except openai.APIStatusError as error:
            return error
        raise AssertionError(f"it was answered: {answer}")

    async def learnt(self) -> None:
        """Returns once the gateway knows what the price catalogue says of its models, as it soon does by itself."""
        policies = self.running.process.gateway.snapshot.policies
        await asyncio.to_thread(policies.learn, policies.targets(), lambda _: None)

    async def rows(self) -> list[Row]:
        """The ledger once all is settled."""
        return await self.running.rows()

    async def ended(self) -> list[tuple[str, str]]:
        """Of every attempt, in the order in which they began, its provider and its outcome."""
        return [(row.provider, row.outcome) for row in await self.rows()]

    def asked(self, provider: str) -> int:
        """How many requests that provider has had."""
        return len(self.upstreams[provider].requests)


def _read(answer: Answer, reply: ChatCompletion) -> None:
    message = reply.choices[0].message
    answer.text, answer.refusal = message.content or "", message.refusal or ""
    answer.calls = [call.function.arguments for call in message.tool_calls or [] if call.type == "function"]


async def _follow(answer: Answer, stream: Any) -> None:
    async for chunk in stream:
        for choice in chunk.choices:
            answer.text += choice.delta.content or ""
            answer.refusal += choice.delta.refusal or ""
            answer.calls += [call.function.arguments for call in choice.delta.tool_calls or []]


@contextlib.asynccontextmanager
async def stage(
    acts: Mapping[str, str | Fault], it: Any, *, models: Mapping[str, Any] | None = None, **settings: Any
) -> AsyncIterator[Stage]:
    """`acts`: by the name of each provider, what it does with every request. `it`: what the model of that name is."""
    async with no_leaks(), contextlib.AsyncExitStack() as stack:
        upstreams = {name: await stack.enter_async_context(FaultServer(act)) for name, act in acts.items()}
        providers = {
            name: {"type": "openai_compatible", "base_url": upstream.url, "price": PRICE}
            for name, upstream in upstreams.items()
        }
        for name, facts in settings.pop("providers", {}).items():
            providers[name] = providers.get(name, {}) | facts
        config = {"providers": providers, "models": {"it": it, **(models or {})}, **settings}
        running = await stack.enter_async_context(gateway(**config))
        client = openai.AsyncOpenAI(base_url=base_url(running), api_key="any", max_retries=0)
        yield Stage(running, await stack.enter_async_context(client), upstreams)


# Routes


def route(kind: str, *of: str, **facts: Any) -> dict[str, Any]:
    """A route of that strategy over those models."""
    return {"route": kind, "of": list(of), **facts}


# What a provider does


def act(answer: Any, name: str = "act") -> Fault:
    """A provider that runs `answer` for every request."""
    return Fault(name, "Acts.", None, None, answer=answer)


def says(name: str = "says", *, finish: str = "stop", headers: http1.Headers | None = None, **message: Any) -> Fault:
    """A provider that answers with that message, whole or streamed."""

    async def answer(x: Exchange) -> None:
        choice: dict[str, Any] = {"index": 0, "finish_reason": finish}
        if not x.streams:
            body = _envelope(x, "chat.completion", {**choice, "message": {"role": "assistant", **message}})
            await x.send(http1.message(200, replies.encode({**body, "usage": replies.USAGE}), headers or []))
            return
        delta = {key: value for key, value in message.items() if value}
        if "tool_calls" in delta:
            delta["tool_calls"] = [{"index": at, **call} for at, call in enumerate(delta["tool_calls"])]
        steps = ({"role": "assistant", "content": ""}, delta) if delta else ({"role": "assistant", "content": ""},)
        parts: list[dict[str, Any]] = [{"index": 0, "delta": step, "finish_reason": None} for step in steps]
        parts.append({**choice, "delta": {}})
        await x.start_stream()
        chunks = [_envelope(x, "chat.completion.chunk", part) for part in parts]
        await x.send_chunks(*map(replies.event, chunks), replies.DONE)
        await x.send(http1.LAST_CHUNK)

    return act(answer, name)


def _envelope(x: Exchange, kind: str, choice: dict[str, Any]) -> dict[str, Any]:
    return {"id": "chatcmpl-1", "object": kind, "created": 1790000000, "model": x.model, "choices": [choice]}


def refuses(status: int, code: str | None = None, *headers: tuple[str, str], says: str = "No.") -> Fault:
    """A provider that answers with that error."""

    async def answer(x: Exchange) -> None:
        await x.send(http1.message(status, replies.error(says, "invalid_request_error", code), headers))

    return act(answer, f"refuses_{status}")


def begins(*events: int, comment: bytes = b"") -> Fault:
    """A provider that begins its stream with the events of those numbers, or with a comment, and then says no more."""

    async def answer(x: Exchange) -> None:
        await x.start_stream()
        await x.send_chunks(*([comment] if comment else []), *(x.events[number] for number in events))
        await x.peer_ends()

    return act(answer, "begins")


def by_model(**acts: str | Fault) -> Fault:
    """A provider that acts differently for each model; `-` and `.` in their names are `_` here."""
    scripts = {name: (FAULTS[each] if isinstance(each, str) else each) for name, each in acts.items()}

    async def answer(x: Exchange) -> None:
        await scripts[x.model.replace("-", "_").replace(".", "_")].answer(x)

    return act(answer, "by_model")


def one_after_the_other(first: str | Fault, second: str | Fault) -> tuple[Fault, Fault]:
    """Two providers of which the second says nothing before the gateway can have read all that the first has said."""
    acted = asyncio.Event()
    sooner, later = (FAULTS[each] if isinstance(each, str) else each for each in (first, second))

    async def answer_first(x: Exchange) -> None:
        await sooner.answer(x)
        await aio.turn()
        acted.set()

    async def answer_second(x: Exchange) -> None:
        await acted.wait()
        await aio.turn()
        await later.answer(x)

    return act(answer_first, sooner.name), act(answer_second, later.name)


EMPTY = says("empty", content="")
REFUSAL = says("refusal", content=None, refusal="I cannot help with that.")
FILTERED = says("filtered", content="", finish="content_filter")
BROKEN_JSON = says("broken_json", content='{"title": "Soup", "min')
JSON = says("json", content='{"title": "Soup"}')
CALL = says(
    "call",
    content=None,
    finish="tool_calls",
    tool_calls=[{"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"city":"Bonn"}'}}],
)
