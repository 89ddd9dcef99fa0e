"""The strict upstreams refuse what the real ones refuse, and what was lost on the way is found."""

import copy
from typing import Any

import pytest
from tests.agents.messages_talk import talk_of
from tests.agents.session import image, result, text
from tests.agents.upstream import Speaker
from tests.agents.upstream_chat import Chat
from tests.agents.upstream_google import DUMMY, Google
from tests.agents.upstream_messages import Messages
from tests.agents.upstream_openai import OpenAI
from tests.agents.upstream_responses import Responses
from tests.agents.words import Answer, Think, Use, differences

Json = dict[str, Any]
SAID = Answer(1, (Think("Hm.", "AAAA"), Use("look", {"at": 1})))
"""What each upstream has said before."""
SCHEMA: Json = {"type": "object", "properties": {}}
CHAT: Json = {"model": "gpt-5.1", "messages": [{"role": "user", "content": "?"}]}
FUNCTION: Json = {"type": "function", "function": {"name": "look", "parameters": SCHEMA}}


def refuses(speaker: Speaker, path: str, body: Json, words: str) -> None:
    speaker.stream(SAID)
    with pytest.raises(AssertionError, match=words):
        speaker.hear(path, body)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"user": "u" * 65}, "string too long"),
        ({"stop": ["."]}, "'stop' is not supported"),
        ({"model": "gpt-5.5", "tools": [FUNCTION]}, "Please use /v1/responses"),
        (
            {"tools": [{**FUNCTION, "function": {"name": "look", "parameters": {"type": "object"}}}]},
            "missing properties",
        ),
        ({"messages": [*CHAT["messages"], {"role": "tool", "tool_call_id": "a", "content": ""}]}, "without its call"),
    ],
)
def test_openais_chat(changes: Json, words: str) -> None:
    OpenAI().hear("/v1/chat/completions", CHAT)
    refuses(OpenAI(), "/v1/chat/completions", {**CHAT, **changes}, words)


def test_deepseek_wants_its_reasoning_back() -> None:
    speaker = Chat("deepseek", {}, reasons=True)
    speaker.stream(SAID)
    [call_id] = speaker._thoughts
    call = {"id": call_id, "type": "function", "function": {"name": "look", "arguments": '{"at": 1}'}}
    answered = {"role": "assistant", "content": None, "tool_calls": [call]}
    for reasoning, words in (({}, "Missing `reasoning_content`"), ({"reasoning_content": "?"}, "another thought")):
        messages = [
            *CHAT["messages"],
            {**answered, **reasoning},
            {"role": "tool", "tool_call_id": call_id, "content": ""},
        ]
        refuses(speaker, "/v1/chat/completions", {**CHAT, "messages": messages}, words)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"id": "rs_other"}, "did not match the target item id"),
        ({"encrypted_content": "BBBB"}, "could not be verified"),
        ({"encrypted_content": None}, "not found"),
        ({"summary": []}, "the summary is another one"),
    ],
)
def test_openais_responses(changes: Json, words: str) -> None:
    speaker = Responses()
    speaker.binds = True
    speaker.stream(SAID)
    [(reasoning, _)] = speaker._thoughts.values()
    call = {"type": "function_call", "call_id": "a", "name": "look", "arguments": "{}"}
    output = {"type": "function_call_output", "call_id": "a", "output": ""}

    def asked(item: Json, *others: Json) -> Json:
        body = {"model": "gpt-5.6", "store": False, "include": ["reasoning.encrypted_content"]}
        return {**body, "input": [{"role": "user", "content": "?"}, item, *others]}

    assert speaker.hear("/v1/responses", asked(reasoning, call, output)).proofs == ["AAAA"]
    refuses(speaker, "/v1/responses", asked({**reasoning, **changes}, call, output), words)
    refuses(speaker, "/v1/responses", asked(reasoning, {"role": "assistant", "content": "."}), "another item")


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ({}, "missing a thought_signature"),
        ({"thoughtSignature": DUMMY}, "was lost"),
        ({"thoughtSignature": "BBBB"}, "Invalid thought signature"),
        ({"thoughtSignature": "AAAA", "functionCall": {"name": "look", "args": {}}}, "Corrupted thought signature"),
    ],
)
def test_google(part: Json, words: str) -> None:
    def asked(part: Json, **response: Any) -> Json:
        call = {"functionCall": {"name": "look", "args": {"at": 1}}, **part}
        answered = {"functionResponse": {"name": "look", "response": {"output": ""}, **response}}
        turns = [("user", {"text": "?"}), ("model", call), ("user", answered)]
        return {"contents": [{"role": role, "parts": [part]} for role, part in turns]}

    speaker, path = Google(), "/v1beta/models/gemini-{}:streamGenerateContent?alt=sse"
    speaker.stream(SAID)
    assert speaker.hear(path.format(3), asked({"thoughtSignature": "AAAA"})).proofs == ["AAAA"]
    refuses(speaker, path.format(3), asked(part), words)
    shown = asked({"thoughtSignature": "AAAA"}, parts=[{"inlineData": {"mimeType": "image/png", "data": "AAAA"}}])
    refuses(speaker, path.format("2.5-pro"), shown, "not supported for this model")


