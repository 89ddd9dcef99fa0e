"""What the text of the answer must be: `response_format`, in OpenAI's words and in those of other servers."""

import re
from typing import Any

import msgspec

from trunkline.formats.conversation import OutputFormat
from trunkline.formats.losses import rest
from trunkline.formats.openai_chat.leftovers import park, parked
from trunkline.formats.openai_chat.target import Target
from trunkline.formats.openai_chat.words import NAME
from trunkline.formats.strictness import explicit, is_strict

_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_ENFORCING = frozenset({"anthropic_messages", "google_generate", "bedrock_converse"})
"""Formats in which a schema is always enforced, without saying so."""
_ASK = "Answer with nothing but one JSON object that conforms to this JSON Schema:\n"


def take_output(fields: dict[str, Any]) -> OutputFormat | None:
    """What `response_format` asks for; None where it is not understood, and stays."""
    value = fields.get("response_format")
    if not isinstance(value, dict):
        return None
    left = rest(value, "type")
    match value["type"]:
        case "text":
            output = OutputFormat(kind="text")
        case "json_object":
            output = _object(left)
        case "json_schema" if isinstance(value.get("json_schema"), dict):
            output = _schema(left)
        case "json_schema" if isinstance(value.get("schema"), dict):  # Together
            output = OutputFormat(kind="schema", schema=left.pop("schema"), spelling={"in": "json_schema.schema"})
        case "json_schema" | "json" as kind if isinstance(value.get("value"), dict):  # TGI
            output = OutputFormat(kind="schema", schema=left.pop("value"), spelling={"in": f"{kind}.value"})
        case _:
            return None
    if left:
        output.extras = {NAME: left}
    del fields["response_format"]
    return output


def _object(left: dict[str, Any]) -> OutputFormat:
    """`json_object`, in which TGI and llama.cpp take a schema, too."""
    for name in ("schema", "value"):
        if isinstance(left.get(name), dict):
            return OutputFormat(kind="schema", schema=left.pop(name), spelling={"in": f"json_object.{name}"})
    return OutputFormat(kind="json")


def _schema(left: dict[str, Any]) -> OutputFormat:
    said = dict(left.pop("json_schema"))
    output = OutputFormat(kind="schema")
    for name in ("name", "description"):
        if said.get(name):
            setattr(output, name, said.pop(name))
    for name in ("schema", "strict"):
        if said.get(name) is not None:
            setattr(output, name, said.pop(name))
    park(said, "json_schema", left, output.spelling)
    return output


def write_output(output: OutputFormat, to: Target) -> dict[str, Any] | None:
    """`response_format`; None where the model takes none."""
    out = dict(output.extras.get(NAME, {})) if to.own else {}
    spelling = output.spelling if to.own else {}
    if output.kind == "text":
        return {**out, "type": "text"}
    if output.kind == "json" or output.schema is None:
        return None if to.refused("output_json", to.term("output")) else {**out, "type": "json_object"}
    if to.refused("output_schema", to.term("output")):
        return None
    field = spelling["in"] if to.as_said and "in" in spelling else to.dialect.schema_field
    if field == "json_object":
        to.losses.drop(to.term("output"))  # only asked for: see `asking`
        return {"type": "json_object"}
    if field == "json_schema":
        said = {**parked("json_schema", out, spelling), **_write_schema(output, to)}
        return {**out, "type": "json_schema", "json_schema": said}
    kind, _, inside = {"value": "json_schema.value", "json_object_schema": "json_object.schema"}.get(
        field, field
    ).partition(".")
    return {**out, "type": kind, inside: output.schema}


def _write_schema(output: OutputFormat, to: Target) -> dict[str, Any]:
    name = output.name
    if not to.own and not _NAME.fullmatch(name):
        name = re.sub(r"[^a-zA-Z0-9_-]", "_", name)[:64] or "answer"
    said: dict[str, Any] = {"name": name} if name else {}
    if output.description:
        said["description"] = output.description
    said["schema"] = output.schema if to.own else explicit(output.schema)
    strict = output.strict
    if strict is None and to.source in _ENFORCING and is_strict(output.schema):
        strict = True
    elif strict and not to.own and not is_strict(output.schema):
        strict = False
        to.losses.drop(f"{to.term('output')}.strict")
    return said | ({"strict": strict} if strict is not None else {})


def asking(output: OutputFormat | None, to: Target) -> str:
    """What the instructions must say where there is no other place for a schema; empty where there is."""
    if output is None or output.schema is None or output.kind != "schema":
        return ""
    if to.as_said or to.dialect.schema_field != "json_object" or "output_schema" in to.refuses:
        return ""
    return _ASK + msgspec.json.encode(output.schema).decode()
