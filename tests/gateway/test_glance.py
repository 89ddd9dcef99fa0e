"""What policies put in at a glance is what they put in after a full look, in every format."""

import json

import pytest
from tests.config.reading import read
from tests.recorded.exchanges import Exchange, exchanges, providers

from trunkline.formats.document import Document
from trunkline.formats.format import Place, ShapeError
from trunkline.formats.registry import FORMATS
from trunkline.gateway.fronts import Front
from trunkline.gateway.glance import REMEMBERED, lay_around, rewording
from trunkline.gateway.guarding import Guarding, Guards
from trunkline.guard.glance import strings

SAID = """
guard:
  lines: {inject: {system_first: One., system_last: Two.}}
  all:
    inject:
      system_first: One.
      header: {text: Head.}
      footer: {text: Foot., role: assistant}
      parameters: {most_temperature: 0.5, most_output: 50, user: somebody, store: false}
"""
GUARDS = Guards(read(SAID).guard)


def in_full(each: Exchange, guarding: Guarding) -> Document | None:
    """The document after the long way; None where that cannot read it."""
    spoken, document = FORMATS[each.format], Document(json.dumps(each.request).encode(), 200)
    try:
        request = spoken.read_request(document.value, each.place)
    except ShapeError:
        return None
    changes, exact = rewording(spoken, document.value, request, guarding.injected(request))
    assert exact
    document.change(changes)
    return document


@pytest.mark.shared
@pytest.mark.parametrize("name", ["lines", "all"])
@pytest.mark.parametrize("provider", providers())
def test_both_ways_send_the_same(provider: str, name: str) -> None:
    guarding = Guarding(GUARDS.held([name]))
    for each in exchanges(provider):
        if each.request is None or strings(each.request, each.format) is None:
            continue
        document = Document(json.dumps(each.request).encode(), 200)
        if lay_around(document, Front(FORMATS[each.format], each.place), guarding, GUARDS.put_in):
            expected = in_full(each, guarding)
            assert expected is None or json.loads(document.write()) == json.loads(expected.write()), each.name


def test_what_is_put_in_is_remembered_within_bounds_for_instructions_not_for_what_is_asked() -> None:
    guards = Guards(read(SAID).guard)
    guarding, front = Guarding(guards.held(["lines"])), Front(FORMATS["openai_chat"], Place())
    for number in range(3):
        asked = {"model": "m", "messages": [{"role": "user", "content": str(number)}], "seed": number}
        assert lay_around(Document(json.dumps(asked).encode(), 9), front, guarding, guards.put_in)
    assert len(guards.put_in) == 1
    for number in range(REMEMBERED + 3):
        asked = {"model": str(number), "messages": [{"role": "user", "content": "a"}]}
        assert lay_around(Document(json.dumps(asked).encode(), 9), front, guarding, guards.put_in)
    assert len(guards.put_in) <= REMEMBERED


def test_what_is_laid_around_keeps_the_words_in_between() -> None:
    guarding, front = Guarding(GUARDS.held(["lines"])), Front(FORMATS["openai_chat"], Place())
    asked = {
        "messages": [{"role": "system", "content": "S"}, {"novelty": 1, "role": "user", "content": "a"}],
        "model": "m",
    }
    document = Document(json.dumps(asked).encode(), 9)
    assert lay_around(document, front, guarding, {})
    texts = [{"type": "text", "text": text} for text in ("One.", "S", "Two.")]
    assert json.loads(document.write())["messages"] == [{"role": "system", "content": texts}, asked["messages"][1]]
