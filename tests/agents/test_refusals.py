"""What agents send every day and some providers refuse: the gateway fits it, or says itself what cannot be carried.

Each rule is the provider's own, with the words in which it refuses.
"""

from typing import Any

import anthropic
import openai
import pytest
from google import genai
from google.genai import types
from tests.agents import responses_agent
from tests.agents.house import House, Kind
from tests.agents.messages_agent import Agent
from tests.agents.responses_session import STRING, function, message
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


def asks(house: House, kind: Kind, model: str = "", **settings: Any) -> None:
    """One turn, which must be taken, or refused by the gateway before anything is sent."""
    kind.upstream.follow(Answer(1, (Say("Yes."),)))
    agent = Agent(house.anthropic, model or kind.model, **{"max_tokens": 4000, "tools": [tool()], **settings})
    try:
        agent.say("Begin.")
    except anthropic.BadRequestError:
        assert kind.upstream.bodies == [], kind.upstream.problems


@OPENAI
@fault(
    "a long `metadata.user_id` is sent on: Invalid 'user': string too long. Expected a string with maximum length 64"
)
def test_the_long_id_of_a_user(house: House, slug: str) -> None:
    """An agent's names its device, its account and its session, in some 150 characters."""
    asks(house, house.kinds[slug], metadata={"user_id": f"user_{'a' * 64}_account_{'b' * 36}_session_{'c' * 36}"})


@OPENAI
@fault("Invalid schema for function: In context=('properties', 'all'), array schema missing items.")
def test_a_schema_of_an_array_of_anything(house: House, slug: str) -> None:
    asks(house, house.kinds[slug], tools=[tool(properties={"all": {"type": "array"}})])


@pytest.mark.parametrize(
    "slug",
    [
        faulty("Invalid schema for function: In context=(), object schema missing properties.", "openai-chat"),
        "openai-responses",
    ],
)
def test_a_schema_without_properties(house: House, slug: str) -> None:
    asks(house, house.kinds[slug], tools=[{**tool(), "input_schema": {"type": "object"}}])


@pytest.mark.parametrize(
    "slug",
    [
        "openai-chat",
        faulty("Invalid 'tools[0].name': string too long. Expected a maximum length of 64", "openai-responses"),
    ],
)
def test_the_long_name_of_a_tool_of_a_plug_in(house: House, slug: str) -> None:
    asks(house, house.kinds[slug], tools=[tool("mcp__plugin_of_a_rather_talkative_server__" + "and_" * 10 + "look")])


@fault("tools.0.custom.input_schema.properties: Property keys should match pattern '^[a-zA-Z0-9_.-]{1,64}$'")
def test_a_property_whose_name_one_provider_does_not_take(house: House) -> None:
    kind = house.kinds["anthropic"]
    kind.upstream.follow(Answer(1, (Say("Yes."),)))
    listed = function("list", "Lists apps.", [], **{"filter[name]": STRING})
    agent = responses_agent.Agent(house.openai, kind.model, remembers=False, tools=[listed])
    try:
        agent.say(message("user", "Begin."))
    except openai.BadRequestError:
        assert kind.upstream.bodies == [], kind.upstream.problems


@pytest.mark.parametrize("model", [faulty("'stop' is not supported with this model", "gpt-5.1"), "gpt-4.1"])
def test_stop_sequences_where_a_model_takes_none(house: House, model: str) -> None:
    kind = house.kinds["openai-chat"]
    asks(house, kind, f"{kind.slug}/{model}", stop_sequences=["</done>"], tools=[])


@pytest.mark.parametrize(
    "model",
    ["gpt-5.1", faulty("Function tools with reasoning_effort are not supported in /v1/chat/completions", "gpt-5.5")],
)
def test_tools_for_a_model_that_has_them_in_responses_only(house: House, model: str) -> None:
    """The provider offers both; a client of a third format is to be led to where tools and reasoning go together."""
    thinking = {"type": "enabled", "budget_tokens": 2000}
    asks(house, house.kinds["openai-chat"], f"openai-chat/{model}", thinking=thinking)


@pytest.mark.parametrize(
    "slug",
    [faulty("Invalid 'messages[1].tool_calls[0].id': string too long", "openai-chat"), "openai-responses", "google"],
)
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
    ["gemini-3-pro-preview", faulty("`function_response.parts` is not supported for this model", "gemini-2.5-flash")],
)
def test_a_picture_from_a_tool(house: House, model: str) -> None:
    kind = house.kinds["google"]
    kind.upstream.follow(Answer(1, (think("google", 1, "Hm."), Use("look", {}))), Answer(2, (Say("Red."),)))
    agent = Agent(house.anthropic, f"{kind.slug}/{model}", max_tokens=4000, tools=[tool()])
    agent.say("Begin.")
    agent.say([result(0, {"type": "text", "text": "Here:"}, image(200))])
    assert not kind.upstream.problems
    assert kind.upstream.heard[-1].pictures == [picture(200)]


@fault("The encrypted content for item rs_… could not be verified. Reason: item_id did not match the target item id.")
def test_encrypted_reasoning_comes_back_under_its_own_id(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    kind = house.kinds["openai-responses"]
    monkeypatch.setattr(kind.upstream.voice, "binds", True)
    kind.upstream.follow(Answer(1, (think("openai", 1, "Hm."), Use("look", {}))), Answer(2, (Say("Yes."),)))
    agent = Agent(house.anthropic, kind.model, max_tokens=4000, tools=[tool()])
    agent.say("Begin.")
    agent.say([result(0, "done")])
    assert not kind.upstream.problems


@pytest.mark.parametrize(
    "response",
    [
        types.FunctionResponse(name="look", response={"error": "no such page"}),
        faulty(
            "content cannot be empty if `is_error` is true", types.FunctionResponse(name="look", response={"error": ""})
        ),
        faulty(
            "all content must be type `text` if `is_error` is true",
            types.FunctionResponse(
                name="look",
                response={"error": "as shown"},
                parts=[types.FunctionResponsePart.from_bytes(data=picture(1), mime_type="image/png")],
            ),
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
