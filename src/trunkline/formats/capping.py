"""A cap on the output of a request that passes, in the words of its format."""

import msgspec

from trunkline.formats.conversation import FormatName
from trunkline.formats.dialect import Dialect
from trunkline.formats.document import Document

_NESTED = {
    "google_generate": (("generationConfig", "generation_config"), ("maxOutputTokens", "max_output_tokens")),
    "bedrock_converse": (("inferenceConfig",), ("maxTokens",)),
}
"""Formats that have it inside another field; each name with its other spellings."""
_PLAIN = {
    "openai_completions": "max_tokens",
    "openai_responses": "max_output_tokens",
    "anthropic_messages": "max_tokens",
}
_NONE = (b"", b"null")

_decode = msgspec.json.Decoder().decode


def cap_fields(spoken: FormatName, document: Document, most: int, dialect: Dialect) -> dict[str, object]:
    """The top-level fields to lay over `document`, so that each choice has at most `most` tokens of output."""
    if spoken == "openai_chat":
        names = ("max_completion_tokens", "max_tokens")
        said = [name for name in names if document.field(name) not in _NONE]
        return dict.fromkeys(said or [dialect.max_tokens_field], most)
    if spoken in _NESTED:
        outer, inner = _NESTED[spoken]
        field = next((name for name in outer if document.field(name) not in _NONE), outer[0])
        settings = _decode(document.field(field) or b"{}") or {}
        kept = {name: value for name, value in settings.items() if name not in inner}
        return {field: {**kept, inner[0]: most}}
    return {_PLAIN[spoken]: most}
