"""One request that follows a call which may be another's, and the ways to tell it an answer.

What is recorded in the client's own words goes out as it comes. Another format is translated as it comes; who wants the
answer in one piece, or as a stream of what is none, gets it from the neutral reply at the end.
"""

from time import monotonic, time
from typing import Final

import msgspec

from trunkline.cache.entry import Entry
from trunkline.cache.replay import events_of
from trunkline.config.cache import Replay
from trunkline.formats.conversation import Reply
from trunkline.formats.conversation import Request as Neutral
from trunkline.formats.dialect import PLAIN
from trunkline.formats.format import StreamWriter
from trunkline.formats.translation import Stamp, Translator
from trunkline.formats.whole_calls import WholeCalls
from trunkline.gateway.bridge import UNNAMED
from trunkline.gateway.charging import row_without_call
from trunkline.gateway.errors import CannotExpress, GatewayError, UpstreamBroken
from trunkline.gateway.flight import Flight
from trunkline.gateway.fronts import RESPONSES
from trunkline.gateway.state import Journey
from trunkline.routing.targets import Target
from trunkline.transport.strand import Signal

OF_THE_CALL: Final = frozenset(
    {
        "target",
        "attempts",
        "tried",
        "passed_over",
        "delivering",
        "waited",
        "first",
        "cost",
        "notes",
        "dropped",
        "explained",
        "capped",
    }
)
"""What the record of the first request says of its call."""

GIVEN: Final = b"x-trunkline-cache: %b\r\nage: %d\r\nx-trunkline-saved: %d.%09d\r\n"
SHOWN: Final = {"hit": b"hit", "stale": b"hit", "outcome": b"hit"}
"""What clients are told of results that only the operator tells apart."""
BILLION: Final = 1_000_000_000

_encode = msgspec.json.Encoder().encode


class Follower:
    """Follows a flight for one request. `over` is set when it has landed."""

    def __init__(self, journey: Journey, flight: Flight, *, first: bool) -> None:
        """`first`: the call is this request's own."""
        self.over: Signal[None] = Signal()
        self._journey = journey
        self._flight = flight
        self._first = first
        self._joined = monotonic()
        self._live = journey.asked.stream and flight.asked.stream and (first or journey.front is not RESPONSES)
        self._begun = False
        self._translator: Translator | None = None
        self._broken: GatewayError | None = None
        self._owes = 0

    # flight.Follows

    def begin(self) -> None:
        if not self._live:
            return
        journey, flight = self._journey, self._flight
        self._begun = True
        self._wait_is_over()
        journey.delivery.failing = flight.call.delivery.failing
        if not self._same_words():
            writer = _writer(journey)
            reader = flight.front.format.reader(PLAIN, journey.snapshot.reply_limit)
            self._translator = Translator(reader, writer, _stamp(journey))
            journey.delivery.failing = writer.fail
        journey.delivery.begin(flight.head if self._first else journey.answer_head(None))
        journey.forget_body()

    def take(self, data: bytes) -> None:
        if not self._begun or self._broken is not None:
            return
        try:
            out = data if self._translator is None else self._translator.feed(data)
        except ValueError as error:
            self._broken = UpstreamBroken(f"The stream cannot be told in this format: {error}.")
            return
        self._journey.delivery.write(out, monotonic())

    def land(self) -> None:
        self.over.set(None)

    def pay(self, share: int) -> None:
        self._owes = share

    # at its end

    def finish(self) -> None:
        """Hand on what is left of the answer. Raises the call's error."""
        journey, flight = self._journey, self._flight
        if self._first:
            told = flight.call.__dict__
            journey.__dict__.update({name: told[name] for name in OF_THE_CALL & told.keys()})
        error = self._broken or flight.error
        if error is not None:
            raise error
        if self._begun:
            self._end_stream()
        else:
            self._wait_is_over()
            self._tell_whole()
        if not self._first:
            self.charge()

    def charge(self) -> None:
        """Record what the request has cost, as it was not its own call."""
        row, journey = self._flight.row, self._journey
        if row is not None:
            told = row_without_call(
                journey, Target(row.provider, row.model), row.finish, self._owes, row.cost - self._owes
            )
            journey.cost = self._owes
            journey.gateway.ledger.settle(told, None)

    def _end_stream(self) -> None:
        delivery, translator = self._journey.delivery, self._translator
        if translator is not None:
            delivery.write(translator.close() + translator.terminator, monotonic())
        delivery.end()

    def _tell_whole(self) -> None:
        journey, flight = self._journey, self._flight
        head = flight.head if self._first else journey.answer_head(self._owes)
        if flight.whole and self._same_words() and (self._first or journey.front is not RESPONSES):
            journey.delivery.whole(head, flight.pieces[0])
            return
        reply = flight.reply()
        if reply is None:
            raise UpstreamBroken("The answer that this request shares cannot be told in this format.")
        tell(journey, head, told(journey, reply, "pieces"))

    def _same_words(self) -> bool:
        """Whether what is recorded is what this client is to get."""
        own, call = self._journey.asked, self._flight.asked
        return (
            self._flight.front == self._journey.front
            and own.stream == call.stream
            and (not own.stream or own.usage_wanted == call.usage_wanted)
        )

    def _wait_is_over(self) -> None:
        journey, call = self._journey, self._flight.call
        if self._first:
            journey.waited, journey.first = call.waited, call.first
        else:
            journey.target, journey.capped = call.target, call.capped
            journey.first_output(monotonic() - self._joined)


