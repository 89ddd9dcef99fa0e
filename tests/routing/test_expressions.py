"""The language of conditions."""

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.routing.expressions import LONGEST, VARIABLES, ExpressionError, compile_expression

FACTS: dict[str, Any] = {
    "request.tokens": 1200,
    "request.model": "bot",
    "request.language": "de",
    "request.images": 0,
    "request.stream": True,
    "tags": {"plan": "free"},
    "metadata": {},
    "headers": {"x-team": "search"},
    "key": "app",
    "now": datetime(2026, 1, 5, 22, 30, tzinfo=UTC),
}


def test(text: str) -> bool | str:
    expression = compile_expression(text)
    return expression.test({name: FACTS[name] for name in expression.needs})


test.__test__ = False  # type: ignore[attr-defined]  # a helper, whatever it is called


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("tags.plan == 'free'", True),
        ("request.tokens > 100000", False),
        ("request.tokens > 1000 && request.language == 'de'", True),
        ("request.model.startsWith('b') || request.images > 0", True),
        ("request.stream && !(key in ['other', 'third'])", True),
        ("now.getHours('Europe/Berlin') >= 23 && now.getDayOfWeek() == 1", True),
        ("headers['x-team'].matches('^s.*h$')", True),
        ("has(metadata.user) && metadata.user == 'x'", False),
    ],
)
def test_conditions_say_what_they_look_like(text: str, holds: bool) -> None:
    assert test(text) is holds


def test_what_it_names_is_known_and_nothing_else_must_be_found_out() -> None:
    assert compile_expression("request . tokens > 1 && tags.plan == 'a'").needs == ("request.tokens", "tags")
    assert compile_expression("'request.tokens' == key").needs == ("key",)
    assert compile_expression("true").needs == ()


def test_what_cannot_be_decided_says_why() -> None:
    assert test("metadata.user == 'x'") == 'Key not found in map : "user"'
    assert test("metadata.user == 'x' || tags.plan == 'free'") is True
    assert "timezone" in str(test("now.getHours('Nowhere/City') > 1"))


@pytest.mark.parametrize(
    ("text", "message", "position"),
    [
        ("request.tokns > 1", "undeclared reference to 'request.tokns'", 8),
        ("request.tokens > 'a'", "found no matching overload for '_>_' applied to '(int, string)'", 16),
        ("tags.plan ==", "mismatched input '<EOF>'", 13),
        ("request.tokens", "this is no condition: its value is of the type int, not bool", 1),
        ("'a' +\n 1 == 'a'", "found no matching overload for '_+_' applied to '(string, int)'", 5),
        ("", "mismatched input '<EOF>'", 1),
        ("open('/etc/passwd') == ''", "undeclared reference to 'open'", 5),
    ],
)
def test_mistakes_are_found_before_there_is_a_request(text: str, message: str, position: int) -> None:
    with pytest.raises(ExpressionError) as error:
        compile_expression(text)
    assert (str(error.value), error.value.position) == (message, position)


@given(st.text(max_size=60))
def test_any_text_is_an_expression_or_a_mistake(text: str) -> None:
    with suppress(ExpressionError):
        assert compile_expression(text).text == text


def test_no_expression_runs_away() -> None:
    hundred = f"[{', '.join(map(str, range(150)))}]"
    assert test(f"{hundred}.all(a, {hundred}.all(b, {hundred}.all(c, a + b + c >= 0)))") == "Iteration budget exceeded"
    for long in ("(" * 2000 + "true" + ")" * 2000, "!" * 6000 + "true", "true" + " || true" * 1000):
        with pytest.raises(ExpressionError):
            compile_expression(long)
    assert LONGEST < 6000


def test_everything_that_may_be_named_can_be() -> None:
    use = {"text": "== ''", "number": "> 0", "yes or no": "== true", "texts by name": ".size() > 0", "moment": "== now"}
    for name, variable in VARIABLES.items():
        assert compile_expression(f"{name} {use[variable.kind]}").needs == ((name,))
