"""A neutral request into a chat request, for one provider and model."""

from typing import Any, TypeAlias

from trunkline.formats.conversation import MOST_TOKENS, Request
from trunkline.formats.dialect import Dialect, Parameter
from trunkline.formats.harmless import leave_request
from trunkline.formats.losses import Losses
from trunkline.formats.openai_chat.messages_write import write_messages
from trunkline.formats.openai_chat.output import asking, write_output
from trunkline.formats.openai_chat.parts_write import put_cache
from trunkline.formats.openai_chat.target import Target
from trunkline.formats.openai_chat.thinking import write_thinking
from trunkline.formats.openai_chat.tools import write_tools
from trunkline.formats.openai_chat.words import NAME, TIERS

_Names: TypeAlias = tuple[tuple[Parameter, str], ...]
"""Neutral field and ours."""
_SAMPLING: _Names = (
    ("top_p", "top_p"),
    ("presence_penalty", "presence_penalty"),
    ("frequency_penalty", "frequency_penalty"),
    ("user", "user"),
)
_CHAT: _Names = (("metadata", "metadata"), ("verbosity", "verbosity"), ("cache_key", "prompt_cache_key"))
_DECISIVE: _Names = (("logit_bias", "logit_bias"), ("choices", "n"))
"""What the answer depends on. All others are harmless: without them it is nearly the same."""
_MOST_STOPS = 4
_BOUNDS = {
    "temperature": (0, 2),
    "top_p": (0, 1),
    "presence_penalty": (-2, 2),
    "frequency_penalty": (-2, 2),
    "choices": (1, 128),
    "top_logprobs": (0, 20),
    "max_output": (1, MOST_TOKENS),
}


def write_request(request: Request, dialect: Dialect, losses: Losses) -> dict[str, Any]:
    """The document to send. Raises `CannotCarry`."""
    to = Target(request, dialect, losses)
    if not to.own:
        leave_request(request, losses)
        _check_bounds(request, to)
    out: dict[str, Any] = {"model": request.model, "messages": write_messages(request, to)}
    if to.own:
        out |= request.extras.get(NAME, {})
    _ask_for_json(out, request, to)
    write_tools(out, request, to)
    if request.output is not None:
        written = write_output(request.output, to)
        if written is not None:
            out["response_format"] = written
    write_thinking(out, request, to)
    write_cap(out, request, to)
    write_sampling(out, request, to)
    _write_logprobs(out, request, to)
    _write_bookkeeping(out, request, to)
    return out


def _check_bounds(request: Request, to: Target) -> None:
    for name, (least, most) in _BOUNDS.items():
        value = getattr(request, name)
        if value is not None and not least <= value <= most:
            param = to.term(name)
            to.losses.must_refuse(param, f"'{param}' must be from {least} to {most} for this model's API.")


def _ask_for_json(out: dict[str, Any], request: Request, to: Target) -> None:
    """Put a schema that has no place of its own into the instructions."""
    said = asking(request.output, to)
    if not said:
        return
    first = out["messages"][0]
    if first["role"] in ("system", "developer") and isinstance(first.get("content"), str):
        first["content"] += f"\n\n{said}"
    else:
        role = "user" if "system" in to.refuses else to.dialect.system_role
        out["messages"] = [{"role": role, "content": said}, *out["messages"]]


def write_cap(out: dict[str, Any], request: Request, to: Target, field: str = "") -> None:
    """Write the cap on output into the field that the dialect wants, or into `field`."""
    cap, most = request.max_output, to.dialect.max_output
    if cap is None:
        return
    if most is not None:
        cap = min(cap, most)
    field = field or (request.spelling.get("max_output", "") if to.as_said else "") or to.dialect.max_tokens_field
    if field == "both":
        out["max_tokens"] = out["max_completion_tokens"] = cap
    else:
        out[field] = cap


def write_sampling(out: dict[str, Any], request: Request, to: Target) -> None:
    """How the tokens are drawn, and how many answers are wanted."""
    _write_temperature(out, request, to)
    _write_harmless(out, request, to, _SAMPLING)
    for name, field in _DECISIVE:
        value = getattr(request, name)
        if value is not None and not (name in to.refuses and (value == 1 or to.refused(name))):
            out[field] = value
    if request.top_k is not None and not to.drops("top_k"):
        if to.own:
            out["top_k"] = request.top_k
        else:
            to.losses.drop(to.term("top_k"))  # no part of the published format
    if request.seed is not None and not to.drops("seed"):
        out[request.spelling.get("seed", "seed") if to.as_said else to.dialect.seed_field] = request.seed
    if request.stop and not to.refused("stop"):
        _write_stop(out, request, to)
    _write_stream(out, request, to)


def _write_harmless(out: dict[str, Any], request: Request, to: Target, names: _Names) -> None:
    for name, field in names:
        value = getattr(request, name)
        if value is not None and value != "" and not to.drops(name):
            out[field] = value


def _write_temperature(out: dict[str, Any], request: Request, to: Target) -> None:
    temperature, most = request.temperature, to.dialect.most_temperature
    if temperature is None or to.drops("temperature"):
        return
    out["temperature"] = min(temperature, most) if most is not None else temperature


def _write_stop(out: dict[str, Any], request: Request, to: Target) -> None:
    stop = request.stop
    if not to.own and len(stop) > _MOST_STOPS:
        param = to.term("stop")
        to.losses.refuse(param, f"'{param}' may have {_MOST_STOPS} sequences at this model's API.")
        stop = stop[:_MOST_STOPS]
    out["stop"] = stop[0] if to.own and len(stop) == 1 and request.spelling.get("stop") == "string" else stop


def _write_logprobs(out: dict[str, Any], request: Request, to: Target) -> None:
    if request.logprobs is None and request.top_logprobs is None:
        return
    if "logprobs" in to.refuses and (not request.logprobs or to.refused("logprobs")):
        return
    if to.as_said and request.logprobs and "logprobs" in request.spelling:
        out["logprobs"] = request.top_logprobs
        return
    if request.logprobs is not None:
        out["logprobs"] = request.logprobs
    if request.top_logprobs is not None and (to.own or request.logprobs):
        out["top_logprobs"] = request.top_logprobs


def _write_stream(out: dict[str, Any], request: Request, to: Target) -> None:
    if request.stream:
        out["stream"] = True
    if to.as_said:
        if request.stream_usage is not None:
            out["stream_options"] = {**(out.get("stream_options") or {}), "include_usage": request.stream_usage}
    elif request.stream and to.dialect.stream_usage:
        out["stream_options"] = {**(out.get("stream_options") or {}), "include_usage": True}
    else:
        out.pop("stream_options", None)


def _write_bookkeeping(out: dict[str, Any], request: Request, to: Target) -> None:
    _write_harmless(out, request, to, _CHAT)
    if to.own and "user" in out and "user" in request.spelling:
        out[request.spelling["user"]] = out.pop("user")
    if request.service_tier and not to.drops("service_tier"):
        tier = request.service_tier if to.own else TIERS.get(request.service_tier, "")
        if tier:
            out["service_tier"] = tier
        else:
            to.losses.drop(to.term("service_tier"))
    if request.store is not None and to.own and not to.drops("store"):
        out["store"] = request.store
    if request.cache is not None and to.own:
        put_cache(out, request)
    elif request.cache is not None:
        to.losses.drop(to.term("cache"))
    if to.own and "modalities" in request.spelling:
        out["modalities"] = ["text"]
    if to.own and "usage" in request.spelling:
        out["usage"] = {"include": True}
