"""The frame of a Response object: who answered, when, and how it ended."""

from typing import Any

from trunkline.formats.conversation import Event, Reply, Stop, StopReason
from trunkline.formats.openai_responses.shape import taken
from trunkline.formats.openai_responses.usage import read_usage, with_calls, write_usage

Fields = dict[str, Any]
_WHY: dict[str, StopReason] = {
    "max_output_tokens": "length",
    "max_messages": "length",
    "content_filter": "filtered",
    "steered": "paused",
}
"""Why a response is incomplete."""
_STATUSES = frozenset({"completed", "incomplete", "failed", "cancelled", "queued", "in_progress"})
_ENDED: dict[StopReason, tuple[str, str]] = {
    "length": ("incomplete", "max_output_tokens"),
    "context": ("incomplete", "max_output_tokens"),
    "filtered": ("incomplete", "content_filter"),
    "refused": ("incomplete", "content_filter"),
    "failed": ("failed", ""),
}
"""Status and reason of what other formats end with; everything else is completed."""


def ended_with(value: Fields) -> str:
    """The provider's own word for how a response ended: its status, or why it is incomplete."""
    details = value.get("incomplete_details")
    why = details.get("reason") if type(details) is dict else None
    return str(why or value.get("status") or "")


def take_frame(node: Reply | Event, rest: Fields, output: object = None) -> None:
    """Take what every reply says of itself out of `rest`, and the usage; to which belong the provider's own tools that
    were called, by the whole `output`.
    """
    node.id, node.model = taken(rest, "id"), taken(rest, "model")
    node.service_tier = taken(rest, "service_tier")
    created = rest.get("created_at")
    if type(created) is int:
        node.created = rest.pop("created_at")
    elif type(created) is float:
        node.created = int(created)
    node.usage = with_calls(read_usage(rest.get("usage")), output)
    if node.usage is not None:
        node.reported = rest.pop("usage")


def put_frame(node: Reply | Event, value: Fields) -> None:
    """Lay it over `value` again."""
    if node.id:
        value["id"] = node.id
    if node.model:
        value["model"] = node.model
    if node.service_tier:
        value["service_tier"] = node.service_tier
    if node.created is not None and "created_at" not in value:
        value["created_at"] = node.created
    if node.usage is not None:
        value["usage"] = write_usage(node.usage, node.reported)


def take_stop(rest: Fields, *, called: bool) -> Stop | None:
    """Take how a response ended out of `rest`; one in the background that has not is paused. `called`: it holds calls
    of tools.
    """
    done: StopReason = "tool_calls" if called else "stop"
    if "status" not in rest:
        return Stop(reason=done)
    status = rest["status"]
    if status == "completed":
        del rest["status"]
        return Stop(reason=done, said="completed")
    if status == "incomplete":
        del rest["status"]
        details = rest.get("incomplete_details")
        why = str(details.get("reason") or "") if type(details) is dict else ""
        if why and details == {"reason": why}:
            del rest["incomplete_details"]
        return Stop(reason=_WHY.get(why, "length" if not why else "stop"), said=why or "incomplete")
    if status in ("failed", "cancelled"):
        del rest["status"]
        error = rest.get("error")
        message = str(error.get("message") or "") if type(error) is dict else ""
        return Stop(reason="failed", said=status, explanation=message)
    if status in ("queued", "in_progress"):
        del rest["status"]
        return Stop(reason="paused", said=status)
    return None


def put_stop(stop: Stop | None, value: Fields) -> None:
    """Lay it over `value` again, of a reply of this format."""
    if stop is None or not stop.said:
        return
    if stop.said in _STATUSES:
        value["status"] = stop.said
        return
    value["status"] = "incomplete"
    if not value.get("incomplete_details"):
        value["incomplete_details"] = {"reason": stop.said}


def compose_stop(stop: Stop | None, value: Fields) -> str:
    """How a reply of any format ended, put into `value`. Returns the status."""
    status, why = _ENDED.get(stop.reason, ("completed", "")) if stop is not None else ("completed", "")
    value["status"] = status
    if why:
        value["incomplete_details"] = {"reason": why}
    if status == "failed" and stop is not None:
        value["error"] = {"code": "server_error", "message": stop.explanation or "The provider could not finish."}
    return status
