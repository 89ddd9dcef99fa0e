"""What clients send: chat requests of about 1 kB, with a tool or without, and large ones."""

from __future__ import annotations

import json

from bench.apis import OPENAI
from bench.tools import ONE_TOOL

MODEL = OPENAI.model
CLIENT_KEY = "sk-test-0123456789abcdef"
UPSTREAM_KEY = "sk-x"

WORD = b"qqqqqqqq"
"""Stands in the question of every request. With another word there it is another question, and no rule about numbers
has a say.
"""

_INSTRUCTIONS = (
    "You are a careful support assistant of an online shop. Answer in at most three sentences, cite the policy by its "
    "number, and never promise a refund that the policy does not allow. If you are unsure, ask one question."
)
_QUESTION = (
    "Hello, three weeks ago I bought the blue kettle, and now its lid has cracked. I still have the receipt and the "
    "box. Do I get my money back, or only a voucher? I paid for express shipping at the time, so I would also like to "
    "know whether that fee is covered. The order number is KX-qqqqqqqq, and the parcel was left with a neighbour who "
    "has told me that the box looked fine."
)
_MESSAGES = (
    ("system", _INSTRUCTIONS),
    ("user", _QUESTION),
    ("assistant", "I am sorry to hear that. Was the crack there when the parcel came, or did it appear in use?"),
    ("user", "It appeared after about a week of normal use, nothing fell on it."),
)


def chat_body(model: str, *, stream: bool = False, size: int = 0) -> bytes:
    """A chat request for `model`; with `size`, its last message is padded until the body has that many bytes."""
    messages = [{"role": role, "content": content} for role, content in _MESSAGES]
    body: dict[str, object] = {"model": model, "temperature": 0.2, "max_tokens": 256, "messages": messages}
    if stream:
        body["stream"] = True
    missing = size - len(dump(body))
    if missing > 0:
        filler = "The lid of the kettle is cracked. " * (missing // 34 + 1)
        messages[-1]["content"] += filler[:missing]
    return dump(body)


def tool_body(model: str) -> bytes:
    """The same with a tool, which the reply will call; about 2 kB."""
    return dump({**json.loads(chat_body(model)), "tools": ONE_TOOL})


def dump(value: object) -> bytes:
    """JSON as clients write it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
