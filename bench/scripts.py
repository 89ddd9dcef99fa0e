"""The streams of the upstream, byte for byte as each API writes them; pure."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

from bench.replies import (
    ANTHROPIC_ID,
    ANTHROPIC_MODEL,
    INPUT_TOKENS,
    OPENAI_ID,
    OPENAI_MODEL,
    anthropic_usage,
    gemini_reply,
)

_TOKEN = "@"  # stands where the text of a chunk goes
_EVENTS = b"text/event-stream; charset=utf-8"
_GOOGLE_EVENTS = b"text/event-stream"
_GOOGLE_ARRAY = b"application/json; charset=UTF-8"


@dataclass(frozen=True)
class Pace:
    """How streams come: how many chunks, seconds between them (0: as fast as they are taken), what they say.

    With `stamp`, the content of each chunk is the monotonic clock in nanoseconds at the moment of writing, which any
    process on the same machine can compare with its own.
    """

    chunks: int = 250
    interval: float = 0.02
    stamp: bool = False

    def line(self) -> bytes:
        return json.dumps(asdict(self)).encode() + b"\n"


class Script:
    """The bytes of a stream under one pace, prepared once, in chunks of HTTP."""

    def __init__(self, pace: Pace, media_type: bytes, opening: list[bytes], event: bytes, ending: list[bytes]) -> None:
        """Of `event` there is one for each chunk; its `@` is where the text goes."""
        self.pace = pace
        self.head = b"HTTP/1.1 200 OK\r\nContent-Type: %b\r\nTransfer-Encoding: chunked\r\n\r\n" % media_type
        said = event.replace(_TOKEN.encode(), b" token")
        self.events = [*opening, *[said] * pace.chunks, *ending]
        """All of it without the chunks, for who has no sockets between."""
        self.opening = b"".join(map(_chunk, opening))
        """What comes before the first chunk; may be empty."""
        self.ending = b"".join(map(_chunk, ending)) + b"0\r\n\r\n"
        self._event = event
        self._plain = _chunk(said)

    def next(self) -> bytes:
        """One chunk."""
        if self.pace.stamp:
            return _chunk(self._event.replace(_TOKEN.encode(), b"%d" % time.monotonic_ns()))
        return self._plain


def openai(pace: Pace, *, usage: bool) -> Script:
    """Chat Completions; `usage` where the request asked for it."""
    null: dict[str, object] = {"usage": None} if usage else {}
    event = _openai_event(_openai_delta({"content": _TOKEN}), obfuscation="aB3dE5fG", **null)
    ending = [_openai_event(_openai_delta({}, "stop"), **null)]
    if usage:
        total = INPUT_TOKENS + pace.chunks
        counts = {"prompt_tokens": INPUT_TOKENS, "completion_tokens": pace.chunks, "total_tokens": total}
        ending.append(_openai_event([], usage=counts))
    return Script(pace, _EVENTS, [], event, [*ending, b"data: [DONE]\n\n"])


def anthropic(pace: Pace) -> Script:
    """Messages. Its events are padded to hide how long the tokens are."""
    message: dict[str, object] = {
        "model": ANTHROPIC_MODEL,
        "id": ANTHROPIC_ID,
        "type": "message",
        "role": "assistant",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": anthropic_usage(1),
    }
    counts = {
        "input_tokens": INPUT_TOKENS,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
        "output_tokens": pace.chunks,
    }
    opening = [
        _anthropic_event("message_start", message=message),
        _anthropic_event("content_block_start", index=0, content_block={"type": "text", "text": ""}),
        b'event: ping\ndata: {"type": "ping"}\n\n',
    ]
    event = _anthropic_event("content_block_delta", index=0, delta={"type": "text_delta", "text": _TOKEN})
    ending = [
        _anthropic_event("content_block_stop", index=0),
        _anthropic_event("message_delta", delta={"stop_reason": "end_turn", "stop_sequence": None}, usage=counts),
        _anthropic_event("message_stop"),
    ]
    return Script(pace, _EVENTS, opening, event, ending)


def gemini(pace: Pace) -> Script:
    """streamGenerateContent with `alt=sse`. Usage is in every event, and the end of the reply ends the stream."""
    begun, ended = _gemini_pair(pace, lambda reply: b"data: %b\r\n\r\n" % _spaced(reply))
    return Script(pace, _GOOGLE_EVENTS, [], begun, [ended])


def gemini_array(pace: Pace) -> Script:
    """The same without `alt=sse`: one JSON array, its elements indented and written one after the other."""
    begun, ended = _gemini_pair(pace, lambda reply: json.dumps(reply, indent=2).encode())
    return Script(pace, _GOOGLE_ARRAY, [b"["], begun + b"\n,\r\n", [ended + b"\n]\n"])


def _gemini_pair(pace: Pace, write: Callable[[dict[str, object]], bytes]) -> tuple[bytes, bytes]:
    begun = gemini_reply({"text": _TOKEN}, output=pace.chunks, finish=None)
    return write(begun), write(gemini_reply({"text": ""}, output=pace.chunks, finish="STOP"))


def _openai_event(choices: list[dict[str, object]], **more: object) -> bytes:
    chunk = {
        "id": OPENAI_ID,
        "object": "chat.completion.chunk",
        "created": 1760000000,
        "model": OPENAI_MODEL,
        "service_tier": "default",
        "system_fingerprint": "fp_0123456789",
        "choices": choices,
    }
    return b"data: " + json.dumps({**chunk, **more}, separators=(",", ":")).encode() + b"\n\n"


def _openai_delta(delta: dict[str, str], finish: str | None = None) -> list[dict[str, object]]:
    return [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}]


def _anthropic_event(kind: str, **fields: object) -> bytes:
    data = json.dumps({"type": kind, **fields}, separators=(",", ":")).encode()
    return b"event: %b\ndata: %b       }\n\n" % (kind.encode(), data[:-1])


def _spaced(value: object) -> bytes:
    return json.dumps(value, separators=(",", ": ")).encode()


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)
