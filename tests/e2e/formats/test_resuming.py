"""A stream that breaks off goes on from another model, and the client sees one answer; or an error, never a gap."""

import itertools
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from tests.compatibility.scenario import Answer, Call
from tests.e2e.formats import clients
from tests.e2e.formats.going_on import WAYS, goes_on
from tests.e2e.formats.hall import Hall
from tests.e2e.formats.plain import send
from tests.e2e.formats.upstreams import HELLO, MODELS, breaks_off, refuses, says, stalls, whole_only
from tests.running import Background

SAID = Answer(
    "Der schnelle Fuchs springt über den faulen Hund. It was a sunny day, and 世界 🌍 kept turning.\n\n- one\n- two",
    input=21,
    output=13,
)
PAIRS = [
    ("chat", "anthropic"),
    ("anthropic", "chat"),
    ("responses", "google"),
    ("google", "responses"),
    ("bedrock", "chat"),
]
SOME = 6
"""Events of a stream after which every format has said something, and not all."""


def route(first: str, *others: str, **settings: Any) -> dict[str, Any]:
    of = [MODELS.get(name, name) for name in (first, *others)]
    return {"route": "fallback", "of": of, "on_truncated": "resume", **settings}


@pytest.fixture(scope="module")
def hall() -> Iterator[Hall]:
    models: dict[str, Any] = {f"{first}-{second}": route(first, second) for first, second in PAIRS}
    models["three"] = route("chat", "anthropic", "google")
    models["race"] = route("chat", "race-of-two")
    models["race-of-two"] = {"route": "race", "of": [MODELS["anthropic"], MODELS["google"]]}
    models["off"] = {"route": "fallback", "of": [MODELS["chat"], MODELS["anthropic"]]}
    models["short"] = route("chat", "anthropic", deadline={"total": "300ms"})
    models["silent"] = route("chat", "anthropic", deadline={"gap": "60ms"})
    models["twice"] = route("chat")
    with Background() as background, Hall(background, models=models, retries={"attempts": 2}) as hall:
        yield hall


def heard(hall: Hall, client: str, model: str) -> tuple[str, Exception | None]:
    """What an SDK gives out of a stream, and what it raises then."""
    speaks, pieces = hall.clients[client], list[str]()
    try:
        pieces.extend(speaks.pieces("Hallo", model))
    except speaks.raises as error:
        return "".join(pieces), error
    return "".join(pieces), None


@pytest.mark.parametrize("pair", PAIRS, ids="-".join)
@pytest.mark.parametrize("client", clients.EVERY)
def test_the_next_model_goes_on_wherever_a_stream_broke_off(hall: Hall, client: str, pair: tuple[str, str]) -> None:
    first, second = pair
    events = len(hall.upstreams[first].events(SAID)[1])
    for after, way in zip(range(1, events, 2), itertools.cycle(WAYS), strict=False):
        hall.act(first, breaks_off(SAID, after=after, politely=bool(after % 4 == 1)))
        hall.act(second, goes_on(SAID.text, way))
        assert heard(hall, client, f"{first}-{second}") == (SAID.text, None), (after, way)


def test_ledger_log_counter_and_stream_tell_that_another_went_on() -> None:
    with Background() as background, Hall(background, models={"answer": route("chat", "anthropic")}) as hall:
        hall.act("chat", breaks_off(SAID, after=SOME))
        hall.act("anthropic", goes_on(SAID.text, "exactly"))
        answer = send(hall.running.port, "POST", "/v1/chat/completions", chat("answer"))
        broken, rest = hall.rows()
        counted = msgspec.msgpack.decode(hall.running.process.gateway.metrics.snapshot())
    [line] = hall.running.logged("request")
    assert (broken.outcome, broken.error, broken.attempt) == ("truncated", "stream_truncated", 1)
    assert (rest.outcome, rest.error, rest.attempt, rest.provider) == ("ok", "", 2, "anthropic")
    assert rest.request == broken.request
    assert b"\n\n: resumed by anthropic/claude-sonnet-4-5\n\n" in answer.body
    assert (line["provider"], line["attempts"]) == ("anthropic", 2)
    assert "resumed by anthropic/claude-sonnet-4-5 after" in line["detail"]
    assert counted["trunkline_resumes_total"] == [[[], [1]]]


