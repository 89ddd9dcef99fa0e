"""Why the model stopped."""

from typing import Any

from trunkline.formats.anthropic_messages.words import NAME, STOP_REASONS, STOP_WORDS
from trunkline.formats.conversation import Stop

FIELDS = ("stop_reason", "stop_sequence", "stop_details")


def read_stop(value: dict[str, Any], taken: list[str]) -> Stop | None:
    """The stop that a message, or the delta of one, tells; None for none. Adds what it understood to `taken`."""
    said = value.get("stop_reason")
    if type(said) is not str:
        return None
    stop = Stop(reason=STOP_REASONS.get(said, "stop"), said=said)
    taken.append("stop_reason")
    if type(value.get("stop_sequence")) is str and value["stop_sequence"]:
        stop.sequence = value["stop_sequence"]
        taken.append("stop_sequence")
    details = value.get("stop_details")
    if type(details) is dict:
        taken.append("stop_details")
        explanation = details.get("explanation")
        if explanation and type(explanation) is str:
            stop.explanation = explanation
            details = {name: field for name, field in details.items() if name != "explanation"}
        stop.extras = {NAME: {"stop_details": details}}
    return stop


def write_own_stop(stop: Stop) -> dict[str, Any]:
    """The fields of a stop that was read in this format."""
    value: dict[str, Any] = {"stop_reason": stop.said or STOP_WORDS[stop.reason]}
    if stop.sequence:
        value["stop_sequence"] = stop.sequence
    details = stop.extras.get(NAME, {}).get("stop_details")
    if details is not None:
        value["stop_details"] = {**details, "explanation": stop.explanation} if stop.explanation else details
    return value


def write_stop(stop: Stop | None, *, calls: bool) -> dict[str, Any]:
    """The fields of a stop that was read in another format. `calls`: whether the reply has any.

    They tell whether the model calls tools, not the reason: some providers say `stop` beside them.
    """
    reason = stop.reason if stop is not None else None
    value: dict[str, Any] = {"stop_reason": None if reason is None else STOP_WORDS[reason], "stop_sequence": None}
    if calls and reason in _ENDED_WELL:
        value["stop_reason"] = "tool_use"
    elif stop is None:
        return value
    elif reason == "stop_sequence":
        value["stop_sequence"] = stop.sequence or None
    elif value["stop_reason"] == "refusal":
        failed = f"The provider could not finish its answer ({stop.said})." if reason == "failed" else ""
        explanation = stop.explanation or failed or None
        value["stop_details"] = {"type": "refusal", "category": None, "explanation": explanation}
    return value


_ENDED_WELL = frozenset({None, "stop", "stop_sequence", "paused", "failed"})
"""Reasons that do not speak against calls."""
