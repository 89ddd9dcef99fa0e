"""What an answer says about itself: why it ended, what it used, how likely its tokens were."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from trunkline.formats.billing import Details, beyond_belief, told
from trunkline.formats.conversation import MOST_TOKENS, Logprob, Stop, StopReason, Usage
from trunkline.formats.google_generate.names import NAME, kept, snake

_REASONS: dict[str, StopReason] = {
    "STOP": "stop",
    "MAX_TOKENS": "length",
    "SAFETY": "filtered",
    "RECITATION": "filtered",
    "LANGUAGE": "filtered",
    "BLOCKLIST": "filtered",
    "PROHIBITED_CONTENT": "filtered",
    "SPII": "filtered",
    "MODEL_ARMOR": "filtered",
    "ESCALATION": "filtered",
    "IMAGE_SAFETY": "filtered",
    "IMAGE_PROHIBITED_CONTENT": "filtered",
    "IMAGE_RECITATION": "filtered",
    "CONTINUATION": "paused",
}
"""Google's words for why an answer ended. All others (`MALFORMED_FUNCTION_CALL`, `OTHER`, …) say that the model could
not finish.
"""
_NUMBERED = (
    "FINISH_REASON_UNSPECIFIED",
    "STOP",
    "MAX_TOKENS",
    "SAFETY",
    "RECITATION",
    "OTHER",
    "LANGUAGE",
    "BLOCKLIST",
    "PROHIBITED_CONTENT",
    "SPII",
    "MALFORMED_FUNCTION_CALL",
    "IMAGE_SAFETY",
    "UNEXPECTED_TOOL_CALL",
    "TOO_MANY_TOOL_CALLS",
)
"""The same by their numbers, which servers send to clients that ask for `enum-encoding=int`. Vertex numbers those from
`LANGUAGE` on in another way; they mean nearly the same.
"""
UNSPECIFIED = _NUMBERED[0]
_MEDIA = ("MODALITY_UNSPECIFIED", "TEXT", "IMAGE", "VIDEO", "AUDIO", "DOCUMENT")
"""Media by their numbers."""
_WORDS: dict[StopReason, str] = {
    "stop": "STOP",
    "stop_sequence": "STOP",
    "tool_calls": "STOP",
    "paused": "STOP",
    "length": "MAX_TOKENS",
    "context": "MAX_TOKENS",
    "filtered": "SAFETY",
    "refused": "SAFETY",
    "failed": "OTHER",
}
_TIERS = {"flex": "flex", "priority": "priority", "ON_DEMAND_FLEX": "flex", "ON_DEMAND_PRIORITY": "priority"}


def read_stop(finish: Any, explanation: Any, *, called: bool) -> Stop | None:
    """Why a candidate ended; None where it has not. `called`: it has called a function, for which there is no word."""
    word = finish
    if type(finish) is int and finish >= 0:
        word = _NUMBERED[finish] if finish < len(_NUMBERED) else "OTHER"
    if not isinstance(word, str) or word in ("", UNSPECIFIED):
        return None
    reason = _REASONS.get(word, "failed")
    if reason == "stop" and called:
        reason = "tool_calls"
    explained = explanation if isinstance(explanation, str) else ""
    return Stop(reason=reason, said=str(finish), explanation=explained)


def write_stop(stop: Stop, *, own: bool) -> str | int:
    """Google's word. `own`: it was Google's."""
    if own and stop.said:
        return int(stop.said) if stop.said.isdecimal() else stop.said
    return _WORDS[stop.reason]


def read_blocked(feedback: Any) -> Stop | None:
    """Why a prompt was not answered at all, from `promptFeedback`."""
    if not isinstance(feedback, dict):
        return None
    why, message = feedback.get("blockReason"), feedback.get("blockReasonMessage")
    if not why:
        return None
    return Stop(reason="filtered", said=f"blocked: {why}", explanation=message if isinstance(message, str) else "")


# Usage


_COUNTS = (
    "promptTokenCount",
    "candidatesTokenCount",
    "thoughtsTokenCount",
    "toolUsePromptTokenCount",
    "cachedContentTokenCount",
)


def count(tokens: int | None) -> int:
    """What a provider reports, which may be null and must not be absurd."""
    return min(tokens, MOST_TOKENS) if tokens is not None and tokens > 0 else 0


def read_usage(reported: Any) -> Usage | None:
    """Tokens of `usageMetadata`; None where it counts none. What Google's own tools have added to the prompt counts as
    input, as it does in the total.
    """
    if not isinstance(reported, dict):
        return None
    details = _details(reported)
    if "prompt_token_count" in reported:
        reported = {name: reported.get(name, reported.get(snake(name))) for name in _COUNTS}
    prompt, output, thoughts, tools, cached = map(_tokens, map(reported.get, _COUNTS))
    if prompt is None and output is None and thoughts is None:
        return None
    thoughts = thoughts or 0
    return Usage((prompt or 0) + (tools or 0), cached or 0, 0, (output or 0) + thoughts, thoughts, details)


def _details(reported: dict[str, Any]) -> Details | None:
    """Of each kind of medium how much there was: `promptTokensDetails` and its like."""
    read, again, made = (
        by_medium(reported.get(name, reported.get(snake(name))))
        for name in ("promptTokensDetails", "cacheTokensDetails", "candidatesTokensDetails")
    )
    return details_of(read, again, made, map(reported.get, _COUNTS))


def by_medium(entries: object) -> dict[str, int]:
    """Tokens by medium: `AUDIO`, `IMAGE`, …; of a list whose entries have a `modality` and a `tokenCount`."""
    found: dict[str, int] = {}
    for each in entries if isinstance(entries, list) else ():
        if isinstance(each, dict):
            medium, tokens = each.get("modality"), each.get("tokenCount", each.get("token_count"))
            if type(medium) is int and 0 <= medium < len(_MEDIA):
                medium = _MEDIA[medium]
            if isinstance(medium, str) and type(tokens) is int:
                found[medium] = count(tokens)
    return found


def details_of(
    read: dict[str, int], again: dict[str, int], made: dict[str, int], counts: Iterable[object]
) -> Details | None:
    """What the tokens of the prompt, of the cached part of it, and of the answer say besides their number."""
    return told(
        Details(
            audio_input=read.get("AUDIO", 0),
            audio_cached=again.get("AUDIO", 0),
            audio_output=made.get("AUDIO", 0),
            image_input=read.get("IMAGE", 0),
            image_cached=again.get("IMAGE", 0),
            image_output=made.get("IMAGE", 0),
            impossible=beyond_belief(*counts),
        )
    )


def _tokens(value: Any) -> int | None:
    if type(value) is not int:
        return None
    return value if 0 <= value <= MOST_TOKENS else count(value)


def write_usage(usage: Usage) -> dict[str, int]:
    """`usageMetadata`, whose output leaves the thoughts out."""
    made = {"promptTokenCount": usage.input, "candidatesTokenCount": max(0, usage.output - usage.reasoning)}
    if usage.cached:
        made["cachedContentTokenCount"] = usage.cached
    if usage.reasoning:
        made["thoughtsTokenCount"] = usage.reasoning
    made["totalTokenCount"] = usage.input + usage.output
    return made


def read_tier(reported: Any) -> str:
    """The service tier, where it is not the usual one."""
    if not isinstance(reported, dict):
        return ""
    said = reported.get("serviceTier") or reported.get("trafficType")
    return _TIERS.get(said, "") if isinstance(said, str) else ""


def read_time(said: Any) -> int | None:
    """`createTime` in Unix seconds."""
    if not isinstance(said, str):
        return None
    try:
        return int(datetime.fromisoformat(said).timestamp())
    except ValueError:
        return None


# Log probabilities


def read_logprobs(result: Any) -> list[Logprob] | None:
    """Of the tokens that were chosen, each with its rivals, from `logprobsResult`."""
    if not isinstance(result, dict):
        return None
    chosen, top = result.get("chosenCandidates"), result.get("topCandidates")
    if not isinstance(chosen, list):
        return None
    rivals = [step.get("candidates") for step in _listed(top) if isinstance(step, dict)]
    read = []
    for number, candidate in enumerate(chosen):
        logprob = _read_logprob(candidate)
        if logprob is not None:
            others = rivals[number] if number < len(rivals) else None
            logprob.top = [one for other in _listed(others) if (one := _read_logprob(other)) is not None]
            read.append(logprob)
    return read


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _read_logprob(value: Any) -> Logprob | None:
    if not isinstance(value, dict):
        return None
    token, logprob = value.get("token"), value.get("logProbability")
    if not isinstance(token, str):
        return None
    others = {"tokenId": value["tokenId"]} if "tokenId" in value else {}
    return Logprob(token=token, logprob=logprob if isinstance(logprob, int | float) else 0.0, extras=kept(others))


def write_logprobs(logprobs: list[Logprob]) -> dict[str, Any]:
    """`logprobsResult`."""
    return {
        "chosenCandidates": [_write_logprob(one) for one in logprobs],
        "topCandidates": [{"candidates": [_write_logprob(other) for other in one.top]} for one in logprobs],
    }


def _write_logprob(one: Logprob) -> dict[str, Any]:
    return {"token": one.token, "logProbability": one.logprob, **one.extras.get(NAME, {})}