def told(journey: Journey, reply: Reply, replay: Replay) -> bytes:
    """A neutral reply as the client wants it: whole, or as a stream."""
    _stamp(journey).put(reply)
    if not journey.asked.stream:
        return _encode(journey.front.format.write_reply(reply, _request(journey)))
    writer = _writer(journey)
    return b"".join([writer.feed(each) for each in events_of(reply, in_pieces=replay == "pieces")]) + writer.end()


def tell(journey: Journey, head: bytes, body: bytes) -> None:
    """Answer with what `told` gave."""
    if journey.front is RESPONSES:
        body = _kept_response(journey, body)
    if journey.asked.stream:
        journey.delivery.streamed(head, body)
    else:
        journey.delivery.whole(head, body)


def give(journey: Journey, entry: Entry, body: bytes, result: str, age: float, saved: int) -> None:
    """Answer with what is kept, as `told` gave it, and record that. `age`: seconds; `saved`: nano-dollars."""
    gateway = journey.gateway
    gateway.metrics.event("cache", result)
    journey.told_of_cache = GIVEN % (SHOWN.get(result) or result.encode(), max(0, int(age)), *divmod(saved, BILLION))
    journey.target = target = Target(entry.provider, entry.model)
    journey.first_output(0.0)
    journey.cost = 0
    tell(journey, journey.answer_head(0), body)
    gateway.ledger.settle(row_without_call(journey, target, entry.finish, 0, saved), None)


def _kept_response(journey: Journey, body: bytes) -> bytes:
    """A response with an id of its own, by which the client can go on from it."""
    following = journey.following
    assert following is not None  # every request for a response has one
    following.answered_by(passes=True, keeps=False)
    body = following.streamed(body) if journey.asked.stream else following.whole(body)
    assert journey.target is not None  # whoever answered first
    following.keep(journey.target, minted_upstream=False, keep=journey.snapshot.config.responses.keep)
    return body


def _request(journey: Journey) -> Neutral:
    try:
        return journey.in_full()
    except CannotExpress:  # only its own format understands it, and that needs no more of it
        asked, spoken = journey.asked, journey.front.format.name
        return Neutral(format=spoken, model=asked.model, stream=asked.stream, stream_usage=asked.usage_wanted)


def _writer(journey: Journey) -> StreamWriter:
    writer = journey.front.format.writer(_request(journey))
    return WholeCalls(writer) if journey.front.place.whole_calls else writer


def _stamp(journey: Journey) -> Stamp:
    known = UNNAMED.get(journey.front.format.name, "") + journey.id
    return Stamp(known, journey.asked.model, int(time()))
