"""Other formats' events as a stream of this one, heard by the official SDK."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.formats.anthropic_messages.speaking import (
    CLIENT,
    LIMIT,
    NAME,
    client,
    heard,
    heard_in_beta,
    piece,
    sent,
    streamed,
)

from trunkline.formats.anthropic_messages import FORMAT
from trunkline.formats.conversation import (
    AnyPart,
    Citation,
    Delta,
    Event,
    Foreign,
    Image,
    Reasoning,
    Refusal,
    Reply,
    Stop,
    Text,
    ToolCall,
    Usage,
)
from trunkline.formats.dialect import PLAIN
from trunkline.formats.folding import fold, unfold
from trunkline.formats.format import Problem
from trunkline.formats.sealed import unseal


def parts_of(data: bytes) -> list[tuple[str, str]]:
    """Type and content of each block of a stream that keeps the order the SDKs rely on."""
    events = sent(data)
    assert [event["type"] for event in (events[0], *events[-2:])] == ["message_start", "message_delta", "message_stop"]
    found: list[tuple[str, str]] = []
    is_open = False
    for event in events[1:-2]:
        match event["type"]:
            case "content_block_start":
                assert not is_open
                assert event["index"] == len(found)
                found.append((event["content_block"]["type"], ""))
                is_open = True
            case "content_block_delta":
                assert is_open
                assert event["index"] == len(found) - 1
                delta = event["delta"]
                words = delta.get("text") or delta.get("partial_json") or delta.get("thinking") or ""
                found[-1] = (found[-1][0], found[-1][1] + words)
            case "content_block_stop":
                assert is_open
                assert event["index"] == len(found) - 1
                is_open = False
    assert not is_open
    return found


def call(part: int, arguments: str, name: str = "", **flags: Any) -> Event:
    return piece(part, ToolCall(id=f"call_{part}" if name else "", name=name, arguments=arguments), **flags)


def test_what_others_say_is_heard_by_the_sdk() -> None:
    data = streamed(
        Event(id="chatcmpl-1", model="gpt", starts=True),
        piece(0, Reasoning(text="Let me ")),
        piece(0, Reasoning(text="see.")),
        piece(1, Text(citations=[Citation(url="https://w.test")])),
        piece(1, Text(text="It ")),
        piece(1, Text(text="is.", citations=[Citation(url="https://x.test", title="X")])),
        call(2, "", "f"),
        call(2, '{"a"'),
        call(2, ":1}"),
        Event(stops={0: Stop(reason="tool_calls", said="tool_calls")}),
        Event(usage=Usage(input=30, cached=10, output=7, reasoning=2)),
    )
    for message in (heard(data), heard_in_beta(data)):
        thinking, words, calling = message.content
        assert (thinking.type, thinking.thinking) == ("thinking", "Let me see.")
        assert words.text == "It is."
        assert [citation.url for citation in words.citations] == ["https://w.test", "https://x.test"]
        assert (calling.id, calling.name, calling.input) == ("call_2", "f", {"a": 1})
        assert (message.id, message.model, message.stop_reason) == ("chatcmpl-1", "gpt", "tool_use")
        assert message.usage.input_tokens == 20
        assert message.usage.cache_read_input_tokens == 10
        assert message.usage.output_tokens == 7


def test_calls_whose_pieces_come_in_turns_are_told_one_after_the_other() -> None:
    data = streamed(
        call(0, "", "f"),
        call(1, "", "g"),
        call(0, '{"a":'),
        call(1, '{"b":'),
        piece(2, Text(text="Meanwhile")),
        call(1, "2}"),
        call(0, "1}"),
        Event(stops={0: Stop(reason="tool_calls")}),
    )
    assert parts_of(data) == [("tool_use", '{"a":1}'), ("tool_use", '{"b":2}'), ("text", "Meanwhile")]
    assert [block.id for block in heard(data).content if block.type == "tool_use"] == ["call_0", "call_1"]


def test_a_call_that_is_whole_does_not_hold_up_the_next() -> None:
    writer = FORMAT.writer(CLIENT)
    writer.feed(call(0, "{}", "f"))
    assert [event["type"] for event in sent(writer.feed(call(1, "", "g")))] == [
        "content_block_stop",
        "content_block_start",
    ]


def test_calls_that_were_cut_are_closed_all_the_same() -> None:
    data = streamed(call(0, '{"a', "f"), call(1, '{"b', "g"), Event(stops={0: Stop(reason="length")}))
    assert parts_of(data) == [("tool_use", '{"a'), ("tool_use", '{"b')]
    assert sent(data)[-2]["delta"]["stop_reason"] == "max_tokens"


def test_text_behind_a_call_is_a_block_of_its_own() -> None:
    data = streamed(piece(0, Text(text="a")), call(1, "{}", "f"), piece(0, Text(text="b")))
    assert parts_of(data) == [("text", "a"), ("tool_use", "{}"), ("text", "b")]


def test_citations_may_come_before_the_words() -> None:
    cited = Text(citations=[Citation(url="https://x.test", title="X")])
    (block,) = heard(streamed(piece(0, cited), piece(0, Text(text="It is.")))).content
    assert (block.text, block.citations[0].url) == ("It is.", "https://x.test")


def test_no_block_is_empty() -> None:
    data = streamed(piece(0, Text()), piece(1, Reasoning()), piece(2, Text(text="x")), piece(3, Text(), ends=True))
    assert parts_of(data) == [("text", "x")]


def test_the_name_of_a_call_may_come_after_its_id() -> None:
    data = streamed(piece(0, ToolCall(id="call_1")), piece(0, ToolCall(arguments="{}")), piece(0, ToolCall(name="f")))
    (block,) = heard(data).content
    assert (block.id, block.name, block.input) == ("call_1", "f", {})


def test_a_call_without_an_id_gets_the_one_that_a_whole_reply_has() -> None:
    reply = Reply(format="google_generate", id="r", choices=[])
    data = streamed(Event(id="r"), piece(0, ToolCall(name="f", arguments="{}")))
    reply.choices = fold([Event(id="r"), piece(0, ToolCall(name="f", arguments="{}"))], "google_generate").choices
    assert heard(data).content[0].id == FORMAT.write_reply(reply, CLIENT)["content"][0]["id"]


def test_signatures_and_encrypted_reasoning_of_others_are_sealed() -> None:
    data = streamed(
        piece(0, Reasoning(text="Hm.", issuer="google")),
        piece(0, Reasoning(signature="c2", issuer="google")),
        piece(0, Reasoning(signature="ln", issuer="google")),
        piece(1, Reasoning(encrypted="ZW5j", issuer="openai")),
        piece(2, ToolCall(id="a", name="f", arguments="{}", signature="Z29v", issuer="google")),
    )
    thinking, redacted, before, _ = heard(data).content
    assert unseal(thinking.signature).signature == "c2ln"  # type: ignore[union-attr]
    assert unseal(redacted.data).encrypted == "ZW5j"  # type: ignore[union-attr]
    assert unseal(before.signature).signature == "Z29v"  # type: ignore[union-attr]
    assert [kind for kind, _ in parts_of(data)] == ["thinking", "redacted_thinking", "thinking", "tool_use"]


def test_its_own_familys_signature_goes_through_another_format_unchanged() -> None:
    data = streamed(piece(0, Reasoning(text="Hm.", signature="c2ln", issuer="anthropic")))
    assert heard(data).content[0].signature == "c2ln"


def test_what_has_no_block_is_said_in_words_or_stands_beside_them() -> None:
    data = streamed(
        piece(0, Refusal(text="No.")),
        piece(1, Image(url="https://x.test/a.png")),
        piece(2, Foreign(format="google_generate", kind="x", value={})),
        Event(deltas=[Delta(choice=1, part=0, piece=Text(text="another choice"))]),
    )
    assert parts_of(data) == [("text", "No.")]
    picture = {"type": "image", "source": {"type": "url", "url": "https://x.test/a.png"}}
    assert sent(data)[-2]["attachments"] == [picture]
    assert heard(data).content[0].text == "No."


def test_a_stream_of_nothing_is_a_message_all_the_same() -> None:
    message = heard(streamed())
    assert (message.content, message.model) == ([], "asked-model")


def test_a_stream_ends_once() -> None:
    writer = FORMAT.writer(CLIENT)
    assert writer.end()
    assert writer.end() == b""


def test_a_stream_that_fails_raises_in_the_sdk() -> None:
    import anthropic  # it takes long

    writer = FORMAT.writer(CLIENT)
    data = writer.feed(piece(0, Text(text="a")))
    data += writer.fail(Problem(status=529, message="Too many at once.", kind="upstream_error"))
    assert writer.end() == b""
    with (
        client(data) as sdk,
        sdk.messages.stream(model="m", max_tokens=9, messages=[{"role": "user", "content": "?"}]) as stream,
        pytest.raises(anthropic.APIStatusError, match="Too many at once"),
    ):
        stream.get_final_message()


def test_an_error_of_another_format_is_an_error_event() -> None:
    (event,) = sent(FORMAT.writer(CLIENT).feed(Event(error={"message": "busy", "code": 5})))
    assert event["error"] == {"type": "api_error", "message": "busy"}


kinds = st.sampled_from(["text", "call", "thought"])


@given(st.data(), st.lists(kinds, min_size=1, max_size=5), st.booleans())
@settings(deadline=None, max_examples=50)
def test_however_parts_are_interleaved_each_is_told_whole(data: st.DataObject, kinds: list[str], ends: bool) -> None:
    """Fragments of all parts in any mixture, each part's in their order."""
    left = {number: list(_fragments(kind, number)) for number, kind in enumerate(kinds)}
    events = []
    while left:
        number = data.draw(st.sampled_from(sorted(left)))
        fragment = left[number].pop(0)
        events.append(piece(number, fragment, ends=ends and not left[number]))
        if not left[number]:
            del left[number]
    told = parts_of(streamed(*events))
    calls = sorted(words for kind, words in told if kind == "tool_use")
    assert calls == sorted(f'{{"n":{number}}}' for number, kind in enumerate(kinds) if kind == "call")
    for kind, said in (("text", "text"), ("thinking", "thought")):
        letters = sorted("".join(words for what, words in told if what == kind))
        assert letters == sorted("".join(f"<{number}>" for number, one in enumerate(kinds) if one == said))


def _fragments(kind: str, number: int) -> list[AnyPart]:
    match kind:
        case "call":
            return [
                ToolCall(id=f"c{number}", name="f"),
                ToolCall(arguments='{"n"'),
                ToolCall(arguments=f":{number}"),
                ToolCall(arguments="}"),
            ]
        case "text":
            return [Text(text="<"), Text(text=f"{number}"), Text(text=">")]
        case _:
            return [Reasoning(text="<"), Reasoning(text=f"{number}>")]


def test_a_whole_reply_as_a_stream_says_the_same() -> None:
    reply = FORMAT.read_reply(
        {
            "content": [
                {"type": "thinking", "thinking": "Hm.", "signature": "c2ln"},
                {"type": "text", "text": "Hi"},
                {"type": "tool_use", "id": "a", "name": "f", "input": {"a": 1}},
            ],
            "stop_reason": "tool_use",
            "usage": {"input_tokens": 1, "output_tokens": 2},
        },
        PLAIN,
    )
    again = fold(FORMAT.reader(PLAIN, LIMIT).feed(streamed(*unfold(reply))), NAME)
    assert FORMAT.write_reply(again, CLIENT)["content"] == FORMAT.write_reply(reply, CLIENT)["content"]
    assert again.usage == reply.usage
