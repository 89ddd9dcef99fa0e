"""A recorded request sent by the official OpenAI SDK, and what becomes of it, as plain values to compare."""

import inspect
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import openai
from openai.lib.streaming.chat import ChatCompletionStreamState
from openai.types.chat import ChatCompletionChunk
from pydantic import BaseModel
from tests.recorded.recordings import Recording
from tests.recorded.replay import BAGGAGE


@dataclass
class Outcome:
    """`objects` are what the SDK parsed: one reply, or the chunks of a stream and what they fold into."""

    objects: list[Any] = field(default_factory=list)
    error: dict[str, Any] | None = None


def outcome(client: openai.OpenAI, recording: Recording, model: str) -> Outcome:
    """What the SDK makes of `recording`, asked for as `model`."""
    seen = Outcome()
    try:
        reply = _send(client, recording, {**recording.request, "model": model})
        if recording.streamed:
            chunks = list(_noting(reply, seen))
            seen.objects.append(_folded(chunks))
        else:
            seen.objects.append(_plain(reply))
    except openai.APIError as error:
        seen.error = _facts(error)
    return seen


def _send(client: openai.OpenAI, recording: Recording, body: dict[str, Any]) -> Any:
    create: Any = client.chat.completions.create if recording.api == "chat" else client.completions.create
    known = inspect.signature(create).parameters
    named = {name: value for name, value in body.items() if name in known}
    others = {name: value for name, value in body.items() if name not in known}
    return create(**named, extra_body=others, extra_headers={"baggage": BAGGAGE + recording.name})


def _noting(stream: openai.Stream[Any], seen: Outcome) -> Iterator[Any]:
    """The chunks as they come: those before an error are seen, too."""
    for chunk in stream:
        seen.objects.append(_plain(chunk))
        yield chunk


def _folded(chunks: list[Any]) -> Any:
    """What the SDK makes of all chunks of a chat together."""
    if not chunks or not isinstance(chunks[0], ChatCompletionChunk):
        return None
    state: ChatCompletionStreamState[None] = ChatCompletionStreamState()
    try:
        for chunk in chunks:
            state.handle_chunk(chunk)
    except (AssertionError, AttributeError, TypeError):  # a null where the SDK wants a tool call's type, or a delta
        return "cannot be folded"
    return _plain(state.current_completion_snapshot)


def _plain(parsed: BaseModel) -> tuple[str, dict[str, Any]]:
    """The object's type and all fields that were sent, known to the SDK or not."""
    return type(parsed).__name__, parsed.model_dump(exclude_unset=True, warnings=False)


def _facts(error: openai.APIError) -> dict[str, Any]:
    facts = {name: getattr(error, name) for name in ("message", "body", "code", "param", "type")}
    return {"class": type(error).__name__, "status": getattr(error, "status_code", None), **facts}
