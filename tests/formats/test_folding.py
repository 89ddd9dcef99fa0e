"""A whole reply as a stream, and a stream as a whole reply: both say the same."""

from hypothesis import given
from hypothesis import strategies as st

from trunkline.formats.conversation import (
    AnyPart,
    Choice,
    Citation,
    Delta,
    Event,
    Foreign,
    Image,
    Logprob,
    Reasoning,
    Refusal,
    Reply,
    Stop,
    Text,
    ToolCall,
    Usage,
)
from trunkline.formats.folding import carries_output, fold, unfold

words = st.text(max_size=8)
parts: st.SearchStrategy[AnyPart] = st.one_of(
    st.builds(Text, text=words, citations=st.lists(st.builds(Citation, url=words), max_size=2)),
    st.builds(Refusal, text=words),
    st.builds(ToolCall, id=words, name=words, arguments=words, signature=words, issuer=words),
    st.builds(Reasoning, text=words, summary=st.lists(words, max_size=2), signature=words, encrypted=words, id=words),
    st.builds(Image, data=words, media_type=words),
    st.builds(Foreign, format=words, kind=words, value=st.dictionaries(words, words, max_size=2)),
)
choices = st.builds(
    Choice,
    parts=st.lists(parts, min_size=1, max_size=4),
    stop=st.builds(Stop, reason=st.just("stop"), said=words),
    logprobs=st.none() | st.lists(st.builds(Logprob, token=words, logprob=st.just(-1.5)), min_size=1, max_size=3),
)
replies = st.builds(
    Reply,
    format=st.just("openai_chat"),
    id=words,
    model=words,
    created=st.integers(1, 9),
    choices=st.lists(choices, min_size=1, max_size=3),
    usage=st.none() | st.builds(Usage, input=st.integers(0, 9)),
    service_tier=words,
)


@given(replies)
def test_what_is_unfolded_folds_to_the_same(reply: Reply) -> None:
    for number, choice in enumerate(reply.choices):
        choice.index = number
    assert fold(unfold(reply), reply.format) == reply


def test_deltas_add_up() -> None:
    def delta(part: int, piece: AnyPart) -> Event:
        return Event(deltas=[Delta(choice=0, part=part, piece=piece)])

    reply = fold(
        [
            Event(id="r", model="m", starts=True),
            delta(0, Reasoning(text="I ", issuer="anthropic")),
            delta(0, Reasoning(text="think", signature="s")),
            delta(1, ToolCall(id="c", name="look")),
            delta(1, ToolCall(arguments='{"a"')),
            delta(1, ToolCall(arguments=":1}")),
            delta(2, Text(text="So")),
            Event(usage=Usage(input=1)),
            Event(usage=Usage(input=1, output=9), stops={0: Stop(reason="stop")}, ends=True),
        ],
        "anthropic_messages",
    )
    assert (reply.id, reply.model, reply.usage) == ("r", "m", Usage(input=1, output=9))
    assert reply.choices[0].parts == [
        Reasoning(text="I think", signature="s", issuer="anthropic"),
        ToolCall(id="c", name="look", arguments='{"a":1}'),
        Text(text="So"),
    ]


def test_what_says_nothing_is_no_output() -> None:
    silent: list[AnyPart | None] = [Text(), Refusal(), Reasoning(id="rs_1"), ToolCall(id="c"), None]
    for piece in silent:
        assert not carries_output(Event(starts=True, deltas=[Delta(choice=0, part=0, piece=piece, begins=True)]))
    loud: list[AnyPart] = [
        Text(text="a"),
        Reasoning(encrypted="x"),
        ToolCall(name="f"),
        Image(url="u"),
        Foreign(kind="k"),
    ]
    for said in loud:
        assert carries_output(Event(deltas=[Delta(choice=0, part=0, piece=said)]))
    assert carries_output(Event(stops={0: Stop(reason="stop")}))
