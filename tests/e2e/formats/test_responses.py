"""OpenAI's Responses API with its SDK: what is remembered between requests, over providers that remember nothing."""

import contextlib
from typing import Any

import apsw
import openai
import pytest
from openai.types.responses import Response
from tests.compatibility.scenario import Answer, Call, Thought
from tests.e2e.formats.hall import Hall
from tests.e2e.formats.upstreams import HELLO, MODELS, Act, Upstream, mute, refuses, replies, says
from tests.faults import http1
from tests.faults.connection import Exchange
from tests.running import Background

WEATHER: Any = {
    "type": "function",
    "name": "weather",
    "description": "The weather in a city.",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
        "additionalProperties": False,
    },
    "strict": True,
}
PROOF = "c2lnbmVkIGJ5IHRoZSBtb2RlbCB0aGF0IHJlYXNvbmVk"
CALLS = Answer(calls=(Call("weather", {"city": "Oslo"}),), thought=Thought("I need the weather.", PROOF))
KEEPS_NO_PROOF = ("chat",)
TRANSLATED = [name for name in MODELS if name != "responses"]


@pytest.fixture
def sdk(hall: Hall) -> openai.OpenAI:
    return hall.openai


def ask(sdk: openai.OpenAI, *, stream: bool, **fields: Any) -> Response:
    if not stream:
        whole: Response = sdk.responses.create(**fields)
        return whole
    with sdk.responses.stream(**fields) as events:
        for _ in events:
            pass
        final: Response = events.get_final_response()
        return final


def named(response_id: str, answer: Answer = HELLO) -> Act:
    """`answer` of a provider that speaks Responses, under this id."""

    async def act(upstream: Upstream, x: Exchange) -> None:
        media, body = (upstream.speaker.stream if upstream.streams(x.request) else upstream.speaker.whole)(answer)
        body = body.replace(b'"resp_1"', f'"{response_id}"'.encode())
        await x.send(http1.message(200, body, [("content-type", media)]))

    return act


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("upstream", TRANSLATED)
def test_a_conversation_with_tools_goes_on_by_the_id_of_its_last_response(
    hall: Hall, sdk: openai.OpenAI, upstream: str, stream: bool
) -> None:
    model = MODELS[upstream]
    common: Any = {"model": model, "tools": [WEATHER], "reasoning": {"effort": "low"}, "stream": stream}
    hall.act(upstream, says(CALLS), says(Answer("It is warm.")), says(HELLO))
    first = ask(sdk, input="Weather in Oslo?", instructions="Use the tools.", **common)
    [call] = [item for item in first.output if item.type == "function_call"]
    result: Any = [{"type": "function_call_output", "call_id": call.call_id, "output": "21 degrees"}]
    second = ask(sdk, input=result, previous_response_id=first.id, **common)
    third = ask(sdk, input="Thanks!", previous_response_id=second.id, **common)
    assert (second.output_text, third.output_text) == ("It is warm.", HELLO.text)
    assert (second.previous_response_id, third.previous_response_id) == (first.id, second.id)
    assert len({first.id, second.id, third.id}) == 3

    speaker = hall.upstreams[upstream].speaker
    requests = hall.upstreams[upstream].requests[-3:]
    *_, asked = [speaker.asked(unquoted(request.target), request.json()) for request in requests]
    assert asked.texts == ["Weather in Oslo?", "Thanks!"]
    assert [text for _, text in asked.results] == ["21 degrees"]
    assert asked.system == "", "instructions of one request are not those of the next"
    if upstream not in KEEPS_NO_PROOF:
        second_turn = speaker.asked(unquoted(requests[1].target), requests[1].json())
        assert second_turn.proofs == [PROOF], "the model wants its reasoning back with the result"


def unquoted(target: str) -> str:
    return target.replace("%3A", ":")


def as_it_came(response: Response) -> dict[str, Any]:
    """The response without what the SDK has parsed of a stream."""
    said = response.to_dict()
    for item in said["output"]:  # type: ignore[attr-defined]  # a list of objects
        for part in item["content"]:
            part.pop("parsed", None)
    return said


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("upstream", MODELS)
def test_what_is_kept_is_what_was_answered(hall: Hall, sdk: openai.OpenAI, upstream: str, stream: bool) -> None:
    hall.act(upstream, named("resp_native") if upstream == "responses" else says(HELLO))
    told = ask(sdk, model=MODELS[upstream], input="Hallo", metadata={"a": "b"}, stream=stream)
    assert sdk.responses.retrieve(told.id).to_dict() == as_it_came(told)
    [item] = sdk.responses.input_items.list(told.id).data
    assert item.type == "message"
    assert item.content[0].to_dict() == {"type": "input_text", "text": "Hallo"}
    with pytest.raises(openai.BadRequestError, match="background"):
        sdk.responses.cancel(told.id)


