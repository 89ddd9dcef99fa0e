"""What is checked of a request, what is read of it, and what a provider gets of it."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.formats.openai_chat.chat import asked, document

from trunkline.formats.dialect import PLAIN, Dialect
from trunkline.formats.format import Asked, Format, Place, ShapeError
from trunkline.formats.losses import Losses
from trunkline.formats.openai_chat import FORMAT, FORMAT_COMPLETIONS

MESSAGE = {"role": "user", "content": "Hallo"}


def look(body: dict[str, Any], spoken: Format = FORMAT) -> Asked:
    return spoken.look(body, Place(), 100)


def shape_error(spoken: Format, body: dict[str, Any]) -> ShapeError:
    with pytest.raises(ShapeError) as caught:
        look(body, spoken)
    return caught.value


@pytest.mark.parametrize(
    ("fields", "param", "expected"),
    [
        ({"model": 7}, "model", "expected str, but got int"),
        ({"model": None}, "model", "expected str, but got null"),
        ({"messages": {}}, "messages", "expected array, but got object"),
        ({"messages": "Hallo"}, "messages", "expected array, but got str"),
        ({"messages": ["Hallo"]}, "messages[0]", "expected object, but got str"),
        ({"messages": [MESSAGE, {"role": 1}]}, "messages[1].role", "expected str, but got int"),
        (
            {"messages": [{"role": "user", "content": 1}]},
            "messages[0].content",
            "expected str | array | null, but got int",
        ),
        ({"messages": [{"role": "user", "content": ["a"]}]}, "messages[0].content[0]", "expected object, but got str"),
        ({"stream": "yes"}, "stream", "expected bool | null, but got str"),
        ({"stream": 1}, "stream", "expected bool | null, but got int"),
        ({"stream_options": []}, "stream_options", "expected object | null, but got array"),
        ({"stream_options": {"include_usage": 1}}, "stream_options.include_usage", "expected bool | null, but got int"),
        ({"n": 1.5}, "n", "expected int | null, but got float"),
        ({"n": "2"}, "n", "expected int | null, but got str"),
        ({"max_tokens": "many"}, "max_tokens", "expected int | null, but got str"),
        ({"max_completion_tokens": []}, "max_completion_tokens", "expected int | null, but got array"),
        ({"temperature": "warm"}, "temperature", "expected float | null, but got str"),
        ({"tools": {}}, "tools", "expected array | null, but got object"),
        ({"tools": [{}, 1]}, "tools[1]", "expected object, but got int"),
        ({"user": 5}, "user", "expected str | null, but got int"),
    ],
)
def test_a_wrong_type_is_told_with_its_path(fields: dict[str, Any], param: str, expected: str) -> None:
    error = shape_error(FORMAT, {"model": "gpt-4o", "messages": [MESSAGE], **fields})
    assert (error.param, error.code) == (param, "invalid_type")
    assert str(error) == f"Invalid type for '{param}': {expected}."


@pytest.mark.parametrize(
    ("spoken", "body", "param"),
    [
        (FORMAT, {"messages": [MESSAGE]}, "model"),
        (FORMAT, {"model": "gpt-4o"}, "messages"),
        (FORMAT, {"model": "gpt-4o", "messages": [MESSAGE, {"content": "Hallo"}]}, "messages[1].role"),
        (FORMAT_COMPLETIONS, {"prompt": "Hallo"}, "model"),
    ],
)
def test_what_is_missing_is_told_with_its_path(spoken: Format, body: dict[str, Any], param: str) -> None:
    error = shape_error(spoken, body)
    assert (error.param, error.code) == (param, "missing_required_parameter")
    assert str(error) == f"Missing required parameter: '{param}'."


@given(st.integers(0, 50), st.sampled_from([("role", 1), ("role", None), ("content", 1.5), ("content", {"a": 1})]))
@settings(deadline=None, max_examples=50)
def test_the_path_leads_to_the_wrong_value_wherever_it_is(position: int, wrong: tuple[str, Any]) -> None:
    name, value = wrong
    messages = [*[MESSAGE] * position, {**MESSAGE, name: value}, MESSAGE]
    error = shape_error(FORMAT, {"model": "gpt-4o", "messages": messages})
    assert error.param == f"messages[{position}].{name}"


@pytest.mark.parametrize(
    "prompt", ["Hallo", ["Hallo", "Welt"], [1, 2, 3], [[1, 2], [3]], None, "", []], ids=lambda prompt: repr(prompt)
)
def test_a_legacy_prompt_is_text_or_tokens_or_many_of_them(prompt: Any) -> None:
    assert asked(FORMAT_COMPLETIONS, prompt=prompt).model == "gpt-4o"


def test_a_legacy_prompt_of_another_type_is_told() -> None:
    error = shape_error(FORMAT_COMPLETIONS, {"model": "gpt-4o", "prompt": [{"text": "Hallo"}]})
    assert error.param == "prompt[0]"


unknown = st.dictionaries(
    st.text(min_size=1, max_size=5).map(lambda name: f"x_{name}"),
    st.one_of(st.none(), st.integers(), st.text(), st.lists(st.text(), max_size=2), st.just({"deep": [{"er": 1.5}]})),
    max_size=4,
)


@given(unknown)
@settings(deadline=None, max_examples=50)
def test_what_is_not_known_passes_unread(more: dict[str, Any]) -> None:
    message = {**MESSAGE, **more}
    body = {"model": "gpt-4o", "messages": [message], "tools": [more], **more}
    request = document(body)
    sent = json.loads(FORMAT.edit(request, look(body), "gpt-4.1", PLAIN, Losses()))
    assert sent == {**body, "model": "gpt-4.1"}


@pytest.mark.parametrize(
    ("fields", "choices", "cap"),
    [
        ({}, 1, None),
        ({"n": 3}, 3, None),
        ({"n": None, "max_tokens": None}, 1, None),
        ({"max_tokens": 100}, 1, 100),
        ({"max_completion_tokens": 50, "max_tokens": 100}, 1, 50),
        ({"max_completion_tokens": 50, "n": 4}, 4, 200),
        ({"n": 0, "max_tokens": 0}, 1, None),
        ({"n": -2, "max_tokens": -100}, 1, None),
        ({"max_tokens": 10**18}, 1, 10**9),
    ],
)
def test_choices_and_cap_are_read_as_a_provider_would(fields: dict[str, Any], choices: int, cap: int | None) -> None:
    read = asked(**fields)
    assert (read.choices, read.output_cap) == (choices, cap)


@pytest.mark.parametrize(
    ("options", "wanted", "sent"),
    [
        (None, False, {"include_usage": True}),
        ({}, False, {"include_usage": True}),
        ({"include_usage": False}, False, {"include_usage": True}),
        ({"include_usage": None}, False, {"include_usage": True}),
        ({"include_usage": True, "x": 1}, True, {"include_usage": True, "x": 1}),
        ({"include_obfuscation": False}, False, {"include_obfuscation": False, "include_usage": True}),
    ],
)
def test_usage_is_always_asked_of_a_stream(options: Any, wanted: bool, sent: dict[str, Any]) -> None:
    body = {"model": "alias", "messages": [MESSAGE], "stream": True, "stream_options": options}
    read = look(body)
    assert read.usage_wanted is wanted
    edited = json.loads(FORMAT.edit(document(body), read, "m", PLAIN, Losses()))
    assert edited == {**body, "model": "m", "stream_options": sent}


@pytest.mark.parametrize(("stream", "ask_usage"), [(True, False), (False, True), (None, True)])
def test_usage_is_not_asked_where_it_is_not_to_be(stream: bool | None, ask_usage: bool) -> None:
    body = {"model": "alias", "messages": [MESSAGE], "stream": stream}
    sent = FORMAT.edit(document(body), look(body), "m", Dialect(stream_usage=ask_usage), Losses())
    assert json.loads(sent) == {**body, "model": "m"}


def test_a_request_is_written_for_one_provider_after_the_other() -> None:
    request = document({"model": "alias", "messages": [MESSAGE], "stream": True})
    read = look(request.value)
    request.seal()
    for model, ask_usage in (("first", True), ("second", False), ("third", True)):
        sent = json.loads(FORMAT.edit(request, read, model, Dialect(stream_usage=ask_usage), Losses()))
        assert sent["model"] == model
        assert ("stream_options" in sent) == ask_usage


def test_the_path_may_name_the_model() -> None:
    assert FORMAT.look({"messages": [MESSAGE]}, Place(model="deployment"), 100).model == "deployment"
    assert FORMAT.look({"model": "other", "messages": []}, Place(model="deployment"), 100).model == "deployment"
