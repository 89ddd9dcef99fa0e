"""What the request log has of requests of every SDK, before every format of upstream, in either database."""

from collections.abc import Iterator
from typing import Any

import pytest
from tests import services
from tests.e2e.formats.hall import Hall
from tests.e2e.formats.upstreams import HELLO, MODELS, breaks_off, refuses
from tests.e2e.request_log.reading import log_of
from tests.running import Background

from trunkline.formats.dialect import PLAIN
from trunkline.formats.registry import FORMATS
from trunkline.gateway.judging import read_stream
from trunkline.gateway.likeness import said
from trunkline.kept.showing import ShownTranscript

CLIENTS = ("chat", "responses", "anthropic", "google", "mistral")
SPOKEN = {
    "chat": "openai_chat",
    "mistral": "openai_chat",
    "responses": "openai_responses",
    "anthropic": "anthropic_messages",
    "google": "google_generate",
}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def hall(request: pytest.FixtureRequest) -> Iterator[Hall]:
    settings: dict[str, Any] = {"request_log": {"all": {"everywhere": True}}}
    with Background() as background:
        if request.param == "sqlite":
            with Hall(background, **settings) as made:
                yield made
        else:
            server = request.getfixturevalue("postgresql_server")
            with services.new_database(server) as url, Hall(background, store=url, **settings) as made:
                yield made


def log(hall: Hall) -> list[ShownTranscript]:
    return hall.background.run(log_of(hall.running))


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("upstream", MODELS)
@pytest.mark.parametrize("client", CLIENTS)
def test_what_was_said_and_answered_is_kept_as_the_client_saw_it(
    hall: Hall, client: str, upstream: str, stream: bool
) -> None:
    hall.act(upstream)
    question = f"What does {client} ask {upstream}?"
    before = len(log(hall))
    answer = hall.clients[client].say(question, MODELS[upstream], stream=stream)
    *_, entry = log(hall)
    assert len(log(hall)) == before + 1
    assert question in str(entry.input)
    assert entry.format == SPOKEN[client]
    assert (entry.entry.key, entry.entry.status, entry.entry.stream) == ("app", 200, stream)
    assert entry.entry.provider == upstream
    assert entry.whole
    assert not entry.redacted
    assert isinstance(entry.output, str) == stream  # events are a text
    spoken = FORMATS[entry.format]
    told = read_stream(spoken, entry.output.encode()) if stream else spoken.read_reply(entry.output, PLAIN)
    assert said(told) == answer


@pytest.mark.parametrize("stream", [False, True])
def test_an_error_is_kept_with_what_the_client_was_told(hall: Hall, stream: bool) -> None:
    hall.act("chat", refuses(429, "Slow down."))
    client = hall.clients["anthropic"]
    with pytest.raises(client.raises):
        client.say("Too quick?", MODELS["chat"], stream=stream)
    *_, entry = log(hall)
    assert entry.entry.status == 429
    assert entry.entry.error
    assert "Slow down." in entry.message
    assert "Too quick?" in str(entry.input)
    assert entry.output is None


def test_a_request_for_a_model_that_is_not_there_is_kept(hall: Hall) -> None:
    client = hall.clients["chat"]
    with pytest.raises(client.raises):
        client.say("Who are you?", "nobody", stream=False)
    *_, entry = log(hall)
    assert (entry.entry.status, entry.entry.model, entry.attempts) == (404, "nobody", 0)


def test_a_stream_that_was_cut_is_kept_as_far_as_it_came(hall: Hall) -> None:
    hall.act("chat", breaks_off(HELLO, after=3))
    client = hall.clients["chat"]
    with pytest.raises(client.raises):
        client.say("Go on.", MODELS["chat"], stream=True)
    *_, entry = log(hall)
    assert not entry.whole
    assert entry.entry.status >= 500
    assert " aus " in entry.output
    assert "gemacht" not in entry.output
