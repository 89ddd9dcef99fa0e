"""What is sent and answered: a chat request and a chat completion of about 1 kB each, and large requests."""

from __future__ import annotations

import json

MODEL = "gpt-4o"
CLIENT_KEY = "sk-test-0123456789abcdef"
UPSTREAM_KEY = "sk-x"

ANSWER = (
    "Thank you for telling me about the kettle. Because the crack appeared in ordinary use within the first month, "
    "policy 4.2 lets you choose between a replacement and a repair; the delivery fee for express shipping is only "
    "refunded when the whole order is returned. Shall I send a replacement lid to the address of the order?"
)

REPLY = json.dumps(
    {
        "id": "chatcmpl-Bench0123456789abcdefghijklmn",
        "object": "chat.completion",
        "created": 1760000000,
        "model": "gpt-4o-2024-08-06",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": ANSWER, "refusal": None, "annotations": []},
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": {
            "prompt_tokens": 186,
            "completion_tokens": 68,
            "total_tokens": 254,
            "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
            "completion_tokens_details": {
                "reasoning_tokens": 0,
                "audio_tokens": 0,
                "accepted_prediction_tokens": 0,
                "rejected_prediction_tokens": 0,
            },
        },
        "service_tier": "default",
        "system_fingerprint": "fp_0123456789",
    },
    separators=(",", ":"),
)

_INSTRUCTIONS = (
    "You are a careful support assistant of an online shop. Answer in at most three sentences, cite the policy by its "
    "number, and never promise a refund that the policy does not allow. If you are unsure, ask one question."
)
_QUESTION = (
    "Hello, three weeks ago I bought the blue kettle, and now its lid has cracked. I still have the receipt and the "
    "box. Do I get my money back, or only a voucher? I paid for express shipping at the time, so I would also like to "
    "know whether that fee is covered. The order number is 8841-2201-77, and the parcel was left with a neighbour who "
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
    missing = size - len(_dump(body))
    if missing > 0:
        filler = "The lid of the kettle is cracked. " * (missing // 34 + 1)
        messages[-1]["content"] += filler[:missing]
    return _dump(body)


def _dump(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
