"""The types of a chat request's fields, as far as a translation relies on them."""

from typing import Any

import msgspec


class _Url(msgspec.Struct):
    url: str
    detail: str | None = None


class _Sound(msgspec.Struct):
    data: str
    format: str | None = None


class _File(msgspec.Struct):
    file_data: str | None = None
    file_id: str | None = None
    filename: str | None = None


class _Part(msgspec.Struct):
    type: str
    text: str | None = None
    refusal: str | None = None
    image_url: str | _Url | None = None
    audio_url: str | _Url | None = None
    video_url: str | _Url | None = None
    file_url: str | _Url | None = None
    document_url: str | _Url | None = None
    pdf_url: str | _Url | None = None
    input_audio: str | _Sound | None = None
    file: _File | None = None
    thinking: str | list[dict[str, Any]] | None = None


class _FunctionCall(msgspec.Struct):
    name: str | None = None
    arguments: str | dict[str, Any] | None = None


class _Call(msgspec.Struct):
    id: str | None = None
    type: str | None = None
    function: _FunctionCall | None = None


class _Message(msgspec.Struct):
    role: str
    content: str | list[_Part] | None = None
    name: str | None = None
    refusal: str | None = None
    tool_call_id: str | None = None
    tool_calls: list[_Call] | None = None
    function_call: _FunctionCall | None = None


class _Function(msgspec.Struct):
    name: str
    description: str | None = None
    parameters: dict[str, Any] | None = None
    strict: bool | None = None


class _Tool(msgspec.Struct):
    type: str | None = None
    function: _Function | None = None


class _Schema(msgspec.Struct):
    name: str | None = None
    description: str | None = None
    schema: dict[str, Any] | None = None
    strict: bool | None = None


class _ResponseFormat(msgspec.Struct):
    type: str
    json_schema: _Schema | None = None


class _StreamOptions(msgspec.Struct):
    include_usage: bool | None = None


class Sampling(msgspec.Struct, kw_only=True):
    """What chat and legacy completions share."""

    model: str | None = None
    stream: bool | None = None
    stream_options: _StreamOptions | None = None
    n: int | None = None
    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: float | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    seed: int | None = None
    random_seed: int | None = None
    stop: str | list[str] | None = None
    logit_bias: dict[str, float] | list[Any] | None = None
    user: str | None = None


class ChatRequest(Sampling, kw_only=True):
    """A chat request."""

    messages: list[_Message]
    tools: list[_Tool] | None = None
    functions: list[_Function] | None = None
    tool_choice: str | dict[str, Any] | None = None
    function_call: str | dict[str, Any] | None = None
    parallel_tool_calls: bool | None = None
    response_format: _ResponseFormat | None = None
    max_completion_tokens: int | None = None
    logprobs: bool | int | None = None
    top_logprobs: int | None = None
    reasoning_effort: str | int | bool | None = None
    verbosity: str | None = None
    service_tier: str | None = None
    prompt_cache_key: str | None = None
    safety_identifier: str | None = None
    store: bool | None = None


class CompletionRequest(Sampling, kw_only=True):
    """A legacy completion request."""

    prompt: str | list[str | int | list[int]] | None = None
    suffix: str | None = None
    logprobs: int | None = None
    echo: bool | None = None
    best_of: int | None = None
