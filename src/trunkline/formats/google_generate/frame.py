"""The frame of replies and of a stream's events: finish reasons, usage, blocked prompts, errors.

Read from bytes that pass, with as little decoding as will do.
"""

import contextlib
import json
from typing import Any

import msgspec

from trunkline.formats.conversation import Usage
from trunkline.formats.google_generate.facts import UNSPECIFIED, by_medium, count, details_of, read_tier, read_usage


class FrameUsage(msgspec.Struct, gc=False, rename="camel"):
    """The usage object, of which only what is counted is read."""

    prompt_token_count: int | None = None
    tool_use_prompt_token_count: int | None = None
    cached_content_token_count: int | None = None
    candidates_token_count: int | None = None
    thoughts_token_count: int | None = None
    prompt_tokens_details: Any = None
    cache_tokens_details: Any = None
    candidates_tokens_details: Any = None
    service_tier: Any = None
    traffic_type: Any = None

    def read(self) -> Usage | None:
        """None where it counts nothing."""
        prompt, output, thoughts = self.prompt_token_count, self.candidates_token_count, self.thoughts_token_count
        if prompt is None and output is None and thoughts is None:
            return None
        return Usage(
            count(prompt) + count(self.tool_use_prompt_token_count),
            count(self.cached_content_token_count),
            0,
            count(output) + count(thoughts),
            count(thoughts),
            details_of(
                by_medium(self.prompt_tokens_details),
                by_medium(self.cache_tokens_details),
                by_medium(self.candidates_tokens_details),
                (prompt, output, thoughts, self.cached_content_token_count),
            ),
        )


class FrameCandidate(msgspec.Struct, gc=False):
    index: int = 0
    camel_finish: str | int | None = msgspec.field(default=None, name="finishReason")
    snake_finish: str | int | None = msgspec.field(default=None, name="finish_reason")
    """As Google's Python SDK names it; some servers answer with what they have from it."""

    @property
    def finish(self) -> str:
        """Why the candidate ended; empty where it has not."""
        finish = self.snake_finish if self.camel_finish is None else self.camel_finish
        return "" if finish in (None, 0, UNSPECIFIED) else str(finish)


class Frame(msgspec.Struct, gc=False):
    candidates: list[FrameCandidate] | None = None
    camel_usage: FrameUsage | None = msgspec.field(default=None, name="usageMetadata")
    snake_usage: dict[str, Any] | None = msgspec.field(default=None, name="usage_metadata")
    feedback: dict[str, Any] | None = msgspec.field(default=None, name="promptFeedback")
    error: Any = None

    @property
    def usage(self) -> Usage | None:
        """None where it counts nothing."""
        return read_usage(self.snake_usage) if self.camel_usage is None else self.camel_usage.read()

    @property
    def tier(self) -> str:
        """The service tier, where it is not the usual one."""
        if self.camel_usage is None:
            return read_tier(self.snake_usage)
        return read_tier({"serviceTier": self.camel_usage.service_tier, "trafficType": self.camel_usage.traffic_type})

    @property
    def is_reply(self) -> bool:
        """Whether there is anything of a reply in it, or an error."""
        told = (self.candidates, self.camel_usage, self.snake_usage, self.feedback)
        return bool(self.error) or any(one is not None for one in told)

    @property
    def blocked(self) -> str:
        """That the prompt was not answered at all, and why; empty where it was."""
        why = self.feedback.get("blockReason") if self.feedback is not None else None
        return f"blocked: {why}" if why else ""


_frame = msgspec.json.Decoder(Frame).decode


def read_frame(data: bytes) -> Frame:
    """The frame of a reply or of an event. Raises `ValueError` for what is no JSON object."""
    try:
        return _frame(data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _read_odd_frame(data)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _read_odd_frame(data: bytes) -> Frame:
    """A frame in which something is not as usual. It passes, the client may know it, and counts as far as it can."""
    value = read_odd(data)
    frame = Frame(error=value.get("error"))
    fields: tuple[tuple[str, str, Any], ...] = (
        ("candidates", "candidates", list[FrameCandidate]),
        ("usageMetadata", "camel_usage", FrameUsage),
        ("usage_metadata", "snake_usage", dict[str, Any]),
        ("promptFeedback", "feedback", dict[str, Any]),
    )
    for name, field, kind in fields:
        with contextlib.suppress(msgspec.ValidationError):
            setattr(frame, field, msgspec.convert(value.get(name), kind, strict=False))
    if frame.candidates is None and isinstance(value.get("candidates"), list):
        frame.candidates = [_read_odd_candidate(one) for one in value["candidates"]]
    return frame


def _read_odd_candidate(value: Any) -> FrameCandidate:
    finish = value.get("finishReason") if isinstance(value, dict) else None
    return FrameCandidate(camel_finish=finish if isinstance(finish, str | int) else None)


def read_odd(data: bytes) -> dict[str, Any]:
    """An object that the fast decoder refuses. Raises `ValueError` where it is none.

    Half a surrogate pair is JSON, and some servers cut their output between the two.
    """
    try:
        value = json.loads(data.decode(), parse_constant=_refuse)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if type(value) is not dict:
        raise ValueError("it is not an object")
    return value


def whole_text(data: bytes) -> bytes:
    """The same object without such halves, which nothing can be written with. Raises `ValueError`."""
    return json.dumps(read_odd(data), ensure_ascii=False).encode(errors="replace")


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
