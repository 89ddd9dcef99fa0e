"""What becomes of answers under a policy: of tool calls, altered pseudonyms, conversations and second attempts."""

import json
from types import ModuleType
from typing import Any

import pytest
from tests.compatibility import (
    client_anthropic,
    client_google,
    client_mistral,
    client_openai_chat,
    client_openai_responses,
)
from tests.compatibility.scenario import Answer, Call, Scenario, Tool
from tests.e2e.formats.hall import Hall
from tests.e2e.formats.plain import send
from tests.e2e.formats.upstreams import MODELS, in_pieces, refuses, says
from tests.running import Background

MAIL = "alice.smith@example.com"
SCHEMA = {"type": "object", "properties": {"to": {"type": "string"}}, "required": ["to"], "additionalProperties": False}
TURN = Scenario(
    "mail",
    f"Write to {MAIL}.",
    (Answer(calls=(Call("mail", {"to": "<EMAIL_1>"}),)), Answer("I wrote to <EMAIL_1>, and <EMAIL_2> has a copy.")),
    tools=(Tool("mail", "Sends a mail.", SCHEMA, f"Sent to {MAIL}, copied to bob@example.org."),),
)
CLIENTS: tuple[ModuleType, ...] = (
    client_openai_chat,
    client_openai_responses,
    client_anthropic,
    client_google,
    client_mistral,
)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("upstream", MODELS)
@pytest.mark.parametrize("client", CLIENTS, ids=lambda module: module.name.replace(" ", "-"))
def test_a_whole_turn_with_a_tool_shows_the_model_only_pseudonyms(
    hall: Hall, client: Any, upstream: str, stream: bool
) -> None:
    found = hall.act(upstream, *(in_pieces(a, 9) if stream else says(a) for a in TURN.answers))
    before = len(found.requests)
    first, last = client.converse(TURN, hall.url, f"private-{upstream}", stream=stream)
    assert first.calls == [Call("mail", {"to": MAIL})]
    assert last.text == f"I wrote to {MAIL}, and bob@example.org has a copy."
    sent = b"".join(bytes(request.body) for request in found.requests[before:])
    assert b"alice" not in sent
    assert b"bob" not in sent


@pytest.mark.parametrize("stream", [False, True])
def test_a_pseudonym_that_the_model_alters_is_known_again(hall: Hall, stream: bool) -> None:
    answer = Answer("Shall I write to [EMAIL_1], `&lt;EMAIL_1&gt;`, EMAIL\\_1 or \\u003cEMAIL_1\\u003e?")
    hall.act("chat", in_pieces(answer, 3) if stream else says(answer))
    told = hall.clients["chat"].say(f"I am {MAIL}.", "private-chat", stream=stream)
    assert told.count(MAIL) == 4


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("front", ["chat", "responses", "anthropic"])
def test_nothing_withheld_is_in_the_bytes_of_an_answer(hall: Hall, front: str, stream: bool) -> None:
    answer = Answer(f"The address is {MAIL}, as you know.", calls=(Call("mail", {"to": MAIL}),))
    hall.act(front, in_pieces(answer, 11) if stream else says(answer))
    paths = {"chat": "/v1/chat/completions", "responses": "/v1/responses", "anthropic": "/v1/messages"}
    body: dict[str, Any] = {"model": f"quiet-{front}", "stream": stream, "max_tokens": 99}
    messages = [{"role": "user", "content": "Which?"}]
    body |= {"input": "Which?"} if front == "responses" else {"messages": messages}
    told = send(hall.running.port, "POST", paths[front], body)
    assert told.status == 200
    assert b"alice" not in told.body
    assert b"[EMAIL]" in told.body


def test_an_answer_in_which_nothing_is_found_keeps_its_bytes(hall: Hall) -> None:
    _, whole = hall.upstreams["chat"].speaker.whole(Answer("Nothing here."))
    hall.act("chat", says(Answer("Nothing here.")))
    body = {"model": "quiet-chat", "messages": [{"role": "user", "content": "Hello."}]}
    assert send(hall.running.port, "POST", "/v1/chat/completions", body).body == whole


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_that_is_too_long_is_withheld(hall: Hall, stream: bool) -> None:
    hall.act("chat", says(Answer("Much more than twenty characters.")))
    speaker = hall.clients["chat"]
    with pytest.raises(speaker.raises, match="length") as caught:
        speaker.say("Go on.", "shaped-chat", stream=stream)
    assert speaker.status(caught.value) == 403
    hall.act("chat", says(Answer("Not so much.")))
    assert speaker.say("Go on.", "shaped-chat", stream=stream) == "Not so much."


