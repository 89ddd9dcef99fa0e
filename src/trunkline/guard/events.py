"""A streamed reply under a policy: every text of it through a `StreamScreen` of its own."""

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from trunkline.formats.conversation import AnyPart, Audio, Delta, Event, Reasoning, Refusal, Text, ToolCall
from trunkline.guard.policy import Policy
from trunkline.guard.pseudonyms import Pseudonyms
from trunkline.guard.screen import REASONING
from trunkline.guard.stream import StreamScreen
from trunkline.guard.texts import part_pieces, with_part_edits
from trunkline.guard.values import Finding, Piece

Place = tuple[int, int]
"""Of a part: its choice and its number."""

_STREAMED: Final[dict[type[AnyPart], str]] = {
    Text: "text",
    Refusal: "text",
    Reasoning: "text",
    ToolCall: "arguments",
    Audio: "transcript",
}
"""The field of a part that comes piece by piece."""


class EventScreen:
    """The output rules of a policy over the events of one reply.

    Log probabilities are left out, for they spell the text. Text that is held back comes in the event that ends its
    part, its choice or the stream.
    """

    def __init__(self, policy: Policy, pseudonyms: Pseudonyms | None = None) -> None:
        self._policy = policy
        self._pseudonyms = pseudonyms
        self._texts: dict[Place, tuple[type[AnyPart], StreamScreen]] = {}
        self._findings: list[Finding] = []
        self.blocked: Finding | None = None
        """The decision that ends the stream: nothing is released after it."""

    @property
    def findings(self) -> list[Finding]:
        """Every decision so far."""
        under_way = (finding for _, stream in self._texts.values() for finding in stream.findings)
        return [*self._findings, *under_way]

    def feed(self, event: Event) -> Event:
        """The event with what may be released. When `blocked` is set after it, only its own deltas are empty."""
        deltas: list[Delta] = []
        for delta in event.deltas:
            deltas.extend(self._delta(delta))
        over = [place for place in self._texts if event.ends or place[0] in event.stops]
        deltas.extend(self._finished(over))
        return msgspec.structs.replace(event, deltas=[] if self.blocked else deltas)

    def _delta(self, delta: Delta) -> Iterator[Delta]:
        piece = delta.piece
        if piece is not None:
            delta = msgspec.structs.replace(delta, piece=self._released(delta, piece), logprobs=None)
        if not delta.ends:
            yield delta
            return
        yield msgspec.structs.replace(delta, ends=False)
        yield from self._finished([(delta.choice, delta.part)])
        yield Delta(choice=delta.choice, part=delta.part, ends=True)

    def _released(self, delta: Delta, piece: AnyPart) -> AnyPart:
        """What may be released of a piece."""
        place = (delta.choice, delta.part)
        path = f"choices[{delta.choice}].parts[{delta.part}]"
        if isinstance(piece, ToolCall) and piece.name:
            self._note(self._policy.refused_call(piece.name, path))
        field = _STREAMED.get(type(piece))
        beside = [each for each in part_pieces(piece, path) if field is None or each.path != f"{path}.{field}"]
        if beside:  # what comes whole
            verdict = self._policy.output.screen(beside, self._pseudonyms, restore=True)
            self._findings += verdict.findings
            self.blocked = self.blocked or verdict.blocked
            piece = with_part_edits(piece, path, verdict.edits)
        text = getattr(piece, field) if field else ""
        if field and text:
            stream = self._stream(place, type(piece), f"{path}.{field}")
            piece = msgspec.structs.replace(piece, **{field: stream.feed(text)})
            self.blocked = self.blocked or stream.blocked
        return piece

    def _stream(self, place: Place, kind: type[AnyPart], path: str) -> StreamScreen:
        known = self._texts.get(place)
        if known is not None:
            return known[1]
        thought = kind is Reasoning
        piece = Piece(path, "", REASONING if thought else "assistant", "json" if kind is ToolCall else "text")
        stream = StreamScreen(self._policy.output, piece, None if thought else self._pseudonyms)
        self._texts[place] = (kind, stream)
        return stream

    def _finished(self, places: Iterable[Place]) -> Iterator[Delta]:
        """What was held back of texts that are over."""
        for place in places:
            if place not in self._texts:
                continue
            kind, stream = self._texts.pop(place)
            rest = stream.finish()
            self._findings += stream.findings
            self.blocked = self.blocked or stream.blocked
            if kind is Text:  # where its shape is bound, the text was held back whole
                self._note(self._policy.misshapen(rest, stream.path))
            if rest:
                yield Delta(
                    choice=place[0], part=place[1], piece=msgspec.structs.replace(kind(), **{_STREAMED[kind]: rest})
                )

    def _note(self, finding: Finding | None) -> None:
        if finding is not None:
            self._findings.append(finding)
            self.blocked = self.blocked or finding
