"""The messages of other formats as Google's `contents`.

Google has two roles, `user` and `model`, that take turns; the first turn is the user's. The results of one turn's
calls are one content of the user's, in the order of the calls and right after them; what the user says besides is the
next content. Gemini 3 wants a signature on the first call of each of its turns, and takes pictures and files in a
result; older models take them beside it, which is how Google's own agent tells them.
"""

from collections.abc import Iterator
from typing import Any

from trunkline.formats.conversation import (
    AnyPart,
    Audio,
    File,
    Foreign,
    Image,
    Reasoning,
    Refusal,
    Request,
    Text,
    ToolCall,
    ToolResult,
)
from trunkline.formats.dialect import Dialect
from trunkline.formats.google_generate.media_write import MediaWriter
from trunkline.formats.google_generate.parts_write import arguments_of
from trunkline.formats.google_generate.signatures import DUMMY, is_readable
from trunkline.formats.harmless import leave
from trunkline.formats.losses import Losses
from trunkline.formats.paths import cache_path, field_path, inner_path
from trunkline.formats.turns import SHOWN_BELOW, Call, Piece, Turn, take_turns

Json = dict[str, Any]
BLANK: Json = {"text": " "}
"""What the user says where Google wants a turn and there are no words for it; an empty text is refused."""
_IN_RESULTS = ("image/", "application/pdf", "text/plain")
"""Media types that Gemini 3 takes in a result: https://ai.google.dev/gemini-api/docs/function-calling#multimodal."""


