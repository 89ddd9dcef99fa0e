"""The instruments that judge the formats: each is shown to see what it must, on what the providers themselves did."""

import copy
import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from tests.recorded.ears import Ears
from tests.recorded.exchanges import Exchange, exchanges, first_answer, providers
from tests.recorded.laws.board import Board, Failure, Known
from tests.recorded.laws.diff import differences, exists
from tests.recorded.laws.expected import counts
from tests.recorded.laws.kept import lost
from tests.recorded.left_out import left_out
from tests.recorded.plain.formats import PLAIN_READERS
from tests.recorded.plain.google_generate import camel
from tests.recorded.published.descriptions import event_check, reply_check, request_checks
from tests.recorded.published.schema import Compiler
from tests.recorded.recordings import DEFAULT, SPECS, folder, needs_specs
from tests.recorded.strict.targets import STRICT

from trunkline.formats.conversation import Usage
from trunkline.formats.dialect import PLAIN

shared = pytest.mark.shared

HERE = Path(__file__).parent
ACCEPTED: dict[str, dict[str, str]] = yaml.safe_load((HERE / "accepted.yaml").read_text(encoding="utf-8"))
"""By provider: rules that a request of its recordings breaks though the provider took it, and why."""
ODD_ANSWERS: dict[str, str] = yaml.safe_load((HERE / "odd_answers.yaml").read_text(encoding="utf-8"))
"""Recorded answers that the format's own SDK does not hear as they are, and why."""
calibrated = pytest.mark.skipif(folder() != DEFAULT, reason="needs the recordings that it was calibrated on")
ANSWERS = 8
"""Of each provider that an SDK hears."""
STRICTEST = {
    "openai-chat": "openai_chat",
    "openai-responses": "openai_responses",
    "anthropic": "anthropic_messages",
    "gemini": "google_generate",
    "bedrock": "bedrock_converse",
    "mistral": "mistral",
}
"""Providers whose rules the strict checks are."""


# Differences and paths


def test_differences_are_named_by_the_paths_of_their_leaves() -> None:
    before = {"a": [1, {"b": "x"}], "c": 1}
    assert [one.path for one in differences(before, {"a": [1, {"b": "y"}], "c": 1, "d": {"e": 2}})] == ["a[1].b", "d.e"]
    assert differences(before, copy.deepcopy(before)) == []


def test_numbers_of_other_types_differ() -> None:
    assert [one.path for one in differences({"a": 1, "b": True}, {"a": 1.0, "b": 1})] == ["a", "b"]


@pytest.mark.parametrize(
    ("path", "there"),
    [
        ("messages[0].content", True),
        ("messages[0].content[0]", True),
        ("messages[0].content[1]", False),
        ("messages[1].content[0].qualifiers", True),
        ("messages[2]", False),
        ("n", False),
    ],
)
def test_a_path_exists_if_it_names_something(path: str, *, there: bool) -> None:
    wrapped = {"content": [{"guardContent": {"text": {"qualifiers": ["query"]}}}]}
    assert exists({"messages": [{"role": "user", "content": "?"}, wrapped]}, path) is there


# The compiled schemas


@shared
@calibrated
@pytest.mark.parametrize("name", ["MessageCreateParamsNonStreaming", "Message"])
def test_a_compiled_schema_agrees_with_jsonschema(name: str) -> None:
    schema = json.loads((SPECS / "anthropic" / "sdk_schemas.json").read_bytes())["schemas"][name]
    compiled, reference = Compiler(schema).compile(schema), jsonschema.Draft202012Validator(schema)
    documents = [
        document
        for exchange in list(exchanges("anthropic"))[:24]
        for document in ([exchange.request] if "Params" in name else exchange.replies)
        if document is not None
    ]
    verdicts = set()
    for document in [one for whole in documents for one in (whole, *spoiled(whole))]:
        verdict = compiled(document) is None
        assert verdict == reference.is_valid(document)
        verdicts.add(verdict)
    assert verdicts == {True, False}


