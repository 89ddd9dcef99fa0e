"""A generateContent reply as a neutral one. What is odd stays in the extras, and goes back as it came."""

from typing import Any

from trunkline.formats.conversation import AnyPart, Choice, Reply, Stop, Text, ToolCall
from trunkline.formats.dialect import Dialect
from trunkline.formats.google_generate.citations import read_citations
from trunkline.formats.google_generate.facts import (
    read_blocked,
    read_logprobs,
    read_stop,
    read_tier,
    read_time,
    read_usage,
)
from trunkline.formats.google_generate.names import NAME, are_objects, sort_out, spelling_of, table
from trunkline.formats.google_generate.parts_read import read_leniently
from trunkline.formats.google_generate.searches import searched

TOP = table("candidates", "usageMetadata", "modelVersion", "responseId")


def read_reply(value: dict[str, Any], dialect: Dialect) -> Reply:
    """Raises `ValueError` for what is no reply."""
    known, rest = sort_out(value, TOP)
    candidates, reported = known.get("candidates"), known.get("usageMetadata")
    told = (isinstance(candidates, list), isinstance(reported, dict), isinstance(rest.get("promptFeedback"), dict))
    if not any(told):
        raise ValueError("the reply has neither candidates nor feedback on the prompt")
    reply = Reply(format=NAME, spelling=spelling_of(value, TOP))
    reply.id = word(known, rest, reply.spelling, "responseId")
    reply.model = word(known, rest, reply.spelling, "modelVersion")
    reply.created = read_time(value.get("createTime") or value.get("create_time"))
    if isinstance(reported, dict):
        reply.reported, reply.service_tier = reported, read_tier(reported)
        reply.usage = searched(value, read_usage(reported))
    elif reported is not None:
        rest[reply.spelling.get("usageMetadata", "usageMetadata")] = reported
    if candidates and are_objects(candidates):
        reply.choices = [_read_choice(candidate, number) for number, candidate in enumerate(candidates)]
    else:
        if "candidates" in known:
            rest[reply.spelling.get("candidates", "candidates")] = candidates
        reply.choices = [_unanswered(value)]
    reply.extras = {NAME: rest} if rest else {}
    return reply


def word(known: dict[str, Any], rest: dict[str, Any], spelling: dict[str, str], name: str) -> str:
    """A string; anything else stays where it was."""
    value = known.get(name, "")
    if isinstance(value, str) and value:
        return value
    if name in known:
        rest[spelling.get(name, name)] = value
    return ""


def _unanswered(value: dict[str, Any]) -> Choice:
    """The one choice of a reply without any candidate: a prompt that was blocked, or an answer that failed."""
    stop = read_blocked(value.get("promptFeedback")) or Stop(reason="failed")
    return Choice(stop=stop, spelling={"candidate": "absent"})


def _read_choice(candidate: dict[str, Any], number: int) -> Choice:
    frame, values, finish = open_candidate(candidate)
    parts: list[AnyPart] = []
    for value in values:
        read_leniently(value, parts)
    texts = [part for part in parts if isinstance(part, Text)]
    for place, citation in read_citations(candidate, [text.text for text in texts]):
        texts[place].citations.append(citation)
    called = any(isinstance(part, ToolCall) for part in parts)
    stop = read_stop(finish, candidate.get("finishMessage"), called=called)
    choice = Choice(index=index_of(candidate, number), parts=parts, stop=stop, extras={NAME: frame})
    if stop is None:
        keep_finish(frame, finish)
    if "logprobsResult" in candidate:
        choice.logprobs = read_logprobs(candidate["logprobsResult"])
    return choice


def index_of(candidate: dict[str, Any], number: int) -> int:
    """A candidate's index, which is left out where it is 0, and by some servers always."""
    index = candidate.get("index")
    return index if type(index) is int else number


def open_candidate(candidate: dict[str, Any]) -> tuple[dict[str, Any], list[Any], Any]:
    """A candidate as a frame without its parts and without its finish reason (an empty list stands where the parts
    were), its parts, and its finish reason. Parts that are none stay in the frame.
    """
    frame = dict(candidate)
    finish = frame.get("finishReason")
    if finish is not None:
        del frame["finishReason"]
    elif "finish_reason" in frame:
        finish = frame["finish_reason"]
        frame["finish_reason"] = None
    content = frame.get("content")
    if not isinstance(content, dict):
        return frame, [], finish
    values = content.get("parts")
    if not are_objects(values):
        return frame, [], finish
    frame["content"] = {**content, "parts": []}
    return frame, values, finish


def keep_finish(frame: dict[str, Any], finish: Any) -> None:
    """Leave a finish reason that is none where it was."""
    if finish is not None:
        frame["finish_reason" if "finish_reason" in frame else "finishReason"] = finish


def close_candidate(frame: dict[str, Any], parts: list[dict[str, Any]], finish: str | int | None) -> dict[str, Any]:
    """The candidate of which `open_candidate` made these."""
    made = dict(frame)
    content = made.get("content")
    if parts or (isinstance(content, dict) and content.get("parts") == []):
        made["content"] = {**(content if isinstance(content, dict) else {"role": "model"}), "parts": parts}
    keep_finish(made, finish)
    return made
