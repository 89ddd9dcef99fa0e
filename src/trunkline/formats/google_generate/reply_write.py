"""A neutral reply as generateContent's."""

from typing import Any

from trunkline.formats.conversation import (
    AnyPart,
    Audio,
    Choice,
    File,
    Image,
    Reasoning,
    Refusal,
    Reply,
    Request,
    Text,
    ToolCall,
    Usage,
)
from trunkline.formats.google_generate.citations import write_citations
from trunkline.formats.google_generate.facts import read_usage, write_logprobs, write_stop, write_usage
from trunkline.formats.google_generate.names import NAME
from trunkline.formats.google_generate.parts_write import write_call, write_media, write_parts
from trunkline.formats.google_generate.reply_read import close_candidate
from trunkline.formats.google_generate.searches import without_searches
from trunkline.formats.google_generate.signatures import DUMMY, wrapped
from trunkline.formats.sealed import Sealed, proof_of, seal

Json = dict[str, Any]


def write_reply(reply: Reply, request: Request) -> Json:
    """The reply to `request`."""
    own = reply.format == NAME
    spelling = reply.spelling if own else {}
    made: Json = dict(reply.extras.get(NAME, ())) if own else {}
    choices = [choice for choice in reply.choices if not (own and "candidate" in choice.spelling)]
    if choices:
        written = [_write_own(choice) if own else _write_choice(choice) for choice in choices]
        made[spelling.get("candidates", "candidates")] = written
    usage = usage_of(reply.usage, reply.reported, own=own)
    if usage is not None:
        made[spelling.get("usageMetadata", "usageMetadata")] = usage
    if reply.model:
        made[spelling.get("modelVersion", "modelVersion")] = reply.model
    if reply.id:
        made[spelling.get("responseId", "responseId")] = reply.id
    return made


def usage_of(usage: Usage | None, reported: Json | None, *, own: bool) -> Json | None:
    """`usageMetadata`: as Google reported it, where that still says `usage`."""
    if own and reported is not None and read_usage(reported) == without_searches(usage):
        return reported
    return None if usage is None else write_usage(usage)


def _write_own(choice: Choice) -> Json:
    frame = choice.extras.get(NAME, {"content": {"role": "model", "parts": []}, "index": choice.index})
    finish = None if choice.stop is None else write_stop(choice.stop, own=True)
    return close_candidate(frame, write_parts(choice.parts), finish)


def _write_choice(choice: Choice) -> Json:
    """A choice of another format's."""
    writer = ShownParts()
    for part in choice.parts:
        writer.add(part)
    parts = writer.take(last=True)
    made: Json = {"content": {"parts": parts or [{"text": ""}], "role": "model"}, "index": choice.index}
    if choice.stop is not None:
        made["finishReason"] = write_stop(choice.stop, own=False)
        if choice.stop.explanation:
            made["finishMessage"] = choice.stop.explanation
    grounding = write_citations(writer.texts)
    if grounding is not None:
        made["groundingMetadata"] = grounding
    if choice.logprobs:
        made["logprobsResult"] = write_logprobs(choice.logprobs)
    return made


class ShownParts:
    """Writes parts of another format's answer for a Google client, so that it brings back on the next turn what their
    model wants back.
    """

    __slots__ = ("_called", "_held", "_parts", "_written", "texts")

    def __init__(self) -> None:
        self._parts: list[Json] = []
        self._written = 0
        self._called = False
        self._held = ""
        """Google's own signature, for the next part."""
        self.texts: list[tuple[int | None, Text]] = []
        """The texts with the numbers of their parts."""

    def add(self, part: AnyPart) -> None:
        """One more part. What has no place in this format is passed over."""
        match part:
            case Text() | Refusal():
                if part.text:
                    self.put({"text": part.text})
                    if isinstance(part, Text) and part.citations:
                        self.texts.append((self._written - 1, part))
            case ToolCall():
                self._add_call(part)
            case Reasoning():
                self._add_reasoning(part)
            case Image() | Audio() | File():
                self._add_media(part)
            case _:
                pass  # a server's tool of another provider, and its results

    def put(self, value: Json) -> None:
        """A part that is written already."""
        if self._held:
            value["thoughtSignature"] = self._held
            self._held = ""
        self._parts.append(value)
        self._written += 1

    def take(self, *, last: bool = False) -> list[Json]:
        """The parts since the last time. `last`: none will follow."""
        if last:
            self._release()
        parts, self._parts = self._parts, []
        return parts

    def _release(self) -> None:
        if self._held:
            self.put({"text": ""})

    def _add_call(self, call: ToolCall) -> None:
        value: Json = {"functionCall": write_call(call, own=False)}
        if call.signature:
            self._release()
            foreign = Sealed(call.issuer, call.signature)
            value["thoughtSignature"] = call.signature if call.issuer == "google" else wrapped(seal(foreign))
        elif not self._called and not self._held:
            value["thoughtSignature"] = DUMMY  # so that Gemini takes the call, should it answer the next turn
        self._called = True
        self.put(value)

    def _add_reasoning(self, part: Reasoning) -> None:
        text = part.text or "\n\n".join(part.summary)
        signature = part.signature or part.encrypted
        if not signature:
            if text:
                self.put({"text": text, "thought": True})
        elif part.issuer != "google":
            self.put({"text": text, "thought": True, "thoughtSignature": wrapped(proof_of(part))})
        elif text:
            self.put({"text": text, "thought": True, "thoughtSignature": signature})
        else:
            self._release()
            self._held = signature

    def _add_media(self, part: Image | Audio | File) -> None:
        if isinstance(part, Audio) and part.transcript:
            self.put({"text": part.transcript})
        if part.data or part.url:
            kind, value = write_media(part, own=False)
            self.put({kind: value})
