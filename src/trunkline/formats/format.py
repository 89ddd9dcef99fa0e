"""What a format offers: a record of functions, the same for all, filled by each format's module.

                 a client speaks it                          a provider speaks it
    request      read_request(value, place) → Request        write_request(Request, Dialect, Losses) → value
    reply        write_reply(Reply, Request) → value         read_reply(value, Dialect) → Reply
    stream       StreamWriter(Request).feed(Event) → bytes   StreamReader(Dialect).feed(bytes) → events
    error        write_error(Problem) → bytes                (providers/base.py reads refusals of every shape)

Where client and provider speak the same format nothing is translated: `look` checks a request and notes what the
journey must know of it, `edit` writes it with its own bytes, a `Scanner` follows the stream as it passes, and
`look_reply` glances at a whole reply. That is the cheapest case of the same thing, and must agree with it.
"""

import re
from collections.abc import Callable
from typing import Any, Protocol

import msgspec

from trunkline.formats.conversation import Event, FormatName, Reply, Request, Usage
from trunkline.formats.dialect import Dialect
from trunkline.formats.document import Document
from trunkline.formats.losses import Losses


class ShapeError(ValueError):
    """A field is missing or of the wrong type. `param` is its path, such as `messages[0].role`."""

    def __init__(self, message: str, param: str | None, code: str) -> None:
        super().__init__(message)
        self.param = param
        self.code = code


class StreamError(ValueError):
    """A stream that cannot be handed on: its events are not what the format says."""


class Place(msgspec.Struct, frozen=True):
    """What the path and the query of a request say that other formats say in the body."""

    model: str = ""
    stream: bool = False
    array: bool = False
    """The stream is one JSON array rather than server-sent events (Google without `alt=sse`)."""
    whole_calls: bool = False
    """The client takes a streamed tool call only in one piece."""


class Asked(msgspec.Struct, gc=False):
    """What the journey needs to know of a request."""

    model: str
    stream: bool
    stream_options: dict[str, Any]
    usage_wanted: bool
    """The client asked for usage in the stream, or the format always gives it."""
    choices: int
    output_cap: int | None
    """Most tokens the client lets the model produce, for all choices together."""
    size: int
    """Bytes of the request."""
    tools: bool = True
    """It may have tools."""


NOTHING = Asked(model="", stream=False, stream_options={}, usage_wanted=False, choices=1, output_cap=None, size=0)
"""What is known of a request before it is read."""


class Problem(msgspec.Struct, frozen=True):
    """An error as the gateway knows it (see `gateway/errors`); each format says it in its own shape."""

    status: int
    message: str
    kind: str
    """`invalid_request_error`, `authentication_error`, `rate_limit_error`, `upstream_error`, `server_error`, …"""
    param: str | None = None
    code: str | None = None
    request_id: str = ""


class ReplyFacts(msgspec.Struct, gc=False):
    """What was read of a whole reply that passes."""

    usage: Usage | None
    finish: str
    """The provider's own word for why it ended."""
    choices: int
    error: object
    tier: str = ""
    """The service tier by whose prices it is charged, as the provider calls it; empty where it does not say."""


class StreamReader(Protocol):
    """Reads a provider's stream."""

    def feed(self, data: bytes) -> list[Event]:
        """The events that `data` completes. Raises `StreamError`."""

    def close(self) -> list[Event]:
        """The provider has closed its stream: what it left without the last blank line, if that is a whole event."""

    def complete(self) -> bool:
        """Whether the stream so far was whole."""


class StreamWriter(Protocol):
    """Writes a stream to a client."""

    def feed(self, event: Event) -> bytes:
        """The same in this format; empty where it has nothing to say."""

    def end(self) -> bytes:
        """What follows the last event of a stream that is whole."""

    def fail(self, problem: Problem) -> bytes:
        """The last event of a stream that failed, in the shape the format's SDK raises."""


class Scanner(Protocol):
    """Follows a stream of one format as it passes."""

    started: bool
    """The first output (text, reasoning, a tool call, a finish) has come."""
    done: bool
    """The stream's own last event has come."""
    finish: str
    usage: Usage | None
    tier: str
    """See `ReplyFacts`."""
    error: object
    """The value of an error event: the stream has failed."""
    terminator: bytes
    """What is added for the client where a stream is whole and its provider sends no last event."""

    def feed(self, data: bytes) -> bytes:
        """Whole events to hand on. Stops at an error event, which is not handed on. Raises `StreamError`."""

    def close(self) -> bytes:
        """What upstream left without the last blank line, if that is a whole event."""

    def complete(self) -> bool:
        """Whether the stream, now at its end, was whole."""

    def estimate(self) -> int:
        """Tokens produced so far, for a stream that ends before its usage."""


class Format(msgspec.Struct, frozen=True, kw_only=True):
    """One wire format."""

    name: FormatName
    title: str
    path: Callable[[str, bool], str]
    """Below a provider's base URL, for a model and whether it is to stream."""
    stream_type: bytes
    """Media type of a stream."""
    tool_name: re.Pattern[str]
    """The names of tools that it takes."""
    property_name: re.Pattern[str] | None = None
    """The names of properties in the arguments of tools that it takes; None: any."""

    # as what a client speaks
    read_request: Callable[[dict[str, Any], Place], Request]
    """Raises `ShapeError` for what no provider could understand, with the path."""
    write_reply: Callable[[Reply, Request], dict[str, Any]]
    writer: Callable[[Request], StreamWriter]
    write_error: Callable[[Problem], bytes]

    # as what a provider speaks
    write_request: Callable[[Request, Dialect, Losses], dict[str, Any]]
    """The document to send. Raises `losses.CannotCarry`."""
    read_reply: Callable[[dict[str, Any], Dialect], Reply]
    """Raises `ValueError` for what is no reply."""
    reader: Callable[[Dialect, int], StreamReader]
    """The second argument bounds one event, in bytes."""

    # where both speak it
    look: Callable[[dict[str, Any], Place, int], Asked]
    """From the document, its place and its size in bytes. Raises `ShapeError`."""
    edit: Callable[[Document, Asked, str, Dialect, Losses], bytes]
    """The document's bytes for a provider's own name of the model, without reasoning that it would refuse."""
    fits: Callable[[dict[str, Any], Dialect], bool] = lambda _, __: True
    """Whether a document can be handed on as it is to a side of this dialect; if not, it is read and written."""
    scanner: Callable[[Asked, Dialect, int], Scanner]
    look_reply: Callable[[bytes], ReplyFacts]
    """Raises `ValueError` for what is no reply."""
