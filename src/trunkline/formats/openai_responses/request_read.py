"""A request as a client of the Responses API sends it."""

from typing import Any, get_args

from trunkline.formats.conversation import Effort, Message, OutputFormat, Request, Text, Thinking
from trunkline.formats.format import Place
from trunkline.formats.openai_responses.items_read import read_items
from trunkline.formats.openai_responses.names import NAME
from trunkline.formats.openai_responses.shape import invalid_type, invalid_value, missing, needed_text, taken
from trunkline.formats.openai_responses.tools import read_choice, read_tools

Fields = dict[str, Any]
_NUMBER = (int, float)
_FIELDS: tuple[tuple[str, str, tuple[type, ...], str], ...] = (
    ("temperature", "temperature", _NUMBER, "float"),
    ("top_p", "top_p", _NUMBER, "float"),
    ("max_output_tokens", "max_output", (int,), "int"),
    ("top_logprobs", "top_logprobs", (int,), "int"),
    ("parallel_tool_calls", "parallel_tool_calls", (bool,), "bool"),
    ("store", "store", (bool,), "bool"),
    ("user", "user", (str,), "str"),
    ("service_tier", "service_tier", (str,), "str"),
    ("prompt_cache_key", "cache_key", (str,), "str"),
    # not OpenAI's own, but of servers that speak its format
    ("presence_penalty", "presence_penalty", _NUMBER, "float"),
    ("frequency_penalty", "frequency_penalty", _NUMBER, "float"),
    ("top_k", "top_k", _NUMBER, "int"),
    ("seed", "seed", (int,), "int"),
)
"""Field on the wire, field of `Request`, its types, and their name in an error."""
WIRE_NAMES = {name: field for field, name, _, _ in _FIELDS}
"""Field of `Request` → field on the wire."""
_STATE = ("prompt", "previous_response_id", "conversation")
"""What may stand in place of an input."""
LOGPROBS = "message.output_text.logprobs"
_EFFORTS = frozenset(get_args(Effort))
_SUMMARIES = frozenset({"auto", "concise", "detailed"})


def read_request(value: Fields, place: Place) -> Request:
    """The request that `value` says. Raises `ShapeError`."""
    rest = dict(value)
    request = Request(format=NAME, model=_model(rest, place))
    for field, name, types, expected in _FIELDS:
        found = rest.get(field)
        if found is None or found == "":
            continue
        if type(found) not in types:
            raise invalid_type(field, expected, found)
        setattr(request, name, found)
        del rest[field]
    _read_stream(request, rest)
    _read_input(request, rest)
    _read_tools(request, rest)
    _read_text(request, rest)
    _read_thinking(request, rest)
    _read_include(request, rest)
    metadata = rest.get("metadata")
    if type(metadata) is dict and all(type(said) is str for said in metadata.values()):
        request.metadata = rest.pop("metadata")
    if rest:
        request.extras = {NAME: rest}
    return request


def _model(rest: Fields, place: Place) -> str:
    if place.model and "model" not in rest:
        return place.model
    if "model" not in rest and "prompt" in rest:
        return ""  # a stored prompt may name it
    if "model" not in rest:
        raise missing("model")
    if type(rest["model"]) is not str:
        raise invalid_type("model", "str", rest["model"])
    return taken(rest, "model")


def _read_stream(request: Request, rest: Fields) -> None:
    stream = rest.get("stream")
    if stream is None:
        return
    if type(stream) is not bool:
        raise invalid_type("stream", "bool", stream)
    request.stream = rest.pop("stream")
    if not stream:
        request.spelling["stream"] = "false"


def _read_input(request: Request, rest: Fields) -> None:
    instructions = rest.get("instructions")
    if type(instructions) is str and instructions:
        del rest["instructions"]
        request.instructions = Message(role="system", parts=[Text(text=instructions)], plain=True, at="instructions")
    elif instructions is not None and type(instructions) is not str:
        raise invalid_type("instructions", "str", instructions)
    said = rest.get("input")
    if type(said) is str:
        del rest["input"]
        request.messages = [Message(role="user", parts=[Text(text=said)], plain=True, at="input")]
        request.spelling["input"] = "string"
    elif type(said) is list:
        del rest["input"]
        request.messages = read_items(said)
    elif said is not None:
        raise invalid_type("input", "str | array", said)
    elif not any(rest.get(name) for name in _STATE):
        raise missing("input")
    else:
        request.spelling["input"] = "absent"


def _read_tools(request: Request, rest: Fields) -> None:
    if rest.get("tools"):
        request.tools = read_tools(rest.pop("tools"))
    choice = rest.get("tool_choice")
    if choice is not None:
        request.tool_choice = read_choice(choice)
        if request.tool_choice is not None:
            del rest["tool_choice"]


def _read_text(request: Request, rest: Fields) -> None:
    text = rest.get("text")
    if text is None:
        return
    if type(text) is not dict:
        raise invalid_type("text", "object", text)
    left = dict(text)
    request.verbosity = taken(left, "verbosity")
    wanted = left.get("format")
    if wanted is not None:
        if type(wanted) is not dict:
            raise invalid_type("text.format", "object", wanted)
        request.output = _read_format(wanted)
        del left["format"]
    if left or len(text) == 0:
        rest["text"] = left
    else:
        del rest["text"]


def _read_format(value: Fields) -> OutputFormat:
    rest = dict(value)
    kind = needed_text(rest, "type", "text.format")
    del rest["type"]
    output = OutputFormat(kind="text")
    if kind == "json_object":
        output.kind = "json"
    elif kind == "json_schema":
        output.kind = "schema"
        output.name = needed_text(rest, "name", "text.format")
        del rest["name"]
        output.description = taken(rest, "description")
        output.schema = _schema(rest)
        if type(rest.get("strict")) is bool:
            output.strict = rest.pop("strict")
    elif kind != "text":
        raise invalid_value("text.format.type", kind, ("text", "json_schema", "json_object"))
    if rest:
        output.extras = {NAME: rest}
    return output


def _schema(rest: Fields) -> Fields:
    if "schema" not in rest:
        raise missing("text.format.schema")
    if type(rest["schema"]) is not dict:
        raise invalid_type("text.format.schema", "object", rest["schema"])
    schema: Fields = rest.pop("schema")
    return schema


def _read_thinking(request: Request, rest: Fields) -> None:
    reasoning = rest.get("reasoning")
    if reasoning is None:
        return
    if type(reasoning) is not dict:
        raise invalid_type("reasoning", "object", reasoning)
    left = dict(rest.pop("reasoning"))
    thinking = request.thinking = Thinking()
    effort, summary = left.get("effort"), left.get("summary")
    if type(effort) is str and effort in _EFFORTS:
        thinking.effort = left.pop("effort")
        if effort == "none":
            thinking.mode = "off"
    if type(summary) is str and summary in _SUMMARIES:
        thinking.summary = left.pop("summary")
        thinking.shown = True
    if left:
        thinking.extras = {NAME: left}


def _read_include(request: Request, rest: Fields) -> None:
    include = rest.get("include")
    if include is None:
        return
    if type(include) is not list:
        raise invalid_type("include", "array", include)
    if LOGPROBS in include:
        place = include.index(LOGPROBS)
        request.logprobs = True
        request.spelling["logprobs"] = str(place)
        rest["include"] = [*include[:place], *include[place + 1 :]]
