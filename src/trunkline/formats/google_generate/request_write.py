"""A neutral request as generateContent's: as it came where it is this format's own, in Google's words otherwise."""

from typing import Any

import msgspec

from trunkline.formats.conversation import AnyPart, Message, Reasoning, Request, ToolCall
from trunkline.formats.dialect import Dialect
from trunkline.formats.google_generate.contents_write import ContentsWriter
from trunkline.formats.google_generate.names import CALLING, CHOICE, NAME, NESTED, SETTINGS, THINKING
from trunkline.formats.google_generate.parts_write import write_parts
from trunkline.formats.google_generate.settings_write import Settings
from trunkline.formats.google_generate.signatures import DUMMY
from trunkline.formats.google_generate.tools_write import write_choice, write_tools
from trunkline.formats.harmless import leave_request
from trunkline.formats.losses import Losses
from trunkline.formats.paths import field_path, name_of, part_paths

Json = dict[str, Any]
_TIERS = {"flex": "flex", "priority": "priority"}
"""Service tiers with the same meaning there; others are the usual one."""


def write_request(request: Request, dialect: Dialect, losses: Losses) -> Json:
    """Raises `CannotCarry`, and `ShapeError` for a conversation that no API of this kind could take."""
    own = request.format == NAME
    spelling = request.spelling if own else {}
    body, nested = _unfolded(request.extras.get(NAME, {}) if own else {})
    if own:
        write_own_contents(request, dialect, losses, body)
    else:
        leave_request(request, losses)
        _leave_parameters(request, dialect, losses)
        writer = ContentsWriter(request, dialect, losses)
        writer.write()
        body["contents"] = writer.contents
        if writer.system:
            body["systemInstruction"] = {"parts": writer.system}
    tools: Any = write_tools(request, dialect, losses)
    if "one tool" in spelling and len(tools) == 1:
        tools = tools[0]
    if tools or "tools" in spelling:
        body[spelling.get("tools", "tools")] = tools
    write_choice(request, dialect, losses, nested[CALLING])
    if nested[CALLING] or CALLING in spelling:
        nested[CHOICE][spelling.get(CALLING, "functionCallingConfig")] = nested[CALLING]
    Settings(request, dialect, losses, nested[SETTINGS], nested[THINKING]).write()
    for name in (CHOICE, SETTINGS):
        if nested[name] or name in spelling:
            body[spelling.get(name, name)] = nested[name]
    _write_rest(request, dialect, losses, body, spelling)
    return body


def _unfolded(extras: Json) -> tuple[Json, dict[str, Json]]:
    """What only this format knows, in the objects in which it stood."""
    body: Json = {}
    nested: dict[str, Json] = {prefix: {} for prefix in NESTED}
    for path, value in extras.items():
        prefix = next((prefix for prefix in NESTED if path.startswith(f"{prefix}.")), None)
        if prefix is None:
            body[path] = value
        else:
            nested[prefix][path[len(prefix) + 1 :]] = value
    return body, nested


# As it came


def write_own_contents(request: Request, dialect: Dialect, losses: Losses, body: Json) -> None:
    """Add to `body` what was said, by a client of this format."""
    spelling = request.spelling
    written = (_write_own_content(message, dialect, losses) for message in request.messages)
    contents: Any = [content for content in written if content is not None]
    if "one content" in spelling and len(contents) == 1:
        contents = contents[0]
    body["contents"] = contents
    message = request.instructions
    if message is None:
        return
    name = spelling.get("systemInstruction", "systemInstruction")
    if message.plain and len(message.parts) == 1:
        body[name] = write_parts(message.parts)[0]["text"]
        return
    made = _write_own_parts(message, write_parts(message.parts))
    if "role" in message.spelling:
        made["role"] = message.spelling["role"]
    body[name] = made


def _write_own_content(message: Message, dialect: Dialect, losses: Losses) -> Json | None:
    """None where nothing of it is left."""
    parts = message.parts
    if any(getattr(part, "issuer", "") not in ("", "google") for part in parts):
        parts = _at_home(message, dialect, losses)
        if not parts:
            return None
    made = _write_own_parts(message, write_parts(parts))
    if message.spelling.get("role") != "absent":
        made["role"] = message.spelling.get("role") or ("model" if message.role == "assistant" else "user")
    return made


def _write_own_parts(message: Message, parts: list[Json]) -> Json:
    made: Json = dict(message.extras.get(NAME, ()))
    how = message.spelling.get("parts")
    if how != "absent" or parts:
        made["parts"] = parts[0] if how == "object" and len(parts) == 1 else parts
    return made


def _at_home(message: Message, dialect: Dialect, losses: Losses) -> list[AnyPart]:
    """Parts of a turn that another family of models took, for Google's: without what only that family can read."""
    parts: list[AnyPart] = []
    called = False
    for part, path in zip(message.parts, part_paths(NAME, message), strict=True):
        if isinstance(part, Reasoning) and part.issuer not in ("", "google"):
            losses.drop(path)
        elif isinstance(part, ToolCall) and part.issuer not in ("", "google"):
            losses.drop(field_path(NAME, path, "signature"))
            dummy = {} if called or dialect.issuer != "google" else {"signature": DUMMY}
            parts.append(msgspec.structs.replace(part, signature="", spelling={**part.spelling, **dummy}))
        else:
            parts.append(part)
        called = called or isinstance(part, ToolCall)
    return parts


# What is simple


def _write_rest(request: Request, dialect: Dialect, losses: Losses, body: Json, spelling: dict[str, str]) -> None:
    if request.format != NAME:
        tier = _TIERS.get(request.service_tier)
        if tier is not None and "service_tier" not in dialect.refuses:
            body["serviceTier"] = tier
        elif request.service_tier not in ("", "auto", "default", "standard"):
            losses.drop(name_of(request, "service_tier"))
        return
    if "model" in spelling:
        body["model"] = ("models/" if spelling["model"].startswith("models/") else "") + request.model
    for name, value in (("serviceTier", request.service_tier), ("store", request.store), ("labels", request.metadata)):
        if value not in ("", None):
            body[spelling.get(name, name)] = value


def _leave_parameters(request: Request, dialect: Dialect, losses: Losses) -> None:
    """Neutral fields that have no place in this format."""
    for field in ("user", "metadata", "store", "cache_key", "cache", "verbosity"):
        if getattr(request, field):
            losses.drop(name_of(request, field))
    if request.logit_bias:
        losses.refuse(name_of(request, "logit_bias"), "This model takes no bias for tokens.")
    if request.parallel_tool_calls is False:
        losses.drop(name_of(request, "parallel_tool_calls"))
