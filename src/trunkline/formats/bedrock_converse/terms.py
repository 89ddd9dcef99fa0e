"""The words of Converse for what the neutral types name otherwise."""

from typing import Final

from trunkline.formats.conversation import FormatName, StopReason
from trunkline.formats.dialect import Dialect

NAME: Final[FormatName] = "bedrock_converse"

ISSUER = "anthropic"
"""Whose signatures Bedrock carries: no other family of its models signs its reasoning."""

KINDS = frozenset(
    {"messageStart", "contentBlockStart", "contentBlockDelta", "contentBlockStop", "messageStop", "metadata"}
)
"""Events of a stream."""

STOPS: dict[str, StopReason] = {
    "end_turn": "stop",
    "tool_use": "tool_calls",
    "max_tokens": "length",
    "stop_sequence": "stop_sequence",
    "guardrail_intervened": "filtered",
    "content_filtered": "filtered",
    "malformed_model_output": "failed",
    "malformed_tool_use": "failed",
    "model_context_window_exceeded": "context",
}
STOP_WORDS: dict[StopReason, str] = {
    "stop": "end_turn",
    "stop_sequence": "stop_sequence",
    "length": "max_tokens",
    "context": "model_context_window_exceeded",
    "tool_calls": "tool_use",
    "filtered": "content_filtered",
    "refused": "content_filtered",
    "paused": "end_turn",
    "failed": "malformed_model_output",
}

_OFFICE = "application/vnd.openxmlformats-officedocument"
IMAGES = {"png": "image/png", "jpeg": "image/jpeg", "gif": "image/gif", "webp": "image/webp"}
DOCUMENTS = {
    "pdf": "application/pdf",
    "csv": "text/csv",
    "doc": "application/msword",
    "docx": f"{_OFFICE}.wordprocessingml.document",
    "xls": "application/vnd.ms-excel",
    "xlsx": f"{_OFFICE}.spreadsheetml.sheet",
    "html": "text/html",
    "txt": "text/plain",
    "md": "text/markdown",
}
VIDEOS = {
    "mp4": "video/mp4",
    "mov": "video/quicktime",
    "mkv": "video/x-matroska",
    "webm": "video/webm",
    "flv": "video/x-flv",
    "mpeg": "video/mpeg",
    "mpg": "video/mpeg",
    "wmv": "video/x-ms-wmv",
    "three_gp": "video/3gpp",
}
SOUNDS = {
    "mp3": "audio/mpeg",
    "wav": "audio/wav",
    "flac": "audio/flac",
    "opus": "audio/opus",
    "ogg": "audio/ogg",
    "aac": "audio/aac",
    "m4a": "audio/mp4",
    "mp4": "audio/mp4",
    "pcm": "audio/pcm",
    "webm": "audio/webm",
    "mka": "audio/x-matroska",
    "mkv": "audio/x-matroska",
    "mpeg": "audio/mpeg",
    "mpga": "audio/mpeg",
    "x-aac": "audio/aac",
}
"""Names of formats → media types. Where several mean the same, the first is written."""
_OTHER_NAMES = {
    "image/jpg": "image/jpeg",
    "image/pjpeg": "image/jpeg",
    "audio/mp3": "audio/mpeg",
    "audio/x-wav": "audio/wav",
    "audio/wave": "audio/wav",
    "audio/x-m4a": "audio/mp4",
    "text/x-markdown": "text/markdown",
    "application/x-pdf": "application/pdf",
}


def is_claude(dialect: Dialect) -> bool:
    """Whether the model is of Anthropic's family, whose own parameters (`top_k`, `tool_choice`) are known."""
    return dialect.issuer == ISSUER


def media_type(word: str, table: dict[str, str]) -> str:
    """The media type for Converse's name of a format."""
    family = next(iter(table.values())).partition("/")[0]
    return table.get(word) or f"{family}/{word}"


def format_word(media: str, table: dict[str, str], said: str = "") -> str:
    """Converse's name for a media type: `said` where that means it, empty where it has none."""
    if said and media_type(said, table) == media:
        return said
    usual = media.partition(";")[0].strip().lower()
    usual = _OTHER_NAMES.get(usual, usual)
    return next((word for word, known in table.items() if known == usual), "")
