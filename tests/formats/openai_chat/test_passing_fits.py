"""Which requests a server of the format takes as they are."""

from typing import Any

import pytest

from trunkline.formats.dialect import PLAIN, Dialect
from trunkline.formats.openai_chat.passing import fits
from trunkline.providers import PROVIDERS

MISTRAL, OPENAI = PROVIDERS["mistral"].dialect, PROVIDERS["openai"].dialect


def asking(*messages: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"model": "m", "messages": [{"role": "user", "content": "Hi."}, *messages], **fields}


def called(call_id: str) -> list[dict[str, Any]]:
    function = {"name": "look", "arguments": "{}"}
    return [
        {"role": "assistant", "tool_calls": [{"id": call_id, "type": "function", "function": function}]},
        {"role": "tool", "tool_call_id": call_id, "content": "done"},
    ]


@pytest.mark.parametrize(
    ("value", "dialect"),
    [
        (asking(max_completion_tokens=9), MISTRAL),
        (asking(user="ada"), MISTRAL),
        (asking(store=True), MISTRAL),
        (asking({"role": "developer", "content": "Be brief."}), MISTRAL),
        (asking(*called("call_of_another_provider")), MISTRAL),
        (asking(called("123456789")[0], called("other")[1]), MISTRAL),
        (asking(user="u" * 65), OPENAI),
        (asking(prompt_cache_key="k" * 65), OPENAI),
        (asking(*called("c" * 41)), OPENAI),
        (asking(n=2), Dialect(refuses=frozenset({"choices"}))),
        (asking(seed=0), Dialect(refuses=frozenset({"seed"}))),
    ],
)
def test_what_a_server_is_known_to_refuse_does_not_fit(value: dict[str, Any], dialect: Dialect) -> None:
    assert not fits(value, dialect)
    assert fits(value, PLAIN)


@pytest.mark.parametrize(
    ("value", "dialect"),
    [
        (asking(max_tokens=9, unheard_of={}), MISTRAL),
        (asking(user="", store=False, verbosity=None), MISTRAL),
        (asking(*called("123456789")), MISTRAL),
        (asking(*called("c" * 40), user="u" * 64, max_tokens=9), OPENAI),
        (asking({"role": "developer", "content": "Be brief."}), OPENAI),
        (asking(prompt_cache_key=5), OPENAI),
        (asking({"role": "assistant", "tool_calls": [{"id": 5}, 6]}, {"role": "tool"}), OPENAI),
        (asking(n=1), Dialect(refuses=frozenset({"choices"}))),
        (asking(temperature=0.5, stop=["x"]), Dialect(refuses=frozenset({"temperature", "stop"}))),
    ],
)
def test_all_else_is_the_servers_to_judge(value: dict[str, Any], dialect: Dialect) -> None:
    assert fits(value, dialect)
