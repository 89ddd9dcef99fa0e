"""Output items of a reply of this format, as parts and back.

A message's first part holds the fields of the message, so that its parts are one message again. Calls of custom tools
stay foreign: only this format's clients can have asked for them, and some vendors tell so what their own tools do.
"""

from collections.abc import Callable
from typing import Any

from trunkline.formats.conversation import AnyPart, Foreign, Image, Logprob, Reasoning, Refusal, Text, ToolCall
from trunkline.formats.media import is_base64
from trunkline.formats.openai_responses.annotations import (
    read_logprobs,
    take_citations,
    write_citation,
    write_logprob,
)
from trunkline.formats.openai_responses.names import NAME, OUTPUT_TEXT, minted_id
from trunkline.formats.openai_responses.reasoning import read_reasoning, write_reasoning
from trunkline.formats.openai_responses.shape import taken

Fields = dict[str, Any]
HEAD = "message"
"""In a part's `extras`: the fields of the message that begins with it."""
CONTINUES = "continues"
"""In a part's `extras`: it belongs to the message of the part before it."""
TOKENS = "tokens"
"""In a text's `extras`: how many of the choice's log probabilities are its own."""


def read_output(item: Fields, issuer: str) -> tuple[list[AnyPart], list[Logprob]]:
    """The parts that an item is, and the log probabilities of its texts' tokens."""
    reader = _READERS.get(str(item.get("type")))
    parts = reader(item, issuer) if reader is not None else None
    if parts is None:
        return [Foreign(format=NAME, kind=str(item.get("type", "")), value=item)], []
    return parts, _take_logprobs(parts) if item["type"] == "message" else []


def _read_message(item: Fields, issuer: str) -> list[AnyPart] | None:
    del issuer
    content = item.get("content")
    if type(content) is not list or not content or item.get("role") != "assistant":
        return None
    if not all(type(value) is dict for value in content):
        return None
    parts: list[AnyPart] = []
    for value in content:
        rest, kind = dict(value), value.get("type")
        part: AnyPart
        if kind == OUTPUT_TEXT and type(value.get("text")) is str:
            part = Text(text=rest.pop("text"), citations=take_citations(rest))
        elif kind == "refusal" and type(value.get("refusal")) is str:
            part = Refusal(text=rest.pop("refusal"))
        else:
            part, rest = Foreign(format=NAME, kind=str(kind), value=value), {}
        rest.pop("type", None)
        rest[CONTINUES] = True
        part.extras = {NAME: rest}
        parts.append(part)
    head = {name: value for name, value in item.items() if name not in ("type", "role", "content")}
    first = parts[0].extras[NAME]
    del first[CONTINUES]
    first[HEAD] = head
    return parts


def _take_logprobs(parts: list[AnyPart]) -> list[Logprob]:
    """Take the log probabilities out of the texts. Empty lists stay where they are."""
    all_of_them: list[Logprob] = []
    for part in parts:
        own = part.extras[NAME]
        if own.get("logprobs"):
            read = read_logprobs(own["logprobs"])
            if read is not None:
                del own["logprobs"]
                own[TOKENS] = len(read)
                all_of_them += read
    return all_of_them


def _read_call(item: Fields, issuer: str) -> list[AnyPart]:
    del issuer
    rest = dict(item)
    del rest["type"]
    call = ToolCall(id=taken(rest, "call_id"), name=taken(rest, "name"), arguments=taken(rest, "arguments"))
    if not call.arguments and item.get("status", "completed") == "completed":
        call.arguments = "{}"  # a whole call of a tool without arguments; `rest` keeps what was said
    call.extras = {NAME: rest}
    return [call]


def _read_image(item: Fields, issuer: str) -> list[AnyPart] | None:
    del issuer
    rest = dict(item)
    data = taken(rest, "result")
    if not is_base64(data):
        return None
    kind = rest.get("output_format")
    part = Image(data=data, media_type=f"image/{kind}" if type(kind) is str else "image/png")
    del rest["type"]
    part.extras = {NAME: rest}
    return [part]


_READERS: dict[str, Callable[[Fields, str], list[AnyPart] | None]] = {
    "message": _read_message,
    "function_call": _read_call,
    "image_generation_call": _read_image,
    "reasoning": lambda item, issuer: [read_reasoning(item, issuer)],
}


def write_output(parts: list[AnyPart], logprobs: list[Logprob] | None, seed: str) -> list[Fields]:
    """The items that were read as `parts`. Parts that came in between get an id made of `seed`."""
    items: list[Fields] = []
    tokens = list(logprobs or ())
    for number, part in enumerate(parts):
        own = part.extras.get(NAME, {})
        item = write_item(part, own)
        if item is not None:
            items.append(item)
            continue
        if CONTINUES not in own or not items or items[-1].get("type") != "message":
            head = own.get(HEAD) or {"id": minted_id("msg", seed, number), "status": "completed"}
            items.append({**head, "type": "message", "role": "assistant", "content": []})
        mine = tokens[: own.get(TOKENS, 0)]
        del tokens[: len(mine)]
        items[-1]["content"].append(_write_content(part, own, mine))
    return items


def write_item(part: AnyPart, own: Fields) -> Fields | None:
    """The item that `part` is by itself; None for a part of a message."""
    match part:
        case ToolCall():
            item = {**own, "type": "function_call", "call_id": part.id, "name": part.name}
            if part.arguments != "{}" or "arguments" not in own:
                item["arguments"] = part.arguments
            return item
        case Reasoning():
            return write_reasoning(part)
        case Image():
            return {**own, "type": "image_generation_call", "result": part.data}
        case Foreign() if HEAD not in own and CONTINUES not in own:
            return part.value
    return None


def _write_content(part: AnyPart, own: Fields, logprobs: list[Logprob]) -> Fields:
    if isinstance(part, Foreign):
        return part.value
    value = {name: field for name, field in own.items() if name not in (HEAD, CONTINUES, TOKENS)}
    if isinstance(part, Refusal):
        return value | {"type": "refusal", "refusal": part.text}
    if isinstance(part, Text):
        value |= {"type": OUTPUT_TEXT, "text": part.text}
        if part.citations:
            value["annotations"] = [write_citation(citation) for citation in part.citations]
        if logprobs:
            value["logprobs"] = [write_logprob(logprob) for logprob in logprobs]
    return value
