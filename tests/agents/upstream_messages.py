"""Speaks Messages as Anthropic does: thinking comes back word for word, with its signature."""

import json
from typing import Any

from tests.agents.messages_talk import blocks, talk_of
from tests.agents.upstream import events, letters, pieces, refuse
from tests.agents.words import Answer, Say, Talk, Think
from tests.recorded.strict.anthropic_messages import broken

Json = dict[str, Any]


class Messages:
    """One server, and the thinking that it has signed."""

    def __init__(self) -> None:
        self.name = "anthropic"
        self.provider: Json = {"type": "anthropic", "api_key": "sk-upstream"}
        self.base = "/v1"
        self.forget()

    def forget(self) -> None:
        self._signed: dict[str, str] = {}

    def hear(self, path: str, body: Json) -> Talk:
        assert path.partition("?")[0] == "/v1/messages", path
        refuse(broken(body))
        _check_open_turn(body)
        for number, tool in enumerate(body.get("tools", [])):
            _check_keys(tool["input_schema"], f"tools.{number}.custom.input_schema.properties")
        talk = talk_of(body)
        for number, message in enumerate(body["messages"]):
            for block in blocks(message["content"]):
                if block["type"] == "thinking":
                    self._check_thinking(talk, block, f"messages.{number}")
                elif block["type"] == "tool_result" and block.get("is_error"):
                    _check_error(block, f"messages.{number}")
        return talk

    def _check_thinking(self, talk: Talk, block: Json, at: str) -> None:
        known = self._signed.get(block["signature"])
        assert known == block["thinking"], f"{at}: Invalid `signature` in `thinking` block"
        talk.proofs.append(block["signature"])

    def stream(self, answer: Answer) -> str:
        told: list[Json] = [{"type": "message_start", "message": _message(answer)}, {"type": "ping"}]
        for index, piece in enumerate(answer.pieces):
            if isinstance(piece, Think):
                self._signed[piece.proof] = piece.text
                begun: Json = {"type": "thinking", "thinking": "", "signature": ""}
                deltas: list[Json] = [{"type": "thinking_delta", "thinking": words} for words in pieces(piece.text)]
                deltas.append({"type": "signature_delta", "signature": piece.proof})
            elif isinstance(piece, Say):
                begun = {"type": "text", "text": ""}
                deltas = [{"type": "text_delta", "text": words} for words in pieces(piece.text)]
            else:
                begun = {"type": "tool_use", "id": f"toolu_01{letters(answer.number, index, length=22)}"}
                begun |= {"name": piece.name, "input": {}}
                written = pieces(json.dumps(piece.arguments, ensure_ascii=False))
                deltas = [{"type": "input_json_delta", "partial_json": words} for words in ["", *written]]
            told.append({"type": "content_block_start", "index": index, "content_block": begun})
            told += [{"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas]
            told.append({"type": "content_block_stop", "index": index})
        reason = "max_tokens" if answer.cut else "tool_use" if answer.calls else "end_turn"
        usage = {"output_tokens": answer.output}
        told.append({"type": "message_delta", "delta": {"stop_reason": reason, "stop_sequence": None}, "usage": usage})
        return events(*told, {"type": "message_stop"}, named=True)

    def error(self, message: str) -> Json:
        return {"type": "error", "error": {"type": "invalid_request_error", "message": message}, "request_id": "req_1"}


def _check_open_turn(body: Json) -> None:
    """With a budget to think, a turn that calls tools must have begun with thinking."""
    if body.get("thinking", {}).get("type") != "enabled":
        return
    first: Json | None = None
    for message in body["messages"]:
        content = blocks(message["content"])
        if message["role"] == "assistant":
            first = first or content[0]
        elif not any(block["type"] == "tool_result" for block in content):
            first = None
    kind = first["type"] if first is not None else "thinking"
    assert kind in ("thinking", "redacted_thinking"), f"Expected `thinking` or `redacted_thinking`, but found `{kind}`."


def _check_keys(schema: Json, at: str) -> None:
    allowed = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-")
    for key in schema.get("properties", {}):
        assert key, at
        assert allowed.issuperset(key), f"{at}: Property keys should match pattern '^[a-zA-Z0-9_.-]{{1,64}}$'"
        assert len(key) <= 64, f"{at}: Property keys should match pattern '^[a-zA-Z0-9_.-]{{1,64}}$'"


def _check_error(block: Json, at: str) -> None:
    content = blocks(block.get("content") or [])
    assert content, f"{at}: tool_result: content cannot be empty if `is_error` is true"
    assert all(inner["type"] == "text" for inner in content), (
        f"{at}: all content must be type `text` if `is_error` is true"
    )


def _message(answer: Answer) -> Json:
    usage = {
        "input_tokens": answer.input - answer.cached,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": answer.cached,
        "output_tokens": 1,
    }
    return {
        "id": f"msg_{letters(answer.number)}", "type": "message", "role": "assistant", "model": "m-1", "content": [],
        "stop_reason": None, "stop_sequence": None, "usage": usage,
    }  # fmt: skip
