"""What Bedrock's Converse refuses beyond its service model."""

import json
import re
from collections.abc import Iterator
from typing import Any

from tests.recorded.strict.rules import NAME, Broken, Rules, Turn, in_turns, is_base64, matches, out_of

_ID = re.compile(r"[a-zA-Z0-9_.:-]{1,64}")
_IMAGES = frozenset({"png", "jpeg", "gif", "webp"})
_DOCUMENTS = frozenset({"pdf", "csv", "doc", "docx", "xls", "xlsx", "html", "txt", "md"})
_DOCUMENT_NAME = re.compile(r"[a-zA-Z0-9()\[\]-](?:[a-zA-Z0-9()\[\] -]*[a-zA-Z0-9()\[\]-])?")


def broken(document: dict[str, Any]) -> Rules:
    """The rules that a request breaks."""
    yield from _config(document)
    yield from _tools(document)
    messages = document.get("messages") or []
    yield from in_turns(_turns(messages))
    for number, block in enumerate(document.get("system") or []):
        if block.get("text") == "":
            yield Broken("an empty system text", f"system[{number}]")
    for number, message in enumerate(messages):
        if not message.get("content"):
            yield Broken("a message without content", f"messages[{number}]")
        for place, block in enumerate(message.get("content") or []):
            yield from _block(block, f"messages[{number}].content[{place}]")


def _config(document: dict[str, Any]) -> Rules:
    config = document.get("inferenceConfig") or {}
    for name, least, most in (("temperature", 0, 1), ("topP", 0, 1), ("maxTokens", 1, 10**9)):
        if out_of(config.get(name), least, most):
            yield Broken(f"{name} out of range", name)
    structure = ((document.get("outputConfig") or {}).get("textFormat") or {}).get("structure") or {}
    if "jsonSchema" in structure and not isinstance(json.loads(structure["jsonSchema"]["schema"]), dict):
        yield Broken("an output schema that is no JSON object", "outputConfig")


def _tools(document: dict[str, Any]) -> Rules:
    config = document.get("toolConfig")
    used = any(
        "toolUse" in block or "toolResult" in block
        for message in document.get("messages") or []
        for block in message.get("content") or []
    )
    if config is None:
        if used:
            yield Broken("tool blocks without toolConfig", "toolConfig")
        return
    specs = [tool["toolSpec"] for tool in config.get("tools") or [] if "toolSpec" in tool]
    names = [spec["name"] for spec in specs]
    if not config.get("tools"):
        yield Broken("a toolConfig without tools", "toolConfig")
    for spec in specs:
        if not matches(NAME, spec["name"]):
            yield Broken("a tool's name is not allowed", "toolConfig.tools")
        if spec["inputSchema"].get("json", {}).get("type") != "object":
            yield Broken("an input schema that is no object", "toolConfig.tools")
        if spec.get("description") == "":
            yield Broken("an empty description", "toolConfig.tools")
    if len(set(names)) < len(names):
        yield Broken("two tools with one name", "toolConfig.tools")
    wanted = ((config.get("toolChoice") or {}).get("tool") or {}).get("name")
    if wanted is not None and wanted not in names:
        yield Broken("toolChoice of a tool that is not there", "toolConfig.toolChoice")


def _turns(messages: list[dict[str, Any]]) -> Iterator[Turn]:
    for number, message in enumerate(messages):
        blocks = message.get("content") or []
        yield Turn(
            at=f"messages[{number}]",
            role=str(message.get("role")),
            calls=[block["toolUse"]["toolUseId"] for block in blocks if "toolUse" in block],
            results=[block["toolResult"]["toolUseId"] for block in blocks if "toolResult" in block],
        )


def _block(block: dict[str, Any], at: str) -> Rules:
    if block.get("text") == "":
        yield Broken("an empty text", at)
    if (call := block.get("toolUse")) is not None:
        if not matches(_ID, call["toolUseId"]):
            yield Broken("a call's id is not allowed", at)
        if not matches(NAME, call["name"]):
            yield Broken("a call's name is not allowed", at)
        if not isinstance(call.get("input"), dict):
            yield Broken("a call's input is no object", at)
    if (result := block.get("toolResult")) is not None:
        if not result.get("content"):
            yield Broken("a result without content", at)
        for part in result.get("content") or []:
            yield from _block(part, f"{at}.toolResult")
    if (image := block.get("image")) is not None:
        yield from _media(image, _IMAGES, at)
    if (file := block.get("document")) is not None:
        yield from _media(file, _DOCUMENTS, at)
        if not matches(_DOCUMENT_NAME, file.get("name")) or "  " in file["name"]:
            yield Broken("a document's name is not allowed", at)


def _media(media: dict[str, Any], formats: frozenset[str], at: str) -> Rules:
    if media.get("format") not in formats:
        yield Broken("a format that is not taken", at)
    if "bytes" in media["source"] and not is_base64(media["source"]["bytes"]):
        yield Broken("bad Base64", at)
