"""What agents send every day and some providers refuse: the gateway fits it, or says itself what cannot be carried.

Each rule is the provider's own, with the words in which it refuses.
"""

import hashlib
import json
from typing import Any

import anthropic
import pytest
from google import genai
from google.genai import types
from tests.agents import responses_agent
from tests.agents.house import House, Kind
from tests.agents.messages_agent import Agent, Got
from tests.agents.responses_session import STRING, function, message, output
from tests.agents.session import image, picture, result, think
from tests.agents.words import Answer, Say, Use

Json = dict[str, Any]
OPENAI = pytest.mark.parametrize("slug", ["openai-chat", "openai-responses"])


def fault(reason: str) -> pytest.MarkDecorator:
    """What does not work yet."""
    return pytest.mark.xfail(strict=True, reason=reason)


def faulty(reason: str, value: Any) -> Any:
    """A value for which it does not."""
    return pytest.param(value, marks=fault(reason))


def tool(name: str = "look", **schema: Any) -> Json:
    return {"name": name, "description": "Looks.", "input_schema": {"type": "object", "properties": {}, **schema}}


def asks(house: House, kind: Kind, model: str = "", **settings: Any) -> Got:
    """One turn, which must be taken."""
    kind.upstream.follow(Answer(1, (Say("Yes."),)))
    agent = Agent(house.anthropic, model or kind.model, **{"max_tokens": 4000, "tools": [tool()], **settings})
    got = agent.say("Begin.")
    assert not kind.upstream.problems
    return got


@OPENAI
def test_the_long_id_of_a_user_is_hashed(house: House, slug: str) -> None:
    """An agent's names its device, its account and its session, in some 150 characters."""
    kind, user = house.kinds[slug], f"user_{'a' * 64}_account_{'b' * 36}_session_{'c' * 36}"
    got = asks(house, kind, metadata={"user_id": user})
    assert kind.upstream.bodies[-1]["user"] == hashlib.sha256(user.encode()).hexdigest()
    assert "metadata.user_id" in got.dropped


@OPENAI
def test_the_usual_id_of_a_user_is_sent_as_it_is(house: House, slug: str) -> None:
    kind = house.kinds[slug]
    got = asks(house, kind, metadata={"user_id": "u" * 64})
    assert kind.upstream.bodies[-1]["user"] == "u" * 64
    assert "metadata.user_id" not in got.dropped


@OPENAI
def test_a_schema_of_an_array_of_anything(house: House, slug: str) -> None:
    kind = house.kinds[slug]
    inner = {"type": "object", "properties": {"some": {"type": ["array", "null"]}}}
    asks(house, kind, tools=[tool(properties={"all": {"type": "array"}, "inner": {"anyOf": [inner]}})])
    _, _, schema = kind.upstream.heard[-1].tools[0]
    assert schema["properties"]["all"] == {"type": "array", "items": {}}
    assert schema["properties"]["inner"]["anyOf"][0]["properties"]["some"] == {"type": ["array", "null"], "items": {}}


@OPENAI
def test_a_schema_without_properties(house: House, slug: str) -> None:
    kind = house.kinds[slug]
    asks(house, kind, tools=[{**tool(), "input_schema": {"type": "object"}}])
    assert kind.upstream.heard[-1].tools == [("look", "Looks.", {"type": "object", "properties": {}})]


@OPENAI
def test_the_long_name_of_a_tool_of_a_plug_in_is_another_one_there_only(house: House, slug: str) -> None:
    kind, long = house.kinds[slug], "mcp__plugin_of_a_rather_talkative_server__" + "and_" * 10 + "look"
    listed = [tool(long), tool(f"{long}_up")]
    asks(house, kind, tools=listed)
    there, other = (name for name, _, _ in kind.upstream.heard[-1].tools)
    assert there != other
    kind.upstream.follow(Answer(1, (Use(there, {"a": 1}), Use(other, {}))), Answer(2, (Say("Yes."),)))
    agent = Agent(house.anthropic, kind.model, max_tokens=4000, tools=listed)
    got = agent.say("Begin.")
    assert [block.name for block in got.message.content if block.type == "tool_use"] == [long, f"{long}_up"]
    agent.say([result(0, "done"), result(1, "done")])
    assert not kind.upstream.problems
    assert [said[1] for said in kind.upstream.heard[-1].said if said[0] == "call"] == [there, other]


