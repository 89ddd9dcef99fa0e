"""A chat request into a neutral one."""

from typing import Any

import msgspec

from trunkline.formats.conversation import Request
from trunkline.formats.format import Place
from trunkline.formats.openai_chat.messages_read import read_messages
from trunkline.formats.openai_chat.output import take_output
from trunkline.formats.openai_chat.parts_read import missing, take_cache
from trunkline.formats.openai_chat.passing import shape_error
from trunkline.formats.openai_chat.shape import ChatRequest, CompletionRequest
from trunkline.formats.openai_chat.thinking import take_thinking
from trunkline.formats.openai_chat.tools import take_tool_choice, take_tools
from trunkline.formats.openai_chat.words import NAME

COMMON = (
    ("temperature", "temperature"),
    ("top_p", "top_p"),
    ("top_k", "top_k"),
    ("presence_penalty", "presence_penalty"),
    ("frequency_penalty", "frequency_penalty"),
    ("n", "choices"),
    ("logit_bias", "logit_bias"),
    ("user", "user"),
)
"""Our field and the neutral one, in chat and in legacy completions."""
_CHAT = (
    ("parallel_tool_calls", "parallel_tool_calls"),
    ("verbosity", "verbosity"),
    ("service_tier", "service_tier"),
    ("prompt_cache_key", "cache_key"),
    ("store", "store"),
)
_TEXT_ONLY = ["text"]
_WITH_USAGE = {"include": True}


def read_request(value: dict[str, Any], place: Place) -> Request:
    """Raises `ShapeError`."""
    check(value, place, ChatRequest)
    fields = dict(value)
    request = Request(format=NAME, model=place.model or fields["model"])
    fields.pop("model", None)
    request.messages = read_messages(fields.pop("messages"))
    request.tools = take_tools(fields)
    request.tool_choice = take_tool_choice(fields)
    request.output = take_output(fields)
    request.thinking = take_thinking(fields)
    _take_cap(fields, request)
    take_common(fields, request)
    _take_same(fields, request, _CHAT)
    _take_logprobs(fields, request)
    _take_metadata(fields, request)
    _take_marks(fields, request)
    if fields:
        request.extras = {NAME: fields}
    return request


def check(value: dict[str, Any], place: Place, shape: type[ChatRequest] | type[CompletionRequest]) -> None:
    """Check the types of all that a translation relies on. Raises `ShapeError`."""
    try:
        checked = msgspec.convert(value, shape)
    except msgspec.ValidationError as error:
        raise shape_error(str(error)) from None
    if checked.model is None and not place.model:
        raise missing("model")


def take_common(fields: dict[str, Any], request: Request) -> None:
    """What chat and legacy completions say in the same words."""
    _take_same(fields, request, COMMON)
    if fields.get("stream"):
        request.stream = fields.pop("stream")
    options = fields.get("stream_options")
    if options and options.get("include_usage") is not None:
        left = dict(options)
        request.stream_usage = left.pop("include_usage")
        if left:
            fields["stream_options"] = left
        else:
            del fields["stream_options"]
    stop = fields.get("stop")
    if stop:
        request.stop = [stop] if isinstance(stop, str) else stop
        if isinstance(stop, str):
            request.spelling["stop"] = "string"
        del fields["stop"]
    for name in ("seed", "random_seed"):
        if fields.get(name) is not None and request.seed is None:
            request.seed = fields.pop(name)
            request.spelling["seed"] = name


def _take_same(fields: dict[str, Any], request: Request, names: tuple[tuple[str, str], ...]) -> None:
    for name, there in names:
        value = fields.get(name)
        if value is None or value == "" or value == {} or isinstance(value, list):  # llama.cpp's logit_bias is a list
            continue
        if name != "top_k" or value > 0:  # all tokens, in the words of vLLM (-1) and llama.cpp (0)
            setattr(request, there, value)
            del fields[name]


def _take_cap(fields: dict[str, Any], request: Request) -> None:
    """The cap on output, under its old and its new name."""
    new, old = fields.get("max_completion_tokens"), fields.get("max_tokens")
    if new is not None:
        request.max_output = fields.pop("max_completion_tokens")
        request.spelling["max_output"] = "max_completion_tokens"
        if old == new:
            del fields["max_tokens"]
            request.spelling["max_output"] = "both"
    elif old is not None:
        request.spelling["max_output"] = "max_tokens"
        if old >= 0:  # LM Studio and llama.cpp take -1 for none
            request.max_output = fields.pop("max_tokens")


def _take_logprobs(fields: dict[str, Any], request: Request) -> None:
    """Whether the tokens' probabilities are wanted; Together and Fireworks take a number of them, too."""
    wanted = fields.get("logprobs")
    if isinstance(wanted, bool):
        request.logprobs = fields.pop("logprobs")
    elif wanted and "top_logprobs" not in fields:
        request.logprobs, request.top_logprobs = True, fields.pop("logprobs")
        request.spelling["logprobs"] = "number"
    if fields.get("top_logprobs") is not None:
        request.top_logprobs = fields.pop("top_logprobs")


def _take_metadata(fields: dict[str, Any], request: Request) -> None:
    metadata = fields.get("metadata")
    if isinstance(metadata, dict) and metadata and all(isinstance(value, str) for value in metadata.values()):
        request.metadata = fields.pop("metadata")
    if not request.user and fields.get("safety_identifier"):
        request.user = fields.pop("safety_identifier")
        request.spelling["user"] = "safety_identifier"


def _take_marks(fields: dict[str, Any], request: Request) -> None:
    """A hint for the whole prompt, and fields that ask for what is done anyway."""
    request.cache = take_cache(fields, request.spelling)  # OpenRouter
    if fields.get("modalities") == _TEXT_ONLY:
        del fields["modalities"]
        request.spelling["modalities"] = "text"
    if fields.get("usage") == _WITH_USAGE:  # OpenRouter
        del fields["usage"]
        request.spelling["usage"] = "include"
