"""OpenAI Chat Completions, and legacy Completions, which share its replies' frame.

Requests: what Trunkline relies on is checked here; the rest is the provider's to judge and passes unread. Replies and
streams pass as bytes; of each only usage, finish reasons and errors are read. Facts from the published API
description and from recorded traffic.
"""

import contextlib
import json
from typing import Any, Literal

import msgspec

from trunkline.formats.conversation import MOST_TOKENS, Usage
from trunkline.formats.document import Document
from trunkline.formats.sse import Splitter, data_of

DONE = b"[DONE]"


# Requests


class StreamOptions(msgspec.Struct):
    include_usage: bool | None = None


class Message(msgspec.Struct):
    role: str
    content: str | list[dict[str, Any]] | None = None


class _Common(msgspec.Struct):
    model: str
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    n: int | None = None
    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    user: str | None = None


class ChatShape(_Common, kw_only=True):
    """The fields of a chat request that are checked, with their types."""

    messages: list[Message]
    max_completion_tokens: int | None = None
    tools: list[dict[str, Any]] | None = None


class CompletionShape(_Common, kw_only=True):
    """The same of a legacy completion request."""

    prompt: str | list[str | int | list[int]] | None = None


class ShapeError(ValueError):
    """A field is missing or of the wrong type. `param` is its path, such as `messages[0].role`."""

    def __init__(self, message: str, param: str | None, code: str) -> None:
        super().__init__(message)
        self.param = param
        self.code = code


class Surface(msgspec.Struct, frozen=True):
    """One endpoint of this family."""

    path: str
    """Below a provider's base URL."""
    shape: type[ChatShape] | type[CompletionShape]


CHAT = Surface(path="/chat/completions", shape=ChatShape)
COMPLETIONS = Surface(path="/completions", shape=CompletionShape)


class Asked(msgspec.Struct, gc=False):
    """What the journey needs to know of a request."""

    model: str
    stream: bool
    stream_options: dict[str, Any]
    usage_wanted: bool
    """The client asked for usage in the stream."""
    choices: int
    output_cap: int | None
    """Most tokens the client lets the model produce, for all choices together."""
    size: int
    """Bytes of the request."""


NOTHING = Asked(model="", stream=False, stream_options={}, usage_wanted=False, choices=1, output_cap=None, size=0)
"""What is known of a request before it is read."""


def read_request(surface: Surface, document: Document, size: int) -> Asked:
    """Check `document` against the endpoint's shape. Raises `ShapeError`."""
    try:
        shape = msgspec.convert(document.value, surface.shape)
    except msgspec.ValidationError as error:
        raise _shape_error(str(error)) from None
    options = shape.stream_options
    cap = getattr(shape, "max_completion_tokens", None) or shape.max_tokens
    choices = max(1, shape.n or 1)
    return Asked(
        model=shape.model,
        stream=bool(shape.stream),
        stream_options=document.value.get("stream_options") or {},
        usage_wanted=bool(options is not None and options.include_usage),
        choices=choices,
        output_cap=min(cap * choices, MOST_TOKENS) if cap and cap > 0 else None,
        size=size,
    )


def _shape_error(text: str) -> ShapeError:
    what, _, where = text.partition(" - at `$")
    path = where.rstrip("`").lstrip(".")
    if what.startswith("Object missing required field"):
        name = what.split("`")[1]
        param = f"{path}.{name}" if path else name
        return ShapeError(f"Missing required parameter: '{param}'.", param, "missing_required_parameter")
    what = what.replace("`", "").replace("Expected ", "expected ").replace(", got ", ", but got ")
    return ShapeError(f"Invalid type for '{path}': {what}.", path or None, "invalid_type")


def write_request(document: Document, asked: Asked, model: str, *, ask_usage: bool) -> bytes:
    """The body for a provider: its own name of the model, and usage asked of a stream. The rest as it came."""
    edits: dict[str, object] = {"model": model}
    if asked.stream and ask_usage and not asked.usage_wanted:
        edits["stream_options"] = {**asked.stream_options, "include_usage": True}
    return document.write(edits)


# Replies