CALLED: Json = {"type": "tool_use", "id": "a", "name": "look", "input": {"at": 1}}
THOUGHT: Json = {"type": "thinking", "thinking": "Hm.", "signature": "AAAA"}
DONE: Json = {"type": "tool_result", "tool_use_id": "a"}


@pytest.mark.parametrize(
    ("answered", "results", "words"),
    [
        ([{**THOUGHT, "thinking": "Ha."}, CALLED], [DONE], "Invalid `signature`"),
        ([{**THOUGHT, "signature": "BBBB"}, CALLED], [DONE], "Invalid `signature`"),
        ([{**THOUGHT, "signature": ""}, CALLED], [DONE], "without a signature"),
        ([CALLED], [DONE], "found `tool_use`"),
        ([THOUGHT, CALLED], [text("Stop.")], "without its result"),
        ([THOUGHT, CALLED], [{**DONE, "is_error": True}], "content cannot be empty"),
        ([THOUGHT, CALLED], [{**DONE, "is_error": True, "content": [image(1)]}], "must be type `text`"),
    ],
)
def test_anthropic(answered: list[Json], results: list[Json], words: str) -> None:
    def asked(answered: list[Json], results: list[Json]) -> Json:
        said = [("user", "?"), ("assistant", answered), ("user", results)]
        messages = [{"role": role, "content": content} for role, content in said]
        thinking = {"type": "enabled", "budget_tokens": 1024}
        return {"model": "claude-sonnet-4-5", "max_tokens": 2048, "thinking": thinking, "messages": messages}

    speaker = Messages()
    speaker.stream(SAID)
    assert speaker.hear("/v1/messages", asked([THOUGHT, CALLED], [DONE])).proofs == ["AAAA"]
    refuses(speaker, "/v1/messages", asked(answered, results), words)


def test_what_was_lost_or_stands_elsewhere_is_found() -> None:
    calls = [{"type": "tool_use", "id": name, "name": "look", "input": {"at": name}} for name in "ab"]
    results = [{**result(0, said), "tool_use_id": name} for name, said in zip("ab", ["one", "two"], strict=True)]
    body: Json = {
        "system": "Be brief.",
        "tools": [{"name": "look", "description": "Looks.", "input_schema": SCHEMA}],
        "messages": [
            {"role": "user", "content": [text("Look."), image(1)]},
            {"role": "assistant", "content": [text("I look."), *calls]},
            {"role": "user", "content": [*results, text("Well?")]},
        ],
    }
    asked = talk_of(body)
    same = copy.deepcopy(body)
    same["messages"][2]["content"][:2] = reversed(results)
    assert differences(asked, talk_of(same)) == []
    changes: dict[str, Any] = {
        "a system prompt": lambda other: other.update(system="Be long."),
        "a schema": lambda other: other["tools"][0].update(input_schema={**SCHEMA, "required": ["at"]}),
        "a picture": lambda other: other["messages"][0]["content"].pop(),
        "a text": lambda other: other["messages"][2]["content"].pop(),
        "the order": lambda other: other["messages"][1]["content"].reverse(),
        "arguments": lambda other: other["messages"][1]["content"][2].update(input={"at": "c"}),
        "whose results": lambda other: [
            block.update(tool_use_id=name) for block, name in zip(other["messages"][2]["content"], "ba", strict=False)
        ],
    }
    for what, change in changes.items():
        other = copy.deepcopy(body)
        change(other)
        assert differences(asked, talk_of(other)), what
