"""All wire formats by name: whatever works with any of them finds it here."""

from trunkline.formats import anthropic_messages, bedrock_converse, google_generate, openai_chat, openai_responses
from trunkline.formats.format import Format

FORMATS: dict[str, Format] = {
    known.name: known
    for known in (
        openai_chat.FORMAT,
        openai_chat.FORMAT_COMPLETIONS,
        openai_responses.FORMAT,
        anthropic_messages.FORMAT,
        google_generate.FORMAT,
        bedrock_converse.FORMAT,
    )
}
"""Format's name → what it offers."""
