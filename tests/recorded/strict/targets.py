"""The strict checks by target."""

from collections.abc import Callable
from typing import Any

from tests.recorded.strict import (
    anthropic_messages,
    bedrock_converse,
    google_generate,
    mistral,
    openai_chat,
    openai_responses,
)
from tests.recorded.strict.rules import Rules

STRICT: dict[str, Callable[[dict[str, Any]], Rules]] = {
    "openai_chat": openai_chat.broken,
    "mistral": mistral.broken,
    "openai_responses": openai_responses.broken,
    "anthropic_messages": anthropic_messages.broken,
    "google_generate": google_generate.broken,
    "bedrock_converse": bedrock_converse.broken,
}
