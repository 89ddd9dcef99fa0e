"""What clients may speak. Every SDK finds its own API here: see `endpoints.py` for where."""

import msgspec

from trunkline.formats.format import Format, Place
from trunkline.formats.registry import FORMATS

NOWHERE = Place()


class Front(msgspec.Struct, frozen=True):
    """An endpoint that answers with a model's words."""

    format: Format
    place: Place = NOWHERE


CHAT = Front(FORMATS["openai_chat"])
WHOLE_CALLS = Front(CHAT.format, Place(whole_calls=True))
COMPLETIONS = Front(FORMATS["openai_completions"])
RESPONSES = Front(FORMATS["openai_responses"])
MESSAGES = Front(FORMATS["anthropic_messages"])
GOOGLE = Front(FORMATS["google_generate"])


def takes_whole_calls(headers: dict[bytes, bytes]) -> bool:
    """Whether the client is Mistral's SDK, which raises at a piece of a streamed tool call that has no name."""
    return headers.get(b"user-agent", b"").startswith(b"mistral-client")


def likely(path: bytes) -> Format:
    """Whose errors to speak to a client that asked for `path`, which may be nowhere."""
    if path.startswith((b"/v1beta", b"/v1alpha")) or b":generateContent" in path or b":streamGenerateContent" in path:
        return GOOGLE.format
    if path.startswith((b"/v1/messages", b"/messages")):
        return MESSAGES.format
    return CHAT.format
