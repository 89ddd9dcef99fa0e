"""Speaks Chat Completions: as OpenAI does, or as DeepSeek, which shows its reasoning and wants it back with calls."""

import base64
import json
from typing import Any

from tests.agents.upstream import check_schema, events, letters, pieces, refuse
from tests.agents.words import Answer, Say, Talk, Think
from tests.recorded.strict.openai_chat import broken

Json = dict[str, Any]
LONGEST_USER = 64
STOPS_NOWHERE = ("gpt-5", "gpt-5.1", "gpt-5.2", "gpt-5.4")
"""Models that take no stop sequences."""
REASONS_ELSEWHERE = {"gpt-5.4": "none", "gpt-5.5": "medium", "gpt-5.6": "medium", "gpt-5.6-terra": "medium"}
"""Models that take functions here only if they do not reason, and their usual effort."""


class Chat:
    """One server. `reasons`: it speaks as DeepSeek does (api-docs.deepseek.com, "Thinking Mode")."""

    def __init__(self, name: str, provider: Json, *, reasons: bool) -> None:
        self.name = name
        self.provider = provider
        self.base = "/v1"
        self._reasons = reasons
        self.forget()

    def forget(self) -> None:
        self._thoughts: dict[str, str] = {}
        """What was thought before a call, by the call's id."""

    def hear(self, path: str, body: Json) -> Talk:
        assert path == "/v1/chat/completions", path
        refuse(broken(body))
        _check_model(body)
        assert not self._reasons or "max_completion_tokens" not in body, "the cap would go unnoticed"
        assert len(body.get("user", "")) <= LONGEST_USER, f"Invalid 'user': string too long ({len(body['user'])})"
        talk = Talk()
        for message in body["messages"]:
            self._message(talk, message)
        for number, tool in enumerate(body.get("tools", [])):
            function = tool["function"]
            assert set(function) <= {"name", "description", "parameters", "strict"}, "unknown parameter of a function"
            check_schema(function["parameters"], f"tools[{number}].function.parameters")
            talk.tools.append((function["name"], function.get("description", ""), function["parameters"]))
        return talk

    def _message(self, talk: Talk, message: Json) -> None:
        role, content = message["role"], message.get("content")
        assert not self._reasons or role != "developer", "unknown variant `developer`, expected one of `system`, …"
        if role in ("system", "developer"):
            talk.instruct(_text(content, "\n"))
        elif role == "tool":
            talk.result(message["tool_call_id"], _text(content))
        elif role == "user":
            _user(talk, content)
        else:
            self._assistant(talk, message)

    def _assistant(self, talk: Talk, message: Json) -> None:
        assert set(message) <= {"role", "content", "tool_calls", "reasoning_content"}, (
            f"unknown field in {set(message)}"
        )
        if message.get("content"):
            talk.say("assistant", _text(message["content"]))
        calls = message.get("tool_calls", [])
        for call in calls:
            talk.call(call["id"], call["function"]["name"], call["function"]["arguments"])
        thought = message.get("reasoning_content")
        assert self._reasons or thought is None, "Unknown parameter: 'reasoning_content'"
        if self._reasons and calls:
            assert thought is not None, "Missing `reasoning_content` field in the assistant message"
            known = self._thoughts.get(calls[0]["id"])
            assert known in (None, thought), f"another thought than before: {thought!r}"
            if known is not None:
                talk.thoughts.append(thought)

    def stream(self, answer: Answer) -> str:
        deltas: list[Json] = [{"role": "assistant", "content": None if self._reasons else ""}]
        thought = ""
        made = 0
        for piece in answer.pieces:
            if isinstance(piece, Think):
                thought += piece.text if self._reasons else ""
                deltas += [{"reasoning_content": words} for words in pieces(piece.text) if self._reasons]
            elif isinstance(piece, Say):
                deltas += [{"content": words} for words in pieces(piece.text)]
            else:
                call_id = f"call_{letters(answer.number, made)}"
                self._thoughts[call_id] = thought
                function = {"name": piece.name, "arguments": ""}
                deltas.append(
                    {"tool_calls": [{"index": made, "id": call_id, "type": "function", "function": function}]}
                )
                written = pieces(json.dumps(piece.arguments, ensure_ascii=False))
                if answer.cut and piece is answer.pieces[-1]:
                    del written[len(written) // 2 :]
                deltas += [{"tool_calls": [{"index": made, "function": {"arguments": words}}]} for words in written]
                made += 1
        finish = "length" if answer.cut else "tool_calls" if answer.calls else "stop"
        chunks = [_chunk(answer, delta, None) for delta in deltas] + [_chunk(answer, {}, finish)]
        return events(*chunks, {**chunks[0], "choices": [], "usage": _usage(answer)}) + "data: [DONE]\n\n"

    def error(self, message: str) -> Json:
        return {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": None}}


def _check_model(body: Json) -> None:
    model = body["model"]
    assert "stop" not in body or model not in STOPS_NOWHERE, (
        "Unsupported parameter: 'stop' is not supported with this model."
    )
    assert "codex" not in model, "This model is only supported in v1/responses and not in v1/chat/completions."
    effort = body.get("reasoning_effort", REASONS_ELSEWHERE.get(model, "none"))
    if effort != "none":
        assert body.get("temperature", 1) == 1, "Unsupported value: 'temperature' does not support it with this model."
    if model in REASONS_ELSEWHERE and body.get("tools"):
        told = "Please use /v1/responses instead."
        said = f"Function tools with reasoning_effort are not supported for {model} in /v1/chat/completions. {told}"
        assert effort == "none", said


def _text(content: Any, between: str = "") -> str:
    return content if isinstance(content, str) else between.join(part["text"] for part in content)


def _user(talk: Talk, content: Any) -> None:
    parts: list[Json] = [{"type": "text", "text": content}] if isinstance(content, str) else content
    for part in parts:
        if part["type"] == "text":
            talk.say("user", part["text"])
        else:
            talk.pictures.append(base64.b64decode(part["image_url"]["url"].partition(",")[2]))


def _chunk(answer: Answer, delta: Json, finish: str | None) -> Json:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    head = {"id": f"chatcmpl-{letters(answer.number)}", "object": "chat.completion.chunk", "created": 1_770_000_000}
    return {**head, "model": "m-1", "choices": [choice], "usage": None}


def _usage(answer: Answer) -> Json:
    return {
        "prompt_tokens": answer.input,
        "completion_tokens": answer.output,
        "total_tokens": answer.input + answer.output,
        "prompt_tokens_details": {"cached_tokens": answer.cached},
    }
