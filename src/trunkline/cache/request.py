"""What of a request its answer depends on, whoever's words it came in.

Two requests with the same `Canonical.digest` ask the same thing. Left out is what only says how the answer is
delivered, who pays and who asks: the scope knows that. The model is left out as well: the route stands for it.
"""

import hashlib
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from trunkline.formats.conversation import Message, Node, Request, Text

DELIVERY: Final = frozenset(
    {"stream", "stream_usage", "user", "metadata", "service_tier", "cache_key", "cache", "store"},
)
BESIDE: Final = DELIVERY | {"format", "model", "max_output", "instructions", "messages", "spelling"}
"""Fields of a request that its answer does not depend on, or that are looked at by themselves."""
SPELLED: Final = frozenset({"spelling", "at", "plain", "cache", "id"})
"""How a piece of it was said. An `id` only names: of calls it is kept, for results refer to it."""
USUAL: Final[dict[str, Any]] = {
    "choices": 1,
    "presence_penalty": 0,
    "frequency_penalty": 0,
    "top_p": 1,
    "logprobs": False,
    "parallel_tool_calls": True,
}
"""What every provider takes a parameter for that is not there."""
NUMBERS: Final = frozenset({"temperature", "top_p", "top_k", "presence_penalty", "frequency_penalty"})

_LOOKED_AT: Final = tuple(name for name in Request.__struct_fields__ if name not in BESIDE)
_encode = msgspec.json.Encoder(order="sorted").encode


class Canonical(msgspec.Struct, frozen=True):
    """What a cache must know of a request."""

    digest: bytes
    user: str
    """The end user it names."""
    cap: int | None
    """Most tokens of its answer. An answer that kept below a cap is the same without it."""
    temperature: float | None
    tools: bool
    """It offers tools, or has calls and results in it."""
    turn: str = ""
    """What the user said last, where that is words only, and the last of all."""
    frame: bytes = b""
    """The digest of all but that, where it was asked for."""


def canonical(request: Request, *, framed: bool = False) -> Canonical:
    """`request` without what its answer does not depend on. `framed`: with `turn` and `frame`."""
    turn = _last_turn(request) if framed else ""
    frame = b""
    if turn:
        empty = replace(request.messages[-1], parts=[])
        frame = _digest(replace(request, messages=[*request.messages[:-1], empty]))
    temperature = request.temperature
    return Canonical(
        _digest(request),
        request.user,
        request.max_output,
        None if temperature is None else float(temperature),
        bool(request.tools) or any(message.role == "tool" for message in request.messages),
        turn,
        frame,
    )


def _digest(request: Request) -> bytes:
    asked: dict[str, Any] = {}
    for name in _LOOKED_AT:
        value = getattr(request, name)
        if value is None or _is_nothing(value) or USUAL.get(name) == value:
            continue
        asked[name] = float(value) if name in NUMBERS else _said(value)
    if request.tool_choice is not None and request.tool_choice.mode == "auto" and not request.tool_choice.names:
        asked.pop("tool_choice", None)
    if request.output is not None and request.output.kind == "text":
        asked.pop("output", None)
    extras = _without_delivery(asked.pop("extras", {}))
    if extras:
        asked["extras"] = extras
    first = [request.instructions] if request.instructions is not None else []
    asked["messages"] = [_message(message) for message in [*first, *request.messages]]
    asked["legacy"] = request.format == "openai_completions"  # a text to go on with is no conversation
    return digested(asked)


def digested(asked: dict[str, Any]) -> bytes:
    """The digest of what is asked, by neutral names."""
    return hashlib.sha256(_encode(asked)).digest()


def key_of(*parts: bytes) -> bytes:
    """The key of all of `parts`, which cannot run into one another."""
    return hashlib.sha256(b"".join([b"%d:%b" % (len(part), part) for part in parts])).digest()


def _last_turn(request: Request) -> str:
    message = request.messages[-1] if request.messages else None
    if message is None or message.role != "user":
        return ""
    texts = [part.text for part in message.parts if isinstance(part, Text)]
    return "\n".join(texts) if len(texts) == len(message.parts) else ""


def _message(message: Message) -> Any:
    role = "system" if message.role == "developer" else message.role
    words = _words(message)
    if words is not None:
        return [role, *words]
    said = _said(message)
    said["role"] = role
    return said


def _words(message: Message) -> list[str] | None:
    """What a message says in words, if that is all there is to it: most do, and it is much quicker."""
    if message.extras or message.name:
        return None
    words = []
    for part in message.parts:
        if type(part) is not Text or part.extras or part.citations:
            return None
        words.append(part.text)
    return words


def _is_nothing(value: object) -> bool:
    """Whether a field says nothing: none, or empty. Zero and `false` say something."""
    return not value and not isinstance(value, int | float)


def _said(node: Any) -> Any:
    """A piece of a request as plain values. What came as JSON of the client's own is taken as it is."""
    if isinstance(node, Node):
        named = {"kind": type(node).__name__}
        for name in node.__struct_fields__:
            value = getattr(node, name)
            if not _is_nothing(value) and (name not in SPELLED or (name == "id" and named["kind"] == "ToolCall")):
                named[name] = _said(value)
        return named
    if isinstance(node, list):
        return [_said(each) for each in node]
    return node


def _without_delivery(extras: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Without what is said of the stream, and without formats of which nothing is left."""
    kept = {
        source: {name: value for name, value in fields.items() if name != "stream_options"}
        for source, fields in extras.items()
    }
    return {source: fields for source, fields in kept.items() if fields}
