"""The upstreams' whole replies, about 1 kB each: a text and a tool call in every API, with what real ones carry."""

from __future__ import annotations

import json

from bench.apis import ANTHROPIC, GEMINI, OPENAI, Api
from bench.tools import TOOL

ANSWER = (
    "Thank you for telling me about the kettle. Because the crack appeared in ordinary use within the first month, "
    "policy 4.2 lets you choose between a replacement and a repair; the delivery fee for express shipping is only "
    "refunded when the whole order is returned. Shall I send a replacement lid to the address of the order?"
)
ARGUMENTS = {
    "order": "8841-2201-77",
    "with": ["items", "payment", "parcels"],
    "since": "2026-10-01",
    "note": "The lid cracked after a week; the customer asks about express shipping.",
}
"""What the tool is called with."""

INPUT_TOKENS, OUTPUT_TOKENS = 186, 68

OPENAI_ID = "chatcmpl-Bench0123456789abcdefghijklmn"
OPENAI_MODEL = "gpt-4.1-2025-04-14"
ANTHROPIC_ID = "msg_01Bench0123456789abcdefgh"
ANTHROPIC_MODEL = "claude-sonnet-4-5-20250929"
GEMINI_ID = "BenchaBcDeFgHiJkLmNoPqRs"


def _openai(message: dict[str, object], finish: str) -> str:
    reply = {
        "id": OPENAI_ID,
        "object": "chat.completion",
        "created": 1760000000,
        "model": OPENAI_MODEL,
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", **message, "refusal": None, "annotations": []},
                "logprobs": None,
                "finish_reason": finish,
            }
        ],
        "usage": {
            "prompt_tokens": INPUT_TOKENS,
            "completion_tokens": OUTPUT_TOKENS,
            "total_tokens": INPUT_TOKENS + OUTPUT_TOKENS,
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
    }
    return json.dumps(reply, separators=(",", ":"))


def anthropic_usage(output: int) -> dict[str, object]:
    """Its usage object."""
    return {
        "input_tokens": INPUT_TOKENS,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
        "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0},
        "output_tokens": output,
        "service_tier": "standard",
        "inference_geo": "not_available",
    }


def _anthropic(content: list[dict[str, object]], stop: str) -> str:
    reply = {
        "model": ANTHROPIC_MODEL,
        "id": ANTHROPIC_ID,
        "type": "message",
        "role": "assistant",
        "content": content,
        "stop_reason": stop,
        "stop_sequence": None,
        "usage": anthropic_usage(OUTPUT_TOKENS),
    }
    return json.dumps(reply, separators=(",", ":"))


def gemini_reply(part: dict[str, object], *, output: int, finish: str | None) -> dict[str, object]:
    """One GenerateContentResponse; `finish` only in the last of a stream."""
    candidate: dict[str, object] = {"content": {"parts": [part], "role": "model"}}
    if finish:
        candidate["finishReason"] = finish
    return {
        "candidates": [{**candidate, "index": 0}],
        "usageMetadata": {
            "promptTokenCount": INPUT_TOKENS,
            "candidatesTokenCount": output,
            "totalTokenCount": INPUT_TOKENS + output,
            "promptTokensDetails": [{"modality": "TEXT", "tokenCount": INPUT_TOKENS}],
        },
        "modelVersion": GEMINI.model,
        "responseId": GEMINI_ID,
    }


def _gemini(part: dict[str, object]) -> str:
    """Google indents its whole replies."""
    return json.dumps(gemini_reply(part, output=OUTPUT_TOKENS, finish="STOP"), indent=2) + "\n"


_CALL = {"id": "call_Bench0123456789abcdefghi", "type": "function"}
_FUNCTION = {"name": TOOL, "arguments": json.dumps(ARGUMENTS, separators=(",", ":"))}
_BEFORE = "Let me look the order up, to see when the kettle was delivered and how the shipping was paid."
_USE = {"type": "tool_use", "id": "toolu_01Bench0123456789abcdefg", "name": TOOL, "input": ARGUMENTS}

TEXT = {
    OPENAI: _openai({"content": ANSWER}, "stop"),
    ANTHROPIC: _anthropic([{"type": "text", "text": ANSWER}], "end_turn"),
    GEMINI: _gemini({"text": ANSWER}),
}
TOOL_CALL = {
    OPENAI: _openai({"content": None, "tool_calls": [{**_CALL, "function": _FUNCTION}]}, "tool_calls"),
    ANTHROPIC: _anthropic([{"type": "text", "text": _BEFORE}, dict(_USE)], "tool_use"),
    GEMINI: _gemini({"functionCall": {"name": TOOL, "args": ARGUMENTS}}),
}


def whole_reply(api: Api, *, with_tools: bool) -> str:
    """The reply of an API to a request with or without tools."""
    return (TOOL_CALL if with_tools else TEXT)[api]
