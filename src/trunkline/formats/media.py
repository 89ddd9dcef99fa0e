"""Pictures, sounds and files inside a JSON document: data URLs, Base64, media types and their short names."""

import base64
import binascii
import re

_DATA_URL = re.compile(r"data:([^;,]*)((?:;[^;,]*)*?)(;base64)?,", re.IGNORECASE)

AUDIO_TYPES = {
    "wav": "audio/wav",
    "mp3": "audio/mpeg",
    "flac": "audio/flac",
    "opus": "audio/opus",
    "ogg": "audio/ogg",
    "aac": "audio/aac",
    "m4a": "audio/mp4",
    "pcm16": "audio/pcm",
}
"""OpenAI's short name of a sound's format → its media type."""


def split_data_url(url: str) -> tuple[str, str] | None:
    """Media type and Base64 of a `data:` URL; None for any other URL, and for one that is not Base64."""
    match = _DATA_URL.match(url)
    if match is None or match[3] is None:
        return None
    return match[1], url[match.end() :]


def data_url(media_type: str, data: str) -> str:
    """The URL that split into these."""
    return f"data:{media_type};base64,{data}"


def is_base64(data: str) -> bool:
    """Whether `data` is Base64 as JSON APIs take it: the standard alphabet, padded, white space aside."""
    try:
        base64.b64decode(data, validate=True)  # mostly without white space, which takes time to look for
    except (binascii.Error, ValueError):
        try:
            base64.b64decode("".join(data.split()), validate=True)
        except (binascii.Error, ValueError):
            return False
    return bool(data)


def audio_name(media_type: str) -> str:
    """OpenAI's short name for a sound's media type; empty where it has none."""
    usual = media_type.partition(";")[0].replace("audio/x-", "audio/").replace("audio/mp3", "audio/mpeg")
    return next((name for name, known in AUDIO_TYPES.items() if known == usual), "")
