"""Calls of tools in an assistant message, and Google's signatures beside them.

An id, a name or arguments that are not usable stay in the extras as they came, and the spelling says that what stands
in their place is ours: a call always has an id here, and its arguments are JSON.
"""

from typing import Any

import msgspec

from trunkline.formats.call_ids import minted
from trunkline.formats.conversation import AnyPart, Foreign, Reasoning, ToolCall
from trunkline.formats.openai_chat.leftovers import park, parked
from trunkline.formats.openai_chat.parts_read import keep
from trunkline.formats.openai_chat.words import NAME

EMPTY = "{}"
"""Arguments of a call that has none."""
CONSTANT_IDS = frozenset({"", "0"})
"""No ids: Google's compatible endpoint sends the one for every call, TGI the other."""


def take_calls(fields: dict[str, Any], seed: str, choice: int, before: int) -> list[AnyPart]:
    """The calls of a message, taken out of `fields`. `before`: how many parts come before them."""
    calls: list[AnyPart] = []
    legacy = fields.get("function_call")
    if isinstance(legacy, dict) and legacy.get("name"):
        call = _read(dict(legacy), ToolCall(spelling={"in": "function_call", "id": "ours"}))
        call.id = minted(seed, choice, before)
        if call.extras:  # of the function
            fields["function_call"] = call.extras.pop(NAME)
        else:
            del fields["function_call"]
        calls.append(call)
    listed = fields.get("tool_calls")
    if listed and isinstance(listed, list) and all(isinstance(value, dict) for value in listed):
        del fields["tool_calls"]
        for value in listed:
            calls.append(read_call(value, seed, choice, before + len(calls)))
    return calls


def read_call(value: dict[str, Any], seed: str, choice: int, part: int) -> AnyPart:
    """One entry of `tool_calls`."""
    function = value.get("function")
    if len(value) == 3 and type(function) is dict and len(function) == 2 and value.get("type") == "function":
        call_id, name, arguments = value.get("id"), function.get("name"), function.get("arguments")
        if type(call_id) is type(name) is type(arguments) is str and name and arguments and call_id not in CONSTANT_IDS:
            return ToolCall(id=call_id, name=name, arguments=arguments)  # the usual case
    if not isinstance(function, dict):
        return Foreign(format=NAME, kind=str(value.get("type")), value=value, spelling={"in": "tool_calls"})
    fields = dict(value)
    spelling: dict[str, str] = {}
    if fields.get("type") == "function":
        del fields["type"]
    else:
        spelling["type"] = "ours"
    call = _read(dict(function), ToolCall(spelling=spelling))
    del fields["function"]
    park(call.extras.pop(NAME, {}), "function", fields, spelling)
    if isinstance(fields.get("id"), str) and fields["id"] not in CONSTANT_IDS:
        call.id = fields.pop("id")
    else:
        call.id = minted(seed, choice, part)
        spelling["id"] = "ours"
    if type(fields.get("index")) is int:
        spelling["index"] = str(fields.pop("index"))
    if signature := take_signature(fields):
        call.signature, call.issuer = signature, "google"
    keep(call, fields)
    return call


def _read(function: dict[str, Any], call: ToolCall) -> ToolCall:
    """Name and arguments of a function, whose other fields become the call's extras."""
    if isinstance(function.get("name"), str) and function["name"]:
        call.name = function.pop("name")
    arguments = function.get("arguments")
    if isinstance(arguments, str) and arguments:
        call.arguments = function.pop("arguments")
    elif isinstance(arguments, dict):
        call.arguments = msgspec.json.encode(function.pop("arguments")).decode()
        call.spelling["arguments"] = "object"
    else:
        call.arguments = EMPTY
        call.spelling["arguments"] = "ours"
    if function:
        call.extras = {NAME: function}
    return call


def take_signature(fields: dict[str, Any]) -> str:
    """What Google's compatible endpoint wants back, from `extra_content.google.thought_signature`."""
    extra = fields.get("extra_content")
    google = extra.get("google") if isinstance(extra, dict) else None
    signature = google.get("thought_signature") if isinstance(google, dict) else None
    if not isinstance(extra, dict) or not isinstance(google, dict) or not isinstance(signature, str) or not signature:
        return ""
    others = {name: field for name, field in google.items() if name != "thought_signature"}
    left = {name: field for name, field in extra.items() if name != "google"} | ({"google": others} if others else {})
    if left:
        fields["extra_content"] = left
    else:
        del fields["extra_content"]
    return signature


def put_signature(out: dict[str, Any], signature: str) -> None:
    """Write Google's signature into a call or a message."""
    extra = out.get("extra_content") or {}
    out["extra_content"] = {**extra, "google": {**extra.get("google", {}), "thought_signature": signature}}


def write_call(call: ToolCall, call_id: str, own: bool, as_said: bool = True) -> dict[str, Any]:
    """An entry of `tool_calls` with this id.

    `own`: it came from this format; `as_said`: and is to be written with what was missing in it.
    """
    if not own:
        return {"id": call_id, "type": "function", "function": write_function(call, own, as_said)}
    out = dict(call.extras.get(NAME, {}))
    spelling = call.spelling
    if "type" not in spelling or not (as_said or out.get("type")):
        out["type"] = "function"
    if not (as_said and "id" in spelling):
        out["id"] = call_id
    if "index" in spelling:
        out["index"] = int(spelling["index"])
    out["function"] = {**parked("function", out, spelling), **write_function(call, own, as_said)}
    return out


def write_function(call: ToolCall, own: bool, as_said: bool = True) -> dict[str, Any]:
    """The function of a call."""
    form = call.spelling.get("arguments") if own and as_said else None
    named: dict[str, Any] = {"name": call.name} if call.name or not (own and as_said) else {}
    if form == "object":
        return {**named, "arguments": msgspec.json.decode(call.arguments)}
    if form == "ours" and call.arguments == EMPTY:
        return named
    return {**named, "arguments": call.arguments or EMPTY}


def google_reasoning(fields: dict[str, Any]) -> list[AnyPart]:
    """A signature that stands beside the whole message rather than in a call: of the part that follows."""
    signature = take_signature(fields)
    if not signature:
        return []
    if fields.get("thought_signature") == signature:  # said twice
        del fields["thought_signature"]
        return [Reasoning(signature=signature, issuer="google", spelling={"in": "extra_content,thought_signature"})]
    return [Reasoning(signature=signature, issuer="google", spelling={"in": "extra_content"})]
