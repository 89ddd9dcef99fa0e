"""The official SDKs' own types of a request: what their users can write down, a request to send must be.

The SDKs are imported where they are first needed: together they take seconds.
"""

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

_CONFIG_FIELDS = ("systemInstruction", "tools", "toolConfig", "safetySettings", "cachedContent", "serviceTier")
"""Fields beside `contents` that the Google SDK puts into its configuration, as it does with `generationConfig`."""


def wrong(target: str, document: dict[str, Any]) -> str | None:
    """What the SDK of a target says against a request; None where it takes it, or there is none (Bedrock: botocore's
    validator is the published check).
    """
    try:
        _checker(target)(document)
    except ValidationError as error:
        first = min(error.errors(), key=lambda one: (one["type"] == "literal_error", -len(one["loc"])))
        return f"{'.'.join(str(step) for step in first['loc'] if not isinstance(step, int))}: {first['msg']}"
    return None


@cache
def _checker(target: str) -> Callable[[dict[str, Any]], Any]:
    """Raises `ValidationError` for what a target's SDK would not take."""
    match target:
        case "openai_chat":
            from openai.types.chat.completion_create_params import CompletionCreateParams

            return _typed(CompletionCreateParams)
        case "openai_responses":
            from openai.types.responses.response_create_params import ResponseCreateParams

            return _typed(ResponseCreateParams)
        case "anthropic_messages":
            from anthropic.types.message_create_params import MessageCreateParams

            return _typed(MessageCreateParams)
        case "mistral":
            from mistralai.client.models import ChatCompletionRequest

            return ChatCompletionRequest.model_validate
        case "google_generate":
            return _google
        case _:
            return lambda document: None


def _typed(kind: Any) -> Callable[[dict[str, Any]], Any]:
    adapter = TypeAdapter[Any](kind)
    return lambda document: _consume(adapter.validate_python(document))


def _consume(value: Any) -> None:
    """Look at everything: pydantic checks what is declared as an iterable only when it is gone through."""
    if isinstance(value, dict):
        for below in value.values():
            _consume(below)
    elif isinstance(value, list | Iterator) or type(value).__name__ == "ValidatorIterator":
        for below in value:
            _consume(below)


def _google(document: dict[str, Any]) -> None:
    from google.genai import types

    config = {**document.get("generationConfig", {}), **{k: document[k] for k in _CONFIG_FIELDS if k in document}}
    types.GenerateContentConfig.model_validate(config)
    for content in document.get("contents", []):
        types.Content.model_validate(content)
