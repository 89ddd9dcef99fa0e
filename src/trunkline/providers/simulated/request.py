"""What OpenAI takes as a request, as types. `check` reads into them; fields that change nothing here are only named.

Facts: the published API description (`CreateChatCompletionRequest`, `CreateCompletionRequest`) and the official SDK.
"""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

Count = Annotated[int, Meta(ge=1)]
Penalty = Annotated[float, Meta(ge=-2, le=2)]
Name = Annotated[str, Meta(pattern="^[a-zA-Z0-9_-]+$", max_length=64)]
Metadata = Annotated[
    dict[Annotated[str, Meta(max_length=64)], Annotated[str, Meta(max_length=512)]],
    Meta(max_length=16),
]


class _Strict(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, gc=False):
    """Takes no field it does not name, as OpenAI does."""


# Parts of a message's content


class TextPart(_Strict, tag_field="type", tag="text"):
    text: str
    prompt_cache_breakpoint: Any = None


class ImagePart(_Strict, tag_field="type", tag="image_url"):
    image_url: dict[str, Any]
    prompt_cache_breakpoint: Any = None


class AudioPart(_Strict, tag_field="type", tag="input_audio"):
    input_audio: dict[str, Any]
    prompt_cache_breakpoint: Any = None


class FilePart(_Strict, tag_field="type", tag="file"):
    file: dict[str, Any]
    prompt_cache_breakpoint: Any = None


class RefusalPart(_Strict, tag_field="type", tag="refusal"):
    refusal: str


Part = TextPart | ImagePart | AudioPart | FilePart | RefusalPart


# Messages


class CalledFunction(_Strict):
    name: str
    arguments: str


class CalledCustom(_Strict):
    name: str
    input: str


class FunctionCall(_Strict, tag_field="type", tag="function"):
    id: str
    function: CalledFunction


class CustomCall(_Strict, tag_field="type", tag="custom"):
    id: str
    custom: CalledCustom


class System(_Strict, tag_field="role", tag="system"):
    content: str | list[TextPart]
    name: str | None = None


class Developer(_Strict, tag_field="role", tag="developer"):
    content: str | list[TextPart]
    name: str | None = None


class User(_Strict, tag_field="role", tag="user"):
    content: str | list[TextPart | ImagePart | AudioPart | FilePart]
    name: str | None = None


class Assistant(_Strict, tag_field="role", tag="assistant"):
    content: str | list[TextPart | RefusalPart] | None = None
    name: str | None = None
    refusal: str | None = None
    audio: dict[str, Any] | None = None
    tool_calls: Annotated[list[FunctionCall | CustomCall], Meta(min_length=1)] | None = None
    function_call: CalledFunction | None = None
    annotations: Any = None  # not described, but taken: SDKs send back the message they were given


class Tool(_Strict, tag_field="role", tag="tool"):
    content: str | list[TextPart]
    tool_call_id: str


class Function(_Strict, tag_field="role", tag="function"):
    content: str | None
    name: str


Message = System | Developer | User | Assistant | Tool | Function


# Tools and formats


class FunctionFacts(_Strict):
    name: Name
    description: str | None = None
    parameters: dict[str, Any] | None = None
    strict: bool | None = None


class FunctionTool(_Strict, tag_field="type", tag="function"):
    function: FunctionFacts


class CustomTool(_Strict, tag_field="type", tag="custom"):
    custom: dict[str, Any]


class ChosenFunction(_Strict):
    name: str


class NamedChoice(_Strict, tag_field="type", tag="function"):
    function: ChosenFunction


class CustomChoice(_Strict, tag_field="type", tag="custom"):
    custom: ChosenFunction


class AllowedTools(_Strict):
    mode: Literal["auto", "required"]
    tools: list[NamedChoice | CustomChoice]


class AllowedChoice(_Strict, tag_field="type", tag="allowed_tools"):
    allowed_tools: AllowedTools


ToolChoice = Literal["none", "auto", "required"] | NamedChoice | CustomChoice | AllowedChoice


class JsonSchema(_Strict):
    name: Name
    description: str | None = None
    schema: dict[str, Any] | None = None
    strict: bool | None = None


class TextFormat(_Strict, tag_field="type", tag="text"):
    pass


class ObjectFormat(_Strict, tag_field="type", tag="json_object"):
    pass


class SchemaFormat(_Strict, tag_field="type", tag="json_schema"):
    json_schema: JsonSchema


# Requests


class StreamOptions(_Strict):
    include_usage: bool | None = None
    include_obfuscation: bool | None = None


class _Common(_Strict):
    model: str
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    n: Annotated[int, Meta(ge=1, le=128)] | None = None
    stop: str | Annotated[list[str], Meta(min_length=1, max_length=4)] | None = None
    seed: int | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    frequency_penalty: Penalty | None = None
    presence_penalty: Penalty | None = None
    logit_bias: dict[str, Annotated[float, Meta(ge=-100, le=100)]] | None = None
    user: str | None = None


class Chat(_Common, kw_only=True):
    """A chat completion request."""

    messages: Annotated[list[Message], Meta(min_length=1)]
    max_tokens: Count | None = None
    max_completion_tokens: Count | None = None
    tools: Annotated[list[FunctionTool | CustomTool], Meta(min_length=1, max_length=128)] | None = None
    tool_choice: ToolChoice | None = None
    parallel_tool_calls: bool | None = None
    response_format: TextFormat | ObjectFormat | SchemaFormat | None = None
    metadata: Metadata | None = None
    logprobs: bool | None = None
    top_logprobs: Annotated[int, Meta(ge=0, le=20)] | None = None
    modalities: list[Literal["text", "audio"]] | None = None
    audio: dict[str, Any] | None = None
    functions: list[dict[str, Any]] | None = None
    function_call: Any = None
    moderation: Any = None
    prediction: dict[str, Any] | None = None
    prompt_cache_key: str | None = None
    prompt_cache_options: Any = None
    prompt_cache_retention: str | None = None
    reasoning_effort: str | None = None
    safety_identifier: Annotated[str, Meta(max_length=64)] | None = None
    service_tier: str | None = None
    store: bool | None = None
    verbosity: str | None = None
    web_search_options: dict[str, Any] | None = None


class Legacy(_Common, kw_only=True):
    """A completion request of the older kind."""

    prompt: str | Annotated[list[str | int | list[int]], Meta(min_length=1)]
    max_tokens: Annotated[int, Meta(ge=0)] | None = None
    best_of: Annotated[int, Meta(ge=0, le=20)] | None = None
    echo: bool | None = None
    logprobs: Annotated[int, Meta(ge=0, le=5)] | None = None
    suffix: str | None = None


def text_of(content: str | list[Any] | None) -> str:
    """The text of a message's content, its parts joined."""
    if isinstance(content, str):
        return content
    return "".join([part.text for part in content or () if isinstance(part, TextPart)])
