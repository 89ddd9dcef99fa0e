"""A gateway that keeps answers, before an upstream that counts what it is asked, and clients of two formats."""

import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import anthropic
import openai
from tests.e2e.house import PRICE
from tests.faults import client
from tests.faults.client import Response, connect
from tests.faults.gateway import RunningGateway, gateway
from tests.faults.server import FaultServer
from tests.running import base_url

HOUR = {"ttl": "1h"}
QUESTION: Any = [{"role": "user", "content": "What is a trunk line?"}]


@dataclass
class Cached:
    """What `cached` gives."""

    upstream: FaultServer
    running: RunningGateway
    chat: openai.AsyncOpenAI
    messages: anthropic.AsyncAnthropic

    @property
    def asked(self) -> int:
        """How often upstream was asked."""
        return len(self.upstream.requests)

    async def post(self, *, headers: dict[str, str] | None = None, body: bytes = b"", **fields: Any) -> Response:
        """The whole response to a chat request of the question, or of `body`."""
        said = body or json.dumps({"model": "openai/normal", "messages": QUESTION} | fields).encode()
        async with connect(self.running.port) as raw:
            await raw.send(client.request(body=said, headers=(headers or {}).items()))
            return await raw.response()

    async def result(self, **request: Any) -> str | None:
        """What `x-trunkline-cache` says of `post`."""
        return (await self.post(**request)).header("x-trunkline-cache")

    async def say(self, *, form: str = "chat", stream: bool = False, model: str = "openai/normal") -> str:
        """The answer's text, by the SDK of that format."""
        if form == "chat" and stream:
            pieces = await self.chat.chat.completions.create(model=model, messages=QUESTION, stream=True)
            return "".join([chunk.choices[0].delta.content or "" async for chunk in pieces if chunk.choices])
        if form == "chat":
            said = await self.chat.chat.completions.create(model=model, messages=QUESTION)
            return said.choices[0].message.content or ""
        if stream:
            async with self.messages.messages.stream(model=model, messages=QUESTION, max_tokens=100) as events:
                return await events.get_final_text()
        whole = await self.messages.messages.create(model=model, messages=QUESTION, max_tokens=100)
        return "".join([block.text for block in whole.content if block.type == "text"])


@contextlib.asynccontextmanager
async def cached(
    cache: dict[str, Any] | None = None, upstream: FaultServer | None = None, **settings: Any
) -> AsyncIterator[Cached]:
    """`cache` is that section of the configuration, by default an hour; `upstream` may be asked by others as well."""
    async with contextlib.AsyncExitStack() as stack:
        server = upstream if upstream is not None else await stack.enter_async_context(FaultServer())
        running = await stack.enter_async_context(gateway(**configured(server, cache, **settings)))
        root = f"http://127.0.0.1:{running.port}"
        chat = openai.AsyncOpenAI(base_url=base_url(running), api_key="any", max_retries=0)
        messages = anthropic.AsyncAnthropic(base_url=root, api_key="any", max_retries=0)
        await stack.enter_async_context(chat)
        await stack.enter_async_context(messages)
        yield Cached(server, running, chat, messages)


def configured(upstream: FaultServer, cache: dict[str, Any] | None = None, **settings: Any) -> dict[str, Any]:
    """The configuration of such a gateway."""
    provider = {"base_url": upstream.url, "api_key": "sk-upstream", "price": PRICE}
    house = {**provider, "type": "openai_compatible"}
    return {"providers": {"openai": provider, "house": house}, "cache": HOUR if cache is None else cache, **settings}
