"""A stream on its way from one format to another: what it says of itself, when it has begun, how it ends."""

from typing import Any

import pytest

from trunkline.formats.conversation import Delta, Event, Stop, Text, ToolCall, Usage
from trunkline.formats.format import Problem, StreamError
from trunkline.formats.translation import Stamp, Translator
from trunkline.formats.whole_calls import WholeCalls

OURS = Stamp("ours", "our-model", 1000)


class Reader:
    """Gives the events that it is fed by number; `!` is none."""

    def __init__(self, *events: Event, left: tuple[Event, ...] = (), whole: bool = True) -> None:
        self.events = events
        self.left = left
        self.whole = whole

    def feed(self, data: bytes) -> list[Event]:
        if b"!" in data:
            raise StreamError("rubbish")
        return [self.events[int(chr(number))] for number in data]

    def close(self) -> list[Event]:
        return list(self.left)

    def complete(self) -> bool:
        return self.whole


class Writer:
    """Notes what it is given."""

    def __init__(self) -> None:
        self.seen: list[Event] = []

    def feed(self, event: Event) -> bytes:
        self.seen.append(event)
        return b"."

    def end(self) -> bytes:
        return b"|"

    def fail(self, problem: Problem) -> bytes:
        return problem.message.encode()


def said(text: str = "a", **fields: Any) -> Event:
    return Event(deltas=[Delta(choice=0, part=0, piece=Text(text=text))], **fields)


def names(stamp: Stamp, *events: Event) -> list[tuple[str, str, int | None]]:
    writer = Writer()
    translator = Translator(Reader(*events), writer, stamp)
    translator.feed("".join(map(str, range(len(events)))).encode())
    return [(event.id, event.model, event.created) for event in writer.seen]


def test_what_the_provider_says_once_holds_for_all_events() -> None:
    found = names(OURS, Event(id="r", model="m", created=7, starts=True), said(), said(ends=True))
    assert found == [("r", "m", 7)] * 3


def test_what_the_provider_does_not_say_is_ours() -> None:
    assert names(OURS, Event(starts=True), said(), said()) == [("ours", "our-model", 1000)] * 3
    assert names(OURS, Event(id="r", starts=True), said()) == [("r", "our-model", 1000)] * 2


def test_what_comes_before_the_client_was_told_anything_counts() -> None:
    """Azure begins with an event that says nothing, not even who answers."""
    assert names(OURS, Event(), said(id="r", model="m", created=7))[1:] == [("r", "m", 7)]


def test_what_comes_after_it_does_not() -> None:
    assert names(OURS, said(), said(id="late", model="late", created=7)) == [("ours", "our-model", 1000)] * 2


def test_a_reply_may_be_renamed() -> None:
    stamp = Stamp("ours", "our-model", 1000, renames=True)
    assert names(stamp, Event(id="r", model="m", created=7, starts=True), said(id="r")) == [("ours", "m", 7)] * 2


def test_it_has_begun_with_the_first_output() -> None:
    events = [Event(starts=True), said(""), said("a")]
    translator = Translator(Reader(*events), Writer(), OURS)
    begun = []
    for number in b"012":
        translator.feed(bytes([number]))
        begun.append(translator.started)
    assert begun == [False, False, True]
    assert translator.estimate() == 2


def test_an_error_is_kept_and_nothing_after_it_is_handed_on() -> None:
    translator = Translator(Reader(said(), Event(error={"message": "no"}), said()), Writer(), OURS)
    assert translator.feed(b"012") == b"."
    assert translator.error == {"message": "no"}
    assert translator.feed(b"0") == b""


def test_after_the_end_nothing_is_handed_on() -> None:
    last = Event(stops={0: Stop(reason="stop", said="end_turn")}, usage=Usage(output=3), ends=True)
    translator = Translator(Reader(said(), last, said()), Writer(), OURS)
    assert translator.feed(b"012") == b"..|"
    assert (translator.done, translator.finish, translator.usage) == (True, "end_turn", Usage(output=3))


@pytest.mark.parametrize("whole", [True, False])
def test_a_stream_without_an_end_of_its_own_gets_the_clients(whole: bool) -> None:
    translator = Translator(Reader(said(), left=(said(),), whole=whole), Writer(), OURS)
    assert translator.feed(b"0") == b"."
    assert translator.close() == b"."
    assert (translator.complete(), translator.terminator) == (whole, b"|" if whole else b"")


def test_rubbish_is_told() -> None:
    with pytest.raises(StreamError):
        Translator(Reader(), Writer(), OURS).feed(b"!")


# Calls in one piece


def call(part: int, **fields: Any) -> Event:
    return Event(deltas=[Delta(choice=0, part=part, piece=ToolCall(**fields), begins="name" in fields)])


def test_calls_are_held_until_the_end() -> None:
    writer = Writer()
    whole = WholeCalls(writer)
    events = [
        said("Let me look."),
        call(1, id="a", name="f"),
        call(1, arguments='{"x"'),
        call(2, id="b", name="g", arguments="{}"),
        call(1, arguments=":1}"),
        Event(stops={0: Stop(reason="tool_calls")}),
    ]
    out = [whole.feed(event) for event in events]
    assert out == [b".", b"", b"", b"", b"", b"."]
    assert [delta.piece for delta in writer.seen[-1].deltas] == [
        ToolCall(id="a", name="f", arguments='{"x":1}'),
        ToolCall(id="b", name="g", arguments="{}"),
    ]
    assert all(delta.ends for delta in writer.seen[-1].deltas)


def test_words_do_not_wait_for_calls() -> None:
    writer = Writer()
    whole = WholeCalls(writer)
    whole.feed(call(0, id="a", name="f"))
    whole.feed(said("And"))
    assert [delta.piece for event in writer.seen for delta in event.deltas] == [Text(text="And")]


def test_what_comes_beside_a_piece_of_a_call_is_not_lost() -> None:
    writer = Writer()
    whole = WholeCalls(writer)
    whole.feed(Event(starts=True, deltas=call(0, id="a", name="f").deltas))
    whole.feed(Event(usage=Usage(input=5), deltas=call(0, arguments="{}").deltas))
    assert [(event.starts, event.usage, event.deltas) for event in writer.seen] == [
        (True, None, []),
        (False, Usage(input=5), []),
    ]


def test_pieces_that_are_held_are_not_the_senders() -> None:
    """What comes later is added to a copy."""
    first = call(0, id="a", name="f", arguments="{")
    whole = WholeCalls(Writer())
    whole.feed(first)
    whole.feed(call(0, arguments="}"))
    assert first.deltas[0].piece == ToolCall(id="a", name="f", arguments="{")
