"""The messages of other formats as Google's `contents`.

Google has two roles, `user` and `model`, that take turns; the first turn is the user's. The results of one turn's
calls are one content of the user's, in the order of the calls and right after them; what the user says besides is the
next content. Gemini 3 wants a signature on the first call of each of its turns.
"""

from typing import Any

from trunkline.formats.conversation import (
    AnyPart,
    Audio,
    File,
    Foreign,
    Image,
    Message,
    Reasoning,
    Refusal,
    Request,
    Text,
    ToolCall,
    ToolResult,
)
from trunkline.formats.dialect import Dialect
from trunkline.formats.format import ShapeError
from trunkline.formats.google_generate.media_write import MediaWriter
from trunkline.formats.google_generate.parts_write import arguments_of, write_call, write_result
from trunkline.formats.google_generate.signatures import DUMMY
from trunkline.formats.harmless import MESSAGE, leave
from trunkline.formats.losses import Losses
from trunkline.formats.paths import cache_path, field_path, inner_path, part_paths

Json = dict[str, Any]
BLANK: Json = {"text": " "}
"""What the user says where Google wants a turn and there are no words for it; an empty text is refused."""


class ContentsWriter:
    """Builds the contents, and what goes into the system instruction."""

    def __init__(self, request: Request, dialect: Dialect, losses: Losses) -> None:
        self.contents: list[Json] = []
        self.system: list[Json] = []
        self._request = request
        self._dialect = dialect
        self._losses = losses
        self._media = MediaWriter(request.format, dialect, losses)
        self._role = ""
        self._parts: list[Json] = []
        """Of the turn that is being built."""
        self._results: list[tuple[str, ToolResult]] = []
        self._waiting: dict[str, tuple[str, ToolCall]] = {}
        """Calls of the last model's turn, by id, with their paths."""
        self._held = ""
        """A signature for the next part."""

    def write(self) -> None:
        """Fill `contents` and `system`. Raises `CannotCarry` and `ShapeError`."""
        request = self._request
        if request.instructions is not None:
            self._add_system(request.instructions)
        for message in request.messages:
            if message.role in ("system", "developer"):
                self._add_system(message)
                continue
            role = "model" if message.role == "assistant" else "user"
            if role != self._role:
                self._close()
                self._role = role
            self._add(message)
        self._close()
        for path, call in self._waiting.values():
            raise _unanswered(path, call)
        self._check_ends()

    def _check_ends(self) -> None:
        contents = self.contents
        if not contents:
            contents.append({"role": "user", "parts": self.system or [{**BLANK}]})
            self.system = []
        elif contents[0]["role"] == "model":
            contents.insert(0, {"role": "user", "parts": [{**BLANK}]})
        if contents[-1]["role"] == "model" and "prefill" in self._dialect.refuses:
            why = "This model does not go on with an answer that is begun already."
            self._losses.refuse(self._request.messages[-1].at, why)
            contents.append({"role": "user", "parts": [{**BLANK}]})

    def _add_system(self, message: Message) -> None:
        leave(message, self._request.format, message.at, self._losses, MESSAGE)
        if "system" in self._dialect.refuses:
            self._losses.refuse(message.at, "This model takes no system instructions.")
        for part, path in zip(message.parts, part_paths(self._request.format, message), strict=True):
            self._leave_part(part, path)
            if not isinstance(part, Text):
                self._losses.must_refuse(path, "This model takes only text for instructions.")
            elif part.text:
                self.system.append({"text": part.text})

    # one message

    def _add(self, message: Message) -> None:
        leave(message, self._request.format, message.at, self._losses, MESSAGE)
        if message.name:
            self._losses.drop(f"{message.at}.name")
        for part, path in zip(message.parts, part_paths(self._request.format, message), strict=True):
            self._leave_part(part, path)
            self._add_part(part, path)

    def _leave_part(self, part: AnyPart, path: str) -> None:
        leave(part, self._request.format, path, self._losses)
        if part.cache is not None:
            self._losses.drop(cache_path(self._request.format, path, part))

    def _add_part(self, part: AnyPart, path: str) -> None:
        match part:
            case Text() | Refusal():
                if isinstance(part, Text) and part.citations:
                    self._losses.drop(field_path(self._request.format, path, "citations"))
                if part.text:
                    self._put({"text": part.text})
            case Image() | Audio() | File():
                self._put(self._media.write(part, path))
            case ToolCall():
                self._add_call(part, path)
            case ToolResult():
                self._results.append((path, part))
            case Reasoning():
                self._add_reasoning(part, path)
            case Foreign():
                why = f"'{path}' belongs to a tool of another provider ({part.kind}), which this one cannot run."
                self._losses.refuse(path, why)

    def _put(self, value: Json) -> None:
        if self._held:
            value["thoughtSignature"] = self._held
            self._held = ""
        self._parts.append(value)

    def _add_call(self, call: ToolCall, path: str) -> None:
        if arguments_of(call.arguments) is None:
            why = f"The arguments of the call '{call.id or call.name}' are not a JSON object."
            self._losses.must_refuse(path, why)
        if call.id in self._waiting and call.id:
            raise ShapeError(f"Two tool calls of one turn have the id '{call.id}'.", path, "invalid_value")
        self._waiting[call.id or f"#{len(self._waiting)}"] = (path, call)
        value: Json = {"functionCall": write_call(call, own=False)}
        if call.signature and call.issuer == self._dialect.issuer == "google":
            self._release()
            value["thoughtSignature"] = call.signature
        elif call.signature:
            self._losses.drop(field_path(self._request.format, path, "signature"))
        self._put(value)

    def _add_reasoning(self, part: Reasoning, path: str) -> None:
        signature = part.signature or part.encrypted
        if signature and part.issuer == self._dialect.issuer == "google":
            self._release()
            if part.text:
                self._parts.append({"text": part.text, "thought": True, "thoughtSignature": signature})
            else:
                self._held = signature  # of what follows
        elif part.text and not signature and self._dialect.replays_reasoning != "never":
            self._parts.append({"text": part.text, "thought": True})
        else:
            self._losses.drop(path)

    def _release(self) -> None:
        """A signature for a part that did not come: it has one of its own."""
        if self._held:
            self._parts.append({"text": "", "thoughtSignature": self._held})
            self._held = ""

    # one turn

    def _close(self) -> None:
        """The turn is whole."""
        if self._role == "model":
            self._release()
            self._close_model()
        elif self._role == "user":
            self._close_user()
        self._parts, self._results = [], []

    def _close_model(self) -> None:
        for path, _ in self._results:
            raise ShapeError("A tool's result is the user's to give.", path, "invalid_value")
        first = next((part for part in self._parts if "functionCall" in part), None)
        if first is not None and self._dialect.issuer == "google":
            first.setdefault("thoughtSignature", DUMMY)
        if self._parts:
            self.contents.append({"role": "model", "parts": self._parts})

    def _close_user(self) -> None:
        responses = self._answer() if self._results or self._waiting else []
        if responses:
            self.contents.append({"role": "user", "parts": responses})
        elif not self._parts:
            self._parts.append({**BLANK})
        if not self._parts:
            return
        last = self.contents[-1] if self.contents else None
        if last is None or last["role"] == "model" or "functionResponse" in last["parts"][0]:
            self.contents.append({"role": "user", "parts": self._parts})
        else:
            last["parts"] += self._parts  # the model's turn between them was empty

    def _answer(self) -> list[Json]:
        """The results, in the order of their calls."""
        given: dict[str, tuple[str, ToolResult]] = {}
        for path, result in self._results:
            key = result.call if result.call in self._waiting else self._without_id(result, given)
            if key is None or key in given:
                raise ShapeError(
                    f"The result for '{result.call}' answers no tool call of the turn before it.", path, "invalid_value"
                )
            given[key] = (path, result)
        responses = []
        for key, (call_path, call) in self._waiting.items():
            if key not in given:
                raise _unanswered(call_path, call)
            responses.append(self._respond(call, *given[key]))
        self._waiting = {}
        return responses

    def _without_id(self, result: ToolResult, given: dict[str, tuple[str, ToolResult]]) -> str | None:
        """The first call without an id that a result without one can mean."""
        free = (key for key, (_, call) in self._waiting.items() if not call.id and key not in given)
        return next(free, None) if not result.call else None

    def _respond(self, call: ToolCall, path: str, result: ToolResult) -> Json:
        texts: list[AnyPart] = []
        parts: list[Json] = []
        for number, part in enumerate(result.content):
            at = inner_path(self._request.format, path, result, number)
            self._leave_part(part, at)
            match part:
                case Text():
                    texts.append(part)
                case Image() | Audio() | File():
                    parts.append(self._media.write(part, at))
                case _:
                    self._losses.refuse(at, f"'{at}' cannot be in a tool's result for this model.")
        told = ToolResult(call=call.id, name=call.name, content=texts, failed=result.failed)
        value = write_result(told, own=False)
        if parts:
            value["parts"] = parts
        return {"functionResponse": value}


def _unanswered(path: str, call: ToolCall) -> ShapeError:
    return ShapeError(f"The tool call '{call.id or call.name}' is not followed by its result.", path, "invalid_value")
