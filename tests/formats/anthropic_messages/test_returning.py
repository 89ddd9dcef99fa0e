"""Thinking that comes back to a provider of this format, as bytes and written anew: both take out the same."""

from typing import Any

import msgspec
import pytest
from tests.formats.anthropic_messages.speaking import document

from trunkline.formats.anthropic_messages import FORMAT
from trunkline.formats.dialect import PLAIN, Dialect
from trunkline.formats.document import Document
from trunkline.formats.format import Place
from trunkline.formats.losses import Losses
from trunkline.formats.sealed import Sealed, seal

Json = dict[str, Any]
CLAUDE = Dialect(issuer="anthropic", thinks="budget")
SIGNATURE = "EqoBCkgI" * 20
SIGNED: Json = {"type": "thinking", "thinking": "Hm.", "signature": SIGNATURE}
HIDDEN: Json = {"type": "redacted_thinking", "data": SIGNATURE}
CALL: Json = {"type": "tool_use", "id": "c1", "name": "f", "input": {}}
RESULT: Json = {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c1", "content": "x"}]}
ASKED: Json = {"role": "user", "content": "?"}
FOREIGN = {
    "empty": {**SIGNED, "signature": ""},
    "none": {"type": "thinking", "thinking": "Hm."},
    "an id in its place": {**SIGNED, "signature": "0f0fe0f8-9b3c-4b3d-8c5e-1d2f3a4b5c6d"},
    "sealed": {**SIGNED, "signature": seal(Sealed("google", "AY89a1"))},
    "sealed without words": {"type": "redacted_thinking", "data": seal(Sealed("openai", "", "gAAAAABp"))},
}


def passed(value: Json, dialect: Dialect = CLAUDE) -> tuple[Json, list[str]]:
    body, losses = msgspec.json.encode(value), Losses()
    found = Document(body, 100)
    sent = FORMAT.edit(found, FORMAT.look(found.value, Place(), len(body)), value["model"], dialect, losses)
    return msgspec.json.decode(sent), losses.dropped


def written(value: Json, dialect: Dialect = CLAUDE) -> tuple[Json, list[str]]:
    losses = Losses()
    sent = FORMAT.write_request(FORMAT.read_request(value, Place()), dialect, losses)
    return msgspec.json.decode(msgspec.json.encode(sent)), losses.dropped


both = pytest.mark.parametrize("sent", [passed, written])


@both
@pytest.mark.parametrize("thought", FOREIGN.values(), ids=FOREIGN)
def test_what_anthropic_would_refuse_is_left_out_and_named(sent: Any, thought: Json) -> None:
    value = document(messages=[ASKED, {"role": "assistant", "content": [SIGNED, thought, HIDDEN, CALL]}, RESULT])
    found, dropped = sent(value)
    assert found["messages"] == [ASKED, {"role": "assistant", "content": [SIGNED, HIDDEN, CALL]}, RESULT]
    assert dropped == ["messages[1].content[1]"]


@both
def test_other_servers_judge_what_is_not_sealed(sent: Any) -> None:
    content = [FOREIGN["empty"], FOREIGN["none"], FOREIGN["sealed"], CALL]
    value = document(messages=[ASKED, {"role": "assistant", "content": content}, RESULT])
    found, dropped = sent(value, PLAIN)
    assert found["messages"][1]["content"] == [FOREIGN["empty"], FOREIGN["none"], CALL]
    assert dropped == ["messages[1].content[2]"]


@both
def test_a_message_of_nothing_else_is_left_out(sent: Any) -> None:
    value = document(messages=[ASKED, {"role": "assistant", "content": [FOREIGN["empty"]]}, ASKED])
    assert sent(value)[0]["messages"] == [ASKED, ASKED]


@both
def test_with_a_budget_an_open_turn_without_its_thinking_goes_on_without(sent: Any) -> None:
    messages = [ASKED, {"role": "assistant", "content": []}, ASKED]
    messages += [{"role": "assistant", "content": [FOREIGN["empty"], CALL]}, RESULT]
    value = document(messages=messages, thinking={"type": "enabled", "budget_tokens": 1024}, max_tokens=4000)
    found, dropped = sent(value)
    assert found["thinking"] == {"type": "disabled"}
    assert dropped == ["messages[3].content[0]", "thinking"]
    found, dropped = sent({**value, "messages": [*messages, {"role": "assistant", "content": "Yes."}, ASKED]})
    assert found["thinking"] == value["thinking"]
    assert dropped == ["messages[3].content[0]"]


def test_only_the_message_that_is_repaired_changes_its_bytes() -> None:
    signed = b'{ "role": "assistant", "content": [ {"thinking":"\\u0041","signature":"%s","type":"thinking"} ] }'
    signed %= SIGNATURE.encode()
    unsigned = b'{"role":"assistant","content":[{"type":"thinking","thinking":"a","signature": ""},'
    unsigned += b'{"type":"text","text":"b"}]}'
    body = b'{"model":"m","max_tokens":1e2,"messages":[%s,%s]}' % (signed, unsigned)
    found = Document(body, 10)
    asked = FORMAT.look({**found.value, "max_tokens": 100}, Place(), len(body))
    repaired = b'{"role":"assistant","content":[{"type":"text","text":"b"}]}'
    assert FORMAT.edit(found, asked, "m", CLAUDE, Losses()) == body.replace(unsigned, repaired)
    alone = Document(body.replace(b"," + unsigned, b""), 10)
    assert signed in FORMAT.edit(alone, asked, "m", CLAUDE, Losses())


@pytest.mark.parametrize(
    "content",
    ["thinking", None, ["x"], [{"type": "thinking", "thinking": 5}], [{"type": "redacted_thinking"}]],
)
def test_what_is_wrong_otherwise_is_left_for_the_provider_to_tell(content: Any) -> None:
    value = document(messages=[ASKED, {"role": "assistant", "content": content}, ASKED], thinking={"type": "adaptive"})
    assert passed(value) == (value, [])
