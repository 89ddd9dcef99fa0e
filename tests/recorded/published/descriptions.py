"""What providers publish of their formats, ready for checking: requests, replies, events of streams."""

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from tests.recorded import aws
from tests.recorded.published import google
from tests.recorded.published.schema import Check, Compiler
from tests.recorded.recordings import SPECS

UNPUBLISHED = {
    "anthropic_messages": ("temperature", "top_p", "top_k"),  # models up to Claude 4.6 take them
    "google_generate": ("serviceTier",),  # in the SDK's configuration
}
"""Fields at the top of a request that providers take though the description does not have them, or no more."""

Wrong = Callable[[Any], str | None]
"""What is wrong with a document, or None."""


def request_checks(format_name: str) -> list[tuple[str, Wrong]]:
    """The published checks of a request to send, by name."""
    match format_name:
        case "openai_chat":
            return [
                ("sdk schema", _closed("openai", "CompletionCreateParamsNonStreaming", format_name)),
                ("openapi", _openapi("CreateChatCompletionRequest")),
            ]
        case "openai_responses":
            return [
                ("sdk schema", _closed("openai", "ResponseCreateParamsNonStreaming", format_name)),
                ("openapi", _openapi("CreateResponse")),
            ]
        case "anthropic_messages":
            return [("sdk schema", _closed("anthropic", "MessageCreateParamsNonStreaming", format_name))]
        case "google_generate":
            return [("messages", _said(_google().compile({"$ref": "#/messages/GenerateContentRequest"})))]
        case "bedrock_converse":
            return [("service model", _shape("ConverseRequest"))]
        case _:
            return []  # legacy completions are never sent


def reply_check(format_name: str) -> Wrong:
    """The published check of a whole reply."""
    match format_name:
        case "openai_chat":
            return _open("openai", "ChatCompletion")
        case "openai_completions":
            return _openapi("CreateCompletionResponse")
        case "openai_responses":
            return _open("openai", "Response")
        case "anthropic_messages":
            return _open("anthropic", "Message")
        case "google_generate":
            return _open("gemini", "GenerateContentResponse")
        case _:
            return _shape("ConverseResponse")


def event_check(format_name: str) -> Wrong:
    """The published check of one event of a stream; for Bedrock, of an object with the event under its name."""
    match format_name:
        case "openai_chat":
            return _open("openai", "ChatCompletionChunk")
        case "openai_completions":
            return _openapi("CreateCompletionResponse")
        case "openai_responses":
            return _open("openai", "ResponseStreamEvent")
        case "anthropic_messages":
            return _open("anthropic", "RawMessageStreamEvent")
        case "google_generate":
            return _open("gemini", "GenerateContentResponse")
        case _:
            return _shape("ConverseStreamOutput")


def _said(check: Check) -> Wrong:
    def wrong(value: Any) -> str | None:
        found = check(value)
        return None if found is None else str(found)

    return wrong


@cache
def _open(side: str, name: str) -> Wrong:
    schema = _sdk(side)[name]
    return _said(Compiler(schema).compile(schema))


@cache
def _closed(side: str, name: str, format_name: str) -> Wrong:
    schema = _sdk(side)[name]
    added: dict[str, Any] = {field: {"type": "number"} for field in UNPUBLISHED.get(format_name, ())}
    streams = {"stream": {"type": "boolean"}}
    return _said(Compiler(schema, closed=True).compile(schema | {"properties": schema["properties"] | added | streams}))


@cache
def _sdk(side: str) -> dict[str, Any]:
    name = "genai_sdk_schemas.json" if side == "gemini" else "sdk_schemas.json"
    schemas: dict[str, Any] = json.loads((SPECS / side / name).read_bytes())["schemas"]
    if side == "gemini":  # recorded in every answer of the Gemini API, and not in its SDK
        for schema in schemas.values():
            usage = schema.get("$defs", {}).get("GenerateContentResponseUsageMetadata")
            if usage is not None:
                usage["properties"]["serviceTier"] = {"type": "string"}
    return schemas


@cache
def _openapi(name: str) -> Wrong:
    return _said(_openapi_compiler().compile({"$ref": f"#/components/schemas/{name}"}))


@cache
def _openapi_compiler() -> Compiler:
    document = _yaml(SPECS / "openai" / "openapi.yaml")
    choice = document["components"]["schemas"]["CreateCompletionResponse"]["properties"]["choices"]["items"]
    choice["properties"]["finish_reason"]["nullable"] = True  # as it is in every chunk of a stream but the last
    return Compiler(document)


def _yaml(path: Path) -> dict[str, Any]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    document: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), Loader=loader)
    return document


@cache
def _google() -> Compiler:
    published = json.loads((SPECS / "gemini" / "generativelanguage_v1beta.messages.json").read_bytes())
    sdk = {name: schema for name, schema in _sdk("gemini").items() if name != "enums"}
    description = google.description(published, sdk)
    request = description["messages"]["GenerateContentRequest"]["properties"]
    request |= {field: {"type": "string"} for field in UNPUBLISHED["google_generate"]}
    return Compiler(description)


@cache
def _shape(name: str) -> Wrong:
    in_path = {"modelId": "a-model"} if name == "ConverseRequest" else {}
    return lambda value: aws.against_shape(name, {**in_path, **value})
