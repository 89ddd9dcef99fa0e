"""Names that a provider does not take: another one there, and their own again in the answer."""

import hashlib
import json
import re
from typing import Any

import pytest

from trunkline.formats.conversation import (
    AnyPart,
    Choice,
    Delta,
    Event,
    Message,
    Reply,
    Request,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)
from trunkline.formats.dialect import PLAIN, Dialect
from trunkline.formats.format import Format, Problem
from trunkline.formats.losses import Losses
from trunkline.formats.registry import FORMATS
from trunkline.formats.renaming import Renamed, rename

LONG = "mcp__server__" + "and_" * 30
ODD = "9 lives/β.list"
ANTHROPIC = FORMATS["anthropic_messages"]


def asking(*tools: Tool, **fields: Any) -> Request:
    return Request(format="openai_chat", tools=list(tools), **fields)


def renamed(request: Request, spoken: Format, dialect: Dialect = PLAIN) -> tuple[Request, Renamed]:
    return rename(request, spoken, dialect, Losses())


@pytest.mark.parametrize("spoken", FORMATS.values(), ids=FORMATS)
@pytest.mark.parametrize("name", [LONG, ODD, "ü", "-x", "a" * 129])
def test_every_format_takes_the_other_name(spoken: Format, name: str) -> None:
    request, names = renamed(asking(Tool(name=name)), spoken)
    there = request.tools[0]
    assert isinstance(there, Tool)
    assert spoken.tool_name.fullmatch(there.name)
    assert names.tools.get(name, name) == there.name


def test_names_that_are_taken_are_kept_with_the_request() -> None:
    request = asking(Tool(name="look"), messages=[Message("user", [Text(text="Hi.")])])
    same, names = renamed(request, FORMATS["openai_chat"])
    assert same is request
    assert not names


def test_a_name_is_the_same_wherever_it_stands_and_in_every_turn() -> None:
    call, result = ToolCall(id="1", name=LONG, arguments="{}"), ToolResult(call="1", name=LONG)
    request = asking(
        Tool(name=LONG),
        Tool(name="look"),
        tool_choice=ToolChoice(mode="required", names=[LONG]),
        messages=[Message("assistant", [Text(text="I call."), call]), Message("tool", [result])],
    )
    there, _ = renamed(request, FORMATS["openai_chat"])
    assert there.tool_choice is not None
    (short,) = there.tool_choice.names
    assert [tool.name for tool in there.tools if isinstance(tool, Tool)] == [short, "look"]
    assert [getattr(part, "name", None) for message in there.messages for part in message.parts] == [None, short, short]
    assert (call.name, result.name) == (LONG, LONG), "the client's request is left alone: it may go elsewhere"
    assert renamed(request, FORMATS["openai_chat"])[0] == there


def test_long_names_that_begin_alike_stay_apart() -> None:
    request, _ = renamed(asking(Tool(name=LONG), Tool(name=f"{LONG}b")), FORMATS["openai_chat"])
    assert len({tool.name for tool in request.tools if isinstance(tool, Tool)}) == 2


def test_an_answer_has_its_own_names() -> None:
    _, names = renamed(asking(Tool(name=LONG)), FORMATS["openai_chat"])
    parts: list[AnyPart] = [Text(text="I call."), ToolCall(name=names.tools[LONG]), ToolCall(name="other")]
    reply = Reply(format="openai_chat", choices=[Choice(parts=parts)])
    names.restore(reply)
    assert [part.name for part in reply.choices[0].parts if isinstance(part, ToolCall)] == [LONG, "other"]


class Said:
    """A `StreamWriter` that keeps what it is told."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str]] = []

    def feed(self, event: Event) -> bytes:
        self.calls += [(d.piece.name, d.piece.arguments) for d in event.deltas if isinstance(d.piece, ToolCall)]
        return b"."

    def end(self) -> bytes:
        return b"end"

    def fail(self, problem: Problem) -> bytes:
        return problem.message.encode()


def test_a_stream_has_its_own_names() -> None:
    _, names = renamed(asking(Tool(name=LONG)), FORMATS["openai_chat"])
    said = Said()
    writer = names.writer(said)
    pieces = [ToolCall(id="1", name=names.tools[LONG]), ToolCall(arguments='{"a"'), ToolCall(arguments=":1}")]
    assert b"".join(writer.feed(Event(deltas=[Delta(choice=0, part=0, piece=piece)])) for piece in pieces) == b"..."
    assert said.calls == [(LONG, ""), ("", '{"a"'), ("", ":1}")]
    assert writer.end() == b"end"


PROPERTIES: dict[str, Any] = {
    "type": "object",
    "properties": {
        "filter[name]": {"type": "string"},
        "all": {"type": "array", "items": {"type": "object", "properties": {"$id": {"enum": ["$id"]}}}},
    },
    "required": ["all", "filter[name]"],
}


def test_odd_properties_have_other_names_in_schemas_and_arguments() -> None:
    written = json.dumps({"filter[name]": "$id", "all": [{"$id": 1.0}]})
    call = ToolCall(name="look", arguments=written)
    request = asking(Tool(name="look", parameters=PROPERTIES), messages=[Message("assistant", [call])])
    there, names = renamed(request, ANTHROPIC)
    tool, asked = there.tools[0], there.messages[0].parts[0]
    assert isinstance(tool, Tool)
    assert isinstance(asked, ToolCall)
    assert tool.parameters is not None
    by_own = names.properties["look"]
    assert by_own.keys() == {"filter[name]", "$id"}
    assert all(re.fullmatch(r"[a-zA-Z0-9_.-]{1,64}", name) for name in by_own.values())
    assert tool.parameters["required"] == ["all", by_own["filter[name]"]]
    assert tool.parameters["properties"]["all"]["items"]["properties"] == {by_own["$id"]: {"enum": ["$id"]}}
    assert json.loads(asked.arguments) == {by_own["filter[name]"]: "$id", "all": [{by_own["$id"]: 1.0}]}
    reply = Reply(format="anthropic_messages", choices=[Choice(parts=[asked])])
    names.restore(reply)
    assert json.loads(asked.arguments) == json.loads(written)


def test_arguments_that_are_cut_are_left_as_they_are() -> None:
    _, names = renamed(asking(Tool(name="look", parameters=PROPERTIES)), ANTHROPIC)
    cut = ToolCall(name="look", arguments='{"filter_na')
    names.restore(Reply(format="anthropic_messages", choices=[Choice(parts=[cut])]))
    assert cut.arguments == '{"filter_na'


def test_properties_are_kept_where_any_are_taken() -> None:
    request = asking(Tool(name="look", parameters=PROPERTIES))
    assert renamed(request, FORMATS["openai_chat"])[0] is request


def test_labels_that_are_too_long_become_their_hash() -> None:
    losses = Losses()
    request = asking(user="u" * 65, cache_key="k" * 65)
    there, _ = rename(request, FORMATS["openai_chat"], Dialect(longest_label=64), losses)
    assert there.user == hashlib.sha256(b"u" * 65).hexdigest()
    assert there.cache_key == hashlib.sha256(b"k" * 65).hexdigest()
    assert losses.dropped == ["user"]


def test_labels_that_fit_are_kept() -> None:
    request = asking(user="u" * 64, cache_key="k" * 64)
    assert renamed(request, FORMATS["openai_chat"], Dialect(longest_label=64))[0] is request
    longer = asking(user="u" * 65)
    assert renamed(longer, FORMATS["openai_chat"])[0] is longer
