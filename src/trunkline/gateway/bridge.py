"""Between what the client speaks and what the provider speaks: for one attempt, its request, its reply, its refusal.

Where both speak the same format, `Passing` hands the bytes on and only looks at them. Where they do not, `Translating`
reads the one and writes the other. Whoever runs an attempt need not know which.
"""

import time
from collections.abc import Mapping
from typing import Any, Protocol

import msgspec

from trunkline.formats.capping import cap_fields
from trunkline.formats.conversation import Reply, Request
from trunkline.formats.dialect import Dialect
from trunkline.formats.document import Document
from trunkline.formats.folding import unfold
from trunkline.formats.format import Asked, Format, Problem, ReplyFacts, Scanner, StreamWriter
from trunkline.formats.losses import Losses
from trunkline.formats.renaming import Renamed, rename
from trunkline.formats.splicing import Told
from trunkline.formats.translation import Stamp, Translator
from trunkline.formats.whole_calls import WholeCalls
from trunkline.gateway.watching import Watch

UNNAMED = {"openai_chat": "chatcmpl-", "openai_completions": "cmpl-", "anthropic_messages": "msg_"}
"""How the id begins, in the client's format, of a reply to which its provider gave none."""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


class Bridge(Protocol):
    """One way from a client's format to a provider's and back."""

    @property
    def told(self) -> Told | None:
        """What the client has been told, where somebody else may go on with it."""

    @property
    def back(self) -> Format:
        """What the provider speaks."""

    @property
    def passes(self) -> bool:
        """Bytes are handed on as they are."""

    def body(self, document: Document, asked: Asked, model: str, losses: Losses) -> bytes:
        """The request for the provider, under its own name of the model. What the provider cannot take of it is told
        to `losses`. Raises `CannotCarry`.
        """

    def capped(self, document: Document, most: int) -> Document:
        """What `body` is to be given, so that each choice has at most so many tokens of output."""

    def scanner(self, asked: Asked, limit: int) -> Scanner:
        """What follows the provider's stream and gives what the client is to get."""

    def reply(self, body: bytes) -> tuple[ReplyFacts, bytes]:
        """What a whole reply says, and the reply as the client is to get it. Raises `ValueError` for what is none."""

    def streamed(self, body: bytes, asked: Asked) -> tuple[ReplyFacts, bytes]:
        """The same, as the stream that the client asked for and the provider did not give."""

    def refusal(self, problem: Problem) -> bytes | None:
        """The provider's refusal in the client's words; None where its own are the client's, too."""

    def fail(self, problem: Problem) -> bytes:
        """The last event of the stream that `scanner` follows, when it fails."""


class Passing:
    """Client and provider speak the same format. Holds nothing of a request, so one serves them all."""

    __slots__ = ("_dialect", "_edit", "_laid", "_scanner", "back", "reply")

    passes = True
    told = None

    def __init__(self, spoken: Format, dialect: Dialect, laid: Mapping[str, object]) -> None:
        """`laid` are fields that this provider wants in every request; None takes one out."""
        self.back = spoken
        self._laid = laid
        self._dialect = dialect
        self._edit = spoken.edit
        self._scanner = spoken.scanner
        look = spoken.look_reply
        self.reply = lambda body: (look(body), body)

    def takes(self, value: dict[str, Any]) -> bool:
        """Whether the provider takes a request as it is, as far as that is known."""
        return self.back.fits(value, self._dialect)

    def body(self, document: Document, asked: Asked, model: str, losses: Losses) -> bytes:
        if self._laid:
            document = document.with_fields(self._laid)
        return self._edit(document, asked, model, self._dialect, losses)

    def capped(self, document: Document, most: int) -> Document:
        return document.with_fields(cap_fields(self.back.name, document, most, self._dialect))

    def scanner(self, asked: Asked, limit: int) -> Scanner:
        return self._scanner(asked, self._dialect, limit)

    def streamed(self, body: bytes, asked: Asked) -> tuple[ReplyFacts, bytes]:
        request = Request(format=self.back.name, stream=True, stream_usage=asked.usage_wanted)
        facts = self.back.look_reply(body)
        if facts.error is not None:
            return facts, body
        return facts, _as_stream(self.back.writer(request), _read(self.back, body, self._dialect))

    def refusal(self, problem: Problem) -> None:
        del problem

    def fail(self, problem: Problem) -> bytes:
        return self.back.writer(Request(format=self.back.name, stream=True)).fail(problem)