def spoiled(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The document with one field left out, and with one of another type."""
    for name in document:
        yield {field: value for field, value in document.items() if field != name}
        yield {**document, name: {"unexpected": 1}}


@shared
@needs_specs
@pytest.mark.parametrize("format_name", sorted(PLAIN_READERS))
def test_what_no_provider_knows_is_seen(format_name: str) -> None:
    checks = request_checks(format_name)
    assert not checks or any(wrong({"unheard_of": 1}) for _, wrong in checks)
    assert reply_check(format_name)({"choices": 1, "content": 1, "candidates": 1, "output": 1}) is not None
    assert event_check(format_name)({"type": "unheard_of", "choices": 1, "candidates": 1}) is not None


# The strict rules, on what the providers took


@shared
@calibrated
@pytest.mark.parametrize("provider", STRICTEST)
def test_what_a_provider_took_breaks_no_rule_of_its_own(provider: str) -> None:
    target = STRICTEST[provider]
    broken: dict[str, str] = {}
    for exchange in exchanges(provider):
        if exchange.request is None or exchange.status != 200:
            continue
        document = camel(exchange.request) if target == "google_generate" else exchange.request
        if exchange.format == target.replace("mistral", "openai_chat"):
            broken |= {one.rule: f"{exchange.name} {one.at}" for one in STRICT[target](document)}
    assert {rule: at for rule, at in broken.items() if rule not in ACCEPTED.get(provider, {})} == {}


# What is lost


PNG = "iVBORw0K"
SAID: list[dict[str, Any]] = [
    {"role": "system", "content": "Be brief."},
    {
        "role": "user",
        "content": [
            {"type": "text", "text": "See"},
            {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}},
        ],
    },
    {
        "role": "assistant",
        "tool_calls": [{"id": "1", "type": "function", "function": {"name": "look", "arguments": '{"a":1}'}}],
    },
    {"role": "tool", "tool_call_id": "1", "content": "found"},
]
SOURCE: dict[str, Any] = {
    "model": "m",
    "temperature": 0.5,
    "tools": [{"type": "function", "function": {"name": "look", "description": "Look up.", "parameters": {}}}],
    "tool_choice": "required",
    "messages": SAID,
}
IMAGE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}}
CARRIED: dict[str, Any] = {
    "model": "m",
    "max_tokens": 9,
    "temperature": 0.5,
    "system": "Be brief.",
    "tools": [{"name": "look", "description": "Look up.", "input_schema": {"type": "object"}}],
    "tool_choice": {"type": "any"},
    "messages": [
        {"role": "user", "content": [{"type": "text", "text": "See"}, IMAGE]},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "1", "name": "look", "input": {"a": 1}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "1", "content": "found"}]},
    ],
}


def causes(written: dict[str, Any], dropped: list[str]) -> list[str]:
    exchange = Exchange("made/up", "made", "openai_chat", 200, request=SOURCE)
    return [cause for _, cause, _ in lost(exchange, "anthropic_messages", written, dropped)]


def test_what_is_carried_whole_has_lost_nothing() -> None:
    assert causes(CARRIED, []) == []


@pytest.mark.parametrize(
    ("path", "value", "cause"),
    [
        (["system"], "Be", "a text of the system is lost in silence"),
        (["messages", 0, "content", 0, "text"], "", "a text of the user is lost in silence"),
        (["messages", 0, "content", 1, "source", "data"], "AAAA", "a picture or file is lost in silence"),
        (["messages", 1, "content", 0, "input"], {"a": 2}, "a call is lost in silence"),
        (["messages", 2, "content", 0, "content"], "other", "a tool's result is lost in silence"),
        (["tools", 0, "name"], "other", "a tool is lost in silence"),
        (["tools", 0, "description"], "", "a tool's description is lost in silence"),
        (["temperature"], 1.0, "parameter temperature is another in silence"),
        (["tool_choice"], {"type": "auto"}, "parameter tool_choice required is auto in silence"),
    ],
)
def test_what_is_lost_is_seen(path: list[Any], value: Any, cause: str) -> None:
    written = copy.deepcopy(CARRIED)
    node: Any = written
    for step in path[:-1]:
        node = node[step]
    node[path[-1]] = value
    assert cause in causes(written, [])


def test_what_was_said_to_be_dropped_is_not_lost() -> None:
    written = {name: value for name, value in CARRIED.items() if name != "temperature"}
    assert causes(written, []) == ["parameter temperature is lost in silence"]
    assert causes(written, ["temperature"]) == []


# Exceptions


def test_an_exception_excuses_what_it_names_and_no_more() -> None:
    known = Known(law="a", why="known", file="f.yaml", recordings=frozenset({"x/1", "x/2"}), cause="differs at b")
    board = Board([known])
    board.add("a", "x", [Failure("a", "x/1", "openai_chat", "pass", "differs at b")])
    board.add("a", "x", [Failure("a", "x/1", "openai_chat", "pass", "differs at c")])
    assert board.count("a") == {"passed": 0, "failed": 1, "excepted": 1, "refused": 0}
    assert board.unneeded(here=frozenset({"x/1"}), whole=True) == []
    assert board.unneeded(here=frozenset({"x/1", "x/2"}), whole=True) == ["f.yaml: x/2 (known)"]


# Streams as they were recorded


def test_of_several_answers_in_one_stream_the_first_is_judged() -> None:
    one = 'data: {"type": "message_start"}\n\ndata: {"type": "message_stop"}\n\n'
    assert [first_answer(sse) for sse in (one, one + one)] == [one, one]
    again = 'data: {"type": "message_start"}\n\n' + one
    assert first_answer(again) == again


# The SDKs, on what the providers answered


@pytest.fixture(scope="module")
def ears() -> Iterator[Ears]:
    from tests.recorded.clients import clients  # takes seconds: only where it is needed

    with clients() as heard:
        yield heard


@shared
@calibrated
@pytest.mark.parametrize("provider", sorted(set(providers()) - {"mistral"}))  # its contents may be lists
def test_an_sdk_hears_what_the_plain_reader_of_its_format_reads(provider: str, ears: Ears) -> None:
    server = ears.server
    unlike: dict[str, str] = {}
    plainly = (one for one in exchanges(provider) if not one.place.array and not left_out(one, "d"))
    for exchange in itertools.islice(plainly, ANSWERS):
        plain, client = PLAIN_READERS[exchange.format], ears.clients[exchange.format]
        for reply in exchange.replies[:1]:
            server.body, server.media_type = json.dumps(reply).encode(), "application/json"
            unlike[exchange.name] = unlikeness(client.whole, plain.reply(reply), exchange)
        if exchange.stream:
            server.body, server.media_type = exchange.stream, "text/event-stream"
            unlike[exchange.name] = unlikeness(client.stream, plain.stream(exchange.stream), exchange)
    assert {name: said for name, said in unlike.items() if said and name not in ODD_ANSWERS} == {}


def unlikeness(hear: Any, read: Any, exchange: Exchange) -> str:
    if read.failed:
        return ""
    try:
        said = hear()
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    for index, right in read.choices.items():
        for name in ("text", "calls", "stop"):
            if getattr(said.choice(index), name) != getattr(right, name):
                return f"{name}: {getattr(said.choice(index), name)!r:.80}, not {getattr(right, name)!r:.80}"
    usage = [counts(exchange.format, one, exchange.dialect) or Usage() for one in (said.usage, read.usage)]
    return "" if usage[0] == usage[1] else f"usage: {usage[0]}, not {usage[1]}"


def test_the_plain_dialect_is_that_of_a_provider_without_flags() -> None:
    assert Exchange("made/up", "made", "openai_chat", 200).dialect == PLAIN