def test_a_long_tool_that_must_be_called_is_called_by_its_other_name(house: House) -> None:
    kind, long = house.kinds["openai-chat"], "look_" * 20
    asks(house, kind, "openai-chat/gpt-4.1", tools=[tool(long)], tool_choice={"type": "tool", "name": long})
    body = kind.upstream.bodies[-1]
    assert body["tool_choice"]["function"]["name"] == body["tools"][0]["function"]["name"] != long


def test_a_name_with_odd_characters_comes_back_to_a_client_of_chat(house: House) -> None:
    kind, long = house.kinds["anthropic"], "read.a.file/" * 12
    there = f"{long[:54].replace('.', '_').replace('/', '_')}_{hashlib.sha256(long.encode()).hexdigest()[:8]}"
    kind.upstream.follow(Answer(1, (Use(there, {}),)))
    listed: Any = [{"type": "function", "function": {"name": long, "parameters": {"type": "object", "properties": {}}}}]
    asked: Any = {"model": kind.model, "messages": [{"role": "user", "content": "Begin."}], "tools": listed}
    deltas = [chunk.choices[0].delta for chunk in house.openai.chat.completions.create(**asked, stream=True)]
    assert not kind.upstream.problems
    assert [name for name, _, _ in kind.upstream.heard[-1].tools] == [there]
    assert [call.function.name for delta in deltas for call in delta.tool_calls or [] if call.function.name] == [long]


def test_a_property_whose_name_one_provider_does_not_take_is_another_one_there_only(house: House) -> None:
    kind = house.kinds["anthropic"]
    listed = function("list", "Lists apps.", ["filter[name]"], **{"filter[name]": STRING, "page": STRING})
    there = f"filter_name__{hashlib.sha256(b'filter[name]').hexdigest()[:8]}"
    kind.upstream.follow(
        Answer(1, (Say("I look."), Use("list", {there: "a", "page": "[1]"}), Use("list", {}))),
        Answer(2, (Say("Yes."),)),
    )
    agent = responses_agent.Agent(house.openai, kind.model, remembers=False, tools=[listed])
    got = agent.say(message("user", "Begin."))
    assert not kind.upstream.problems
    _, _, schema = kind.upstream.heard[-1].tools[0]
    assert (list(schema["properties"]), schema["required"]) == ([there, "page"], [there])
    calls = [item for item in got.response.output if item.type == "function_call"]
    assert [json.loads(call.arguments) for call in calls] == [{"filter[name]": "a", "page": "[1]"}, {}]
    agent.say(output(0, "x"), output(1, "y"))
    assert not kind.upstream.problems
    said = [json.loads(said[2]) for said in kind.upstream.heard[-1].said if said[0] == "call"]
    assert said == [{there: "a", "page": "[1]"}, {}]


def test_stop_sequences_are_refused_where_a_model_takes_none(house: House) -> None:
    kind = house.kinds["openai-chat"]
    kind.upstream.follow(Answer(1, (Say("Yes."),)))
    agent = Agent(house.anthropic, f"{kind.slug}/gpt-5.1", max_tokens=4000, stop_sequences=["</done>"])
    with pytest.raises(anthropic.BadRequestError, match="'stop_sequences' is not supported by this model"):
        agent.say("Begin.")
    assert kind.upstream.bodies == []


def test_stop_sequences_are_sent_where_a_model_takes_them(house: House) -> None:
    kind = house.kinds["openai-chat"]
    asks(house, kind, f"{kind.slug}/gpt-4.1", stop_sequences=["</done>"], tools=[])
    assert kind.upstream.bodies[-1]["stop"] == ["</done>"]


THINKS: Json = {"thinking": {"type": "enabled", "budget_tokens": 2000}}
QUIET: Json = {"thinking": {"type": "disabled"}}