def test_items_are_listed_in_pages(hall: Hall, sdk: openai.OpenAI) -> None:
    said: Any = [{"role": "user", "content": f"{n}"} for n in range(5)]
    told = sdk.responses.create(model=MODELS["chat"], input=said)
    listed: list[Any] = list(sdk.responses.input_items.list(told.id, limit=2, order="asc"))
    found = [item.content[0].text for item in listed]
    assert found == ["0", "1", "2", "3", "4"]
    for wrong in ("9" * 5000, "0", "101", "many"):
        with pytest.raises(openai.BadRequestError) as caught:
            sdk.responses.input_items.list(told.id, extra_query={"limit": wrong})
        assert caught.value.param == "limit"


@pytest.mark.parametrize("upstream", ["chat", "bedrock"])
def test_what_is_deleted_is_gone(hall: Hall, sdk: openai.OpenAI, upstream: str) -> None:
    told = sdk.responses.create(model=MODELS[upstream], input="Hallo")
    sdk.responses.delete(told.id)
    calls: list[Any] = [
        lambda: sdk.responses.retrieve(told.id),
        lambda: sdk.responses.delete(told.id),
        lambda: sdk.responses.input_items.list(told.id),
        lambda: sdk.responses.cancel(told.id),
    ]
    for call in calls:
        with pytest.raises(openai.NotFoundError) as caught:
            call()
        assert caught.value.code == "response_not_found"
    with pytest.raises(openai.BadRequestError) as gone:
        sdk.responses.create(model=MODELS[upstream], input="And?", previous_response_id=told.id)
    assert (gone.value.code, gone.value.param) == ("previous_response_not_found", "previous_response_id")


def test_a_kept_response_is_no_stream(hall: Hall, sdk: openai.OpenAI) -> None:
    told = sdk.responses.create(model=MODELS["chat"], input="Hallo")
    with pytest.raises(openai.BadRequestError, match="as a whole"):
        list(sdk.responses.retrieve(told.id, stream=True))


@pytest.mark.parametrize("stream", [False, True])
def test_nothing_is_kept_of_who_does_not_want_it(hall: Hall, sdk: openai.OpenAI, stream: bool) -> None:
    told = ask(sdk, model=MODELS["anthropic"], input="Hallo", store=False, stream=stream)
    assert told.output_text == HELLO.text
    with pytest.raises(openai.NotFoundError):
        sdk.responses.retrieve(told.id)


def test_another_key_sees_nothing(hall: Hall, sdk: openai.OpenAI) -> None:
    told = sdk.responses.create(model=MODELS["chat"], input="Hallo")
    other = sdk.with_options(api_key="sk-other")
    calls: list[Any] = [other.responses.retrieve, other.responses.delete, other.responses.input_items.list]
    for call in calls:
        with pytest.raises(openai.NotFoundError):
            call(told.id)
    with pytest.raises(openai.BadRequestError) as caught:
        other.responses.create(model=MODELS["chat"], input="And?", previous_response_id=told.id)
    assert caught.value.code == "previous_response_not_found"
    assert sdk.responses.retrieve(told.id).id == told.id


@pytest.mark.parametrize("wrong", [7, ["a"], {"id": "x"}])
def test_an_id_that_is_none_is_refused(hall: Hall, sdk: openai.OpenAI, wrong: Any) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        sdk.responses.create(model=MODELS["chat"], input="Hallo", previous_response_id=wrong)
    assert caught.value.param == "previous_response_id"


def test_nothing_runs_in_the_background(hall: Hall, sdk: openai.OpenAI) -> None:
    for upstream in ("responses", "chat"):
        with pytest.raises(openai.BadRequestError) as caught:
            sdk.responses.create(model=MODELS[upstream], input="Hallo", background=True)
        assert caught.value.param == "background"