@pytest.mark.parametrize("stream", [False, True])
def test_a_call_of_a_tool_that_is_not_allowed_is_withheld(hall: Hall, stream: bool) -> None:
    hall.act("chat", says(Answer(calls=(Call("delete_all", {"really": True}),))))
    body = {"model": "tools-chat", "stream": stream, "messages": [{"role": "user", "content": "Hello."}]}
    told = send(hall.running.port, "POST", "/v1/chat/completions", body)
    assert b"guard_withheld" in told.body
    assert b"delete_all" not in told.body


@pytest.mark.parametrize("stream", [False, True])
def test_a_conversation_that_goes_on_shows_no_provider_more_than_pseudonyms(hall: Hall, stream: bool) -> None:
    found = hall.act("responses", says(Answer("Hello <EMAIL_1>.")), says(Answer("<EMAIL_1> and <EMAIL_2>.")))
    sdk = hall.openai
    first = sdk.responses.create(model="private-responses", input=f"I am {MAIL}.")
    assert first.output_text == f"Hello {MAIL}."
    hall.background.run(hall.running.idle())
    second = sdk.responses.create(
        model="private-responses", input="And bob@example.org?", previous_response_id=first.id, stream=False
    )
    assert second.output_text == f"{MAIL} and bob@example.org."
    sent = found.requests[-1].json()
    assert "previous_response_id" not in sent
    assert MAIL not in json.dumps(sent)
    assert "<EMAIL_1>" in json.dumps(sent["input"][0])


@pytest.fixture(scope="module")
def routes(hall: Hall) -> Any:
    del hall
    several = {
        "fall": {"route": "fallback", "of": ["anthropic/claude-sonnet-4-5", "chat/gpt-5.1"], "guard": "private"},
        "race": {"route": "race", "of": ["anthropic/claude-sonnet-4-5", "chat/gpt-5.1"], "guard": ["private", "quiet"]},
        "inner": {"route": "fallback", "of": ["chat/gpt-5.1"], "guard": "private"},
        "outer": {"route": "fallback", "of": ["inner"]},
        "failing": {"route": "fallback", "of": ["chat/gpt-5.1"], "on_failure": {"error": "inner"}},
    }
    policies = {
        "private": {"input": [{"pii": "email", "action": "pseudonymise"}]},
        "quiet": {"output": [{"words": ["forbidden"], "action": "redact"}]},
        "all": {"everywhere": True, "input": [{"words": ["nowhere"]}]},
        "keyed": {"input": [{"words": ["unkeyed"]}]},
    }
    keys = [{"name": "app", "key": "sk-app"}, {"name": "other", "key": "sk-other", "guard": "keyed"}]
    with Background() as background, Hall(background, guard=policies, models=several, keys=keys) as hall:
        yield hall


@pytest.mark.parametrize("stream", [False, True])
def test_the_second_attempt_is_under_the_same_policies(routes: Hall, stream: bool) -> None:
    routes.act("anthropic", refuses(500, "Oh."))
    found = routes.act("chat", says(Answer("To <EMAIL_1>.")))
    assert routes.clients["chat"].say(f"Write to {MAIL}.", "fall", stream=stream) == f"To {MAIL}."
    assert b"alice" not in found.requests[-1].body


@pytest.mark.parametrize("stream", [False, True])
def test_whoever_wins_a_race_is_under_all_policies(routes: Hall, stream: bool) -> None:
    for name in ("anthropic", "chat"):
        routes.act(name, says(Answer("It is forbidden to write to <EMAIL_1>.")))
    told = routes.clients["chat"].say(f"Write to {MAIL}.", "race", stream=stream)
    assert told == f"It is [TERM] to write to {MAIL}."


def test_the_policies_of_routes_within_routes_hold(routes: Hall) -> None:
    found = routes.act("chat", says(Answer("To <EMAIL_1>.")))
    assert routes.clients["chat"].say(f"Write to {MAIL}.", "outer", stream=False) == f"To {MAIL}."
    assert b"alice" not in found.requests[-1].body


def test_a_failure_leads_to_no_route_whose_policies_were_not_applied(routes: Hall) -> None:
    found = routes.act("chat", refuses(500, "Oh."), says(Answer("Hello.")))
    before = len(found.requests)
    speaker = routes.clients["chat"]
    with pytest.raises(speaker.raises):
        speaker.say("Hello.", "failing", stream=False)
    assert len(found.requests) == before + 1


@pytest.mark.parametrize(("key", "text", "status"), [
    ("sk-app", "nowhere", 400),
    ("sk-other", "nowhere", 400),
    ("sk-other", "unkeyed", 400),
    ("sk-app", "unkeyed", 200),
])  # fmt: skip
def test_policies_hold_for_keys_and_everywhere(routes: Hall, key: str, text: str, status: int) -> None:
    routes.act("chat")
    body = {"model": "chat/gpt-5.1", "messages": [{"role": "user", "content": text}]}
    assert send(routes.running.port, "POST", "/v1/chat/completions", body, key=key).status == status
