"""What becomes of a request under a policy, to the byte."""

import base64
import json
from typing import Any

import pytest
from tests.compatibility.scenario import Answer
from tests.e2e.formats.hall import Hall
from tests.e2e.formats.plain import Plain, send
from tests.e2e.formats.upstreams import says

MAIL = "alice.smith@example.com"
NOVELTY: Any = {"deep": [{"er": None, "n": 1e2, "text": "ü"}]}
PATHS = {"chat": "/v1/chat/completions", "responses": "/v1/responses", "anthropic": "/v1/messages"}


def path(front: str, model: str) -> str:
    return PATHS.get(front, f"/v1beta/models/{model}:generateContent")


def asking(front: str, policy: str, text: str) -> dict[str, Any]:
    """A request in the format of `front`, with fields that only a provider of it knows."""
    content: dict[str, dict[str, Any]] = {
        "chat": {"messages": [{"role": "user", "content": text}], "temperature": 1},
        "responses": {"input": [{"role": "user", "content": text}], "store": False},
        "anthropic": {"messages": [{"role": "user", "content": text}], "max_tokens": 90},
        "google": {"contents": [{"role": "user", "parts": [{"text": text}]}], "generationConfig": {"topK": 3}},
    }
    named = {} if front == "google" else {"model": f"{policy}-{front}"}
    return {"novelty": NOVELTY, **content[front], **named}


def post(hall: Hall, front: str, policy: str, body: dict[str, Any]) -> Plain:
    raw = json.dumps(body, ensure_ascii=False, indent=1).encode()
    return send(hall.running.port, "POST", path(front, f"{policy}-{front}"), raw)


@pytest.mark.parametrize("front", ["chat", "responses", "anthropic", "google"])
def test_a_request_in_which_nothing_is_found_keeps_its_bytes(hall: Hall, front: str) -> None:
    body = asking(front, "private", "Is 1e2 a number?")
    found = hall.act(front)
    assert post(hall, front, "private", body).status == 200
    sent = found.requests[-1].body.decode()
    for name, value in body.items():
        if name != "model":
            assert json.dumps(value, ensure_ascii=False, indent=1).replace("\n", "\n ") in sent


@pytest.mark.parametrize("front", ["chat", "responses", "anthropic", "google"])
def test_only_the_text_that_is_found_changes(hall: Hall, front: str) -> None:
    body = asking(front, "private", f"Write to {MAIL}.")
    found = hall.act(front)
    assert post(hall, front, "private", body).status == 200
    sent = found.requests[-1].json()
    expected = json.loads(json.dumps(body).replace(MAIL, "<EMAIL_1>"))
    if front != "google":
        expected["model"] = sent["model"]
    assert sent == expected
    assert '"n": 100.0' in found.requests[-1].body.decode()  # untouched fields keep their bytes


@pytest.mark.parametrize(
    "text",
    [
        "My card: ４２４２ ４２４２ ４２４２ ４２４２",
        "My card: ٤٢٤٢٤٢٤٢٤٢٤٢٤٢٤٢",
        "My card: 4242\u200b4242\u200b4242\u200b4242",
    ],
)
def test_digits_of_other_scripts_and_invisible_characters_hide_nothing(hall: Hall, text: str) -> None:
    found = hall.act("chat")
    assert post(hall, "chat", "private", asking("chat", "private", text)).status == 200
    assert found.requests[-1].json()["messages"][0]["content"] == "My card: <CARD_1>"


def test_a_text_file_in_base64_is_looked_into(hall: Hall) -> None:
    data = base64.b64encode(f"Name: Alice\nMail: {MAIL}\n".encode()).decode()
    part = {"type": "file", "file": {"filename": "a.txt", "file_data": f"data:text/plain;base64,{data}"}}
    body = asking("chat", "private", "") | {"messages": [{"role": "user", "content": [part]}]}
    found = hall.act("chat")
    assert post(hall, "chat", "private", body).status == 200
    [sent] = found.requests[-1].json()["messages"][0]["content"]
    text = base64.b64decode(sent["file"]["file_data"].partition(",")[2]).decode()
    assert text == "Name: Alice\nMail: <EMAIL_1>\n"


