"""A client that leaves in the middle of a translation, a crowd of them, and what is held of a long request."""

import asyncio
import gc
from typing import Any

import anthropic
import openai
import pytest
from tests.e2e.formats import clients
from tests.e2e.formats.hall import PRICE, Hall
from tests.e2e.formats.upstreams import HELLO, MODELS, SPEAKERS, Upstream, in_pieces, mute, stalls
from tests.faults.gateway import gateway
from tests.running import base_url

from trunkline.formats.conversation import Message

AT_ONCE = 0.1
"""Seconds in which the provider's connection must be closed after the client's was."""
SOME = 6
CROWD = 200


@pytest.mark.parametrize("upstream", SPEAKERS)
@pytest.mark.parametrize("client", ["chat", "responses", "anthropic"])
def test_leaving_a_stream_closes_upstream_and_charges_what_was_produced(hall: Hall, client: str, upstream: str) -> None:
    server = hall.act(upstream, stalls(HELLO, after=SOME))
    before = len(server.requests)
    pieces = hall.clients[client].pieces("Hallo " * 50, MODELS[upstream])
    assert next(pieces)
    pieces.close()  # type: ignore[attr-defined]  # a generator: the SDK's stream in it is closed
    request = hall.background.run(server.request(before))
    hall.background.run(server.closed(request.connection, within=AT_ONCE))
    row = hall.row()
    assert (row.outcome, row.provider) == ("cancelled", upstream)
    assert row.output_tokens >= 1
    assert row.input_tokens > 0
    assert row.cost > 0


def test_leaving_before_the_first_output_closes_upstream(hall: Hall) -> None:
    server = hall.act("anthropic", mute)
    before = len(server.requests)
    with pytest.raises(openai.APITimeoutError):
        hall.openai.with_options(timeout=0.2).chat.completions.create(
            model=MODELS["anthropic"], messages=[{"role": "user", "content": "Hallo"}], stream=True
        )
    request = hall.background.run(server.request(before))
    hall.background.run(server.closed(request.connection, within=AT_ONCE))
    assert hall.row().outcome == "cancelled"


@pytest.mark.parametrize("upstream", ["anthropic", "google", "bedrock"])
async def test_a_crowd_of_translated_streams_does_not_mix(upstream: str) -> None:
    """Their events come in shreds, side by side."""

    async def one(sdk: openai.AsyncOpenAI) -> str:
        stream: Any = await sdk.chat.completions.create(
            model=MODELS[upstream], messages=[{"role": "user", "content": "Hallo"}], stream=True
        )
        return "".join([chunk.choices[0].delta.content or "" async for chunk in stream if chunk.choices])

    async with Upstream(upstream) as server:
        server.act(*[in_pieces(HELLO, 37 + number % 60) for number in range(CROWD)])
        provider = {**server.provider, "price": PRICE}
        async with (
            gateway(providers={upstream: provider}) as gw,
            openai.AsyncOpenAI(base_url=base_url(gw), api_key="any", max_retries=0) as sdk,
        ):
            texts = await asyncio.gather(*[one(sdk) for _ in range(CROWD)])
            assert texts == [HELLO.text] * CROWD
            rows = await gw.rows()
    assert len(rows) == CROWD
    assert {(row.outcome, row.usage, row.output_tokens) for row in rows} == {("ok", "provider", HELLO.output)}


@pytest.mark.parametrize("client", clients.ALL)
def test_a_long_request_is_let_go_of_with_the_first_output(hall: Hall, client: str) -> None:
    """A stream may take minutes: what was said to get it is not held for so long."""
    upstream = "bedrock"
    server = hall.act(upstream, stalls(HELLO, after=SOME))
    server._released.clear()
    gc.freeze()  # what is there already need not be looked through
    marker = f"a long story for {client}, "
    pieces = hall.clients[client].pieces(marker * 6000, MODELS[upstream])
    assert next(pieces)

    async def held() -> list[str]:
        gc.collect()
        messages = [found for found in gc.get_objects() if isinstance(found, Message)]
        return [str(part)[:50] for message in messages for part in message.parts if marker in str(part)]

    assert hall.background.run(held()) == []

    async def release() -> None:
        server.release()

    hall.background.run(release())
    assert "".join(pieces)


def test_a_crowd_of_anthropics_clients_leaves_nothing_behind(hall: Hall) -> None:
    for _ in range(10):
        hall.act("chat", stalls(HELLO, after=SOME))
        with (
            anthropic.Anthropic(base_url=hall.url, api_key="sk-app", max_retries=0) as sdk,
            sdk.messages.create(
                model=MODELS["chat"], max_tokens=9, messages=[{"role": "user", "content": "Hallo"}], stream=True
            ) as events,
        ):
            next(iter(events))
    assert [row.outcome for row in hall.rows()[-10:]] == ["cancelled"] * 10
    assert hall.running.process.server.in_flight == 0
