"""Replies and streams of legacy Completions: the frame of chat, with a text in place of the message."""

from typing import Any

from trunkline.formats.conversation import (
    AnyPart,
    Audio,
    Choice,
    Delta,
    Logprob,
    Reasoning,
    Refusal,
    Reply,
    Request,
    Stop,
    Text,
)
from trunkline.formats.dialect import Dialect
from trunkline.formats.openai_chat.delta_read import Pieces
from trunkline.formats.openai_chat.details import text_of
from trunkline.formats.openai_chat.legacy_request import COMPLETIONS_NAME
from trunkline.formats.openai_chat.reply_read import take_ending, take_frame
from trunkline.formats.openai_chat.reply_write import put_ending, put_frame
from trunkline.formats.openai_chat.stream_read import Reader
from trunkline.formats.openai_chat.stream_write import Writer, Written
from trunkline.formats.openai_chat.words import finish_of

Fields = dict[str, Any]


def read_reply(value: Fields, dialect: Dialect) -> Reply:
    """Raises `ValueError` for what is no reply."""
    choices = value.get("choices")
    if not isinstance(choices, list) or not all(isinstance(choice, dict) for choice in choices):
        raise ValueError("the reply has no choices")
    if not choices and value.get("error"):
        raise ValueError("the reply is an error")
    fields = dict(value)
    del fields["choices"]
    reply = Reply(format=COMPLETIONS_NAME)
    take_frame(fields, reply, dialect)
    for number, left in enumerate(map(dict, choices)):
        choice = Choice()
        take_ending(left, choice, number)
        message = left.get("message")
        if isinstance(left.get("text"), str) and left["text"]:
            choice.parts = [Text(text=left.pop("text"))]
        elif isinstance(message, dict) and isinstance(message.get("content"), str) and message["content"]:
            choice.parts = [Text(text=message["content"])]  # Mistral's fill-in-the-middle answers so
        choice.extras = {COMPLETIONS_NAME: left}
        reply.choices.append(choice)
    reply.extras = {COMPLETIONS_NAME: fields}
    return reply


def write_reply(reply: Reply, request: Request) -> Fields:
    """The text completion that says `reply`."""
    own = reply.format == COMPLETIONS_NAME
    if own:
        out = dict(reply.extras.get(COMPLETIONS_NAME, {}))
    else:
        out = {"id": reply.id, "object": "text_completion", "created": reply.created or 0, "model": reply.model}
    put_frame(out, reply, own)
    out["choices"] = [_write_own(choice) if own else _write_choice(choice) for choice in reply.choices]
    return out


def _words(parts: list[AnyPart]) -> str:
    return "".join(map(_said, parts))


def _said(part: AnyPart | None) -> str:
    return part.text if isinstance(part, Text | Refusal) else part.transcript if isinstance(part, Audio) else ""


def _write_own(choice: Choice) -> Fields:
    out = dict(choice.extras.get(COMPLETIONS_NAME, {}))
    if choice.parts and isinstance(out.get("message"), dict) and "text" not in out:
        out["message"] = {**out["message"], "content": _words(choice.parts)}
    elif choice.parts:
        out["text"] = _words(choice.parts)
    put_ending(out, choice)
    return out


def _write_choice(choice: Choice) -> Fields:
    out: Fields = {"text": _words(choice.parts), "index": choice.index, "logprobs": None}
    if choice.logprobs is not None:
        out["logprobs"] = write_logprobs(choice.logprobs, 0)
    out["finish_reason"] = _finish(choice.stop or Stop(reason="stop"))
    if reasoning := text_of([part for part in choice.parts if isinstance(part, Reasoning)]):
        out["reasoning_content"] = reasoning
    return out


def _finish(stop: Stop) -> str:
    said = finish_of(stop, calls=False, own=False)
    return "stop" if said == "tool_calls" else said


def write_logprobs(logprobs: list[Logprob], offset: int) -> Fields:
    """Log probabilities in the old words, of tokens that begin `offset` characters into the text."""
    offsets = []
    for one in logprobs:
        offsets.append(offset)
        offset += len(one.token)
    return {
        "tokens": [one.token for one in logprobs],
        "token_logprobs": [one.logprob for one in logprobs],
        "top_logprobs": [{other.token: other.logprob for other in one.top} for one in logprobs],
        "text_offset": offsets,
    }


class CompletionReader(Reader):
    """Reads a stream of text completions."""

    __slots__ = ()
    name = COMPLETIONS_NAME

    def read_pieces(self, choice: Fields, to: Pieces) -> None:
        """Take the text out of a choice. Some servers (Ollama) send chat's chunks for it."""
        if isinstance(choice.get("text"), str) and choice["text"]:
            to.add("text", Text(text=choice.pop("text")))
        elif "delta" in choice:
            super().read_pieces(choice, to)


class CompletionWriter(Writer):
    """Writes a stream of text completions."""

    name = COMPLETIONS_NAME
    object = "text_completion"

    def blank(self, index: int, first: bool) -> Fields:
        """Nothing of a choice yet."""
        return {"text": "", "index": index, "logprobs": None, "finish_reason": None}

    def says_something(self, entry: Fields) -> bool:
        """Whether there is anything in it."""
        return any(entry.get(name) for name in ("text", "reasoning_content", "logprobs", "finish_reason"))

    def put(self, delta: Delta, entry: Fields, choice: Written) -> None:
        """Write the words of a piece."""
        if delta.logprobs:
            entry["logprobs"] = write_logprobs(delta.logprobs, choice.text)
        if said := _said(delta.piece):
            entry["text"] += said
            choice.text += len(said)
        elif isinstance(delta.piece, Reasoning) and delta.piece.text:
            entry["reasoning_content"] = entry.get("reasoning_content", "") + delta.piece.text

    def finish(self, stop: Stop, entry: Fields, choice: Written) -> None:
        """Write the end of a choice."""
        entry["finish_reason"] = _finish(stop)


def reader(dialect: Dialect, limit: int) -> CompletionReader:
    """Reads a stream; `limit` bounds one event, in bytes."""
    return CompletionReader(dialect, limit)


def writer(request: Request) -> CompletionWriter:
    """Writes a stream for the client that asked `request`."""
    return CompletionWriter(request)