class _PromptDetails(msgspec.Struct, gc=False):
    cached_tokens: int | None = 0
    cache_write_tokens: int | None = 0


class _CompletionDetails(msgspec.Struct, gc=False):
    reasoning_tokens: int | None = 0


class _Usage(msgspec.Struct, gc=False):
    prompt_tokens: int | None = 0
    completion_tokens: int | None = 0
    prompt_tokens_details: _PromptDetails | None = None
    completion_tokens_details: _CompletionDetails | None = None

    def read(self) -> Usage:
        prompt, completion = self.prompt_tokens_details, self.completion_tokens_details
        return Usage(
            _count(self.prompt_tokens),
            _count(prompt.cached_tokens) if prompt is not None else 0,
            _count(prompt.cache_write_tokens) if prompt is not None else 0,
            _count(self.completion_tokens),
            _count(completion.reasoning_tokens) if completion is not None else 0,
        )


def _count(tokens: int | None) -> int:
    """What a provider reports, which may be null and must not be absurd."""
    return min(tokens, MOST_TOKENS) if tokens is not None and tokens > 0 else 0


class _Choice(msgspec.Struct, gc=False):
    index: int = 0
    finish_reason: str | None = None


class _Reply(msgspec.Struct, gc=False):
    choices: list[_Choice] | None = None
    usage: _Usage | None = None
    error: Any = None


_reply = msgspec.json.Decoder(_Reply).decode
_anything = msgspec.json.Decoder().decode