def test_tool_calls_and_their_results_are_looked_into_wherever_they_stand(hall: Hall) -> None:
    call = {
        "id": "call_1",
        "type": "function",
        "function": {"name": "mail", "arguments": '{"to":"alice.smith\\u0040example.com"}'},
    }
    messages = [
        {"role": "user", "content": "Do it."},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": f"Sent to {MAIL}, copy to bob@example.org."},
        {"role": "user", "content": "Thanks."},
    ]
    found = hall.act("chat")
    assert post(hall, "chat", "private", asking("chat", "private", "") | {"messages": messages}).status == 200
    sent = found.requests[-1].json()["messages"]
    assert json.loads(sent[1]["tool_calls"][0]["function"]["arguments"]) == {"to": "<EMAIL_1>"}
    assert sent[2]["content"] == "Sent to <EMAIL_1>, copy to <EMAIL_2>."


@pytest.mark.parametrize("front", ["chat", "responses", "anthropic", "google"])
def test_what_a_policy_puts_in_stands_in_every_format(hall: Hall, front: str) -> None:
    found = hall.act(front)
    assert post(hall, front, "house", asking(front, "house", "Hello.")).status == 200
    sent = found.requests[-1].json()
    assert sent["novelty"] == NOVELTY
    told = json.dumps(sent)
    assert told.index("House rule one.") < told.index("House rule two.")
    match front:
        case "chat":
            assert [message["role"] for message in sent["messages"]] == ["system", "user"]
            assert (sent["temperature"], sent["max_completion_tokens"]) == (0.5, 50)
        case "responses":
            assert "House rule one." in sent["instructions"] + json.dumps(sent["input"])
            assert (sent["temperature"], sent["max_output_tokens"]) == (0.5, 50)
        case "anthropic":
            assert [block["text"] for block in sent["system"]] == ["House rule one.", "House rule two."]
            assert (sent["temperature"], sent["max_tokens"]) == (0.5, 50)
        case _:
            config = sent["generationConfig"]
            assert (config["temperature"], config["maxOutputTokens"], config["topK"]) == (0.5, 50, 3)


def test_instructions_of_its_own_stand_between_those_of_the_policy(hall: Hall) -> None:
    messages = [{"role": "system", "content": "Mine."}, {"role": "user", "content": "Hello."}]
    found = hall.act("chat")
    assert post(hall, "chat", "house", asking("chat", "house", "") | {"messages": messages}).status == 200
    [system, _] = found.requests[-1].json()["messages"]
    assert [part["text"] for part in system["content"]] == ["House rule one.", "Mine.", "House rule two."]


def test_only_tools_that_are_allowed_are_offered(hall: Hall) -> None:
    found = hall.act("chat")
    before = len(found.requests)
    tool = {"type": "function", "function": {"name": "delete_all", "parameters": {"type": "object"}}}
    answer = post(hall, "chat", "tools", asking("chat", "tools", "Hello.") | {"tools": [tool]})
    assert (answer.status, answer.json()["error"]["code"]) == (403, "guard_refused")
    assert len(found.requests) == before


def test_only_models_that_are_allowed_are_asked(hall: Hall) -> None:
    body = asking("chat", "tools", "Hello.") | {"models": ["private-chat"]}
    answer = post(hall, "chat", "tools", body)
    assert (answer.status, answer.json()["error"]["type"]) == (403, "permission_error")


def test_what_was_decided_is_told_without_any_text(hall: Hall) -> None:
    hall.act("chat", says(Answer("Done: <EMAIL_1>.")))
    answer = post(hall, "chat", "private", asking("chat", "private", f"Write to {MAIL}, {MAIL}."))
    assert answer.headers["x-trunkline-guard"] == "private.input[0].pii=pseudonymise;n=2"
    hall.background.run(hall.running.idle())
    counted = hall.running.process.gateway.guard_decisions
    assert counted["private.input[0].pii", "pseudonymise"] >= 2
    assert MAIL not in hall.running.text()


def test_tokens_are_counted_without_sending_what_was_not_looked_at(hall: Hall) -> None:
    found = hall.act("anthropic")
    before = len(found.requests)
    body = asking("anthropic", "private", f"Write to {MAIL}.")
    answer = send(hall.running.port, "POST", "/v1/messages/count_tokens", body)
    assert (answer.status, answer.headers["x-trunkline-estimated"]) == (200, "true")
    assert len(found.requests) == before
