"""Neutral messages into those of a chat request: those that came in this format, one for one."""

from typing import Any

from trunkline.formats.call_ids import fitting
from trunkline.formats.conversation import Foreign, Message, Request, ToolCall, ToolResult
from trunkline.formats.openai_chat.beside import citations_of, write_citations, write_sound
from trunkline.formats.openai_chat.calls import put_signature, write_call, write_function
from trunkline.formats.openai_chat.details import put_reasoning
from trunkline.formats.openai_chat.leftovers import append
from trunkline.formats.openai_chat.parts_write import put_cache, write_content
from trunkline.formats.openai_chat.replay import put_call_signature, replay
from trunkline.formats.openai_chat.sorting import Answer, sort_parts
from trunkline.formats.openai_chat.target import Target
from trunkline.formats.openai_chat.turns_write import role_for, write_turns
from trunkline.formats.openai_chat.words import NAME

Fields = dict[str, Any]
_BETWEEN: Fields = {"role": "assistant", "content": "OK."}
"""What the assistant says between a tool's result and the user where it must say something."""


def write_messages(request: Request, to: Target) -> list[Fields]:
    """The messages of `request` for the target."""
    messages = [_write_own(message, to) for message in request.messages] if to.own else write_turns(request, to)
    if to.dialect.assistant_after_tool:
        messages = _spaced(messages)
        if messages[-1]["role"] == "assistant":
            messages[-1].setdefault("prefix", True)  # it is to go on with what it began to say
    last = request.messages[-1] if request.messages else None
    if last is not None and last.role == "assistant" and not to.own:  # a client of chat means what chat does with it
        to.refused("prefill", last.at)
    return messages


def _spaced(messages: list[Fields]) -> list[Fields]:
    spaced: list[Fields] = []
    for message in messages:
        if message["role"] not in ("tool", "assistant") and spaced and spaced[-1]["role"] == "tool":
            spaced.append(dict(_BETWEEN))
        spaced.append(message)
    return spaced


def _write_own(message: Message, to: Target) -> Fields:
    out = dict(message.extras.get(NAME, {}))
    if message.name and not to.drops("message_name"):
        out["name"] = message.name
    if message.parts and message.parts[-1].spelling.get("cache") == "message":
        put_cache(out, message.parts[-1])
    if message.role == "assistant":
        _write_answer(out, message, to)
    elif message.role == "tool":
        _write_own_result(out, message, to)
    else:
        out["role"] = role_for(message.role, to)
        if message.parts or message.plain:
            out["content"] = write_content(message.parts, message.plain, to)
    return out


def _write_own_result(out: Fields, message: Message, to: Target) -> None:
    out["role"] = message.spelling.get("role", "tool")
    for result in message.parts:
        if not isinstance(result, ToolResult):
            continue
        if result.name:
            out["name"] = result.name
        if out["role"] == "tool" and not (to.as_said and "call" in result.spelling):
            out["tool_call_id"] = fitting(result.call, to.dialect.tool_call_id)
        if result.content or result.plain:
            out["content"] = write_content(result.content, result.plain, to)


def _write_answer(out: Fields, message: Message, to: Target) -> None:
    """What the assistant said."""
    answer = sort_parts(message.parts, own=True)
    _put_reasoning(out, answer, message, to)
    out["role"] = "assistant"
    if answer.content or message.plain:
        out["content"] = write_content(answer.content, message.plain, to)
    if citations := citations_of(answer.content):
        out["annotations"] = write_citations(citations, own=True)
    for sound in answer.sounds:
        out["audio"] = write_sound(sound)
    for refusal in answer.refusals:
        out["refusal"] = refusal.text
    for call in answer.calls:
        _put_own_call(out, call, to)


def _put_own_call(out: Fields, call: ToolCall | Foreign, to: Target) -> None:
    if isinstance(call, Foreign):
        append(out, "tool_calls", call.value)
    elif call.spelling.get("in") == "function_call":
        out["function_call"] = {**out.get("function_call", {}), **write_function(call, own=True)}
    else:
        call_id = fitting(call.id, to.dialect.tool_call_id)
        written = write_call(call, call_id, own=True, as_said=to.as_said)
        put_call_signature(written, call, to)
        if call.cache is not None and call.spelling.get("cache") != "message":
            put_cache(written, call)
        append(out, "tool_calls", written)


def _put_reasoning(out: Fields, answer: Answer, message: Message, to: Target) -> None:
    if not to.as_said:
        replay(out, answer, to)
        if answer.signature:
            put_signature(out, answer.signature)
        return
    for signed in answer.google:
        put_signature(out, signed.signature)
        if "," in signed.spelling["in"]:
            out["thought_signature"] = signed.signature
    if answer.reasoning:
        put_reasoning(out, answer.reasoning, message.spelling.get("reasoning", "reasoning_content"), own=True)
