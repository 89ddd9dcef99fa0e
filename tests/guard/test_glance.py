"""The first look at a request beside the full one: it misses no text, and nothing that is in one."""

import json
from typing import Any

import pytest
from tests.config.reading import read
from tests.recorded.exchanges import Exchange, exchanges, providers

from trunkline.formats.format import ShapeError
from trunkline.formats.registry import FORMATS
from trunkline.gateway.guards import compiled
from trunkline.guard.expressions import is_anchored
from trunkline.guard.glance import strings
from trunkline.guard.policy import Policy
from trunkline.guard.pseudonyms import Pseudonyms
from trunkline.guard.texts import pieces

MAIL = "alice.smith@example.com"


def policy(*checks: str) -> Policy:
    said = "guard:\n  a:\n    input:\n" + "".join(f"      - {check}\n" for check in checks)
    return compiled(read(said).guard["a"])


EVERYTHING = policy("{pii: all}", "{secrets: all}", "{injection: 0.7}")
ANCHORED = policy("{regex: ['^What']}", r"{regex: ['\?$']}")


def readable(provider: str) -> list[Exchange]:
    found = []
    for each in exchanges(provider):
        try:
            if each.request is not None:
                FORMATS[each.format].read_request(json.loads(json.dumps(each.request)), each.place)
                found.append(each)
        except ShapeError:
            continue
    return found


@pytest.mark.shared
@pytest.mark.parametrize("provider", providers())
def test_no_text_that_is_read_in_full_is_missed(provider: str) -> None:
    for each in readable(provider):
        assert each.request is not None
        found = strings(each.request, each.format)
        if found is not None:
            in_full = pieces(FORMATS[each.format].read_request(each.request, each.place))
            assert {piece.text for piece in in_full} <= set(found), each.name


@pytest.mark.shared
@pytest.mark.parametrize("provider", providers())
@pytest.mark.parametrize("rules", [EVERYTHING, ANCHORED], ids=["everything", "anchored"])
def test_what_passes_at_a_glance_passes_in_full(provider: str, rules: Policy) -> None:
    for each in readable(provider):
        assert each.request is not None
        found = strings(each.request, each.format)
        if found is not None and rules.passes(found):
            verdict = rules.request(FORMATS[each.format].read_request(each.request, each.place), Pseudonyms())
            assert not verdict.findings, each.name


HIDDEN = '{"to": "alice.smith\\u0040example.com"}'
CALL: dict[str, Any] = {"id": "c", "type": "function", "function": {"name": "f", "arguments": HIDDEN}}
RESPONSE: dict[str, Any] = {"name": "f", "response": {"result": {"to": MAIL}}}
CALLS: dict[str, Any] = {
    "openai_chat": [{"role": "assistant", "content": None, "tool_calls": [CALL]}],
    "anthropic_messages": [
        {"role": "assistant", "content": [{"type": "tool_use", "id": "c", "name": "f", "input": {"to": [MAIL]}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c", "content": "done"}]},
    ],
    "google_generate": [{"role": "user", "parts": [{"functionResponse": RESPONSE}]}],
    "bedrock_converse": [
        {"role": "user", "content": [{"toolResult": {"toolUseId": "c", "content": [{"json": {"to": MAIL}}]}}]}
    ],
}


@pytest.mark.parametrize("name", CALLS)
def test_what_tools_are_given_and_give_is_looked_at(name: Any) -> None:
    field = "contents" if name == "google_generate" else "messages"
    found = strings({field: CALLS[name]}, name)
    assert found is not None
    assert not policy("{pii: email}").passes(found)
    assert policy("{pii: card}").passes(found)


@pytest.mark.parametrize(
    "part",
    [
        {"type": "file", "file": {"filename": "a.txt", "file_data": "data:text/plain;base64,YQ=="}},
        {"type": "novelty", "text": "a", "more": {"text": "b"}},
    ],
)
def test_parts_that_are_not_known_are_left_to_the_full_look(part: dict[str, Any]) -> None:
    assert strings({"messages": [{"role": "user", "content": [part]}]}, "openai_chat") is None


def test_an_expression_with_an_anchor_holds_for_each_text() -> None:
    found = strings(
        {"messages": [{"role": "system", "content": "a"}, {"role": "user", "content": "What"}]}, "openai_chat"
    )
    assert found is not None
    assert not ANCHORED.passes(found)


@pytest.mark.parametrize(
    "text", ["4242 4242 4242 4242", "４２４２ ４２４２ ４２４２ ４２４２", "4242\u200b4242\u200b4242\u200b4242"]
)
def test_a_glance_sees_through_other_digits_and_invisible_characters(text: str) -> None:
    assert not policy("{pii: card}").passes(["Hello", f"My card: {text}", "é"])


def test_policies_about_tools_and_those_that_ask_others_look_in_full() -> None:
    assert not compiled(read("guard: {a: {tools: [f]}}").guard["a"]).passes([])
    assert not policy("{webhook: 'https://example.com/check'}").passes([])


@pytest.mark.parametrize(
    ("pattern", "anchored"),
    [
        ("^a", True),
        (r"a\\$", True),
        (r"a\$", False),
        ("[$^]a", False),
        (r"a\z", True),
        (r"\\Aa", False),
        (r"\Qa^\E", True),
        ("(?:^|[^A-Za-z0-9_])a", False),
    ],
)
def test_anchors_are_told_from_what_looks_like_one(pattern: str, anchored: bool) -> None:
    assert is_anchored(pattern) is anchored


def test_a_request_to_go_on_with_a_text_is_looked_at() -> None:
    found = strings({"model": "m", "prompt": ["a", "b"], "user": "u"}, "openai_completions")
    assert found is not None
    assert {"a", "b", "u"} <= set(found)
