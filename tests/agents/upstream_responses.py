"""Speaks Responses as OpenAI does: encrypted reasoning comes back with what it led to, or is kept with the rest."""

import base64
import json
from typing import Any

from tests.agents.upstream import check_schema, events, letters, pieces, refuse
from tests.agents.words import Answer, Say, Talk, Think
from tests.recorded.strict.openai_responses import broken

Json = dict[str, Any]
PREFIXES = {"reasoning": "rs", "message": "msg", "function_call": "fc", "custom_tool_call": "ctc"}
LONGEST = 64


class Responses:
    """One server, the reasoning that it has given away, and the conversations that it keeps."""

    def __init__(self) -> None:
        self.binds = False
        """Encrypted reasoning is taken only under the id that it came with."""
        self.name = "openai responses"
        self.provider: Json = {"type": "openai", "api_key": "sk-upstream", "format": "openai_responses"}
        self.base = "/v1"
        self.forget()

    def forget(self) -> None:
        self._thoughts: dict[str, tuple[Json, str]] = {}
        """Reasoning items by their proof, each with the type of the item that came next."""
        self._kept: dict[str | None, list[Json]] = {}
        self._asked: list[Json] | None = None

    def hear(self, path: str, body: Json) -> Talk:
        assert path == "/v1/responses", path
        refuse(broken(body))
        stored = body.get("store", True)
        assert stored or "reasoning.encrypted_content" in body.get("include", []), "the reasoning would be lost"
        assert "stop" not in body, "Unknown parameter: 'stop'."
        assert len(body.get("user", "")) <= LONGEST, f"Invalid 'user': string too long ({len(body['user'])})"
        talk = Talk(system=body.get("instructions") or "")
        previous = body.get("previous_response_id")
        assert previous is None or previous in self._kept, f"Previous response with id '{previous}' not found."
        items = [*self._kept.get(previous, []), *body["input"]]
        self._asked = items if stored else None
        known = [item["id"] for item in items if "id" in item]
        assert len(set(known)) == len(known), f"Duplicate item found with id {known}"
        for number, item in enumerate(items):
            self._item(talk, item, items[number + 1 :])
        for number, tool in enumerate(body.get("tools", [])):
            assert isinstance(tool.get("strict"), bool), "strict mode is what is meant without a word"
            check_schema(tool["parameters"], f"tools[{number}].parameters")
            talk.tools.append((tool["name"], tool.get("description", ""), tool["parameters"]))
        return talk

    def _item(self, talk: Talk, item: Json, after: list[Json]) -> None:
        kind = item.get("type", "message")
        prefix = PREFIXES.get(kind, "")
        assert item.get("id", prefix).startswith(prefix), f"Invalid id: expected an ID that begins with '{prefix}'."
        assert len(item.get("call_id", "")) <= LONGEST, f"Invalid call_id: string too long ({len(item['call_id'])})"
        if kind == "function_call":
            talk.call(item["call_id"], item["name"], item["arguments"])
        elif kind == "function_call_output":
            output = item["output"]
            parts = [{"type": "input_text", "text": output}] if isinstance(output, str) else output
            words = "".join(part["text"] for part in parts if part["type"] == "input_text")
            talk.result(item["call_id"], words)
            talk.pictures += [_picture(part) for part in parts if part["type"] == "input_image"]
        elif kind == "reasoning":
            self._reasoning(talk, item, after)
        else:
            assert kind == "message", f"Invalid value: '{kind}'"
            _message(talk, item)

    def _reasoning(self, talk: Talk, item: Json, after: list[Json]) -> None:
        proof = item.get("encrypted_content")
        assert proof, (
            f"Item with id '{item.get('id')}' not found. Items are not persisted when `store` is set to false."
        )
        assert proof in self._thoughts, "The encrypted content could not be verified."
        own, follower = self._thoughts[proof]
        if self.binds:
            bound = "Encrypted content item_id did not match the target item id."
            assert item["id"] == own["id"], (
                f"The encrypted content for item {item['id']} could not be verified. {bound}"
            )
        assert item["summary"] == own["summary"], "the summary is another one"
        assert after, "reasoning without the item that follows it"
        assert after[0].get("type", "message") == follower, "reasoning before another item than it led to"
        talk.proofs.append(proof)

    def stream(self, answer: Answer) -> str:
        items = self._items(answer)
        for number, item in enumerate(items):
            if item["type"] == "reasoning":
                follower = items[number + 1]["type"] if number + 1 < len(items) else ""
                self._thoughts[item["encrypted_content"]] = (item, follower)
        if self._asked is not None:
            self._kept[f"resp_{letters(answer.number)}"] = [*self._asked, *items]
        told: list[Json] = [
            {"type": "response.created", "response": _response(answer, [], "in_progress")},
            {"type": "response.in_progress", "response": _response(answer, [], "in_progress")},
        ]
        for index, item in enumerate(items):
            told += _item_events(index, item)
        status = "incomplete" if answer.cut else "completed"
        told.append({"type": f"response.{status}", "response": _response(answer, items, status)})
        return events(*({**event, "sequence_number": n} for n, event in enumerate(told)), named=True)

    def _items(self, answer: Answer) -> list[Json]:
        items: list[Json] = []
        for number, piece in enumerate(answer.pieces):
            own = letters(answer.number, number)
            if isinstance(piece, Think):
                summary = [{"type": "summary_text", "text": piece.text}] if piece.text else []
                item: Json = {"type": "reasoning", "summary": summary, "encrypted_content": piece.proof}
            elif isinstance(piece, Say):
                part = {"type": "output_text", "text": piece.text, "annotations": [], "logprobs": []}
                item = {"type": "message", "role": "assistant", "status": "completed", "content": [part]}
            else:
                written = json.dumps(piece.arguments, ensure_ascii=False)
                item = {"type": "function_call", "status": "completed", "call_id": f"call_{own}", "name": piece.name}
                item["arguments"] = written
            items.append({"id": f"{PREFIXES[item['type']]}_{own}", **item})
        return items

    def error(self, message: str) -> Json:
        return {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": None}}


def _message(talk: Talk, item: Json) -> None:
    role, content = item["role"], item["content"]
    for part in [{"type": "input_text", "text": content}] if isinstance(content, str) else content:
        if part["type"] == "input_image":
            talk.pictures.append(_picture(part))
        elif role in ("system", "developer"):
            talk.instruct(part["text"])
        else:
            talk.say(role, part["text"])


def _picture(part: Json) -> bytes:
    return base64.b64decode(part["image_url"].partition(",")[2])


def _response(answer: Answer, items: list[Json], status: str) -> Json:
    usage = {
        "input_tokens": answer.input,
        "input_tokens_details": {"cached_tokens": answer.cached},
        "output_tokens": answer.output,
        "output_tokens_details": {"reasoning_tokens": 7},
        "total_tokens": answer.input + answer.output,
    }
    return {
        "id": f"resp_{letters(answer.number)}", "object": "response", "created_at": 1_770_000_000, "status": status,
        "error": None, "incomplete_details": {"reason": "max_output_tokens"} if status == "incomplete" else None,
        "instructions": None, "metadata": {}, "model": "m-1", "output": items, "parallel_tool_calls": True,
        "temperature": 1.0, "tool_choice": "auto", "tools": [], "top_p": 1.0,
        "usage": None if status == "in_progress" else usage,
    }  # fmt: skip


def _item_events(index: int, item: Json) -> list[Json]:
    at = {"item_id": item["id"], "output_index": index}
    begun, between = dict(item), list[Json]()
    if item["type"] == "message":
        part, here = item["content"][0], {**at, "content_index": 0}
        begun |= {"content": [], "status": "in_progress"}
        between.append({"type": "response.content_part.added", **here, "part": {**part, "text": ""}})
        between += [
            {"type": "response.output_text.delta", **here, "delta": p, "logprobs": []} for p in pieces(part["text"])
        ]
        between.append({"type": "response.output_text.done", **here, "text": part["text"], "logprobs": []})
        between.append({"type": "response.content_part.done", **here, "part": part})
    elif item["type"] == "function_call":
        kind, written = "response.function_call_arguments", item["arguments"]
        begun |= {"arguments": "", "status": "in_progress"}
        between += [{"type": f"{kind}.delta", **at, "delta": piece} for piece in pieces(written)]
        between.append({"type": f"{kind}.done", **at, "arguments": written, "name": item["name"]})
    else:
        kind, here = "response.reasoning_summary", {**at, "summary_index": 0}
        begun |= {"summary": [], "encrypted_content": "gAAAAbegun"}  # OpenAI sends another one before the last
        for part in item["summary"]:
            between.append({"type": f"{kind}_part.added", **here, "part": {**part, "text": ""}})
            between += [{"type": f"{kind}_text.delta", **here, "delta": piece} for piece in pieces(part["text"])]
            between.append({"type": f"{kind}_text.done", **here, "text": part["text"]})
            between.append({"type": f"{kind}_part.done", **here, "part": part})
    return [
        {"type": "response.output_item.added", "output_index": index, "item": begun},
        *between,
        {"type": "response.output_item.done", "output_index": index, "item": item},
    ]