class ContentsWriter:
    """Builds the contents, and what goes into the system instruction."""

    def __init__(self, request: Request, dialect: Dialect, losses: Losses) -> None:
        self.contents: list[Json] = []
        self.system: list[Json] = []
        self._request = request
        self._source = request.format
        self._dialect = dialect
        self._losses = losses
        self._media = MediaWriter(request.format, dialect, losses)
        self._parts: list[Json] = []
        """Of the turn that is being built."""
        self._held = ""
        """A signature for the next part."""

    def write(self) -> None:
        """Fill `contents` and `system`. Raises `CannotCarry` and `ShapeError`."""
        taken = take_turns(self._request, self._losses, str)
        for part, path in taken.system:
            self._instruct(part, path)
        for turn in taken.turns:
            self._parts = []
            if turn.role == "assistant":
                self._write_model(turn)
            else:
                self._write_user(turn)
        self._check_ends(taken.turns[-1].at if taken.turns else "")

    def _check_ends(self, last: str) -> None:
        contents = self.contents
        if not contents:
            contents.append({"role": "user", "parts": self.system or [{**BLANK}]})
            self.system = []
        elif contents[0]["role"] == "model":
            contents.insert(0, {"role": "user", "parts": [{**BLANK}]})
        if contents[-1]["role"] == "model" and "prefill" in self._dialect.refuses:
            self._losses.refuse(last, "This model does not go on with an answer that is begun already.")
            contents.append({"role": "user", "parts": [{**BLANK}]})

    def _instruct(self, part: AnyPart, path: str) -> None:
        self._leave_part(part, path)
        if "system" in self._dialect.refuses:
            self._losses.refuse(path, "This model takes no system instructions.")
        if not isinstance(part, Text):
            self._losses.must_refuse(path, "This model takes only text for instructions.")
        elif part.text:
            self.system.append({"text": part.text})

    # one turn

    def _write_model(self, turn: Turn) -> None:
        calls = iter(turn.calls)
        self._add(turn.pieces, calls)
        self._release()
        if turn.calls and self._dialect.issuer == "google":
            first = next(part for part in self._parts if "functionCall" in part)
            first.setdefault("thoughtSignature", DUMMY)
        if self._parts:
            self.contents.append({"role": "model", "parts": self._parts})

    def _write_user(self, turn: Turn) -> None:
        if turn.calls:
            self.contents.append({"role": "user", "parts": self._answers(turn.calls)})
        self._add(turn.pieces, iter(()))
        if not self._parts and not turn.calls:
            self._parts.append({**BLANK})
        if not self._parts:
            return
        last = self.contents[-1] if self.contents else None
        if last is None or last["role"] == "model" or "functionResponse" in last["parts"][0]:
            self.contents.append({"role": "user", "parts": self._parts})
        else:
            last["parts"] += self._parts  # the model's turn between them was empty

    def _add(self, pieces: list[Piece], calls: Iterator[Call]) -> None:
        """The parts of what is said. `calls` are those among the pieces."""
        for part, path in pieces:
            self._leave_part(part, path)
            if type(part) is Text:
                if part.citations:
                    self._losses.drop(field_path(self._source, path, "citations"))
                if part.text:
                    self._put({"text": part.text})
                continue
            match part:
                case ToolCall():
                    self._add_call(next(calls))
                case Refusal() if part.text:
                    self._put({"text": part.text})
                case Image() | Audio() | File():
                    self._put(self._media.write(part, path))
                case Reasoning():
                    self._add_reasoning(part, path)
                case Foreign():
                    why = f"'{path}' belongs to a tool of another provider ({part.kind}), which this one cannot run."
                    self._losses.refuse(path, why)

    def _leave_part(self, part: AnyPart, path: str) -> None:
        if part.extras:
            leave(part, self._source, path, self._losses)
        if part.cache is not None:
            self._losses.drop(cache_path(self._source, path, part))

    def _put(self, value: Json) -> None:
        if self._held:
            value["thoughtSignature"] = self._held
            self._held = ""
        self._parts.append(value)

    def _add_call(self, call: Call) -> None:
        part, path = call.part, call.path
        args = arguments_of(part.arguments)
        if args is None:
            why = f"The arguments of the call '{part.id or part.name}' are not a JSON object."
            self._losses.must_refuse(path, why)
        made: Json = {"name": part.name, "args": args}
        if part.id:
            made["id"] = call.id
        value: Json = {"functionCall": made}
        if part.signature and self._takes(part.signature, part.issuer):
            self._release()
            value["thoughtSignature"] = part.signature
        elif part.signature:
            self._losses.drop(field_path(self._source, path, "signature"))
        self._put(value)

    def _add_reasoning(self, part: Reasoning, path: str) -> None:
        signature = part.signature or part.encrypted
        if signature and self._takes(signature, part.issuer):
            self._release()
            if part.text:
                self._parts.append({"text": part.text, "thought": True, "thoughtSignature": signature})
            else:
                self._held = signature  # of what follows
        elif part.text and not signature and self._dialect.replays_reasoning != "never":
            self._parts.append({"text": part.text, "thought": True})
        else:
            self._losses.drop(path)

    def _takes(self, signature: str, issuer: str) -> bool:
        """Whether the model takes a signature back."""
        return issuer == self._dialect.issuer == "google" and is_readable(signature)

    def _release(self) -> None:
        """A signature for a part that did not come: it has one of its own."""
        if self._held:
            self._parts.append({"text": "", "thoughtSignature": self._held})
            self._held = ""

    # results

    def _answers(self, calls: list[Call]) -> list[Json]:
        """The results of a turn, and behind them what cannot stand in them."""
        responses: list[Json] = []
        beside: list[Json] = []
        for call in calls:
            result, path = call.result
            words, shown = self._content(result, path)
            inside, others = self._apart(shown) if shown else ([], [])
            if others and not words:
                words = SHOWN_BELOW
            value: Json = {"name": call.part.name, "response": {"error" if result.failed else "output": words}}
            if call.part.id:
                value["id"] = call.id
            if inside:
                value["parts"] = inside
            responses.append({"functionResponse": value})
            beside += others
        return responses + beside

    def _content(self, result: ToolResult, path: str) -> tuple[str, list[Json]]:
        """The words of a result, and what it shows."""
        self._leave_part(result, path)
        words = ""
        shown: list[Json] = []
        for number, part in enumerate(result.content):
            at = inner_path(self._source, path, result, number)
            self._leave_part(part, at)
            if type(part) is Text:
                words += part.text
            elif isinstance(part, Image | Audio | File):
                shown.append(self._media.write(part, at))
            else:
                self._losses.refuse(at, f"'{at}' cannot be in a tool's result for this model.")
        return words, shown

    def _apart(self, shown: list[Json]) -> tuple[list[Json], list[Json]]:
        """What a result shows: in it, and beside it."""
        inside: list[Json] = []
        others: list[Json] = []
        for medium in shown:
            value = medium.get("inlineData") or medium.get("fileData") or {}
            fits = self._dialect.media_in_results and value.get("mimeType", "").startswith(_IN_RESULTS)
            (inside if fits else others).append(medium)
        return inside, others
