"""What a request has cost, whatever both sides speak: as the provider says, cached tokens and reasoning included."""

from typing import Any

import pytest
from tests.compatibility.scenario import Answer
from tests.e2e.formats import clients
from tests.e2e.formats.hall import PRICE, Hall
from tests.e2e.formats.upstreams import HELLO, MODELS, SPEAKERS, in_pieces, says

from trunkline.ledger.record import Row

ANSWER = Answer("Grüße aus 世界 🌍, gut gemacht.", input=2100, output=130, cached=500)
COST = round(1000 * (PRICE["input"] * (2100 - 500) + PRICE["cached"] * 500 + PRICE["output"] * 130))
"""Nano-dollars."""


def check(row: Row, upstream: str, *, stream: bool) -> None:
    assert (row.provider, row.outcome, row.usage, row.stream) == (upstream, "ok", "provider", stream)
    assert (row.input_tokens, row.cached_tokens, row.output_tokens) == (2100, 500, 130)
    assert row.cost == COST
    assert row.key == "app"
    assert row.finish


@pytest.mark.parametrize("upstream", SPEAKERS)
@pytest.mark.parametrize("client", clients.ALL)
def test_usage_and_cost_stand_in_the_ledger(hall: Hall, client: str, upstream: str) -> None:
    for stream in (False, True):
        hall.act(upstream, says(ANSWER))
        assert hall.clients[client].say("Hallo", MODELS[upstream], stream=stream) == ANSWER.text
        check(hall.row(), upstream, stream=stream)


@pytest.mark.parametrize("upstream", SPEAKERS)
@pytest.mark.parametrize("size", [1, 7])
def test_however_the_stream_is_cut_into_pieces(hall: Hall, upstream: str, size: int) -> None:
    hall.act(upstream, in_pieces(ANSWER, size))
    assert hall.clients["anthropic"].say("Hallo", MODELS[upstream], stream=True) == ANSWER.text
    check(hall.row(), upstream, stream=True)


@pytest.mark.parametrize("upstream", SPEAKERS)
def test_every_client_is_told_the_same_usage(hall: Hall, upstream: str) -> None:
    hall.act(upstream, *[says(ANSWER)] * 4)
    model, messages = MODELS[upstream], [{"role": "user", "content": "Hallo"}]
    chat: Any = hall.openai.chat.completions.create(model=model, messages=messages).usage  # type: ignore[arg-type, call-overload, unused-ignore]  # a plain message
    assert (chat.prompt_tokens, chat.completion_tokens, chat.prompt_tokens_details.cached_tokens) == (2100, 130, 500)
    responses: Any = hall.openai.responses.create(model=model, input="Hallo").usage
    told = (responses.input_tokens, responses.output_tokens, responses.input_tokens_details.cached_tokens)
    assert told == (2100, 130, 500)
    claude: Any = hall.anthropic.messages.create(model=model, max_tokens=9, messages=messages).usage  # type: ignore[arg-type]  # a plain message
    assert (claude.input_tokens + claude.cache_read_input_tokens, claude.output_tokens) == (2100, 130)
    gemini: Any = hall.google.models.generate_content(model=model, contents="Hallo").usage_metadata
    assert (gemini.prompt_token_count, gemini.candidates_token_count) == (2100, 130)
    assert gemini.cached_content_token_count == 500


@pytest.mark.parametrize("stream", [False, True])
def test_the_cost_is_told_where_it_is_known(hall: Hall, stream: bool) -> None:
    hall.act("anthropic", says(ANSWER))
    said = hall.openai.chat.completions.with_raw_response.create(
        model=MODELS["anthropic"], messages=[{"role": "user", "content": "Hallo"}], stream=stream
    )
    if stream:
        list(said.parse())
    assert said.headers.get("x-trunkline-cost") == (None if stream else f"{COST / 1e9:.9f}")


@pytest.mark.parametrize("wanted", [True, False])
@pytest.mark.parametrize("upstream", SPEAKERS)
def test_a_chat_client_gets_usage_in_a_stream_if_it_asks(hall: Hall, upstream: str, wanted: bool) -> None:
    hall.act(upstream, says(HELLO))
    chunks = list(
        hall.openai.chat.completions.create(
            model=MODELS[upstream],
            messages=[{"role": "user", "content": "Hallo"}],
            stream=True,
            stream_options={"include_usage": wanted},
        )
    )
    told = [chunk.usage.total_tokens for chunk in chunks if chunk.usage is not None]
    assert told == ([34] if wanted else [])
