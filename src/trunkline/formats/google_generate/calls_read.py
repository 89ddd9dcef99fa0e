"""Function calls and responses, and which response answers which call: Google's ids are optional, and mostly absent."""

from typing import Any

import msgspec

from trunkline.formats.call_ids import minted
from trunkline.formats.conversation import Foreign, Message, Text, ToolCall, ToolResult
from trunkline.formats.google_generate.media_read import add_beside, read_blob, read_file
from trunkline.formats.google_generate.names import NAME, kept_below, missing, sort_out, spelling_of, table, wrong_type
from trunkline.formats.google_generate.signatures import DUMMY, opened

_CALL = table("id", "name", "args")
_RESULT = table("id", "name", "response", "parts")
_RESULT_PART = table("inlineData", "fileData")
_WRAPPERS = ("output", "result", "error")
"""The only key of a response that wraps a result which is no object: Google's documentation names the first and the
last, its SDKs write the second.
"""

_encode = msgspec.json.Encoder().encode


def read_call(data: Any, path: str) -> ToolCall:
    """A `functionCall`. Raises `ShapeError`."""
    if not isinstance(data, dict):
        raise wrong_type(path, "object", data)
    known, rest = sort_out(data, _CALL)
    name, call_id, args = _words(known, rest, path, "name"), _words(known, rest, path, "id"), known.get("args")
    call = ToolCall(id=call_id, name=name, arguments="{}")
    if args is None:
        call.spelling["args"] = "absent"
    elif isinstance(args, dict):
        call.arguments = _encode(args).decode()
    else:
        raise wrong_type(f"{path}.args", "object", args)
    call.extras = kept_below("functionCall", rest)
    return call


def sign_call(call: ToolCall, signature: str) -> None:
    """Give `call` the signature that came with it."""
    if signature == DUMMY:
        call.spelling["signature"] = signature
        return
    sealed = opened(signature)
    if sealed is None:
        call.signature, call.issuer = signature, "google"
    else:
        call.signature, call.issuer = sealed.signature or sealed.encrypted, sealed.issuer


def read_result(data: dict[str, Any], path: str) -> ToolResult:
    """A `functionResponse`. Raises `ShapeError`."""
    known, rest = sort_out(data, _RESULT)
    if "name" not in known:
        raise missing(f"{path}.name")
    name, call_id, response = _words(known, rest, path, "name"), _words(known, rest, path, "id"), known.get("response")
    result = ToolResult(call=call_id, name=name, plain=True)
    if response is None:
        result.spelling["response"] = "absent"
    elif isinstance(response, dict):
        _unwrap(result, response)
    else:
        raise wrong_type(f"{path}.response", "object", response)
    if "parts" in known:
        _read_parts(result, known["parts"], f"{path}.parts")
    result.extras = kept_below("functionResponse", rest)
    return result


def _words(known: dict[str, Any], rest: dict[str, Any], path: str, field: str) -> str:
    """A string; an empty one stays in `rest`, for what it says is nothing, and it is not the same as being absent."""
    value = known.get(field)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise wrong_type(f"{path}.{field}", "str", value)
    if not value:
        rest[field] = ""
    return value


def _unwrap(result: ToolResult, response: dict[str, Any]) -> None:
    key = next(iter(response)) if len(response) == 1 else ""
    if key not in _WRAPPERS:
        result.content = [Text(text=_encode(response).decode())]
        result.spelling["response"] = "object"
        return
    value = response[key]
    worded = isinstance(value, str)
    result.content = [Text(text=value if worded else _encode(value).decode())]
    result.spelling["response"] = key if worded else f"{key} json"
    if key == "error":
        result.failed = True


def _read_parts(result: ToolResult, values: Any, path: str) -> None:
    if not isinstance(values, list):
        raise wrong_type(path, "array", values)
    result.plain = False
    for number, value in enumerate(values):
        at = f"{path}[{number}]"
        if not isinstance(value, dict):
            raise wrong_type(at, "object", value)
        known, rest = sort_out(value, _RESULT_PART)
        kind, data = next(iter(known.items()), ("", None))
        if len(known) != 1 or not isinstance(data, dict):
            result.content.append(Foreign(format=NAME, kind=kind or next(iter(value), ""), value=value))
            continue
        at = f"{at}.{kind}"
        part = read_blob(data, at, checked=True) if kind == "inlineData" else read_file(data, at)
        part.spelling = part.spelling | spelling_of(value, _RESULT_PART)
        add_beside(part, rest)
        result.content.append(part)


# Which result answers which call


def pair(messages: list[Message]) -> None:
    """Give every call an id, and every result the id of its call, where the client leaves them out and goes by name and
    order. `id` in their spelling says so.
    """
    waiting: list[ToolCall] = []
    for message in messages:
        for number, part in enumerate(message.parts):
            if isinstance(part, ToolCall):
                if not part.id:
                    part.id = minted(message.at, 0, number)
                    part.spelling["id"] = "absent"
                waiting.append(part)
            elif isinstance(part, ToolResult):
                call = _call_of(part, waiting)
                if call is not None:
                    waiting.remove(call)
                    _match(part, call)


def _call_of(result: ToolResult, waiting: list[ToolCall]) -> ToolCall | None:
    if result.call:
        named = next((call for call in waiting if call.id == result.call), None)
        if named is not None:
            return named
    free = (call for call in waiting if call.name == result.name and (not result.call or "id" in call.spelling))
    return next(free, None)


def _match(result: ToolResult, call: ToolCall) -> None:
    if not result.call:
        result.call = call.id
        result.spelling["id"] = "absent"
    else:
        call.id = result.call
