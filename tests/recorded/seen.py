"""Recorded answers that are none, or end too soon: what the client sees in their place."""

import json
from typing import Any

from tests.recorded.plain.frames import sent_events
from tests.recorded.recordings import Recording
from tests.recorded.replay import DONE


def broken(recording: Recording, *, done: bool = True) -> str | None:
    """The code of the error that is seen; None for an answer, and for an error of the provider's own.

    `done` says that the provider ends streams with `[DONE]`.
    """
    said = _said(recording)
    if recording.status != 200 or any(map(_is_error, said)):
        return None
    if not recording.streamed:
        return None if any("choices" in one for one in said) else "upstream_invalid_response"
    ended = DONE.search(recording.body) is not None
    if not said or (ended and not any(map(_says_something, said))):
        return "upstream_invalid_response"
    return "stream_truncated" if done and not ended else None


def failed(recording: Recording) -> bool:
    """Whether the provider says with the status 200 that it has failed: in place of an answer, or at its end."""
    return recording.status == 200 and any(map(_is_error, _said(recording)))


def _said(recording: Recording) -> list[dict[str, Any]]:
    """What was answered: one document, or the chunks of a stream; nothing of a document in a stream's place."""
    if not recording.streamed:
        return [json.loads(recording.body)] if recording.body else []
    return [] if recording.body.startswith(b"{") else [frame.payload for frame in sent_events(recording.body)]


def _is_error(said: dict[str, Any]) -> bool:
    refused = (said.get("base_resp") or {}).get("status_code") and not said.get("choices")  # MiniMax
    return bool(said.get("error") or said.get("object") == "error" or refused)


def _says_something(chunk: dict[str, Any]) -> bool:
    """Whether there is output in a chunk, or the end of a choice."""
    return any(
        choice.get("finish_reason")
        or choice.get("text")
        or any(value for name, value in (choice.get("delta") or {}).items() if name != "role")
        for choice in chunk.get("choices") or []
    )
