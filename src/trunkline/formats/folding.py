"""A stream and a whole reply say the same: `fold` makes a reply of events, `unfold` events of a reply."""

from collections.abc import Iterable, Iterator

from trunkline.formats.conversation import (
    AnyPart,
    Audio,
    Choice,
    Delta,
    Event,
    FormatName,
    Reasoning,
    Refusal,
    Reply,
    Text,
    ToolCall,
)

_APPENDED = frozenset({"text", "arguments", "data", "transcript", "signature", "encrypted"})
"""String fields of a piece that add to what is there; others replace it."""


class Folding:
    """A reply that is still being built."""

    def __init__(self, source: FormatName) -> None:
        self.reply = Reply(format=source)
        self._choices: dict[int, Choice] = {}
        self._parts: dict[tuple[int, int], AnyPart] = {}

    def add(self, event: Event) -> None:
        """Take in one event."""
        reply = self.reply
        reply.id = reply.id or event.id
        reply.model = reply.model or event.model
        reply.created = reply.created or event.created
        reply.service_tier = event.service_tier or reply.service_tier
        reply.usage = event.usage or reply.usage
        reply.reported = event.reported or reply.reported
        for delta in event.deltas:
            self._add_delta(delta)
        for index, stop in event.stops.items():
            self._choice(index).stop = stop

    def _add_delta(self, delta: Delta) -> None:
        choice = self._choice(delta.choice)
        if delta.logprobs:
            choice.logprobs = [*(choice.logprobs or []), *delta.logprobs]
        piece = delta.piece
        if piece is None:
            return
        key = (delta.choice, delta.part)
        part = self._parts.get(key)
        if part is None:
            part = self._parts[key] = type(piece)()
            choice.parts.append(part)
        if type(part) is type(piece):
            add(part, piece)

    def _choice(self, index: int) -> Choice:
        choice = self._choices.get(index)
        if choice is None:
            choice = self._choices[index] = Choice(index=index)
            self.reply.choices.append(choice)
        return choice


def add(part: AnyPart, piece: AnyPart) -> None:
    """Add `piece` to `part`, which is of the same kind."""
    for name in part.__struct_fields__:
        new = getattr(piece, name)
        if name in ("spelling", "continues") or new is None or new == "" or new == [] or new == {}:
            continue
        old = getattr(part, name)
        if name in _APPENDED:
            new = old + new
        elif name == "summary" and old and isinstance(piece, Reasoning) and piece.continues:
            new = [*old[:-1], old[-1] + new[0], *new[1:]]
        elif name == "summary" or name == "citations":
            new = [*old, *new]
        elif name == "extras":
            new = {source: {**old.get(source, {}), **fields} for source, fields in new.items()}
        setattr(part, name, new)


def shown(piece: Reasoning, *, begun: bool) -> str:
    """The words of a piece of reasoning, with an empty line between its texts. `begun`: others of it came before."""
    said = piece.text
    for number, words in enumerate(piece.summary):
        goes_on = piece.continues and not number
        said += f"\n\n{words}" if words and not goes_on and (begun or said) else words
    return said


def fold(events: Iterable[Event], source: FormatName) -> Reply:
    """The reply that a stream amounts to."""
    folding = Folding(source)
    for event in events:
        folding.add(event)
    return folding.reply


def unfold(reply: Reply) -> Iterator[Event]:
    """A stream that amounts to `reply`: one event for the start, one for each part, one for the end."""
    yield Event(id=reply.id, model=reply.model, created=reply.created, service_tier=reply.service_tier, starts=True)
    for choice in reply.choices:
        for delta in _deltas(choice):
            yield Event(id=reply.id, model=reply.model, created=reply.created, deltas=[delta])
    stops = {choice.index: choice.stop for choice in reply.choices if choice.stop is not None}
    yield Event(
        id=reply.id,
        model=reply.model,
        created=reply.created,
        stops=stops,
        usage=reply.usage,
        reported=reply.reported,
        ends=True,
    )


def _deltas(choice: Choice) -> Iterator[Delta]:
    """A delta for each part. The log probabilities, which are a choice's, come with its first words."""
    logprobs = choice.logprobs
    for number, part in enumerate(choice.parts):
        delta = Delta(choice=choice.index, part=number, piece=part, begins=True, ends=True)
        if logprobs and isinstance(part, Text | Refusal):
            delta.logprobs, logprobs = logprobs, None
        yield delta
    if logprobs:
        yield Delta(choice=choice.index, part=len(choice.parts), logprobs=logprobs)


def carries_output(event: Event) -> bool:
    """Whether an event brings something a client waits for: text, reasoning, a call, a sound, or an end."""
    return bool(event.stops) or any(_says_something(delta.piece) for delta in event.deltas)


def _says_something(part: AnyPart | None) -> bool:
    match part:
        case None:
            return False
        case Text() | Refusal():
            return bool(part.text)
        case Reasoning():
            return bool(part.text or part.encrypted or part.summary or part.signature)
        case ToolCall():
            return bool(part.name or part.arguments)
        case Audio():
            return bool(part.data or part.transcript)
        case _:
            return True