class Translating:
    """They speak different ones. Made for one request and one target."""

    __slots__ = (
        "_dialect",
        "_front",
        "_laid",
        "_renamed",
        "_request",
        "_stamp",
        "_watch",
        "_whole_calls",
        "_writer",
        "back",
    )

    passes = False
    told = None

    def __init__(
        self,
        front: Format,
        back: Format,
        dialect: Dialect,
        request: Request,
        laid: Mapping[str, object],
        *,
        whole_calls: bool,
        reply_id: str,
        request_id: str = "",
        watch: Watch | None = None,
    ) -> None:
        """`reply_id`, where it is not empty, is the reply's id whatever the provider calls it; `request_id` makes the
        id of a reply that has none. `watch` says what may be handed on.
        """
        self._watch = watch
        self._front = front
        self.back = back
        self._laid = laid
        self._dialect = dialect
        self._request = request
        self._whole_calls = whole_calls
        known = reply_id or UNNAMED.get(front.name, "") + request_id
        self._stamp = Stamp(known, request.model, 0, renames=bool(reply_id))
        self._writer: StreamWriter | None = None
        self._renamed = Renamed()

    def body(self, document: Document, asked: Asked, model: str, losses: Losses) -> bytes:
        del document, asked  # the neutral request says it all
        request = msgspec.structs.replace(self._request, model=model)
        renamed, self._renamed = rename(request, self.back, self._dialect, losses)
        value = self.back.write_request(renamed, self._dialect, losses)
        if self._laid:
            value = {name: field for name, field in {**value, **self._laid}.items() if field is not None}
        self._stamp = msgspec.structs.replace(self._stamp, model=model, created=int(time.time()))
        self._request = msgspec.structs.replace(request, messages=[])  # they may be long, and the reply may take long
        return _encode(value)

    def capped(self, document: Document, most: int) -> Document:
        self._request = msgspec.structs.replace(self._request, max_output=most)
        return document

    def scanner(self, asked: Asked, limit: int) -> Scanner:
        del asked
        writer = self._front.writer(self._request)
        if self._watch is not None:
            writer = self._watch.writer(WholeCalls(writer) if self._whole_calls else writer)
        return self.translator(writer, limit)

    def translator(self, writer: StreamWriter, limit: int) -> Translator:
        """What follows the provider's stream and has it written by `writer`, which speaks the client's format."""
        if self._renamed:
            writer = self._renamed.writer(writer)
        self._writer = WholeCalls(writer) if self._whole_calls or self._renamed.properties else writer
        self._request = Request(format=self._front.name)  # the writer has what it needs of it
        return Translator(self.back.reader(self._dialect, limit), self._writer, self._stamp)

    def reply(self, body: bytes) -> tuple[ReplyFacts, bytes]:
        facts = self.back.look_reply(body)
        if facts.error is not None:
            return facts, body
        return facts, _encode(self._front.write_reply(self._read(body), self._request))

    def streamed(self, body: bytes, asked: Asked) -> tuple[ReplyFacts, bytes]:
        del asked
        return self.streamed_by(self._front.writer(self._request), body)

    def streamed_by(self, writer: StreamWriter, body: bytes) -> tuple[ReplyFacts, bytes]:
        """The same, written by `writer`, which speaks the client's format."""
        facts = self.back.look_reply(body)
        if facts.error is not None:
            return facts, body
        return facts, _as_stream(writer, self._read(body))

    def _read(self, body: bytes) -> Reply:
        reply = _read(self.back, body, self._dialect)
        self._stamp.put(reply)
        if self._renamed:
            self._renamed.restore(reply)
        return reply if self._watch is None else self._watch.reply(reply)

    def refusal(self, problem: Problem) -> bytes:
        return self._front.write_error(problem)

    def fail(self, problem: Problem) -> bytes:
        return (self._writer or self._front.writer(self._request)).fail(problem)


class Watched:
    """Requests pass, and answers are read, watched and written. Made for one request and one target."""

    __slots__ = ("_passing", "_translating", "_watch", "back", "body", "capped", "fail", "scanner", "streamed")

    passes = True
    told = None

    def __init__(self, passing: Passing, translating: Translating, watch: Watch) -> None:
        """`translating` leads from the format to itself, and has the same `watch`."""
        self._passing = passing
        self._translating = translating
        self._watch = watch
        self.back = passing.back
        self.body = passing.body
        self.capped = passing.capped
        self.scanner = translating.scanner
        self.streamed = translating.streamed
        self.fail = translating.fail

    def reply(self, body: bytes) -> tuple[ReplyFacts, bytes]:
        facts, written = self._translating.reply(body)
        return facts, written if self._watch.changed else body

    def refusal(self, problem: Problem) -> None:
        del problem


def _read(spoken: Format, body: bytes, dialect: Dialect) -> Reply:
    try:
        value: Any = _decode(body)
        if not isinstance(value, dict):
            raise ValueError("the reply is not a JSON object")  # noqa: TRY004  # a wrong value, not a wrong call
        return spoken.read_reply(value, dialect)
    except RecursionError:
        raise ValueError("the reply is nested too deeply") from None


def _as_stream(writer: StreamWriter, reply: Reply) -> bytes:
    return b"".join([writer.feed(event) for event in unfold(reply)]) + writer.end()
