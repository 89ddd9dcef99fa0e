"""Wherever an address stands in a request it is found, no path says it, and the request goes on without it."""

import base64
import json
from typing import Any

import pytest
from tests.guard.policies import pii

from trunkline.formats.dialect import PLAIN
from trunkline.formats.format import Place
from trunkline.formats.losses import Losses
from trunkline.formats.registry import FORMATS
from trunkline.guard.glance import strings
from trunkline.guard.pseudonyms import Pseudonyms
from trunkline.guard.screen import Screen
from trunkline.guard.texts import pieces, with_edits

MAIL = "alice.smith@example.com"
SCREEN = Screen([pii("email", action="pseudonymise")])
CHAT: dict[str, Any] = {"messages": [{"role": "user", "content": "Hello."}]}
SCHEMA = {"type": "object", "properties": {"enum": {"type": "string", "enum": [MAIL, "other"]}}}
PLACES: dict[str, tuple[str, dict[str, Any]]] = {
    "enum of a tool": (
        "openai_chat",
        {"tools": [{"type": "function", "function": {"name": "f", "parameters": SCHEMA}}]},
    ),
    "description of an argument": (
        "anthropic_messages",
        {
            "max_tokens": 9,
            "tools": [{"name": "f", "input_schema": {"type": "object", "properties": {"to": {"description": MAIL}}}}],
        },
    ),
    "example of a tool": (
        "anthropic_messages",
        {
            "max_tokens": 9,
            "tools": [{"name": "f", "input_schema": {"type": "object"}, "input_examples": [{"a": MAIL}]}],
        },
    ),
    "a tool of its own kind": (
        "openai_chat",
        {"tools": [{"type": "custom", "custom": {"name": "f", "description": MAIL}}]},
    ),
    "schema of the answer": (
        "openai_chat",
        {
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "x", "description": MAIL, "schema": SCHEMA},
            }
        },
    ),
    "stop": ("openai_chat", {"stop": [MAIL]}),
    "key of a cache": ("openai_chat", {"prompt_cache_key": MAIL}),
    "name of a field": ("openai_chat", {"metadata": {MAIL: f"Write to {MAIL}."}}),
    "name of a field within one": ("openai_chat", {"novelty": {"a": [{MAIL: {MAIL: 1}}]}}),
}


def asked(more: dict[str, Any]) -> dict[str, Any]:
    return json.loads(json.dumps({"model": "m", **CHAT, **more}))  # type: ignore[no-any-return]


def sent(form: str, body: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """What is sent, and all that is told of what was found."""
    request = FORMATS[form].read_request(body, Place())
    verdict = SCREEN.screen(pieces(request), Pseudonyms())
    return FORMATS[form].write_request(with_edits(request, verdict.edits), PLAIN, Losses()), repr(verdict.findings)


@pytest.mark.parametrize("place", PLACES)
def test_it_is_found_in_every_place(place: str) -> None:
    form, more = PLACES[place]
    body = asked(more)
    document, told = sent(form, body)
    assert document == json.loads(json.dumps(body).replace(MAIL, "<EMAIL_1>"))
    assert told != "()"
    assert "alice" not in told
    glanced = strings(body, form)
    assert glanced is None or any(MAIL in text for text in glanced)


@pytest.mark.parametrize(
    ("media_type", "encoding"),
    [
        ("TEXT/Plain", "utf-8"),
        ("text/plain", "utf-16"),
        ("text/plain", "utf-16-le"),
        ("text/plain", "utf-16-be"),
        ("application/octet-stream", "utf-16"),
        ("application/x-ndjson", "utf-8"),
        ("", "utf-8"),
    ],
)
def test_a_file_that_is_a_text_is_looked_into_whatever_it_is_said_to_be(media_type: str, encoding: str) -> None:
    data = base64.b64encode(f"Name: Alice\nMail: {MAIL}\n".encode(encoding)).decode()
    file = {"filename": "a", "file_data": f"data:{media_type};base64,{data}"}
    body = asked({"messages": [{"role": "user", "content": [{"type": "file", "file": file}]}]})
    document, _ = sent("openai_chat", body)
    [part] = document["messages"][0]["content"]
    text = base64.b64decode(part["file"]["file_data"].partition(",")[2]).decode(encoding)
    assert text == "Name: Alice\nMail: <EMAIL_1>\n"


@pytest.mark.parametrize("begins", [b"%PDF-1.4 ", b"PK\x03\x04", b"\x89PNG\r\n\x1a\n"])
def test_a_file_that_is_no_text_keeps_its_bytes(begins: bytes) -> None:
    data = base64.b64encode(begins + MAIL.encode()).decode()
    file = {"filename": "a", "file_data": f"data:application/octet-stream;base64,{data}"}
    body = asked({"messages": [{"role": "user", "content": [{"type": "file", "file": file}]}]})
    assert sent("openai_chat", body) == (body, "()")


@pytest.mark.parametrize("url", [f"data:text/plain,to%20{MAIL}", "https://x.example/?to=alice.smith%40example.com"])
def test_an_address_within_a_url_is_found(url: str) -> None:
    body = asked({"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": url}}]}]})
    document, told = sent("openai_chat", body)
    assert "alice" not in json.dumps(document) + told