def chat(model: str, **more: Any) -> dict[str, Any]:
    return {"model": model, "stream": True, "messages": [{"role": "user", "content": "Hallo"}], **more}


def test_the_usage_of_the_whole_answer_is_told(hall: Hall) -> None:
    hall.act("chat", breaks_off(SAID, after=SOME))
    hall.act("anthropic", goes_on(SAID.text, "exactly"))
    before = len(hall.rows())
    chunks = list(hall.openai.chat.completions.create(**chat("chat-anthropic"), stream_options={"include_usage": True}))
    usage = chunks[-1].usage
    broken, rest = hall.rows()[before:]
    assert broken.output_tokens > 0
    assert usage.prompt_tokens == rest.input_tokens == 30
    assert usage.completion_tokens == broken.output_tokens + rest.output_tokens
    assert len({chunk.id for chunk in chunks}) == len({chunk.model for chunk in chunks}) == 1


def test_a_stream_that_breaks_off_twice_goes_on_twice(hall: Hall) -> None:
    hall.act("chat", breaks_off(SAID, after=SOME))
    hall.act("anthropic", breaks_off(SAID, after=12))
    hall.act("google", goes_on(SAID.text, "the tail"))
    assert heard(hall, "chat", "three") == (SAID.text, None)
    assert [row.outcome for row in hall.rows()[-3:]] == ["truncated", "truncated", "ok"]


def test_the_same_model_is_asked_again_where_there_is_no_other(hall: Hall) -> None:
    hall.act("chat", breaks_off(SAID, after=SOME), goes_on(SAID.text, "half a sentence"))
    assert heard(hall, "chat", "twice") == (SAID.text, None)


@pytest.mark.parametrize("client", clients.ALL)
def test_an_answer_that_comes_whole_goes_on_as_well(hall: Hall, client: str) -> None:
    hall.act("chat", breaks_off(HELLO, after=SOME))
    hall.act("anthropic", whole_only)
    assert heard(hall, client, "chat-anthropic") == (HELLO.text, None)


def test_of_a_race_the_first_goes_on(hall: Hall) -> None:
    hall.act("chat", breaks_off(SAID, after=SOME))
    hall.act("anthropic", goes_on(SAID.text, "exactly"))
    google = len(hall.upstreams["google"].requests)
    assert heard(hall, "anthropic", "race") == (SAID.text, None)
    assert len(hall.upstreams["google"].requests) == google


def test_a_model_that_falls_silent_is_gone_on_with(hall: Hall) -> None:
    hall.act("chat", stalls(SAID, after=SOME))
    hall.act("anthropic", goes_on(SAID.text, "exactly"))
    assert heard(hall, "chat", "silent") == (SAID.text, None)
    assert [row.error for row in hall.rows()[-2:]] == ["upstream_timeout", ""]


def test_the_time_for_the_whole_request_is_the_time_for_both(hall: Hall) -> None:
    hall.act("chat", breaks_off(SAID, after=SOME))
    hall.act("anthropic", stalls(SAID, after=3))
    text, error = heard(hall, "chat", "short")
    assert SAID.text.startswith(text)
    assert text
    assert error is not None


def test_it_is_off_unless_it_is_on(hall: Hall) -> None:
    hall.act("chat", breaks_off(SAID, after=SOME))
    text, error = heard(hall, "chat", "off")
    assert SAID.text.startswith(text)
    assert error is not None


