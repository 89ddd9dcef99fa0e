"""For clients that take a streamed tool call only whole (the SDK of Mistral): its pieces are held until its end."""

from msgspec.structs import replace

from trunkline.formats.conversation import Delta, Event, ToolCall
from trunkline.formats.folding import add
from trunkline.formats.format import Problem, StreamWriter


class WholeCalls:
    """A `StreamWriter` whose calls are whole."""

    __slots__ = ("_held", "_writer")

    def __init__(self, writer: StreamWriter) -> None:
        self._writer = writer
        self._held: dict[tuple[int, int], Delta] = {}

    def feed(self, event: Event) -> bytes:
        passing: list[Delta] = []
        for delta in event.deltas:
            if isinstance(delta.piece, ToolCall):
                self._hold(delta, delta.piece)
            else:
                passing.append(delta)
        if event.stops or event.ends or event.error is not None:
            passing += self._held.values()
            self._held = {}
        elif event.deltas and not passing and not event.starts and event.usage is None:
            return b""
        return self._writer.feed(replace(event, deltas=passing))

    def _hold(self, delta: Delta, piece: ToolCall) -> None:
        held = self._held.get((delta.choice, delta.part))
        if held is None:
            self._held[delta.choice, delta.part] = replace(delta, piece=replace(piece), ends=True)
        elif isinstance(held.piece, ToolCall):
            add(held.piece, piece)

    def end(self) -> bytes:
        return self._writer.end()

    def fail(self, problem: Problem) -> bytes:
        return self._writer.fail(problem)
