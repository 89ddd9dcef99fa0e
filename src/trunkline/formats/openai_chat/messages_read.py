"""Messages of a chat request into neutral ones."""

from collections.abc import Callable
from typing import Any

from trunkline.formats.conversation import AnyPart, Audio, Citation, Message, Refusal, Role, Text, ToolCall, ToolResult
from trunkline.formats.format import ShapeError
from trunkline.formats.openai_chat.calls import google_reasoning, take_calls
from trunkline.formats.openai_chat.details import take_reasoning
from trunkline.formats.openai_chat.parts_read import missing, read_parts, take_cache
from trunkline.formats.openai_chat.words import NAME

Fields = dict[str, Any]
_USUAL = frozenset({"content", "tool_calls"})


def read_messages(values: list[Fields]) -> list[Message]:
    """The messages of a request. Raises `ShapeError` for a role that nobody knows."""
    if not values:
        said = "Invalid 'messages': empty array. Expected an array with minimum length 1."
        raise ShapeError(said, "messages", "invalid_value")
    waiting: list[ToolCall] = []
    messages = []
    for number, value in enumerate(values):
        reader = _READERS.get(value["role"])
        if reader is None:
            known = ", ".join(f"'{role}'" for role in _READERS)
            said = f"Invalid value: '{value['role']}'. Supported values are: {known}."
            raise ShapeError(said, f"messages[{number}].role", "invalid_value")
        messages.append(reader(value, number, waiting))
    return messages


def _said(value: Fields, number: int, waiting: list[ToolCall]) -> Message:
    """What the operator or the user says."""
    fields = dict(value)
    role: Role = fields.pop("role")
    message = Message(role=role, at=f"messages[{number}]")
    message.parts = _take_content(fields, message)
    _keep(message, fields)
    return message


def _answered(value: Fields, number: int, waiting: list[ToolCall]) -> Message:
    """What the assistant said."""
    fields = dict(value)
    del fields["role"]
    message = Message(role="assistant", at=f"messages[{number}]")
    parts = _take_content(fields, message)
    if not _USUAL.issuperset(fields):
        parts = _take_unusual(fields, message, parts)
    calls = take_calls(fields, "", number, len(parts)) if fields else []
    if calls or waiting:
        waiting[:] = [call for call in calls if isinstance(call, ToolCall)]
    message.parts = parts + calls
    _keep(message, fields)
    return message


def _take_unusual(fields: Fields, message: Message, content: list[AnyPart]) -> list[AnyPart]:
    """What an assistant says besides `content`, around it."""
    before = take_reasoning(fields, message.spelling) + google_reasoning(fields)
    take_citations(fields, content)
    return before + content + take_extra_parts(fields)


def _result(value: Fields, number: int, waiting: list[ToolCall]) -> Message:
    """What a tool answered. Without an id it answers the first call that still waits (Z.ai's clients do so)."""
    fields = dict(value)
    role = fields.pop("role")
    message = Message(role="tool", at=f"messages[{number}]")
    result = ToolResult()
    call = fields.get("tool_call_id")
    if call:
        result.call = fields.pop("tool_call_id")
    else:
        named = [call for call in waiting if role == "tool" or call.name == fields.get("name")]
        if not named:
            raise missing(f"{message.at}.tool_call_id" if role == "tool" else f"{message.at}.name")
        result.call = named[0].id
        result.spelling["call"] = "ours"
    if waiting:
        waiting[:] = [call for call in waiting if call.id != result.call]
    if role == "function":
        message.spelling["role"] = role
    if fields.get("name"):
        result.name = fields.pop("name")
    result.content = _take_content(fields, message)
    result.plain = message.plain
    message.parts = [result]
    _keep(message, fields)
    return message


def _take_content(fields: Fields, message: Message) -> list[AnyPart]:
    content = fields.get("content")
    if isinstance(content, str):
        del fields["content"]
        message.plain = True
        return [Text(text=content)] if content else []
    if not content:
        return []
    del fields["content"]
    return read_parts(content, f"{message.at}.content")


def _keep(message: Message, fields: Fields) -> None:
    """What is left of a message: a name, a cache hint for all of it, and what is not understood."""
    if not fields:
        return
    if fields.get("name"):
        message.name = fields.pop("name")
    if message.parts and message.parts[-1].cache is None and fields.get("cache_control"):
        last = message.parts[-1]
        hint = take_cache(fields, last.spelling)
        if hint is not None:
            last.cache = hint
            last.spelling["cache"] = "message"
    if fields:
        message.extras = {NAME: fields}


def take_extra_parts(fields: Fields) -> list[AnyPart]:
    """A refusal and a sound, which stand beside the content of an assistant's message."""
    parts: list[AnyPart] = []
    if isinstance(fields.get("refusal"), str) and fields["refusal"]:
        parts.append(Refusal(text=fields.pop("refusal")))
    audio = fields.get("audio")
    if isinstance(audio, dict) and isinstance(audio.get("id"), str) and audio["id"]:
        sound = Audio(id=audio["id"], media_type="audio/wav")
        left = {name: field for name, field in audio.items() if name != "id"}
        for name in ("data", "transcript"):
            if isinstance(left.get(name), str) and left[name]:
                setattr(sound, name, left.pop(name))
        if left:
            sound.extras = {NAME: left}
        del fields["audio"]
        parts.append(sound)
    return parts


def take_citations(fields: Fields, content: list[AnyPart]) -> None:
    """Give the `annotations` of a message to its text."""
    text = next((part for part in content if isinstance(part, Text)), None)
    listed = fields.get("annotations")
    if text is None or not listed or not isinstance(listed, list):
        return
    citations = read_citations(listed)
    if citations:
        text.citations = citations
        del fields["annotations"]


def read_citations(listed: list[Any]) -> list[Citation]:
    """The citations in `annotations`; none where there is anything else in it."""
    citations = []
    for value in listed:
        said = value.get("url_citation") if isinstance(value, dict) else None
        if not isinstance(said, dict) or value.get("type") != "url_citation" or len(value) != 2:
            return []
        citation, left = Citation(), dict(said)
        for name, there in (("url", "url"), ("title", "title"), ("content", "cited")):
            if isinstance(left.get(name), str) and left[name]:
                setattr(citation, there, left.pop(name))
        for name, there in (("start_index", "start"), ("end_index", "end")):
            if type(left.get(name)) is int:
                setattr(citation, there, left.pop(name))
        if left:
            citation.extras = {NAME: left}
        citations.append(citation)
    return citations


_READERS: dict[str, Callable[[Fields, int, list[ToolCall]], Message]] = {
    "system": _said,
    "developer": _said,
    "user": _said,
    "assistant": _answered,
    "tool": _result,
    "function": _result,
}
