"""A generateContent request as a neutral one."""

from typing import Any, Final

import msgspec

from trunkline.formats.conversation import ChoiceMode, ForeignTool, Message, Request, Role, Tool, ToolChoice
from trunkline.formats.format import Place
from trunkline.formats.google_generate.calls_read import pair
from trunkline.formats.google_generate.names import (
    CALLING,
    CHOICE,
    NAME,
    camel,
    kept,
    missing,
    sort_out,
    spelling_of,
    table,
    wrong_type,
    wrong_value,
)
from trunkline.formats.google_generate.parts_read import read_parts
from trunkline.formats.google_generate.schemas import to_json_schema
from trunkline.formats.google_generate.settings_read import read_settings

_REQUEST = table(
    "contents",
    "systemInstruction",
    "tools",
    "toolConfig",
    "generationConfig",
    "model",
    "serviceTier",
    "store",
    "labels",
)
_CONTENT = table("role", "parts")
_TOOL = table("functionDeclarations")
_DECLARATION = table("name", "description", "parameters", "parametersJsonSchema")
_TOOL_CONFIG = table("functionCallingConfig")
_CALLING = table("mode", "allowedFunctionNames")
_MODES: Final[dict[str | int, ChoiceMode]] = {
    "AUTO": "auto",
    "ANY": "required",
    "NONE": "none",
    "VALIDATED": "auto",
    "MODE_UNSPECIFIED": "auto",
    0: "auto",
    1: "auto",
    2: "required",
    3: "none",
}
"""The last are the numbers of Google's enum."""

_encode = msgspec.json.Encoder().encode


def read_request(value: dict[str, Any], place: Place) -> Request:
    """Raises `ShapeError` for what no provider could understand."""
    known, rest = sort_out(value, _REQUEST)
    request = Request(format=NAME, stream=place.stream, spelling=spelling_of(value, _REQUEST))
    if place.stream and place.array:
        request.spelling["stream"] = "array"
    _read_model(request, known, place.model)
    _read_contents(request, known.pop("contents", None))
    if "systemInstruction" in known:
        request.instructions = _read_instructions(known.pop("systemInstruction"))
    if "tools" in known:
        _read_tools(request, known.pop("tools"))
    if "toolConfig" in known:
        _read_tool_config(request, known.pop("toolConfig"), rest)
    if "generationConfig" in known:
        read_settings(request, known.pop("generationConfig"), rest)
    _read_rest(request, known, rest)
    request.extras = kept(rest)
    return request


def _read_model(request: Request, known: dict[str, Any], model: str) -> None:
    written = known.get("model", "")
    if not isinstance(written, str):
        raise wrong_type("model", "str", written)
    if written:
        request.spelling["model"] = known.pop("model")
    request.model = model or written.removeprefix("models/")


def _read_rest(request: Request, known: dict[str, Any], rest: dict[str, Any]) -> None:
    """What is simple: each is left where it was if it is of another type."""
    tier, store, labels = known.get("serviceTier"), known.get("store"), known.get("labels")
    if isinstance(tier, str) and tier:
        request.service_tier = tier
        known.pop("serviceTier")
    if isinstance(store, bool):
        request.store = store
        known.pop("store")
    if isinstance(labels, dict) and labels and all(isinstance(label, str) for label in labels.values()):
        request.metadata = dict(labels)
        known.pop("labels")
    for name, value in known.items():
        rest[request.spelling.get(name, name)] = value


# Contents


def _read_contents(request: Request, contents: Any) -> None:
    if contents is None:
        raise missing("contents")
    if isinstance(contents, dict):
        request.spelling["one content"] = "true"
        contents = [contents]
    if not isinstance(contents, list):
        raise wrong_type("contents", "array", contents)
    request.messages = [_read_content(content, f"contents[{number}]") for number, content in enumerate(contents)]
    pair(request.messages)


def _read_content(value: Any, at: str) -> Message:
    if not isinstance(value, dict):
        raise wrong_type(at, "object", value)
    role, parts = value.get("role"), value.get("parts")
    if len(value) == 2 and type(parts) is list and (role == "user" or role == "model"):  # the usual way to say it
        message = Message(role="user" if role == "user" else "assistant", parts=read_parts(parts, f"{at}.parts"), at=at)
    else:
        message = _read_odd_content(value, at)
    if not message.parts:
        raise wrong_value(f"{at}.parts", "it must not be empty.")
    return message


def _read_odd_content(value: dict[str, Any], at: str) -> Message:
    known, rest = sort_out(value, _CONTENT)
    message = Message(role=_read_role(known.get("role"), f"{at}.role"), at=at, extras=kept(rest))
    if "role" not in known:
        message.spelling["role"] = "absent"
    elif message.role == "tool":
        message.spelling["role"] = "function"
    _read_content_parts(message, known.get("parts"), f"{at}.parts")
    return message


def _read_role(role: Any, path: str) -> Role:
    match role:
        case None | "user":
            return "user"
        case "model":
            return "assistant"
        case "function":
            return "tool"
        case str():
            raise wrong_value(path, f"'{role}'. Please use a valid role: user, model.")
    raise wrong_type(path, "str", role)


def _read_content_parts(message: Message, parts: Any, at: str) -> None:
    if parts is None:
        raise missing(at)
    if isinstance(parts, dict):
        message.spelling["parts"] = "object"
        parts = [parts]
    if not isinstance(parts, list):
        raise wrong_type(at, "array", parts)
    message.parts = read_parts(parts, at)


