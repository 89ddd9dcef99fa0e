"""Messages of other formats into those of a chat request, in chat's own grouping."""

from collections.abc import Sequence
from typing import Any

from trunkline.formats.call_ids import fitting
from trunkline.formats.conversation import AnyPart, Request, Text, ToolCall, ToolResult
from trunkline.formats.openai_chat.calls import put_signature, write_call
from trunkline.formats.openai_chat.history import History, Turn
from trunkline.formats.openai_chat.parts_write import write_content
from trunkline.formats.openai_chat.replay import put_call_signature, replay
from trunkline.formats.openai_chat.sorting import sort_parts
from trunkline.formats.openai_chat.target import Target
from trunkline.formats.paths import cache_path

Fields = dict[str, Any]


def role_for(role: str, to: Target) -> str:
    """Who speaks, in the words of the target."""
    if role == "user" or to.as_said:
        return role
    return "user" if "system" in to.refuses else to.dialect.system_role


def write_turns(request: Request, to: Target) -> list[Fields]:
    """The messages of a request of another format."""
    history = History(request, to)
    messages: list[Fields] = []
    shown: list[AnyPart] = []
    """Pictures and the like in results of tools: only the user may show them, so they go before what the user says."""
    for turn in history.turns:
        role = turn.message.role
        if role == "user":
            _say(messages, [*shown, *turn.message.parts], "user", to)
            shown = []
        elif role == "assistant":
            if shown:
                _say(messages, shown, "user", to)
            shown = _answer(messages, turn, history, to)
        else:
            _say(messages, turn.message.parts, role_for(role, to), to)
    if shown:
        _say(messages, shown, "user", to)
    if not messages:
        to.losses.must_refuse(to.term("messages"), f"'{to.term('messages')}' is empty.")
    return messages


def _say(messages: list[Fields], parts: Sequence[AnyPart], role: str, to: Target) -> None:
    """A message of the user or the operator, if there is anything in it."""
    said = list(parts)
    if role != "user":
        for part in said:
            if not isinstance(part, Text):
                to.refuse(part, "instructions may have text only at this model's API.")
        said = [part for part in said if isinstance(part, Text)]
    _tell_hints(said, to)
    said = [part for part in said if not isinstance(part, Text) or part.text]
    content = write_content(said, False, to)
    if content or not messages:
        messages.append({"role": role, "content": content or ""})


def _tell_hints(parts: Sequence[AnyPart], to: Target) -> None:
    for part in parts:
        if part.cache is not None:
            to.losses.drop(cache_path(to.source, to.place(part), part))


def _answer(messages: list[Fields], turn: Turn, history: History, to: Target) -> list[AnyPart]:
    """What the assistant said, and what the tools that it called did; gives back what of that is for the user."""
    answer = sort_parts(turn.message.parts, own=False)
    out: Fields = {"role": "assistant", "content": None}
    replay(out, answer, to)
    _tell_hints(turn.message.parts, to)
    content = [part for part in answer.content if not isinstance(part, Text) or part.text]
    if content:
        out["content"] = write_content(content, False, to) or None
    for part in content:
        if isinstance(part, Text) and part.citations:
            to.losses.drop(to.field(part, "citations"))
    if answer.refusals and content:
        out["refusal"] = answer.refusals[0].text
    elif answer.refusals:
        out["content"] = [{"type": "refusal", "refusal": refusal.text} for refusal in answer.refusals[:1]]
    for shown in (*answer.sounds, *answer.images):
        to.refuse(shown, "what the assistant said may have text only at this model's API.")
    calls = [_call(call, history, to) for call in answer.calls if isinstance(call, ToolCall)]
    if calls:
        out["tool_calls"] = calls
    if answer.signature:
        put_signature(calls[0] if calls else out, answer.signature)
    if out["content"] is not None or calls:
        messages.append(out)
    return [part for result in turn.results for part in _tell(messages, result, history, to)]


def _call(call: ToolCall, history: History, to: Target) -> Fields:
    written = write_call(call, _call_id(call, history, to), own=False)
    put_call_signature(written, call, to)
    return written


def _tell(messages: list[Fields], result: ToolResult, history: History, to: Target) -> list[AnyPart]:
    """The message of a tool; gives back what is no text in it."""
    texts: list[AnyPart] = [part for part in result.content if isinstance(part, Text) and part.text]
    others: list[AnyPart] = [part for part in result.content if not isinstance(part, Text)]
    _tell_hints([result, *result.content], to)
    if result.failed:
        to.losses.drop(to.field(result, "failed"))
    if others and not texts:
        texts = [Text(text="The result is shown below.")]
    call_id = _call_id(result, history, to)
    messages.append({"role": "tool", "tool_call_id": call_id, "content": write_content(texts, False, to)})
    return others


def _call_id(part: ToolCall | ToolResult, history: History, to: Target) -> str:
    """Other formats have longer ones than this one's owner takes."""
    rule = to.dialect.tool_call_id
    return fitting(history.id_of(part), "short" if rule == "any" else rule)
