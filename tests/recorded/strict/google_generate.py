"""What Google's generateContent refuses beyond its published messages."""

import re
from typing import Any

from tests.recorded.strict.rules import Broken, Rules, is_base64, matches, out_of, schema_nodes

_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_.:-]{0,127}")
_DATA = (
    "text", "inlineData", "functionCall", "functionResponse", "fileData", "executableCode", "codeExecutionResult",
    "toolCall", "toolResponse",
)  # fmt: skip
_JSON_SCHEMA_ONLY = ("additionalProperties", "$ref", "$defs", "const", "oneOf", "allOf", "$schema", "patternProperties")


def broken(document: dict[str, Any]) -> Rules:
    """The rules that a request breaks."""
    yield from _config(document.get("generationConfig") or {})
    yield from _tools(document)
    contents = document.get("contents") or []
    if not contents:
        yield Broken("no contents", "contents")
    yield from _order(contents)
    for number, content in enumerate(contents):
        at = f"contents[{number}]"
        if content.get("role") not in ("user", "model"):
            yield Broken("a role that is neither user nor model", at)
        yield from _parts(content, at)
    if document.get("systemInstruction"):
        yield from _parts(document["systemInstruction"], "systemInstruction")


def _config(config: dict[str, Any]) -> Rules:
    for name, least, most in (
        ("temperature", 0, 2),
        ("topP", 0, 1),
        ("candidateCount", 1, 8),
        ("maxOutputTokens", 1, 10**9),
        ("logprobs", 0, 20),
    ):
        if out_of(config.get(name), least, most):
            yield Broken(f"{name} out of range", name)
    if len(config.get("stopSequences") or []) > 5:
        yield Broken("more than 5 stop sequences", "stopSequences")
    if "logprobs" in config and not config.get("responseLogprobs"):
        yield Broken("logprobs without responseLogprobs", "logprobs")
    thinking = config.get("thinkingConfig") or {}
    if "thinkingBudget" in thinking and "thinkingLevel" in thinking:
        yield Broken("a thinking budget beside a level", "thinkingConfig")
    schemas = [name for name in ("responseSchema", "responseJsonSchema") if name in config]
    if len(schemas) == 2:
        yield Broken("two response schemas")
    if schemas and config.get("responseMimeType") not in ("application/json", "text/x.enum"):
        yield Broken("a response schema without its media type", schemas[0])
    if "responseSchema" in config:
        yield from _dialect(config["responseSchema"], "responseSchema")


def _dialect(schema: Any, at: str) -> Rules:
    """The subset of OpenAPI that `Schema` is."""
    for path, node in schema_nodes(schema, at):
        for word in _JSON_SCHEMA_ONLY:
            if word in node:
                yield Broken(f"a Schema with {word}", path)
        if isinstance(node.get("type"), list):
            yield Broken("a Schema with several types", path)
        if not all(isinstance(value, str) for value in node.get("enum") or []):
            yield Broken("an enumeration of what are no strings", path)
        if str(node.get("type")).upper() == "ARRAY" and "items" not in node:
            yield Broken("an array without items", path)


def _tools(document: dict[str, Any]) -> Rules:
    declared = [one for tool in document.get("tools") or [] for one in tool.get("functionDeclarations") or []]
    names = [one.get("name") for one in declared]
    for number, one in enumerate(declared):
        at = f"functionDeclarations[{number}]"
        if not matches(_NAME, one.get("name")):
            yield Broken("a function's name is not allowed", at)
        if "parameters" in one and "parametersJsonSchema" in one:
            yield Broken("two schemas of one function", at)
        if "parameters" in one:
            yield from _dialect(one["parameters"], f"{at}.parameters")
    if len(set(names)) < len(names):
        yield Broken("two functions with one name", "tools")
    calling = (document.get("toolConfig") or {}).get("functionCallingConfig")
    if calling is None:
        return
    if not document.get("tools"):
        yield Broken("functionCallingConfig without tools", "toolConfig")
    allowed = calling.get("allowedFunctionNames")
    if allowed is not None and calling.get("mode") not in ("ANY", "VALIDATED"):
        yield Broken("allowed functions in a mode that has none", "toolConfig")
    if set(allowed or ()) - set(names):
        yield Broken("an allowed function that is not there", "toolConfig")


def _order(contents: list[dict[str, Any]]) -> Rules:
    """The user begins; functions' responses come in the turn after their calls, as many and in that order."""
    if contents and contents[0].get("role") != "user":
        yield Broken("the first turn is not the user's", "contents[0]")
    called: list[str] = []
    for number, (role, parts) in enumerate(_turns(contents)):
        at = f"turn {number}"
        answered = [part["functionResponse"].get("name") for part in parts if "functionResponse" in part]
        if answered != called:
            yield Broken("responses that are not those of the calls before", at)
        if answered and role != "user":
            yield Broken("a response that is not in a turn of the user", at)
        called = [part["functionCall"].get("name") for part in parts if "functionCall" in part]
        if called and role != "model":
            yield Broken("a call that is not in a turn of the model", at)
    if called:
        yield Broken("calls at the end without responses")


def _turns(contents: list[dict[str, Any]]) -> list[tuple[str, list[dict[str, Any]]]]:
    """Role and parts; neighbours of one speaker are one turn to Google."""
    turns: list[tuple[str, list[dict[str, Any]]]] = []
    for content in contents:
        if not turns or turns[-1][0] != content.get("role"):
            turns.append((str(content.get("role")), []))
        turns[-1][1].extend(content.get("parts") or [])
    return turns


def _is_bytes(data: Any) -> bool:
    """Base64 of either alphabet, padded or not, as protobuf's JSON takes it."""
    if not isinstance(data, str):
        return False
    standard = data.replace("-", "+").replace("_", "/").rstrip("=")
    return is_base64(standard + "=" * (-len(standard) % 4))


def _parts(content: dict[str, Any], at: str) -> Rules:
    if not content.get("parts"):
        yield Broken("a content without parts", at)
    for number, part in enumerate(content.get("parts") or []):
        path = f"{at}.parts[{number}]"
        data = [name for name in _DATA if name in part]
        if len(data) != 1:
            yield Broken(f"a part with {len(data)} kinds of data", path)
        if (blob := part.get("inlineData")) is not None and not (blob.get("mimeType") and _is_bytes(blob.get("data"))):
            yield Broken("inline data without media type or with bad Base64", path)
        if "fileData" in part and not part["fileData"].get("fileUri"):
            yield Broken("a file without its address", path)
        for name in ("functionCall", "functionResponse"):
            if name in part and not matches(_NAME, part[name].get("name")):
                yield Broken(f"a {name} whose name is not allowed", path)
        if "functionResponse" in part and not isinstance(part["functionResponse"].get("response"), dict):
            yield Broken("a response that is no object", path)
        signature = part.get("thoughtSignature")
        if signature is not None and not _is_bytes(signature):
            yield Broken("a signature that is not Base64", path)
