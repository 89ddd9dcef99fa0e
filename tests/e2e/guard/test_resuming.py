"""A stream that breaks off goes on under policies about requests; under those about answers it ends with an error."""

from collections.abc import Iterator
from typing import Any

import openai
import pytest
from tests.compatibility.scenario import Answer
from tests.e2e.formats.going_on import goes_on
from tests.e2e.formats.hall import Hall
from tests.e2e.formats.upstreams import MODELS, breaks_off
from tests.running import Background

SAID = Answer("The quick fox jumps over the lazy dog, and the world kept turning all day long.", input=21, output=13)
POLICIES: dict[str, dict[str, Any]] = {
    "asking": {"input": [{"pii": "email", "action": "redact"}], "inject": {"system_first": "House rule one."}},
    "answers": {"output": [{"pii": "email", "action": "redact"}]},
    "private": {"input": [{"pii": "email", "action": "pseudonymise"}]},
}
ASKED = "Write to alice.smith@example.com."


@pytest.fixture(scope="module")
def hall() -> Iterator[Hall]:
    of = [MODELS["chat"], MODELS["anthropic"]]
    models = {name: {"route": "fallback", "of": of, "on_truncated": "resume", "guard": [name]} for name in POLICIES}
    with Background() as background, Hall(background, models=models, guard=POLICIES) as hall:
        yield hall


def heard(hall: Hall, model: str) -> tuple[str, openai.APIError | None]:
    """What OpenAI's SDK gives out of a stream that breaks off, and what it raises then."""
    hall.act("chat", breaks_off(SAID, after=6))
    hall.act("anthropic", goes_on(SAID.text, "exactly"))
    pieces: list[str] = []
    try:
        pieces.extend(hall.clients["chat"].pieces(ASKED, model))
    except openai.APIError as error:
        return "".join(pieces), error
    return "".join(pieces), None


def test_under_a_policy_about_requests_the_next_model_goes_on_with_the_request_as_it_was_made(hall: Hall) -> None:
    before = len(hall.upstreams["anthropic"].requests)
    assert heard(hall, "asking") == (SAID.text, None)
    (sent,) = (bytes(request.body) for request in hall.upstreams["anthropic"].requests[before:])
    assert b"House rule one." in sent
    assert b"alice" not in sent


@pytest.mark.parametrize("policy", ["answers", "private"])
def test_under_a_policy_about_answers_it_ends_with_an_error_and_nobody_else_is_asked(hall: Hall, policy: str) -> None:
    before = len(hall.upstreams["anthropic"].requests)
    text, error = heard(hall, policy)
    assert SAID.text.startswith(text)
    assert len(text) < len(SAID.text)
    assert error is not None
    assert "not the whole answer" in str(error)
    assert len(hall.upstreams["anthropic"].requests) == before
