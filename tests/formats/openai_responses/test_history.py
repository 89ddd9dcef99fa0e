"""Going on from a stored response."""

from typing import Any

from tests.formats.openai_responses.speaking import MESSAGE, completed, written
from tests.formats.openai_responses.test_stream import CALL, THOUGHT

from trunkline.formats.format import Place
from trunkline.formats.openai_responses import FORMAT, input_items, items_of, joined


def test_a_conversation_is_joined_turn_by_turn() -> None:
    first: dict[str, Any] = {"model": "m", "input": "Add 1 and 2.", "instructions": "Be brief."}
    answer = completed(THOUGHT, CALL)["response"]
    second = {"model": "m", "input": [{"type": "function_call_output", "call_id": "c1", "output": "3"}]}
    so_far = [*input_items(first), *items_of(answer)]
    items = joined(so_far, second)
    assert [item["type"] for item in items] == ["message", "reasoning", "function_call", "function_call_output"]
    third = joined([*items, *items_of({"output": [MESSAGE]})], {"model": "m", "input": "And now?"})
    assert third[-2:] == [
        MESSAGE,
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "And now?"}]},
    ]
    document = {"model": "m", "input": third}
    assert written(FORMAT.read_request(document, Place()))[0] == document


def test_nothing_is_joined_of_what_is_not_there() -> None:
    assert joined([], {"model": "m"}) == []
    assert items_of({"output": None}) == []
    assert input_items({"input": [{"id": "x"}, "odd"]}) == [{"id": "x"}]
