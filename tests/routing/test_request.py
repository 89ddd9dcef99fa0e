"""What planning knows of a request."""

from typing import Any

import msgspec
import pytest

from trunkline.providers.tokens import estimate, weigh
from trunkline.routing.bounds import Asker
from trunkline.routing.expressions import VARIABLES, compile_expression
from trunkline.routing.request import Request
from trunkline.routing.wishes import read_wishes


def request(document: dict[str, Any], headers: dict[bytes, bytes] | None = None, asker: Asker | None = None) -> Request:
    size = len(msgspec.json.encode(document))
    wishes = read_wishes(document, headers or {})
    return Request(
        document,
        headers or {},
        "bot",
        size,
        stream=False,
        cap=None,
        wall=1_767_652_200.0,
        asker=asker or Asker(),
        wishes=wishes,
    )


@pytest.mark.parametrize("words", ["The quick brown fox jumps over the lazy dog. " * 30, "Short."])
def test_plain_words_are_estimated_from_their_length_about_as_by_weighing(words: str) -> None:
    document = {"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": words}]}
    for tokenizer in ("", "openai", "anthropic"):
        assert request(document).tokens(tokenizer) == pytest.approx(estimate(weigh(document), tokenizer), rel=0.4)


@pytest.mark.parametrize(
    "document",
    [
        {"messages": [{"role": "user", "content": "フランスの首都はどこですか。" * 20}]},
        {"messages": [{"role": "user", "content": "x"}], "tools": [{"type": "function", "function": {"name": "f"}}]},
        {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://a/b"}}]}]},
        {"messages": [{"role": "user", "content": "word " * 5000}]},
    ],
)
def test_everything_else_is_weighed(document: dict[str, Any]) -> None:
    assert request(document).tokens("openai") == estimate(weigh(document), "openai")


def test_the_tags_of_the_key_win() -> None:
    asker = Asker(tags={"plan": "paid"})
    made = request({}, {b"x-trunkline-tags": b"plan=free,feature=refunds"}, asker)
    assert made.tags == {"plan": "paid", "feature": "refunds"}
    assert request({}, asker=asker).tags == {"plan": "paid"}


def test_every_variable_of_conditions_has_a_value_of_its_kind() -> None:
    document = {
        "messages": [{"role": "user", "content": "What is the capital of France?"}],
        "metadata": {"user": "u"},
        "session_id": "s",
    }
    made = request(document, {b"x-team": b"search", b"authorization": b"Bearer secret"}, Asker(key="app"))
    kinds = {"text": str, "number": int, "yes or no": bool, "texts by name": dict}
    for name, variable in VARIABLES.items():
        value = made.facts((name,), critical=True)[name]
        assert variable.kind == "moment" or isinstance(value, kinds[variable.kind]), name
    condition = compile_expression(
        "key == 'app' && metadata.user == 'u' && session == 's' && request.language == 'en' && critical "
        "&& request.messages == 1 && headers['x-team'] == 'search' && !('authorization' in headers) "
        "&& now.getFullYear() == 2026 && request.text.contains('capital')"
    )
    assert condition.test(made.facts(condition.needs, critical=True)) is True


def test_what_belongs_together_is_known_by_session_then_cache_key_then_beginning() -> None:
    def key(**more: Any) -> int:
        return request({"messages": [{"role": "user", "content": "Hello"}], **more}).stays_with

    assert key(session_id="a", prompt_cache_key="x") == key(session_id="a", prompt_cache_key="y")
    assert key(prompt_cache_key="x") == key(prompt_cache_key="x", temperature=1)
    assert len({key(), key(session_id="a"), key(session_id="b"), key(prompt_cache_key="c")}) == 4
    header = request({"messages": []}, {b"x-session-id": b"a"}).stays_with
    assert header == key(session_id="a")


def test_of_a_short_request_nothing_is_cached_and_of_a_long_one_what_went_before() -> None:
    long = {"role": "user", "content": "word " * 2000}
    assert request({"messages": [{"role": "user", "content": "Hello"}]}).history == 0.0
    assert request({"messages": [long]}).history == 0.0
    assert request({"messages": [long, long, long, long]}).history == 0.75
