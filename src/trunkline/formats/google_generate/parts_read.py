"""Google's parts as neutral ones, in requests and in replies.

A `thoughtSignature` may sit on any part. On a call it stays with the call, on a thought with the thought; on any other
part it becomes a `Reasoning` without text in front of that part, with `on` in its spelling telling where it was:
`next` (the part behind it), `text` (a part with an empty text), `bare` (a part with nothing else).
"""

from typing import Any

from trunkline.formats.conversation import AnyPart, Foreign, Reasoning, Text
from trunkline.formats.format import ShapeError
from trunkline.formats.google_generate.calls_read import read_call, read_result, sign_call
from trunkline.formats.google_generate.media_read import add_beside, read_blob, read_file
from trunkline.formats.google_generate.names import NAME, sort_out, spelling_of, table, wrong_type, wrong_value
from trunkline.formats.google_generate.signatures import opened
from trunkline.formats.sealed import restore

_DATA = ("text", "inlineData", "fileData", "functionCall", "functionResponse")
_SERVERS = ("executableCode", "codeExecutionResult", "toolCall", "toolResponse")
"""Kinds of parts about tools that Google itself runs."""
_ABOUT = (
    "videoMetadata",
    "mediaResolution",
    "partMetadata",
    "audioTranscription",
    "mediaProcessing",
    "speechMetadata",
    "documentMetadata",
    "spreadsheetMetadata",
    "audioMetadata",
)
"""What a part can say about its data, and in places says without any."""
_PART = table(*_DATA, *_SERVERS, "thought", "thoughtSignature")
_ABOUT_NAMES = frozenset(table(*_ABOUT))


def read_parts(values: list[Any], at: str) -> list[AnyPart]:
    """The parts of a request's content, at the path `at`. Raises `ShapeError`."""
    parts: list[AnyPart] = []
    for number, value in enumerate(values):
        if type(value) is dict and len(value) == 1 and type(text := value.get("text")) is str:
            parts.append(Text(text=text))  # by far the most frequent
        else:
            read_part(value, f"{at}[{number}]", parts)
    return parts


def read_leniently(value: dict[str, Any], parts: list[AnyPart]) -> None:
    """Append to `parts` what the part `value` of a provider's answer is: also what nobody knows."""
    before = len(parts)
    try:
        read_part(value, "", parts, checked=False)
    except ShapeError:
        parts[before:] = [Foreign(format=NAME, kind=next(iter(value), ""), value=value)]


def read_part(value: Any, path: str, parts: list[AnyPart], *, checked: bool = True) -> None:
    """Append to `parts` what the part `value` is. `checked`: bytes must be Base64. Raises `ShapeError`."""
    if not isinstance(value, dict):
        raise wrong_type(path, "object", value)
    known, rest = sort_out(value, _PART)
    spelling = spelling_of(value, _PART)
    signature, thought = _take_signature(known, rest, spelling, path), _take_thought(known, spelling, path)
    if len(known) > 1:
        raise wrong_value(path, f"{' and '.join(known)} are parts of their own.")
    kind, data = next(iter(known.items()), ("", None))
    at = f"{path}.{kind}"
    if kind in _SERVERS:
        parts.append(Foreign(format=NAME, kind=kind, value=value))
        return
    if kind == "functionCall":
        part: AnyPart = _read_call(data, signature, at)
    elif thought:
        part = _read_thought(kind, data, signature, spelling, rest, at)
        _gather(part, parts)
    elif signature and kind in ("", "text") and data in (None, ""):
        part = signed(Reasoning(spelling={"on": "text" if kind else "bare"}), signature)
    elif kind:
        if signature:
            parts.append(signed(Reasoning(spelling={"on": "next"}), signature))
        part = _read_plain(kind, data, at, checked)
    else:
        part = _read_unknown(value, path)
        rest, spelling = {}, {}
    part.spelling = part.spelling | spelling
    add_beside(part, rest)
    parts.append(part)


def _take_signature(known: dict[str, Any], rest: dict[str, Any], spelling: dict[str, str], path: str) -> str:
    signature = known.pop("thoughtSignature", None)
    if signature is None:
        return ""
    if not isinstance(signature, str):
        raise wrong_type(f"{path}.thoughtSignature", "str", signature)
    if not signature:  # which is not the same as none
        rest[spelling.get("thoughtSignature", "thoughtSignature")] = signature
    return signature


def _take_thought(known: dict[str, Any], spelling: dict[str, str], path: str) -> bool:
    thought = known.pop("thought", None)
    if thought is None:
        return False
    if not isinstance(thought, bool):
        raise wrong_type(f"{path}.thought", "bool", thought)
    spelling["thought"] = "true" if thought else "false"
    return thought


def _read_plain(kind: str, data: Any, path: str, checked: bool) -> AnyPart:
    if kind == "text":
        if not isinstance(data, str):
            raise wrong_type(path, "str", data)
        return Text(text=data)
    if not isinstance(data, dict):
        raise wrong_type(path, "object", data)
    if kind == "functionResponse":
        return read_result(data, path)
    return read_blob(data, path, checked=checked) if kind == "inlineData" else read_file(data, path)


def _read_call(data: Any, signature: str, path: str) -> AnyPart:
    call = read_call(data, path)
    if signature:
        sign_call(call, signature)
    return call


def _read_thought(
    kind: str, data: Any, signature: str, spelling: dict[str, str], rest: dict[str, Any], path: str
) -> Reasoning:
    part = Reasoning()
    if kind == "text":
        if not isinstance(data, str):
            raise wrong_type(path, "str", data)
        part.text = data
    else:
        part.spelling["on"] = "bare"
        if kind:  # a picture drawn on the way: it is no output
            rest[spelling.pop(kind, kind)] = data
    return signed(part, signature)


def _read_unknown(value: dict[str, Any], path: str) -> Foreign:
    kind = next((name for name in value if name in _ABOUT_NAMES), None)
    if kind is None:
        name = next(iter(value), None)
        raise wrong_value(path, "it is empty." if name is None else f"'{name}' is no part of a content.")
    return Foreign(format=NAME, kind=kind, value=value)


def signed(part: Reasoning, signature: str) -> Reasoning:
    """Give `part` its signature, which may be another family's, sealed."""
    if not signature:
        return part
    sealed = opened(signature)
    if sealed is None:
        part.signature, part.issuer = signature, "google"
    else:
        restore(part, sealed)
    return part


def _gather(part: AnyPart, parts: list[AnyPart]) -> None:
    """Take the words that were shown before a seal into the thought that it seals: what was streamed to a Google client
    in many parts comes back in as many.
    """
    if not isinstance(part, Reasoning) or part.issuer in ("", "google"):
        return
    while parts and isinstance(before := parts[-1], Reasoning) and not before.issuer and "on" not in before.spelling:
        part.text = before.text + part.text
        parts.pop()
