"""What clients may speak. Every SDK finds its own API here: see `endpoints.py` for where."""

import re

import msgspec

from trunkline.formats.format import Format, Place
from trunkline.formats.registry import FORMATS

NOWHERE = Place()
GOOGLES = re.compile(rb"/models/.+:[a-z]+[A-Z][A-Za-z]+$")
"""Paths that end in a verb, as `:countTokens`."""


class Front(msgspec.Struct, frozen=True):
    """An endpoint that answers with a model's words."""

    format: Format
    place: Place = NOWHERE

    @property
    def keep_alive(self) -> bytes:
        """What goes out between two pieces of a stream and says nothing.

        A comment, by the standard of server-sent events. Google's SDKs know none and raise at it; an empty event, which
        is no event by the standard, they skip, and in a JSON array it is white space.
        """
        return b"\r\n\r\n" if self.format.name == "google_generate" else b": keep-alive\n\n"

    def told(self, error: bytes) -> bytes:
        """The body of an answer that says `error`. A client that asked for an array gets one, with the error in it."""
        return b"[%b]" % error if self.place.array else error


CHAT = Front(FORMATS["openai_chat"])
COMPLETIONS = Front(FORMATS["openai_completions"])
RESPONSES = Front(FORMATS["openai_responses"])
MESSAGES = Front(FORMATS["anthropic_messages"])
GOOGLE = Front(FORMATS["google_generate"])
GOOGLES_ARRAY = Front(GOOGLE.format, Place(array=True))


def takes_whole_calls(headers: dict[bytes, bytes]) -> bool:
    """Whether the client is Mistral's SDK, which raises at a piece of a streamed tool call that has no name."""
    return headers.get(b"user-agent", b"").startswith(b"mistral-client")


def wants_array(verb: str, query: str) -> bool:
    """Whether a Google client wants its stream as one JSON array: all do that do not ask for events."""
    return verb == "streamGenerateContent" and "alt=sse" not in query.split("&")


def likely(target: bytes) -> Front:
    """Whose errors to speak to a client that asked for `target`, which may be nowhere."""
    path, _, query = target.partition(b"?")
    if path.startswith((b"/v1beta", b"/v1alpha")) or GOOGLES.search(path):
        verb = path.rpartition(b":")[2].decode("latin-1")
        return GOOGLES_ARRAY if wants_array(verb, query.decode("latin-1")) else GOOGLE
    if path.startswith((b"/v1/messages", b"/messages")):
        return MESSAGES
    return CHAT


def whose(headers: dict[bytes, bytes]) -> Front:
    """Whose client asks at a path that several APIs have: by what only its SDK sends."""
    if b"anthropic-version" in headers:
        return MESSAGES
    return GOOGLE if b"x-goog-api-key" in headers else CHAT