@pytest.mark.parametrize(
    ("model", "settings", "in_responses"),
    [
        ("gpt-5.1", THINKS, False),
        ("gpt-5.4", {}, False),
        ("gpt-5.4", THINKS, True),
        ("gpt-5.5", {}, True),
        ("gpt-5.5", QUIET, False),
        ("gpt-5.5", {**THINKS, "tools": []}, False),
        ("gpt-5.6-terra", {}, True),
        ("gpt-5.2-codex", {"tools": []}, True),
    ],
)
def test_a_model_is_asked_where_it_takes_tools_and_reasons(
    house: House, model: str, settings: Json, in_responses: bool
) -> None:
    """The provider offers both; a client of a third format is led to where tools and reasoning go together."""
    kind = house.kinds["openai-chat"]
    asks(house, kind, f"openai-chat/{model}", **settings)
    assert ("input" in kind.upstream.bodies[-1]) == in_responses


def test_a_client_of_chat_is_led_there_as_well(house: House) -> None:
    kind = house.kinds["openai-chat"]
    kind.upstream.follow(Answer(1, (Use("look", {"a": 1}),)), Answer(2, (Say("Yes."),)))
    listed: Any = [{"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}]
    messages: list[Any] = [{"role": "user", "content": "Begin."}]
    asked: Any = {"model": "openai-chat/gpt-5.6", "tools": listed, "stream": True}
    for expected in ("tool_calls", "stop"):
        chunks = list(house.openai.chat.completions.create(messages=messages, **asked))
        calls = [call for chunk in chunks for choice in chunk.choices for call in choice.delta.tool_calls or []]
        assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == expected
        if calls:
            called = {"id": calls[0].id, "type": "function", "function": {"name": "look", "arguments": '{"a": 1}'}}
            messages += [{"role": "assistant", "tool_calls": [called]}]
            messages += [{"role": "tool", "tool_call_id": calls[0].id, "content": "x"}]
    assert not kind.upstream.problems
    assert all("input" in body for body in kind.upstream.bodies)


def test_a_client_of_chat_is_heard_in_its_own_words_where_it_asks_for_no_reasoning(house: House) -> None:
    kind = house.kinds["openai-chat"]
    kind.upstream.follow(Answer(1, (Say("Yes."),)))
    listed: Any = [
        {"type": "function", "function": {"name": "look", "parameters": {"type": "object", "properties": {}}}}
    ]
    asked: Any = {"messages": [{"role": "user", "content": "Begin."}], "tools": listed, "reasoning_effort": "none"}
    list(house.openai.chat.completions.create(model="openai-chat/gpt-5.6", stream=True, **asked))
    assert kind.upstream.bodies[-1]["messages"] == asked["messages"]


@pytest.mark.parametrize(("temperature", "told"), [(0.2, True), (1, False)])
def test_what_a_model_does_not_take_while_it_reasons_is_left_out(house: House, temperature: float, told: bool) -> None:
    kind = house.kinds["openai-chat"]
    got = asks(house, kind, f"{kind.slug}/gpt-5.5", tools=[], extra_body={"temperature": temperature})
    assert "temperature" not in kind.upstream.bodies[-1]
    assert ("temperature" in got.dropped) == told


def test_what_another_server_of_the_format_does_not_know_is_said_in_its_words(house: House) -> None:
    kind = house.kinds["deepseek"]
    kind.upstream.follow(Answer(1, (Say("Yes."),)))
    messages: list[Any] = [{"role": "developer", "content": "Be brief."}, {"role": "user", "content": "Begin."}]
    asked = house.openai.chat.completions.create(
        model=kind.model, messages=messages, max_completion_tokens=90, stream=True, extra_body={"unheard_of": 1}
    )
    assert "".join(chunk.choices[0].delta.content or "" for chunk in asked if chunk.choices) == "Yes."
    assert not kind.upstream.problems
    body = kind.upstream.bodies[-1]
    assert body["messages"] == [{"role": "system", "content": "Be brief."}, messages[1]]
    assert (body["max_tokens"], body["unheard_of"]) == (90, 1)


def test_the_history_of_another_server_of_the_format_is_taken(house: House) -> None:
    kind, call_id = house.kinds["openai-chat"], "ws_" + "0123456789abcdef" * 3
    kind.upstream.follow(Answer(1, (Say("Yes."),)))
    called = {"id": call_id, "type": "function", "function": {"name": "look", "arguments": "{}"}}
    messages: list[Any] = [
        {"role": "user", "content": "Begin."},
        {"role": "assistant", "tool_calls": [called]},
        {"role": "tool", "tool_call_id": call_id, "content": "done"},
    ]
    list(house.openai.chat.completions.create(model="openai-chat/gpt-4.1", messages=messages, stream=True))
    assert not kind.upstream.problems
    assert ("result", "000", "done") in kind.upstream.heard[-1].said


@pytest.mark.parametrize("slug", ["openai-chat", "openai-responses", "google"])
def test_the_long_ids_of_another_gateway(house: House, slug: str) -> None:
    """Some hide proofs in the ids of calls; an agent's history keeps them when it comes here."""
    kind, call_id = house.kinds[slug], "call_" + "0123456789abcdef" * 8
    kind.upstream.follow(Answer(1, (Say("Yes."),)))
    agent = Agent(house.anthropic, kind.model, max_tokens=4000, tools=[tool()])
    agent.messages = [
        {"role": "user", "content": "Begin."},
        {"role": "assistant", "content": [{"type": "tool_use", "id": call_id, "name": "look", "input": {}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": call_id, "content": "done"}]},
    ]
    agent.ask()
    assert not kind.upstream.problems


@pytest.mark.parametrize(
    "model",
    ["gemini-3-pro-preview", "gemini-2.5-flash"],
)
def test_a_picture_from_a_tool(house: House, model: str) -> None:
    kind = house.kinds["google"]
    kind.upstream.follow(Answer(1, (think("google", 1, "Hm."), Use("look", {}))), Answer(2, (Say("Red."),)))
    agent = Agent(house.anthropic, f"{kind.slug}/{model}", max_tokens=4000, tools=[tool()])
    agent.say("Begin.")
    agent.say([result(0, {"type": "text", "text": "Here:"}, image(200))])
    assert not kind.upstream.problems
    assert kind.upstream.heard[-1].pictures == [picture(200)]


def test_encrypted_reasoning_comes_back_under_its_own_id(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    kind = house.kinds["openai-responses"]
    monkeypatch.setattr(kind.upstream.voice, "binds", True)
    kind.upstream.follow(Answer(1, (think("openai", 1, "Hm."), Use("look", {}))), Answer(2, (Say("Yes."),)))
    agent = Agent(house.anthropic, kind.model, max_tokens=4000, tools=[tool()])
    agent.say("Begin.")
    agent.say([result(0, "done")])
    assert not kind.upstream.problems


@OPENAI
def test_an_answer_that_is_begun_for_a_model_that_does_not_go_on_with_it(house: House, slug: str) -> None:
    kind = house.kinds[slug]
    kind.upstream.follow()
    begun: Any = [{"role": "user", "content": "Is it so? In JSON."}, {"role": "assistant", "content": '{"answer":'}]
    with pytest.raises(anthropic.BadRequestError, match=r"messages\[1\]"):
        house.anthropic.messages.create(model=kind.model, max_tokens=99, messages=begun)
    assert kind.upstream.bodies == []


@pytest.mark.parametrize(
    "response",
    [
        types.FunctionResponse(name="look", response={"error": "no such page"}),
        types.FunctionResponse(name="look", response={"error": ""}),
        types.FunctionResponse(
            name="look",
            response={"error": "as shown"},
            parts=[types.FunctionResponsePart.from_bytes(data=picture(1), mime_type="image/png")],
        ),
    ],
    ids=["in words", "without words", "with a picture"],
)
def test_a_failure_of_a_tool_that_an_agent_of_googles_format_tells(
    house: House, response: types.FunctionResponse
) -> None:
    kind = house.kinds["anthropic"]
    kind.upstream.follow(Answer(1, (Say("I see."),)))
    options = types.HttpOptions(base_url=house.url, retry_options=types.HttpRetryOptions(attempts=1))
    called = types.Part(function_call=types.FunctionCall(name="look", args={}))
    contents: list[Any] = [
        types.Content(role="user", parts=[types.Part(text="Begin.")]),
        types.Content(role="model", parts=[called]),
        types.Content(role="user", parts=[types.Part(function_response=response)]),
    ]
    with genai.Client(api_key="sk-none", http_options=options) as sdk:
        list(sdk.models.generate_content_stream(model=kind.model, contents=contents))
    assert not kind.upstream.problems
