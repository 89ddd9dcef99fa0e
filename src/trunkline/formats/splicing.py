"""One stream for the client out of two of providers: what the second says goes on where the first broke off.

`Told` writes the stream, in the client's format, whoever says it, and knows what it has told. `Splice` stands between
it and the events of a provider that was asked to go on. `going_on` is the request that asks for it.
"""

from typing import Final

from msgspec.structs import replace

from trunkline.formats.aligning import Aligner, Unaligned, last_words
from trunkline.formats.conversation import Delta, Event, Message, Reasoning, Refusal, Request, Text, Usage
from trunkline.formats.format import Problem, StreamError, StreamWriter

LONGEST: Final = 400_000
"""Characters beyond which an answer is not gone on with: what repeats it would have to be held."""
LEAST_OUTPUT: Final = 64
"""Tokens that a model which goes on may produce at least, however near the client's cap the answer is."""
ASKED = (
    "Your answer was broken off by a fault of the connection, right behind its last words. Go on with it. Begin by "
    "writing these last words once more, exactly as they stand there:\n\n{words}\n\nand then write what follows them, "
    "as if nothing had happened. No introduction, no remark, and nothing of what stands before these words."
)
"""To a model that does not go on by itself with what the assistant has said."""


def may_be_continued(request: Request) -> bool:
    """Whether an answer to it can be put together out of two: one answer, in words."""
    plain = request.output is None or request.output.kind == "text"
    return plain and (request.choices or 1) == 1 and not request.logprobs and not request.top_logprobs


def going_on(request: Request, told: "Told", *, prefills: bool) -> tuple[Request, str]:
    """The request for the rest of an answer, and the words that it is asked to begin with: none where the model goes on
    by itself (`prefills`), which it does behind words.
    """
    said = told.text
    if request.max_output is not None and request.thinking is None:
        least = min(LEAST_OUTPUT, request.max_output)
        request = replace(request, max_output=max(request.max_output - told.pieces, least))
    if not said.strip():
        return request, ""
    messages = [*request.messages, Message(role="assistant", parts=[Text(text=said)], plain=True)]
    if prefills and not said[-1].isspace() and any(map(str.isalnum, said)):
        return replace(request, messages=messages), ""
    words = last_words(said)
    asked = Text(text=ASKED.format(words=words))
    return replace(request, messages=[*messages, Message(role="user", parts=[asked], plain=True)]), words


class Told:
    """A `StreamWriter` that knows what it has told."""

    __slots__ = (
        "_said",
        "_size",
        "_writer",
        "created",
        "id",
        "model",
        "next",
        "part",
        "pieces",
        "stopped",
        "usage",
        "words_only",
    )

    def __init__(self, writer: StreamWriter) -> None:
        self._writer = writer
        self._said: list[str] = []
        self._size = 0
        self.id = ""
        self.model = ""
        self.created: int | None = None
        self.words_only = True
        """It has told nothing but text and reasoning, of one answer."""
        self.stopped = False
        """It has told why the answer ended: nothing but the end itself is missing."""
        self.part: int | None = None
        """Number of the text that is open."""
        self.next = 0
        """Number of the next part."""
        self.pieces = 0
        """Events that brought something: nearly one for a token."""
        self.usage = Usage()

    @property
    def size(self) -> int:
        """Characters of words so far."""
        return self._size

    @property
    def text(self) -> str:
        """All the words."""
        return "".join(self._said)

    @property
    def may_go_on(self) -> bool:
        """Whether somebody else can go on with it."""
        return self.words_only and not self.stopped and self._size <= LONGEST

    @property
    def produced(self) -> Usage:
        """The output so far, as told or counted."""
        return replace(self.usage, output=max(self.usage.output, self.pieces))

    def feed(self, event: Event) -> bytes:
        self._note(event)
        if event.extras or event.kind or event.spelling:
            event = replace(event, extras={}, kind="", spelling={}, reported=None)  # the next may be of another format
        return self._writer.feed(event)

    def _note(self, event: Event) -> None:
        self.id = self.id or event.id
        self.model = self.model or event.model
        self.created = self.created or event.created
        self.usage = event.usage or self.usage
        self.stopped = self.stopped or bool(event.stops)
        self.pieces += bool(event.deltas)
        for delta in event.deltas:
            self._note_delta(delta)

    def _note_delta(self, delta: Delta) -> None:
        piece = delta.piece
        self.next = max(self.next, delta.part + 1)
        if delta.choice or not (piece is None or isinstance(piece, Text | Reasoning)):
            self.words_only = False
        if isinstance(piece, Text):
            if piece.text:
                self._said.append(piece.text)
                self._size += len(piece.text)
            self.part = delta.part
        elif piece is not None:
            self.part = None
        if delta.ends:
            self.part = None

    def end(self) -> bytes:
        return self._writer.end()

    def fail(self, problem: Problem) -> bytes:
        return self._writer.fail(problem)