def _read_frame(data: bytes) -> _Reply:
    """The frame of a reply or a chunk. Raises `ValueError` for what is no JSON object."""
    try:
        return _reply(data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _read_odd_frame(data)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _read_odd_frame(data: bytes) -> _Reply:
    """A frame in which something is not as usual. It passes, for the client may know it, and counts as far as it can.

    Half a surrogate pair, which the fast decoder refuses, is JSON, and some servers cut their output between the two.
    """
    try:
        value = json.loads(data.decode(), parse_constant=_refuse)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if type(value) is not dict:
        raise ValueError("it is not an object")
    choices, usage = value.get("choices"), None
    with contextlib.suppress(msgspec.ValidationError):
        usage = msgspec.convert(value.get("usage"), _Usage | None, strict=False)
    return _Reply(
        choices=[_odd_choice(choice) for choice in choices] if isinstance(choices, list) else None,
        usage=usage,
        error=value.get("error"),
    )


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _odd_choice(value: object) -> _Choice:
    facts = value if isinstance(value, dict) else {}
    index, finish = facts.get("index"), facts.get("finish_reason")
    return _Choice(index if isinstance(index, int) else 0, finish if isinstance(finish, str) else None)


class ReplyFacts(msgspec.Struct, gc=False):
    """What was read of a whole reply."""

    usage: Usage | None
    finish: str
    choices: int
    error: object


def read_reply(body: bytes) -> ReplyFacts:
    """Raises `ValueError` if `body` is no JSON of this frame (`choices` or `error`)."""
    try:
        reply = _read_frame(body)
    except ValueError as error:
        raise ValueError(f"the reply is not a JSON chat completion: {error}") from None
    choices = reply.choices or []
    if reply.choices is None and not reply.error:
        raise ValueError("the reply has neither choices nor an error")
    return ReplyFacts(
        usage=reply.usage.read() if reply.usage is not None else None,
        finish=(choices[0].finish_reason or "") if choices else "",
        choices=len(choices),
        error=reply.error or None,
    )


# Streams


Ending = Literal["done", "finish"]
"""What completes a stream: its `[DONE]`, or for providers that send none, a finish reason for every choice and a
clean end.
"""


class StreamError(ValueError):
    """A stream that cannot be handed on: it is not chunks of JSON."""


class StreamScanner:
    """Follows a stream of chunks as it passes: hands on whole events and notes what the journey must know.

    `feed` returns the bytes to hand on. Until `started`, they carry no output and are better held.
    """

    __slots__ = (
        "_asked",
        "_ending",
        "_overhead",
        "_splitter",
        "bytes",
        "done",
        "error",
        "events",
        "finish",
        "finished",
        "started",
        "usage",
    )

    def __init__(self, asked: Asked, ending: Ending, limit: int) -> None:
        self._asked = asked
        self._ending = ending
        self._splitter = Splitter(limit)
        self._overhead = 0
        self.started = False
        """The first output (text, reasoning, a tool call, a finish) has come."""
        self.done = False
        """`[DONE]` has come."""
        self.finish = ""
        """Finish reason of the first choice that had one."""
        self.finished: set[int] = set()
        """Indices of the choices that are finished."""
        self.usage: Usage | None = None
        self.error: object = None
        """The value of `error` of an event that had one: the stream has failed."""
        self.events = 0
        self.bytes = 0

    def feed(self, data: bytes) -> bytes:
        """Whole events to hand on. Stops at an error event, which is not handed on. Raises `StreamError`."""
        try:
            events = self._splitter.feed(data)
        except ValueError as error:
            raise StreamError(str(error)) from None
        if len(events) == 1:
            return events[0] if self._see(events[0]) else b""
        return b"".join([event for event in events if self._see(event)])

    def close(self) -> bytes:
        """Upstream has ended: what it left without the last blank line, if that is a whole event; else nothing."""
        rest = self._splitter.rest().rstrip(b"\r\n")
        payload = data_of(rest + b"\n\n") if rest else None
        if payload is None:
            return b""
        if payload != DONE:
            try:
                _read_frame(payload)
            except ValueError:
                return b""
        return self.feed(b"\n\n")

    def complete(self) -> bool:
        """Whether the stream, now at its end, was whole."""
        if self.done:
            return True
        return self._ending == "finish" and len(self.finished) >= self._asked.choices

    def estimate(self) -> int:
        """Tokens produced so far, for a stream that ends before its usage: a token a chunk, or more where chunks are
        long.
        """
        content = self.bytes - self.events * self._overhead
        return max(self.events, content // 6)

    def _see(self, event: bytes) -> bool:
        """Take note of one event; whether it is to be handed on."""
        payload = data_of(event)
        if payload is None:
            return self.error is None  # a comment
        if self.error is not None or self.done:
            return False
        if payload == DONE:
            self.done = True
            return True
        try:
            chunk = _read_frame(payload)
        except ValueError as error:
            raise StreamError(f"an event of the stream is not a JSON chunk: {error}") from None
        if chunk.error:
            self.error = chunk.error
            return False
        choices = chunk.choices
        if choices:
            self._count(choices, payload)
        if chunk.usage is not None:
            self.usage = chunk.usage.read()
            return bool(choices) or self._asked.usage_wanted
        return True

    def _count(self, choices: list[_Choice], payload: bytes) -> None:
        for choice in choices:
            if choice.finish_reason:
                self.finished.add(choice.index)
                self.finish = self.finish or choice.finish_reason
        if self.started:
            self.events += 1
            self.bytes += len(payload)
        elif self.finished or self._begins(payload):
            self.started = True

    def _begins(self, payload: bytes) -> bool:
        """Whether a chunk carries output: anything in a delta but a role and empty values."""
        try:
            choices = _anything(payload)["choices"]
        except (msgspec.DecodeError, UnicodeDecodeError):
            return True  # something that we cannot read
        for choice in choices:
            if not isinstance(choice, dict):
                continue
            delta = choice.get("delta")
            content = {**delta, "role": None} if isinstance(delta, dict) else {"text": choice.get("text")}
            if any(content.values()):
                self.events = 1
                self.bytes = len(payload)
                self._overhead = len(payload) - sum(len(v) for v in content.values() if isinstance(v, str))
                return True
        return False


# Errors


def write_error(message: str, kind: str, param: str | None, code: str | None) -> bytes:
    """The body of an error answer."""
    return msgspec.json.encode({"error": {"message": message, "type": kind, "param": param, "code": code}})


def error_event(message: str, kind: str, code: str | None) -> bytes:
    """The last event of a stream that failed. No `[DONE]` follows it."""
    return b"data: " + write_error(message, kind, None, code) + b"\n\n"