def _read_instructions(value: Any) -> Message:
    at = "systemInstruction"
    if isinstance(value, str):
        return Message(role="system", parts=read_parts([{"text": value}], at), plain=True, at=at)
    if not isinstance(value, dict):
        raise wrong_type(at, "object", value)
    known, rest = sort_out(value, _CONTENT)
    message = Message(role="system", at=at)
    if isinstance(role := known.get("role"), str):  # any: the API does not look at it
        message.spelling["role"] = role
    elif "role" in known:
        raise wrong_type(f"{at}.role", "str", role)
    message.extras = kept(rest)
    if "parts" not in known:
        message.spelling["parts"] = "absent"
    else:
        _read_content_parts(message, known["parts"], f"{at}.parts")
    return message


# Tools


def _read_tools(request: Request, tools: Any) -> None:
    """Each declaration and each tool of Google's is a tool of its own; `in` in its spelling says in which object it
    stood. What an object says besides (empty lists, null) is kept in the request's spelling.
    """
    request.spelling.setdefault("tools", "tools")
    if isinstance(tools, dict):
        request.spelling["one tool"] = "true"
        tools = [tools]
    if not isinstance(tools, list):
        raise wrong_type("tools", "array", tools)
    for number, tool in enumerate(tools):
        at, place = f"tools[{number}]", str(number)
        if not isinstance(tool, dict):
            raise wrong_type(at, "object", tool)
        silent: dict[str, Any] = {}
        for name, value in tool.items():
            if value is None or (name in _TOOL and value == []):
                silent[name] = value
            elif name in _TOOL:
                _read_declarations(request, value, name, place, f"{at}.{camel(name)}")
            else:
                tool = ForeignTool(format=NAME, kind=camel(name), value={name: value}, at=f"{at}.{camel(name)}")
                tool.spelling["in"] = place
                request.tools.append(tool)
        if silent or not tool:
            request.spelling[f"tools[{number}]"] = _encode(silent).decode()


def _read_declarations(request: Request, declarations: Any, name: str, place: str, path: str) -> None:
    if not isinstance(declarations, list):
        raise wrong_type(path, "array", declarations)
    for number, declaration in enumerate(declarations):
        tool = _read_declaration(declaration, f"{path}[{number}]")
        tool.spelling["in"] = place
        if name != "functionDeclarations":
            tool.spelling["functionDeclarations"] = name
        request.tools.append(tool)


def _read_declaration(value: Any, at: str) -> Tool:
    if not isinstance(value, dict):
        raise wrong_type(at, "object", value)
    known, rest = sort_out(value, _DECLARATION)
    name, description = known.get("name"), known.get("description", "")
    if name is None:
        raise missing(f"{at}.name")
    for field, words in (("name", name), ("description", description)):
        if not isinstance(words, str):
            raise wrong_type(f"{at}.{field}", "str", words)
    tool = Tool(name=name, description=description, at=at, extras=kept(rest))
    tool.spelling = spelling_of(value, _DECLARATION)
    if description == "" and "description" in known:
        tool.spelling["description"] = "empty"
    if "parametersJsonSchema" in known:
        tool.parameters = _an_object(known["parametersJsonSchema"], f"{at}.parametersJsonSchema")
        tool.spelling["schema"] = "parametersJsonSchema"
    elif "parameters" in known:
        schema = _an_object(known["parameters"], f"{at}.parameters")
        tool.parameters = to_json_schema(schema)
        tool.spelling["schema"] = "parameters"
        if tool.parameters != schema:
            tool.spelling["as written"] = _encode(schema).decode()
    return tool


def _an_object(value: Any, path: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise wrong_type(path, "object", value)
    return value


def mode_of(said: object) -> ChoiceMode | None:
    """What a `mode` means; None where it is not said, or by a later version's word."""
    if isinstance(said, str):
        return _MODES.get(said.upper())
    return _MODES.get(said) if isinstance(said, int) else None


def _read_tool_config(request: Request, value: Any, rest: dict[str, Any]) -> None:
    if not isinstance(value, dict):
        raise wrong_type(CHOICE, "object", value)
    request.spelling.setdefault(CHOICE, CHOICE)
    known, others = sort_out(value, _TOOL_CONFIG)
    rest.update((f"{CHOICE}.{name}", field) for name, field in others.items())
    config = known.get("functionCallingConfig")
    if config is None:
        return
    at = CALLING
    if not isinstance(config, dict):
        raise wrong_type(at, "object", config)
    request.spelling[at] = next(iter(spelling_of(value, _TOOL_CONFIG).values()), "functionCallingConfig")
    known, others = sort_out(config, _CALLING)
    mode, names = known.get("mode"), known.get("allowedFunctionNames", [])
    neutral = mode_of(mode)
    if neutral is None:
        others = config
    elif not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise wrong_type(f"{at}.allowedFunctionNames", "array of str", names)
    else:
        request.tool_choice = ToolChoice(mode=neutral, names=list(names))
        request.tool_choice.spelling = spelling_of(config, _CALLING) | {"said": _encode(mode).decode()}
        if names == [] and "allowedFunctionNames" in known:
            others[request.tool_choice.spelling.get("allowedFunctionNames", "allowedFunctionNames")] = []
    rest.update((f"{at}.{name}", field) for name, field in others.items())
