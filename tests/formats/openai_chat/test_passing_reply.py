"""What is read of a whole reply, and how errors are written."""

import json
from typing import Any

import pytest

from trunkline.formats.conversation import Request, Usage
from trunkline.formats.format import Problem
from trunkline.formats.openai_chat import FORMAT, write_error

CHOICE = {"index": 0, "message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}


def reply(**fields: Any) -> bytes:
    return json.dumps({"id": "chatcmpl-1", "choices": [CHOICE], **fields}).encode()


def test_usage_and_finish_are_read() -> None:
    facts = FORMAT.look_reply(reply(usage={"prompt_tokens": 12, "completion_tokens": 9, "total_tokens": 21}))
    assert facts.usage == Usage(input=12, output=9)
    assert (facts.finish, facts.choices, facts.error) == ("stop", 1, None)


def test_a_reply_may_lack_usage_finish_and_choices() -> None:
    facts = FORMAT.look_reply(b'{"choices": []}')
    assert (facts.usage, facts.finish, facts.choices, facts.error) == (None, "", 0, None)


def test_an_error_in_a_reply_is_read() -> None:
    error = {"message": "Upstream worker died", "code": 502}
    assert FORMAT.look_reply(json.dumps({"error": error}).encode()).error == error


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"object": "error", "message": "No such model", "code": 404}, "No such model"),
        ({"choices": None, "base_resp": {"status_code": 1008, "status_msg": "no balance"}}, "no balance"),
    ],
)
def test_an_error_without_an_envelope_is_read(body: dict[str, Any], message: str) -> None:
    error: Any = FORMAT.look_reply(json.dumps(body).encode()).error
    assert error["message"] == message


@pytest.mark.parametrize(
    "odd",
    [
        {"usage": "none"},
        {"usage": {"prompt_tokens": "many"}},
        {"choices": [{**CHOICE, "index": None, "logprobs": 1}]},
        {"choices": [CHOICE, None]},
        {"half": "\ud83d"},
    ],
)
def test_a_reply_that_is_not_as_usual_is_one(odd: dict[str, Any]) -> None:
    """The client may know what it means, and it is paid for."""
    facts = FORMAT.look_reply(reply(**odd))
    assert facts.finish == "stop"
    assert facts.usage is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"7",
        b"{}",
        b'{"error": null}',
        b'{"choices": null, "error": ""}',
        b'{"choices": {}}',
        b'{"choices": [',
        b'{"choices": []} x',
        b'{"choices": [{"logprob": NaN}]}',
        b'{"choices": [], "id": "\xff',
        b"[" * 100_000,
        b'{"choices": ' + b"[" * 100_000,
    ],
)
def test_what_is_no_reply_is_told(body: bytes) -> None:
    with pytest.raises(ValueError, match="the reply"):
        FORMAT.look_reply(body)


def test_an_error_is_written_as_openai_writes_it() -> None:
    body = write_error("No", "invalid_request_error", "messages[0]", "invalid_type")
    error = {"message": "No", "type": "invalid_request_error", "param": "messages[0]", "code": "invalid_type"}
    assert json.loads(body) == {"error": error}


def test_the_error_at_the_end_of_a_stream_is_one_event() -> None:
    problem = Problem(status=502, message="Cut: \n\n data", kind="upstream_error", code="stream_truncated")
    event = FORMAT.writer(Request(format="openai_chat")).fail(problem)
    assert event.startswith(b"data: ")
    assert event.endswith(b"}\n\n")
    assert event.count(b"\n") == 2
    assert json.loads(event[6:])["error"]["message"] == "Cut: \n\n data"