@pytest.mark.parametrize("stream", [False, True])
def test_a_provider_without_ids_of_its_own_never_gives_one_twice(hall: Hall, sdk: openai.OpenAI, stream: bool) -> None:
    ids = {ask(sdk, model=MODELS["bedrock"], input="Hallo", stream=stream).id for _ in range(3)}
    ids |= {ask(sdk, model=MODELS["chat"], input="Hallo", stream=stream).id for _ in range(3)}
    assert len(ids) == 6


# Providers that speak Responses themselves


@pytest.mark.parametrize("stream", [False, True])
def test_an_id_goes_back_to_the_provider_that_keeps_it_and_to_no_other(stream: bool) -> None:
    models = {"both": {"route": "fallback", "of": [MODELS["anthropic"], MODELS["responses"]]}}
    with Background() as background, Hall(background, models=models) as hall:
        sdk = hall.openai
        hall.act("responses", named("resp_a"), named("resp_b"))
        first = ask(sdk, model=MODELS["responses"], input="Hallo", stream=stream)
        assert first.id == "resp_a"
        second = ask(sdk, model="both", input="And?", previous_response_id=first.id, stream=stream)
        assert second.id == "resp_b"
        sent = hall.upstreams["responses"].requests[-1].json()
        assert (sent["previous_response_id"], sent["input"]) == ("resp_a", "And?")
        assert not hall.upstreams["anthropic"].requests
        hall.act("responses", refuses(500, "boom"))
        with pytest.raises(openai.InternalServerError):
            ask(sdk, model="both", input="And?", previous_response_id=first.id, stream=stream)
        assert not hall.upstreams["anthropic"].requests


def test_a_conversation_moves_from_the_provider_that_keeps_it_to_one_that_does_not(
    hall: Hall, sdk: openai.OpenAI
) -> None:
    hall.act("responses", named("resp_m1", CALLS), named("resp_m2"))
    first = sdk.responses.create(model=MODELS["responses"], input="Weather in Oslo?", tools=[WEATHER])
    [call] = [item for item in first.output if item.type == "function_call"]
    result: Any = [{"type": "function_call_output", "call_id": call.call_id, "output": "21 degrees"}]
    second = sdk.responses.create(
        model=MODELS["responses"], input=result, tools=[WEATHER], previous_response_id=first.id
    )
    hall.act("anthropic", says(HELLO))
    third = sdk.responses.create(
        model=MODELS["anthropic"], input="Thanks!", tools=[WEATHER], previous_response_id=second.id
    )
    request = hall.upstreams["anthropic"].requests[-1]
    asked = hall.upstreams["anthropic"].speaker.asked(request.target, request.json())
    assert asked.texts == ["Weather in Oslo?", "Thanks!"]
    assert [text for _, text in asked.results] == ["21 degrees"]
    hall.act("responses", named("resp_m4"))
    fourth = sdk.responses.create(model=MODELS["responses"], input="Bye!", previous_response_id=third.id)
    assert fourth.previous_response_id == third.id
    sent = hall.upstreams["responses"].requests[-1].json()
    assert "previous_response_id" not in sent, "it does not know the third"
    assert len(sent["input"]) >= 7


def test_what_is_deleted_is_deleted_at_the_provider_as_well(hall: Hall, sdk: openai.OpenAI) -> None:
    upstream = hall.act("responses", named("resp_d1"), refuses(500, "boom"), replies(200, {"deleted": True}))
    told = sdk.responses.create(model=MODELS["responses"], input="Hallo")
    with pytest.raises(openai.InternalServerError):
        sdk.responses.delete(told.id)
    assert sdk.responses.retrieve(told.id).id == told.id, "nobody is told that it is gone while it is not"
    sdk.responses.delete(told.id)
    assert (upstream.requests[-1].method, upstream.requests[-1].target) == ("DELETE", "/v1/responses/resp_d1")
    assert upstream.requests[-1].header("authorization") == "Bearer sk-upstream"
    with pytest.raises(openai.NotFoundError):
        sdk.responses.retrieve(told.id)
    hall.act("responses", named("resp_d2"), refuses(404, "never heard of it"))
    sdk.responses.delete(sdk.responses.create(model=MODELS["responses"], input="Hallo").id)


