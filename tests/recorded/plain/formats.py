"""The plain readers by format: what a document says, told by code that is not ours to test."""

from collections.abc import Callable
from typing import Any, NamedTuple

from tests.recorded.plain import (
    anthropic_messages,
    bedrock_converse,
    google_generate,
    openai_chat,
    openai_responses,
)
from tests.recorded.plain.said import Answer, Told


class Plain(NamedTuple):
    """One format's readers."""

    request: Callable[[dict[str, Any]], Told]
    reply: Callable[[dict[str, Any]], Answer]
    stream: Callable[[bytes], Answer]


PLAIN_READERS = {
    "openai_chat": Plain(openai_chat.request, openai_chat.reply, openai_chat.stream),
    "openai_completions": Plain(openai_chat.request, openai_chat.reply, openai_chat.stream),
    "openai_responses": Plain(openai_responses.request, openai_responses.reply, openai_responses.stream),
    "anthropic_messages": Plain(anthropic_messages.request, anthropic_messages.reply, anthropic_messages.stream),
    "google_generate": Plain(google_generate.request, google_generate.reply, google_generate.stream),
    "bedrock_converse": Plain(bedrock_converse.request, bedrock_converse.reply, bedrock_converse.stream),
}
