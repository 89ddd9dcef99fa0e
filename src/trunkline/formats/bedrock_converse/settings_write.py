"""Sampling, output and bookkeeping of another format's request, and what of it has no words here."""

import re
from typing import Any

import msgspec

from trunkline.formats.bedrock_converse.parts_write import Block
from trunkline.formats.bedrock_converse.schema import Unsayable, fit
from trunkline.formats.bedrock_converse.terms import is_claude
from trunkline.formats.conversation import MOST_TOKENS, OutputFormat, Request
from trunkline.formats.dialect import Dialect, Parameter
from trunkline.formats.losses import Losses
from trunkline.formats.paths import name_of, schema_path

_METADATA = re.compile(r"[a-zA-Z0-9\s:_@$#=/+,.-]{0,256}")
_MOST_METADATA = 16
_TIERS = {
    "priority": "priority",
    "default": "default",
    "flex": "flex",
    "reserved": "reserved",
    "standard_only": "default",
}
JSON_ONLY = "Answer with one JSON object and nothing else: no words around it and no code fence."
_HARMLESS = ("seed", "user", "cache_key", "verbosity", "store")
_DECIDING = ("presence_penalty", "frequency_penalty", "logit_bias", "logprobs", "top_logprobs")
"""Parameters on which the answer depends, unless they are 0 or false."""
_encode = msgspec.json.Encoder().encode


def write_inference(request: Request, dialect: Dialect, losses: Losses) -> Block:
    """The value of `inferenceConfig`."""
    inference: Block = {}
    if request.max_output is not None:
        _within(request, "max_output", request.max_output, 1, MOST_TOKENS, losses)
        inference["maxTokens"] = min(request.max_output, dialect.max_output or request.max_output)
    if request.temperature is not None and _takes("temperature", request, dialect, losses):
        _within(request, "temperature", request.temperature, 0, 2, losses)
        most = 1.0 if dialect.most_temperature is None else dialect.most_temperature
        if request.temperature > most:
            losses.drop(name_of(request, "temperature"))
        inference["temperature"] = min(request.temperature, most)
    if request.top_p is not None and _takes("top_p", request, dialect, losses):
        _within(request, "top_p", request.top_p, 0, 1, losses)
        inference["topP"] = request.top_p
    stop = [sequence for sequence in request.stop if sequence]
    if stop:
        path = name_of(request, "stop")
        if "stop" in dialect.refuses:
            losses.refuse(path, f"'{path}': this model takes no stop sequences.")
        elif is_claude(dialect) and not all(sequence.strip() for sequence in stop):
            losses.refuse(path, f"'{path}': this model takes no stop sequences of white space only.")
        else:
            inference["stopSequences"] = stop
    return inference


def _takes(field: Parameter, request: Request, dialect: Dialect, losses: Losses) -> bool:
    """Whether the model takes a parameter that shapes the answer without deciding it; dropped and told if not."""
    if field in dialect.refuses:
        losses.drop(name_of(request, field))
        return False
    return True


def _within(request: Request, field: str, value: float, least: float, most: float, losses: Losses) -> None:
    if not least <= value <= most:
        path = name_of(request, field)
        losses.must_refuse(path, f"'{path}' must be from {least} to {most}, but is {value}.")


def write_top_k(request: Request, dialect: Dialect, losses: Losses) -> Block:
    """`top_k` for the model's own fields. Each family calls it otherwise; only Claude's name is known here."""
    if request.top_k is None or not _takes("top_k", request, dialect, losses):
        return {}
    if is_claude(dialect):
        return {"top_k": request.top_k}
    losses.drop(name_of(request, "top_k"))
    return {}


def leave_rest(request: Request, losses: Losses) -> None:
    """Parameters that the API has no words for."""
    for field in _HARMLESS:
        value = getattr(request, field)
        if value is not None and value is not False and value != "":
            losses.drop(name_of(request, field))
    for field in _DECIDING:
        if getattr(request, field):
            path = name_of(request, field)
            losses.refuse(path, f"'{path}' cannot be carried to this model's API.")
    if request.choices is not None and request.choices > 1:
        path = name_of(request, "choices")
        losses.refuse(path, f"'{path}': this model's API gives one answer.")


def write_tier(request: Request, dialect: Dialect, losses: Losses) -> Block:
    """The value of `serviceTier`."""
    tier = _TIERS.get(request.service_tier)
    if tier is not None and "service_tier" not in dialect.refuses:
        return {"type": tier}
    if request.service_tier not in ("", "auto"):
        losses.drop(name_of(request, "service_tier"))
    return {}


def write_metadata(request: Request, losses: Losses) -> dict[str, str]:
    """The value of `requestMetadata`, which restricts length and letters."""
    metadata = request.metadata or {}
    fits = len(metadata) <= _MOST_METADATA and all(
        name and _METADATA.fullmatch(name) and _METADATA.fullmatch(value) for name, value in metadata.items()
    )
    if metadata and not fits:
        losses.drop(name_of(request, "metadata"))
        return {}
    return metadata


def write_output(request: Request, dialect: Dialect, losses: Losses) -> tuple[Block, str]:
    """The value of `outputConfig`, and an instruction for what it cannot say."""
    output = request.output
    if output is None or output.kind == "text":
        return {}, ""
    path = name_of(request, "output")
    if output.kind == "json":
        if "output_json" in dialect.refuses:
            losses.refuse(path, f"'{path}': this model cannot be held to JSON.")
            return {}, ""
        losses.drop(path)
        return {}, JSON_ONLY
    if "output_schema" in dialect.refuses:
        losses.refuse(path, f"'{path}': this model cannot be held to a schema.")
        return {}, ""
    try:
        fitted = fit(output.schema or {})
    except Unsayable as why:
        path = schema_path(request, why.path)
        losses.refuse(path, f"'{path}' {why}, which this model's API cannot be held to.")
        return {}, ""
    if fitted.loosened:
        losses.drop(schema_path(request, ""))
    bare = OutputFormat(kind="schema", name=output.name, description=output.description, schema=fitted.value)
    return {"textFormat": text_format(bare, {})}, ""


def text_format(output: OutputFormat, left: dict[str, Any]) -> Block:
    """The value of `textFormat`. The schema is a text: the one that it came as, while that says the same."""
    came = output.spelling.get("schema", "")
    text = came if came and msgspec.json.decode(came) == output.schema else _encode(output.schema).decode()
    definition = {**left, "schema": text}
    if output.name:
        definition["name"] = output.name
    if output.description:
        definition["description"] = output.description
    return {"type": "json_schema", "structure": {"jsonSchema": definition}}
