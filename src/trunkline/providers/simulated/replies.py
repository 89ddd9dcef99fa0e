"""Answers as bytes: one JSON reply, or the events of a stream with the step at which each comes.

A stream goes token by token, its choices side by side: the first token of each at step 0, the second at step 1, …
Shapes as in recordings of OpenAI: the role alone in the first chunk of a choice, its finish alone in the last, usage in
a chunk without choices.
"""

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from trunkline.providers.simulated.answers import TOKEN, Choice, ToolCall, tokens_of

FINGERPRINT: Final = "fp_simulated"

_encode = msgspec.json.Encoder().encode


class Reply(msgspec.Struct, frozen=True, gc=False):
    """What is answered, and under which name."""

    id: str
    """Without its prefix."""
    created: int
    """Unix time, in seconds."""
    model: str
    legacy: bool
    choices: list[Choice]
    prompt_tokens: int
    tell_usage: bool
    """Whether the token counts are told: always in a whole reply, in a stream if asked for."""
    tell_done: bool = True


def steps(choice: Choice) -> int:
    """Pieces in which a choice is streamed, besides its role and its finish."""
    if choice.text is not None:
        return tokens_of(len(choice.text))
    return sum(1 + tokens_of(len(call.arguments)) for call in choice.calls)


def whole(reply: Reply) -> bytes:
    """The reply in one piece."""
    write = _legacy_choice if reply.legacy else _chat_choice
    body = {
        **_frame(reply, chunk=False),
        "choices": [write(index, choice) for index, choice in enumerate(reply.choices)],
    }
    if reply.tell_usage:
        body["usage"] = _usage(reply)
    return _encode(body)


def streamed(reply: Reply) -> Iterator[tuple[int, bytes]]:
    """The events of the stream, each with its step."""
    frame = _encode(_frame(reply, chunk=True))[:-1]
    tail = b'}],"usage":null}\n\n' if reply.tell_usage else b"}]}\n\n"
    unfinished = b',"logprobs":null,"finish_reason":null' + tail
    tracks = [_Track(frame, index, choice, legacy=reply.legacy) for index, choice in enumerate(reply.choices)]
    for track in tracks:
        if track.role:
            yield 0, track.start + track.role + unfinished
    last = max(track.last for track in tracks)
    for step in range(last + 1):
        for track in tracks:
            piece = next(track.pieces, None)
            if piece is not None:
                yield step, track.start + piece + unfinished
            if step == track.last:
                yield step, track.start + track.finish + tail
    if reply.tell_usage:
        yield last, b'data: %b,"choices":[],"usage":%b}\n\n' % (frame, _encode(_usage(reply)))
    if reply.tell_done:
        yield last, b"data: [DONE]\n\n"


class _Track:
    """One choice of a stream."""

    __slots__ = ("finish", "last", "pieces", "role", "start")

    def __init__(self, frame: bytes, index: int, choice: Choice, *, legacy: bool) -> None:
        self.start = b'data: %b,"choices":[{"index":%d,' % (frame, index)
        self.last = max(steps(choice) - 1, 0)
        """The step at which it finishes."""
        self.pieces = _legacy_pieces(choice) if legacy else _chat_pieces(choice)
        content = b"null" if choice.text is None else b'""'
        self.role = b"" if legacy else b'"delta":{"role":"assistant","content":%b,"refusal":null}' % content
        nothing = b'"text":""' if legacy else b'"delta":{}'
        self.finish = b'%b,"logprobs":null,"finish_reason":"%b"' % (nothing, choice.finish.encode())


def _frame(reply: Reply, *, chunk: bool) -> dict[str, Any]:
    """What every reply and chunk begins with."""
    if reply.legacy:
        name, kind = "cmpl-" + reply.id, "text_completion"
    else:
        name, kind = "chatcmpl-" + reply.id, "chat.completion.chunk" if chunk else "chat.completion"
    return {
        "id": name,
        "object": kind,
        "created": reply.created,
        "model": reply.model,
        "system_fingerprint": FINGERPRINT,
    }


def _usage(reply: Reply) -> dict[str, Any]:
    output = sum(choice.tokens for choice in reply.choices)
    return {
        "prompt_tokens": reply.prompt_tokens,
        "completion_tokens": output,
        "total_tokens": reply.prompt_tokens + output,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": 0,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def _chat_choice(index: int, choice: Choice) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": choice.text, "refusal": None, "annotations": []}
    if choice.calls:
        message["tool_calls"] = [_call(call) for call in choice.calls]
    return {"index": index, "message": message, "logprobs": None, "finish_reason": choice.finish}


def _call(call: ToolCall) -> dict[str, Any]:
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}


def _legacy_choice(index: int, choice: Choice) -> dict[str, Any]:
    return {"text": choice.text, "index": index, "logprobs": None, "finish_reason": choice.finish}


def _tokens(text: str) -> Iterator[bytes]:
    for start in range(0, len(text), TOKEN):
        yield _encode(text[start : start + TOKEN])


def _legacy_pieces(choice: Choice) -> Iterator[bytes]:
    for token in _tokens(choice.text or ""):
        yield b'"text":' + token


def _chat_pieces(choice: Choice) -> Iterator[bytes]:
    for token in _tokens(choice.text or ""):
        yield b'"delta":{"content":%b}' % token
    for index, call in enumerate(choice.calls):
        opening = {"index": index, **_call(ToolCall(call.id, call.name, ""))}
        yield b'"delta":{"tool_calls":[%b]}' % _encode(opening)
        for token in _tokens(call.arguments):
            yield b'"delta":{"tool_calls":[{"index":%d,"function":{"arguments":%b}}]}' % (index, token)