@pytest.mark.parametrize("stream", [False, True])
def test_servers_that_number_their_responses_alike_are_not_confused(stream: bool) -> None:
    with Background() as background:
        upstream = background.enter(Upstream("responses"))
        like = {**upstream.provider, "type": "openai_compatible", "format": "openai_responses"}
        with Hall(background, providers={"one": like, "two": like}) as hall:
            sdk = hall.openai
            upstream.act(says(Answer("I am one.")), says(Answer("I am two.")), says(HELLO))
            one = ask(sdk, model="one/m", input="Who?", stream=stream)
            two = ask(sdk, model="two/m", input="Who?", stream=stream)
            assert one.id != two.id
            assert sdk.responses.retrieve(one.id).output_text == "I am one."
            next_one = ask(sdk, model="two/m", input="And?", previous_response_id=one.id, stream=stream)
            assert next_one.previous_response_id == one.id
            said = upstream.requests[-1].json()["input"]
            assert [item["content"][0]["text"] for item in said] == ["Who?", "I am one.", "And?"]
            assert sdk.responses.retrieve(next_one.id).output_text == HELLO.text


@pytest.mark.parametrize("stream", [False, True])
def test_the_names_that_are_changed_change_nothing_else(stream: bool) -> None:
    """Fields that nobody here knows are handed on with the response's own."""
    with Background() as background:
        upstream = background.enter(Upstream("responses"))
        like = {**upstream.provider, "type": "openai_compatible", "format": "openai_responses"}
        with Hall(background, providers={"one": like}) as hall:
            sdk = hall.openai

            async def odd(_: Upstream, x: Exchange) -> None:
                media, body = (upstream.speaker.stream if stream else upstream.speaker.whole)(HELLO)
                known = b'"object": "response"'
                body = body.replace(known, known + b', "novelty": {"id": "resp_1", "n": 1e3}')
                await x.send(http1.message(200, body, [("content-type", media)]))

            upstream.act(odd)
            told = ask(sdk, model="one/m", input="Hallo", stream=stream)
            assert told.id.startswith("resp_")
            assert told.id != "resp_1"
            assert told.to_dict()["novelty"] == {"id": "resp_1", "n": 1000.0}


# What an operator may decide


def test_where_nothing_is_kept_ids_lead_nowhere() -> None:
    with Background() as background, Hall(background, responses={"store": False}) as hall:
        sdk = hall.openai
        told = sdk.responses.create(model=MODELS["chat"], input="Hallo")
        assert told.output_text == HELLO.text
        calls: list[Any] = [
            lambda: sdk.responses.retrieve(told.id),
            lambda: sdk.responses.delete(told.id),
            lambda: sdk.responses.create(model=MODELS["chat"], input="And?", previous_response_id=told.id),
        ]
        for call in calls:
            with pytest.raises(openai.BadRequestError) as caught:
                call()
            assert caught.value.code == "responses_not_kept"


def test_a_store_that_is_away_is_told_and_holds_up_no_answer() -> None:
    with Background() as background, Hall(background) as hall:
        sdk = hall.openai
        told = sdk.responses.create(model=MODELS["chat"], input="Hallo")
        background.run(hall.running.process.remembered.close())  # it is written
        with contextlib.closing(apsw.Connection(str(hall.running.data / "trunkline.db"))) as db:
            db.set_busy_timeout(5000)
            db.execute("ALTER TABLE responses RENAME TO elsewhere")
            calls: list[Any] = [
                lambda: sdk.responses.retrieve(told.id),
                lambda: sdk.responses.delete(told.id),
                lambda: sdk.responses.create(model=MODELS["chat"], input="And?", previous_response_id=told.id),
            ]
            for call in calls:
                with pytest.raises(openai.InternalServerError) as caught:
                    call()
                assert (caught.value.status_code, caught.value.code) == (503, "responses_unavailable")
            assert sdk.responses.create(model=MODELS["chat"], input="Hallo").output_text == HELLO.text
            db.execute("ALTER TABLE elsewhere RENAME TO responses")
        assert sdk.responses.retrieve(told.id).id == told.id


def test_a_long_conversation_is_charged_and_measured_as_a_whole(hall: Hall, sdk: openai.OpenAI) -> None:
    """What was said before counts, though the request that goes on from it is short."""
    hall.act("chat", says(HELLO))
    first = sdk.responses.create(model=MODELS["chat"], input="word " * 20_000)
    hall.act("chat", mute)
    with pytest.raises(openai.APITimeoutError):
        sdk.with_options(timeout=0.3).responses.create(
            model=MODELS["chat"], input="And?", previous_response_id=first.id
        )
    row = hall.row()
    assert row.outcome == "cancelled"
    assert row.input_tokens > 20_000
