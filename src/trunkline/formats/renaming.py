"""Names that the side a request goes to does not take: another one there, and their own again in the answer.

Tools of plug-ins have long names, and properties of their arguments odd ones. Such a name becomes what fits of it and a
part of its hash, so it is the same in every turn and every process, and nothing need be remembered. Ids that only tell
users and prompts apart become their hash.
"""

import hashlib
import re
from typing import Any

import msgspec
from msgspec.structs import replace

from trunkline.formats.conversation import AnyPart, Event, Message, Reply, Request, Tool, ToolCall, ToolResult
from trunkline.formats.dialect import Dialect
from trunkline.formats.format import Format, Problem, StreamWriter
from trunkline.formats.losses import Losses
from trunkline.formats.paths import name_of

_ODD = re.compile(r"[^a-zA-Z0-9_-]")
_KEPT = 54
"""Characters of a name that are left of it: with those of the hash they are 63, and the tightest limit is 64."""
_DEEPEST = 64
Json = dict[str, Any]

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


class Renamed(msgspec.Struct):
    """The names of one request that are others for the provider."""

    tools: dict[str, str] = {}
    """Own name → the provider's."""
    properties: dict[str, dict[str, str]] = {}
    """Of the arguments of a tool, by its own name: own name → the provider's."""

    def __bool__(self) -> bool:
        return bool(self.tools or self.properties)

    def restore(self, reply: Reply) -> None:
        """Call everything in a reply by its own name again."""
        own = {there: name for name, there in self.tools.items()}
        for choice in reply.choices:
            for part in choice.parts:
                if isinstance(part, ToolCall):
                    _restore(part, own, self)

    def writer(self, writer: StreamWriter) -> "_OwnNames":
        """One that writes a stream with the own names. Calls with arguments to rename must come whole."""
        return _OwnNames(writer, self)


class _OwnNames:
    """A `StreamWriter` that is told of the provider's names."""

    __slots__ = ("_own", "_renamed", "_writer")

    def __init__(self, writer: StreamWriter, renamed: Renamed) -> None:
        self._writer = writer
        self._renamed = renamed
        self._own = {there: name for name, there in renamed.tools.items()}

    def feed(self, event: Event) -> bytes:
        for delta in event.deltas:
            if isinstance(delta.piece, ToolCall):
                _restore(delta.piece, self._own, self._renamed)
        return self._writer.feed(event)

    def end(self) -> bytes:
        return self._writer.end()

    def fail(self, problem: Problem) -> bytes:
        return self._writer.fail(problem)


def _restore(call: ToolCall, own: dict[str, str], renamed: Renamed) -> None:
    call.name = own.get(call.name, call.name)
    properties = renamed.properties.get(call.name)
    if properties:
        call.arguments = _arguments(call.arguments, {there: name for name, there in properties.items()})


def rename(request: Request, spoken: Format, dialect: Dialect, losses: Losses) -> tuple[Request, Renamed]:
    """`request` in names that a provider takes which speaks `spoken`, and which of them are not its own."""
    request = _labelled(request, dialect, losses)
    tools = [tool for tool in request.tools if isinstance(tool, Tool)]
    used = {tool.name for tool in tools} | {
        part.name for message in request.messages for part in message.parts if isinstance(part, ToolCall | ToolResult)
    }
    renamed = Renamed({name: _fitting(name) for name in used if name and not spoken.tool_name.fullmatch(name)})
    if spoken.property_name is not None:
        properties = {tool.name: _property_names(tool.parameters) for tool in tools}
        odd = {name for name in set().union(*properties.values()) if not spoken.property_name.fullmatch(name)}
        for tool, names in properties.items() if odd else ():
            if names & odd:
                renamed.properties[tool] = {name: _fitting(name) for name in names & odd}
    return (_renamed(request, renamed) if renamed else request), renamed


def _labelled(request: Request, dialect: Dialect, losses: Losses) -> Request:
    """The request with the hashes of labels that are too long. They tell apart what they told before."""
    longest = dialect.longest_label
    if longest is None or max(len(request.user), len(request.cache_key)) <= longest:
        return request
    if len(request.user) > longest:
        losses.drop(name_of(request, "user"))  # people may look for it where they know it from
    return replace(request, user=_label(request.user, longest), cache_key=_label(request.cache_key, longest))


def _label(label: str, longest: int) -> str:
    return label if len(label) <= longest else hashlib.sha256(label.encode()).hexdigest()[:longest]


def _fitting(name: str) -> str:
    kept = _ODD.sub("_", name)[:_KEPT]
    begin = kept if kept[:1].isalpha() or kept[:1] == "_" else f"_{kept}"[:_KEPT]
    return f"{begin}_{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def _renamed(request: Request, renamed: Renamed) -> Request:
    names = renamed.tools
    choice = request.tool_choice
    return replace(
        request,
        tools=[_tool(tool, renamed) if isinstance(tool, Tool) else tool for tool in request.tools],
        tool_choice=replace(choice, names=[names.get(name, name) for name in choice.names]) if choice else None,
        messages=[_message(message, renamed) for message in request.messages],
    )


def _tool(tool: Tool, renamed: Renamed) -> Tool:
    name, properties = renamed.tools.get(tool.name, tool.name), renamed.properties.get(tool.name)
    parameters = _schema(tool.parameters, properties, 0) if properties else tool.parameters
    return replace(tool, name=name, parameters=parameters)


def _message(message: Message, renamed: Renamed) -> Message:
    if not any(isinstance(part, ToolCall | ToolResult) for part in message.parts):
        return message
    return replace(message, parts=[_part(part, renamed) for part in message.parts])


def _part(part: AnyPart, renamed: Renamed) -> AnyPart:
    if isinstance(part, ToolResult):
        return replace(part, name=renamed.tools.get(part.name, part.name))
    if not isinstance(part, ToolCall):
        return part
    properties = renamed.properties.get(part.name)
    arguments = _arguments(part.arguments, properties) if properties else part.arguments
    return replace(part, name=renamed.tools.get(part.name, part.name), arguments=arguments)


# Properties


def _property_names(schema: Any) -> set[str]:
    """Of all objects in a schema. Its depth is bounded by the document's."""
    found: set[str] = set()
    left: list[Any] = [schema]
    while left:
        node = left.pop()
        if type(node) is dict:
            properties = node.get("properties")
            if type(properties) is dict:
                found.update(properties)
            node = node.values()
        elif type(node) is not list:
            continue
        left += [value for value in node if type(value) is dict or type(value) is list]
    return found


def _schema(schema: Any, names: dict[str, str], depth: int) -> Any:
    if type(schema) is list:
        return [_schema(value, names, depth + 1) for value in schema]
    if type(schema) is not dict or depth > _DEEPEST:
        return schema
    said = {name: _schema(value, names, depth + 1) for name, value in schema.items()}
    if type(said.get("properties")) is dict:
        said["properties"] = {names.get(name, name): value for name, value in said["properties"].items()}
    if type(said.get("required")) is list:
        said["required"] = [names.get(name, name) if type(name) is str else name for name in said["required"]]
    return said


def _arguments(written: str, names: dict[str, str]) -> str:
    """Arguments with other names of properties; as they are where they are no JSON, or were cut."""
    try:
        value = _decode(written)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return written
    return _encode(_keys(value, names, 0)).decode()


def _keys(value: Any, names: dict[str, str], depth: int) -> Any:
    if depth > _DEEPEST:
        return value
    if type(value) is list:
        return [_keys(one, names, depth + 1) for one in value]
    if type(value) is dict:
        return {names.get(name, name): _keys(one, names, depth + 1) for name, one in value.items()}
    return value
