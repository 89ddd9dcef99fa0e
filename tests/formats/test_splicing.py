"""One stream out of two: what is asked of the second provider, and what of its events the client is told."""

import pytest
from msgspec.structs import replace

from trunkline.formats.conversation import (
    Delta,
    Event,
    Message,
    OutputFormat,
    Reasoning,
    Refusal,
    Request,
    Stop,
    Text,
    ToolCall,
    Usage,
)
from trunkline.formats.dialect import PLAIN
from trunkline.formats.folding import fold
from trunkline.formats.format import StreamError
from trunkline.formats.registry import FORMATS
from trunkline.formats.splicing import Splice, Told, going_on, may_be_continued

CHAT = FORMATS["openai_chat"]
ASKED = Request(format="openai_chat", model="m", messages=[Message(role="user", parts=[Text(text="Hi")])], stream=True)


def text(words: str, part: int = 0, *, ends: bool = False) -> Event:
    return Event(deltas=[Delta(choice=0, part=part, piece=Text(text=words), ends=ends)])


def told(*events: Event) -> Told:
    """A stream of chat that has told these."""
    made = Told(CHAT.writer(Request(format="openai_chat", model="m", stream=True, stream_usage=True)))
    for event in (Event(id="first", model="m-1", starts=True), *events):
        made.feed(event)
    return made


def heard(*pieces: bytes) -> str:
    """The words of a stream of chat."""
    reader = CHAT.reader(PLAIN, 1 << 20)
    reply = fold([event for piece in pieces for event in reader.feed(piece)], "openai_chat")
    return "".join(part.text for part in reply.choices[0].parts if isinstance(part, Text)) if reply.choices else ""


def test_a_model_that_goes_on_by_itself_is_given_what_was_said() -> None:
    request, words = going_on(ASKED, told(text("The quick")), prefills=True)
    assert words == ""
    assert [message.role for message in request.messages] == ["user", "assistant"]
    assert request.messages[-1].parts == [Text(text="The quick")]


@pytest.mark.parametrize("said", ["The quick", "The quick ", "Two lines.\n\n"])
def test_any_other_is_asked_to_begin_with_the_last_words(said: str) -> None:
    request, words = going_on(ASKED, told(text(said)), prefills=said != "The quick")
    assert words == said
    assert [message.role for message in request.messages] == ["user", "assistant", "user"]
    [asked] = request.messages[-1].parts
    assert isinstance(asked, Text)
    assert said in asked.text


def test_an_answer_without_words_is_asked_for_anew() -> None:
    thought = Event(deltas=[Delta(choice=0, part=0, piece=Reasoning(text="Hm."))])
    assert going_on(ASKED, told(thought), prefills=True) == (ASKED, "")


def test_the_clients_cap_holds_for_both() -> None:
    capped = Request(format="openai_chat", messages=ASKED.messages, max_output=200)
    assert going_on(capped, told(text("a"), text("b")), prefills=True)[0].max_output == 198
    nearly = Request(format="openai_chat", messages=ASKED.messages, max_output=10)
    assert going_on(nearly, told(text("a"), text("b")), prefills=True)[0].max_output == 10


@pytest.mark.parametrize(
    ("request_", "may"),
    [
        (ASKED, True),
        (Request(format="openai_chat", choices=1, output=OutputFormat(kind="text")), True),
        (Request(format="openai_chat", choices=2), False),
        (Request(format="openai_chat", logprobs=True), False),
        (Request(format="openai_chat", output=OutputFormat(kind="json")), False),
        (Request(format="openai_chat", output=OutputFormat(kind="schema")), False),
    ],
)
def test_only_one_answer_in_words_may_be_continued(request_: Request, may: bool) -> None:
    assert may_be_continued(request_) is may


@pytest.mark.parametrize(
    "piece", [ToolCall(name="look"), Refusal(text="No"), None], ids=["call", "refusal", "second choice"]
)
def test_behind_anything_but_words_nobody_goes_on(piece: ToolCall | Refusal | None) -> None:
    delta = Delta(choice=1, part=0, piece=Text(text="b")) if piece is None else Delta(choice=0, part=1, piece=piece)
    assert told(text("a")).may_go_on
    assert not told(text("a"), Event(deltas=[delta])).may_go_on


def test_behind_the_reason_for_its_end_only_the_end_is_missing() -> None:
    stopped = told(text("a"), Event(stops={0: Stop(reason="stop")}))
    assert stopped.stopped
    assert not stopped.may_go_on
    assert stopped.end() == b"data: [DONE]\n\n"


def test_what_goes_on_is_of_one_piece_with_what_was_told() -> None:
    first = told(text("The quick brown"))
    splice = Splice(first, "The quick brown")
    begin = Event(id="second", model="other", starts=True)
    thought = Event(deltas=[Delta(choice=0, part=0, piece=Reasoning(text="I shall go on."))])
    out = [splice.feed(event) for event in (begin, thought, text("quick br", 1))]
    assert out == [b"", b"", b""]
    rest = splice.feed(replace(text("own fox", 1), id="second", model="other"))
    assert heard(rest) == " fox"
    assert b'"id":"first"' in rest
    assert b'"model":"m-1"' in rest


def test_other_parts_get_numbers_of_their_own() -> None:
    first = told(text("Let me"))
    splice = Splice(first, "")
    splice.feed(text(" see.", 3, ends=True))
    assert first.next == 1
    splice.feed(Event(deltas=[Delta(choice=0, part=4, piece=ToolCall(id="c", name="look"))]))
    splice.feed(text("And more.", 5))
    assert (first.next, first.part) == (3, 2)
    assert not first.may_go_on


def test_the_output_of_both_is_told_and_the_input_of_the_last() -> None:
    usage = Usage(input=9, cached=2, output=1)
    first = told(Event(usage=usage), text("The"), text(" quick"), text(" brown"))
    splice = Splice(first, "")
    splice.feed(text(" fox"))
    splice.feed(
        Event(stops={0: Stop(reason="stop")}, usage=Usage(input=30, cached=4, output=5, reasoning=1), ends=True)
    )
    assert first.usage == Usage(input=30, cached=4, output=8, reasoning=1)


@pytest.mark.parametrize(
    "events",
    [
        [text("The quick brown fox jumps at the fence.")],
        [text("The quick brown fox"), Event(stops={0: Stop(reason="stop")})],
        [Event(deltas=[Delta(choice=0, part=0, piece=Refusal(text="I will not."))])],
    ],
    ids=["other words", "less", "a refusal"],
)
def test_what_does_not_go_on_breaks_the_stream(events: list[Event]) -> None:
    first = told(text("The quick brown fox jumps over the lazy dog, and so on."))
    splice = Splice(first, "")
    *held, last = events
    assert all(splice.feed(event) == b"" for event in held)
    with pytest.raises(StreamError):
        splice.feed(last)
    assert first.text == "The quick brown fox jumps over the lazy dog, and so on."


def test_what_is_held_comes_before_a_call_and_before_the_end() -> None:
    for last in (Event(deltas=[Delta(choice=0, part=1, piece=ToolCall(name="look"))]), Event(ends=True)):
        splice = Splice(told(text("It was late. ")), "")
        assert splice.feed(text("Sure")) == b""
        assert heard(splice.feed(last)) == "Sure"
