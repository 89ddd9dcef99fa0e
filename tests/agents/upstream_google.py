"""Speaks generateContent as Gemini 3 does: it signs its calls, and wants every signature back where it was."""

import base64
import json
from typing import Any

from tests.agents.upstream import letters, pieces, refuse
from tests.agents.words import Answer, Say, Talk, Think, arguments
from tests.recorded.strict.google_generate import broken

Json = dict[str, Any]
DUMMY = base64.b64encode(b"skip_thought_signature_validator").decode()
"""What Google takes for calls that its models did not make."""
_FIELDS = {"contents", "systemInstruction", "tools", "toolConfig", "generationConfig", "safetySettings"}


class Google:
    """One server, and the signatures that it has given away."""

    def __init__(self) -> None:
        self.name = "google"
        self.provider: Json = {"type": "google", "api_key": "upstream"}
        self.base = "/v1beta"
        self.forget()

    def forget(self) -> None:
        self._signed: dict[str, tuple[str, ...]] = {}
        """What each signature stands on."""
        self._own: dict[tuple[str, ...], str] = {}
        """The signature of each call that has one."""

    def hear(self, path: str, body: Json) -> Talk:
        model, _, verb = path.removeprefix("/v1beta/models/").partition(":")
        assert verb == "streamGenerateContent?alt=sse", path
        assert set(body) <= _FIELDS, f"Unknown name {set(body) - _FIELDS}: Cannot find field."
        refuse(broken(body))
        talk = Talk(system="\n".join(part["text"] for part in body.get("systemInstruction", {}).get("parts", [])))
        for content in body["contents"]:
            self._content(talk, content, model)
        for tool in body.get("tools", []):
            for one in tool["functionDeclarations"]:
                assert one["parametersJsonSchema"].get("type") == "object", "parameters schema should be of type OBJECT"
                talk.tools.append((one["name"], one.get("description", ""), one["parametersJsonSchema"]))
        return talk

    def _content(self, talk: Talk, content: Json, model: str) -> None:
        calls = [part for part in content["parts"] if "functionCall" in part]
        waiting = list(talk.calls)[-sum("functionResponse" in part for part in content["parts"]) :]
        if calls:
            missing = "Function call is missing a thought_signature in functionCall parts."
            assert calls[0].get("thoughtSignature"), missing
        for part in content["parts"]:
            self._check_signature(talk, part)
            if "functionCall" in part:
                call = part["functionCall"]
                talk.call(f"call {len(talk.calls)}", call["name"], call.get("args", {}))
            elif "functionResponse" in part:
                self._response(talk, waiting.pop(0), part["functionResponse"], model)
            elif "inlineData" in part:
                talk.pictures.append(_bytes(part["inlineData"]))
            elif part.get("thought"):
                talk.thoughts.append(part["text"])
            else:
                talk.say("assistant" if content["role"] == "model" else "user", part["text"])

    def _check_signature(self, talk: Talk, part: Json) -> None:
        signature, stands_on = part.get("thoughtSignature"), _subject(part)
        if signature in (None, DUMMY):
            own = self._own.get(stands_on)
            assert own is None, f"the signature of {stands_on[:2]} was lost"
            return
        assert signature in self._signed, "Invalid thought signature."
        assert self._signed[signature] == stands_on, f"Corrupted thought signature: it stands on {stands_on[:2]}"
        talk.proofs.append(signature)

    def _response(self, talk: Talk, call_id: str, response: Json, model: str) -> None:
        parts = response.get("parts", [])
        new = model.startswith("gemini-3")
        assert new or not parts, "`function_response.parts` is not supported for this model"
        [(name, words)] = response["response"].items()
        assert name in ("output", "error"), name
        talk.result(call_id, words, failed=name == "error")
        talk.pictures += [_bytes(part["inlineData"]) for part in parts]

    def stream(self, answer: Answer) -> str:
        told: list[Json] = []
        proof = ""
        for piece in answer.pieces:
            if isinstance(piece, Think):
                told += [{"text": words, "thought": True} for words in pieces(piece.text)]
                proof = piece.proof
            elif isinstance(piece, Say):
                told += [{"text": words} for words in pieces(piece.text)]
            else:
                call: Json = {"name": piece.name, "args": piece.arguments}
                if answer.number % 2:  # ids come and go
                    call["id"] = letters(answer.number, len(told), length=8)
                part: Json = {"functionCall": call}
                if proof:
                    part["thoughtSignature"], proof = proof, ""
                    self._own[_subject(part)] = part["thoughtSignature"]
                told.append(part)
        if proof:
            told.append({"text": "", "thoughtSignature": proof})
        for part in told:
            if "thoughtSignature" in part:
                self._signed[part["thoughtSignature"]] = _subject(part)
        finish = "MAX_TOKENS" if answer.cut else "STOP"
        replies = [_reply(answer, part, finish if part is told[-1] else None) for part in told]
        return "".join(f"data: {json.dumps(reply)}\r\n\r\n" for reply in replies)

    def error(self, message: str) -> Json:
        return {"error": {"code": 400, "message": message, "status": "INVALID_ARGUMENT"}}


def _subject(part: Json) -> tuple[str, ...]:
    """What a signature stands on: a call, or nothing but itself."""
    call = part.get("functionCall")
    return (call["name"], arguments(call.get("args", {}))) if call is not None else ()


def _bytes(blob: Json) -> bytes:
    assert blob["mimeType"] in ("image/png", "image/jpeg", "image/webp", "application/pdf", "text/plain"), blob[
        "mimeType"
    ]
    return base64.b64decode(blob["data"], validate=True)


def _reply(answer: Answer, part: Json, finish: str | None) -> Json:
    candidate: Json = {"content": {"parts": [part], "role": "model"}, "index": 0}
    if finish:
        candidate["finishReason"] = finish
    thoughts = 5 if answer.thoughts else 0
    usage = {
        "promptTokenCount": answer.input,
        "cachedContentTokenCount": answer.cached,
        "candidatesTokenCount": answer.output - thoughts,
        "thoughtsTokenCount": thoughts,
        "totalTokenCount": answer.input + answer.output,
    }
    return {
        "candidates": [candidate],
        "usageMetadata": usage,
        "modelVersion": "m-1",
        "responseId": letters(answer.number, length=20),
    }