def test_what_cannot_be_joined_is_an_error_and_no_repetition(hall: Hall) -> None:
    hall.act("chat", breaks_off(SAID, after=14))
    hall.act("anthropic", says(Answer("Der schnelle Fuchs springt über den Zaun.")))
    text, error = heard(hall, "chat", "chat-anthropic")
    assert SAID.text.startswith(text)
    assert error is not None
    assert "begun anew in other words" in str(error)


@pytest.mark.parametrize("client", clients.ALL)
def test_a_failure_of_the_next_model_is_told_in_the_stream(hall: Hall, client: str) -> None:
    hall.act("chat", breaks_off(SAID, after=SOME))
    hall.act("anthropic", refuses(529, "Overloaded"))
    text, error = heard(hall, client, "chat-anthropic")
    assert SAID.text.startswith(text)
    assert text
    assert error is not None


TOOL = {"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}
CALLS = Answer("Let me see.", calls=(Call("look", {"where": "under the table, and behind the door"}),))


def test_nothing_is_gone_on_with_behind_a_tool_call(hall: Hall) -> None:
    _, events = hall.upstreams["chat"].events(CALLS)
    begun = next(number for number, event in enumerate(events) if b"tool_calls" in event)
    for after in range(begun + 1, len(events) - 3):
        hall.act("chat", breaks_off(CALLS, after=after))
        asked = len(hall.upstreams["anthropic"].requests)
        with pytest.raises(clients.Chat.raises):
            list(hall.openai.chat.completions.create(**chat("chat-anthropic", tools=[TOOL])))
        assert len(hall.upstreams["anthropic"].requests) == asked


def test_words_before_a_tool_call_are_gone_on_with_and_the_call_comes(hall: Hall) -> None:
    hall.act("chat", breaks_off(CALLS, after=2))
    hall.act("anthropic", says(CALLS))
    chunks = list(hall.openai.chat.completions.create(**chat("chat-anthropic", tools=[TOOL])))
    deltas = [chunk.choices[0].delta for chunk in chunks if chunk.choices]
    assert "".join(delta.content or "" for delta in deltas) == CALLS.text
    calls = [call for delta in deltas for call in delta.tool_calls or ()]
    assert [call.function.name for call in calls if call.function.name] == ["look"]


@pytest.mark.parametrize(
    "more", [{"response_format": {"type": "json_object"}}, {"n": 2}, {"logprobs": True}], ids=["json", "n", "logprobs"]
)
def test_what_is_more_than_words_is_not_gone_on_with(hall: Hall, more: dict[str, Any]) -> None:
    hall.act("chat", breaks_off(SAID, after=SOME))
    asked = len(hall.upstreams["anthropic"].requests)
    with pytest.raises(clients.Chat.raises):
        list(hall.openai.chat.completions.create(**chat("chat-anthropic", **more)))
    assert len(hall.upstreams["anthropic"].requests) == asked


def test_an_answer_that_lacks_only_its_end_gets_it(hall: Hall) -> None:
    _, events = hall.upstreams["chat"].events(HELLO)
    stop = next(number for number, event in enumerate(events) if b'"finish_reason": "' in event)
    hall.act("chat", breaks_off(HELLO, after=stop + 1))
    asked = len(hall.upstreams["anthropic"].requests)
    assert heard(hall, "anthropic", "chat-anthropic") == (HELLO.text, None)
    assert len(hall.upstreams["anthropic"].requests) == asked
    assert hall.row().outcome == "truncated"


def test_a_conversation_goes_on_from_an_answer_of_two(hall: Hall) -> None:
    hall.act("chat", breaks_off(SAID, after=SOME))
    hall.act("anthropic", goes_on(SAID.text, "the tail"))
    with hall.openai.responses.stream(model="chat-anthropic", input="Hallo") as stream:
        response = stream.get_final_response()
    assert response.output_text == SAID.text
    said: list[str] = []
    hall.act("chat", goes_on(SAID.text, "exactly", said))
    hall.openai.responses.create(model="chat-anthropic", input="Und?", previous_response_id=response.id)
    assert said == [SAID.text]