class Splice:
    """A `StreamWriter` that lets through what goes on from where `told` stands."""

    __slots__ = ("_aligner", "_before", "_numbers", "_text", "_told")

    def __init__(self, told: Told, words: str) -> None:
        """`words` are those that the model was asked to begin with."""
        said = told.text
        self._told = told
        self._before = told.produced
        self._aligner: Aligner | None = Aligner(said, words) if said.strip() else None
        self._text = told.part
        """Number of the part that the next words belong to, as it was told; None: of a new one."""
        self._numbers: dict[int, int] = {}
        """Number of a part at this provider → as it is told."""

    def feed(self, event: Event) -> bytes:
        """Raises `StreamError` for what does not go on from there."""
        told = self._told
        try:
            deltas = [put for delta in event.deltas for put in self._put(delta)]
            if event.stops or event.ends:
                deltas += self._decided()
        except Unaligned as error:
            raise StreamError(str(error)) from None
        usage = event.usage
        if usage is not None:
            before = self._before
            usage = replace(usage, output=before.output + usage.output, reasoning=before.reasoning + usage.reasoning)
        return told.feed(
            replace(
                event,
                id=told.id or event.id,
                model=told.model or event.model,
                created=told.created or event.created,
                starts=False,
                deltas=deltas,
                usage=usage,
                reported=None,
            )
        )

    def _put(self, delta: Delta) -> list[Delta]:
        """What is told for a piece. Raises `Unaligned`."""
        piece = delta.piece
        if delta.choice or piece is None:
            return []
        if isinstance(piece, Reasoning) and self._told.text.strip():
            return []  # how it thought about going on
        if self._aligner is None:
            piece = _unplaced(piece) if isinstance(piece, Text) else piece
            return [replace(delta, part=self._number(delta), piece=piece)]
        if isinstance(piece, Text):
            rest = self._aligner.feed(piece.text)
            if rest is None:
                return []
            self._aligner = None
            return [replace(delta, part=self._number(delta), piece=Text(text=rest))]
        if isinstance(piece, Refusal):
            raise Unaligned("the model will not go on")
        return [*self._decided(), replace(delta, part=self._number(delta))]

    def _decided(self) -> list[Delta]:
        """What is still held, as it is the end of the words. Raises `Unaligned`."""
        if self._aligner is None:
            return []
        rest, self._aligner = self._aligner.finish(), None
        delta = Delta(choice=0, part=-1, piece=Text(text=rest))
        return [replace(delta, part=self._number(delta))] if rest else []

    def _number(self, delta: Delta) -> int:
        """The first words go into the text that is open, everything else into parts of its own."""
        number = self._numbers.get(delta.part)
        if number is None:
            if isinstance(delta.piece, Text) and self._text is not None:
                number = self._text
            else:
                number = self._told.next
                self._told.next += 1
            self._text = None
            self._numbers[delta.part] = number
        return number

    def end(self) -> bytes:
        return self._told.end()

    def fail(self, problem: Problem) -> bytes:
        return self._told.fail(problem)


def _unplaced(text: Text) -> Text:
    """Without where its citations stand, which was counted in this provider's text alone."""
    if not text.citations:
        return text
    return replace(text, citations=[replace(citation, start=None, end=None) for citation in text.citations])
