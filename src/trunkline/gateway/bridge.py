"""Between what the client speaks and what the provider speaks: for one attempt, its request, its reply, its refusal.

Where both speak the same format, `Passing` hands the bytes on and only looks at them. Where they do not, `Translating`
reads the one and writes the other. Whoever runs an attempt need not know which.
"""

from collections.abc import Mapping
from typing import Any, Protocol

import msgspec

from trunkline.formats.conversation import Request
from trunkline.formats.dialect import Dialect
from trunkline.formats.document import Document
from trunkline.formats.folding import unfold
from trunkline.formats.format import Asked, Format, Problem, ReplyFacts, Scanner, StreamWriter
from trunkline.formats.losses import Losses
from trunkline.formats.translation import Translator
from trunkline.formats.whole_calls import WholeCalls

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


class Bridge(Protocol):
    """One way from a client's format to a provider's and back."""

    @property
    def back(self) -> Format:
        """What the provider speaks."""

    @property
    def passes(self) -> bool:
        """Bytes are handed on as they are."""

    @property
    def dropped(self) -> tuple[str, ...]:
        """What the provider's format had no words for, as paths in the client's request, once `body` was called."""

    def body(self, document: Document, asked: Asked, model: str) -> bytes:
        """The request for the provider, under its own name of the model. Raises `CannotCarry`."""

    def scanner(self, asked: Asked, limit: int) -> Scanner:
        """What follows the provider's stream and gives what the client is to get."""

    def reply(self, body: bytes) -> tuple[ReplyFacts, bytes]:
        """What a whole reply says, and the reply as the client is to get it. Raises `ValueError` for what is none."""

    def streamed(self, body: bytes) -> tuple[ReplyFacts, bytes]:
        """The same, as the stream that the client asked for and the provider did not give."""

    def refusal(self, problem: Problem) -> bytes | None:
        """The provider's refusal in the client's words; None where its own are the client's, too."""

    def fail(self, problem: Problem) -> bytes:
        """The last event of the stream that `scanner` follows, when it fails."""


class Passing:
    """Client and provider speak the same format. Holds nothing of a request, so one serves them all."""

    __slots__ = ("_dialect", "_edit", "_laid", "_scanner", "back", "reply")

    passes = True
    dropped: tuple[str, ...] = ()

    def __init__(self, spoken: Format, dialect: Dialect, laid: Mapping[str, object]) -> None:
        """`laid` are fields that this provider wants in every request; None takes one out."""
        self.back = spoken
        self._laid = laid
        self._dialect = dialect
        self._edit = spoken.edit
        self._scanner = spoken.scanner
        look = spoken.look_reply
        self.reply = lambda body: (look(body), body)

    def body(self, document: Document, asked: Asked, model: str) -> bytes:
        if self._laid:
            document = document.with_fields(self._laid)
        return self._edit(document, asked, model, self._dialect)

    def scanner(self, asked: Asked, limit: int) -> Scanner:
        return self._scanner(asked, self._dialect, limit)

    def streamed(self, body: bytes) -> tuple[ReplyFacts, bytes]:
        request = Request(format=self.back.name, stream=True)
        return _streamed(self.back, self.back, self._dialect, request, body)

    def refusal(self, problem: Problem) -> None:
        del problem

    def fail(self, problem: Problem) -> bytes:
        return self.back.writer(Request(format=self.back.name, stream=True)).fail(problem)


class Translating:
    """They speak different ones. Made for one request and one target."""

    __slots__ = ("_dialect", "_front", "_laid", "_losses", "_reply_id", "_request", "_whole_calls", "_writer", "back")

    passes = False

    def __init__(
        self,
        front: Format,
        back: Format,
        dialect: Dialect,
        request: Request,
        laid: Mapping[str, object],
        *,
        drop_all: bool,
        whole_calls: bool,
        reply_id: str,
    ) -> None:
        """`reply_id`, where it is not empty, is the reply's id whatever the provider calls it."""
        self._front = front
        self.back = back
        self._laid = laid
        self._dialect = dialect
        self._request = request
        self._losses = Losses(drop_all=drop_all)
        self._whole_calls = whole_calls
        self._reply_id = reply_id
        self._writer: StreamWriter | None = None

    @property
    def dropped(self) -> tuple[str, ...]:
        return tuple(self._losses.dropped)

    def body(self, document: Document, asked: Asked, model: str) -> bytes:
        del document, asked  # the neutral request says it all
        self._request = msgspec.structs.replace(self._request, model=model)
        value = self.back.write_request(self._request, self._dialect, self._losses)
        if self._laid:
            value = {name: field for name, field in {**value, **self._laid}.items() if field is not None}
        return _encode(value)

    def scanner(self, asked: Asked, limit: int) -> Scanner:
        del asked
        writer = self._front.writer(self._request)
        self._writer = WholeCalls(writer) if self._whole_calls else writer
        return Translator(self.back.reader(self._dialect, limit), self._writer, self._reply_id)

    def reply(self, body: bytes) -> tuple[ReplyFacts, bytes]:
        facts = self.back.look_reply(body)
        if facts.error is not None:
            return facts, body
        reply = self.back.read_reply(_object(body), self._dialect)
        reply.id = self._reply_id or reply.id
        return facts, _encode(self._front.write_reply(reply, self._request))

    def streamed(self, body: bytes) -> tuple[ReplyFacts, bytes]:
        return _streamed(self._front, self.back, self._dialect, self._request, body)

    def refusal(self, problem: Problem) -> bytes:
        return self._front.write_error(problem)

    def fail(self, problem: Problem) -> bytes:
        return (self._writer or self._front.writer(self._request)).fail(problem)


def _object(body: bytes) -> dict[str, Any]:
    value = _decode(body)
    if not isinstance(value, dict):
        raise ValueError("the reply is not a JSON object")  # noqa: TRY004  # a wrong value, not a wrong call
    return value


def _streamed(front: Format, back: Format, dialect: Dialect, request: Request, body: bytes) -> tuple[ReplyFacts, bytes]:
    facts = back.look_reply(body)
    if facts.error is not None:
        return facts, body
    writer = front.writer(request)
    events = unfold(back.read_reply(_object(body), dialect))
    return facts, b"".join([writer.feed(event) for event in events]) + writer.end()
