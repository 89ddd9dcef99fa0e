"""A Response object without what is answered: the fields in which the API repeats the request."""

from typing import Any

from trunkline.formats.conversation import Request, Tool
from trunkline.formats.dialect import PLAIN
from trunkline.formats.losses import Losses
from trunkline.formats.openai_responses.names import NAME
from trunkline.formats.openai_responses.settings import write_settings
from trunkline.formats.openai_responses.tools import is_custom, write_tool
from trunkline.formats.turns import text_of

Fields = dict[str, Any]
_REPEATED = (
    "background",
    "conversation",
    "max_tool_calls",
    "previous_response_id",
    "prompt",
    "prompt_cache_retention",
    "safety_identifier",
    "truncation",
)
"""Fields of a request that a response has as well, and the neutral request has no place for."""


def shell(request: Request) -> Fields:
    """All that is known of the response before the model has said anything."""
    own = request.extras.get(NAME, {}) if request.format == NAME else {}
    value: Fields = {
        "id": "",
        "object": "response",
        "created_at": 0,
        "status": "in_progress",
        "background": False,
        "completed_at": None,
        "error": None,
        "incomplete_details": None,
        "instructions": text_of(request.instructions.parts) if request.instructions is not None else None,
        "max_output_tokens": request.max_output,
        "max_tool_calls": None,
        "model": request.model,
        "output": [],
        "parallel_tool_calls": request.parallel_tool_calls is not False,
        "previous_response_id": None,
        "prompt_cache_key": request.cache_key or None,
        "reasoning": {"effort": None, "summary": None},
        "safety_identifier": None,
        "service_tier": "default",
        "store": request.store is not False,
        "temperature": 1.0 if request.temperature is None else request.temperature,
        "text": {"format": {"type": "text"}},
        "tool_choice": "auto",
        "tools": [],
        "top_logprobs": request.top_logprobs or 0,
        "top_p": 1.0 if request.top_p is None else request.top_p,
        "truncation": "disabled",
        "metadata": request.metadata or {},
    }
    if request.user:
        value["user"] = request.user
    value |= {name: own[name] for name in _REPEATED if own.get(name) is not None}
    if request.format == NAME:
        _repeat_settings(request, own, value)
    return value


def _repeat_settings(request: Request, own: Fields, value: Fields) -> None:
    settings: Fields = {name: own[name] for name in ("text", "tool_choice") if own.get(name)}
    write_settings(request, PLAIN, Losses(), settings)
    value["tools"] = [_repeat_tool(tool) for tool in request.tools if isinstance(tool, Tool)]
    if "tool_choice" in settings:
        value["tool_choice"] = settings["tool_choice"]
    value["text"] |= settings.get("text", {})
    value["reasoning"] |= settings.get("reasoning", {})


def _repeat_tool(tool: Tool) -> Fields:
    """Other tools than functions and custom ones have not reached the model that answers."""
    value = write_tool(tool)
    return value if is_custom(tool) else {"description": None, "parameters": None, "strict": True, **value}
