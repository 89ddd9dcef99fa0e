"""A long conversation as an agent has it: 200 kB, with twenty tools, their calls and what they gave back."""

from __future__ import annotations

import json
from itertools import count

from bench.payload import dump
from bench.tools import DESCRIPTIONS, TWENTY_TOOLS

SIZE = 200_000

_RULES = (
    "You are the night shift of an online shop's support. Work through the customer's request step by step with the "
    'tools you have; say what you are about to do before you do it. Quote the policy by number ("4.2"), never promise '
    "a refund that it does not allow, and stop to ask when two rules contradict each other.\n\n"
)
_THOUGHT = "The parcel list says it was handed to a neighbour; I check the carrier's record and then the return policy."
_ROW = '2026-10-{day:02d}T09:1{last}:00Z\tparcel 77{number:06d}\tleft the depot "Süd 2"\tok\tscanned by 0{last}\n'


def _result(number: int) -> str:
    """What a tool answers: a table in text, as files and logs are."""
    rows = (_ROW.format(day=1 + row, last=(number + row) % 10, number=number * 100 + row) for row in range(24))
    return "".join(rows)


def _turn(number: int) -> list[dict[str, object]]:
    """The model calls a tool, and the tool answers."""
    name = list(DESCRIPTIONS)[number % len(DESCRIPTIONS)]
    call = f"call_{number:024d}"
    arguments = json.dumps({"order": f"8841-2201-{number:02d}", "with": ["items", "parcels"], "limit": 24})
    function = {"name": name, "arguments": arguments}
    calls = [{"id": call, "type": "function", "function": function}]
    return [
        {"role": "assistant", "content": _THOUGHT, "tool_calls": calls},
        {"role": "tool", "tool_call_id": call, "content": _result(number)},
    ]


def conversation_body(model: str) -> bytes:
    """The request of exactly `SIZE` bytes, the last message being as long as it must."""
    messages: list[dict[str, object]] = [
        {"role": "system", "content": _RULES * 8},
        {"role": "user", "content": "Where is my kettle? The order is 8841-2201-77, and I was told to wait a week."},
    ]
    body = {"model": model, "temperature": 0.2, "max_tokens": 1024, "tools": TWENTY_TOOLS, "messages": messages}
    last: dict[str, object] = {"role": "user", "content": ""}
    size, room = len(dump({**body, "messages": [*messages, last]})), len(dump(_turn(99)))
    for number in count():
        if size + room > SIZE:
            break
        turn = _turn(number)
        messages += turn
        size += len(dump(turn)) - 1  # two brackets less, a comma more
    last["content"] = ("Go on. " * room)[: SIZE - size]
    messages.append(last)
    return dump(body)
