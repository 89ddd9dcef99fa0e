"""The official SDKs' own types of a request: what their users can write down, a request to send must be."""

from collections.abc import Iterator
from functools import cache
from typing import Any

from anthropic.types.message_create_params import MessageCreateParams
from google.genai import types as genai
from mistralai.client.models import ChatCompletionRequest
from openai.types.chat.completion_create_params import CompletionCreateParams
from openai.types.responses.response_create_params import ResponseCreateParams
from pydantic import TypeAdapter, ValidationError

_CONFIG_FIELDS = ("systemInstruction", "tools", "toolConfig", "safetySettings", "cachedContent", "serviceTier")
"""Fields beside `contents` that the Google SDK puts into its configuration, as it does with `generationConfig`."""


def wrong(target: str, document: dict[str, Any]) -> str | None:
    """What the SDK of a target says against a request; None where it takes it, or there is none (Bedrock: botocore's
    validator is the published check).
    """
    try:
        match target:
            case "openai_chat":
                _consume(_adapter(CompletionCreateParams).validate_python(document))
            case "openai_responses":
                _consume(_adapter(ResponseCreateParams).validate_python(document))
            case "anthropic_messages":
                _consume(_adapter(MessageCreateParams).validate_python(document))
            case "mistral":
                ChatCompletionRequest.model_validate(document)
            case "google_generate":
                _google(document)
            case _:
                return None
    except ValidationError as error:
        first = min(error.errors(), key=lambda one: (one["type"] == "literal_error", -len(one["loc"])))
        return f"{'.'.join(str(step) for step in first['loc'] if not isinstance(step, int))}: {first['msg']}"
    return None


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _consume(value: Any) -> None:
    """Look at everything: pydantic checks what is declared as an iterable only when it is gone through."""
    if isinstance(value, dict):
        for below in value.values():
            _consume(below)
    elif isinstance(value, list | Iterator) or type(value).__name__ == "ValidatorIterator":
        for below in value:
            _consume(below)


def _google(document: dict[str, Any]) -> None:
    config = {**document.get("generationConfig", {}), **{k: document[k] for k in _CONFIG_FIELDS if k in document}}
    genai.GenerateContentConfig.model_validate(config)
    for content in document.get("contents", []):
        genai.Content.model_validate(content)
