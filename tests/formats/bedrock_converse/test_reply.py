"""Whole replies and errors: read and written back as they were; others' are shown so that botocore reads the same."""

import base64
import copy
from typing import Any

import pytest
from tests.formats.bedrock_converse.published import faults_of_reply, read_as_botocore, read_error_as_botocore
from tests.formats.bedrock_converse.recorded import REPLIES, reply_body

from trunkline.formats.bedrock_converse import FORMAT
from trunkline.formats.conversation import (
    AnyPart,
    Audio,
    Choice,
    Citation,
    File,
    Foreign,
    Image,
    Reasoning,
    Refusal,
    Reply,
    Request,
    Stop,
    StopReason,
    Text,
    ToolCall,
    Usage,
)
from trunkline.formats.dialect import PLAIN, Dialect
from trunkline.formats.format import Place, Problem
from trunkline.formats.registry import FORMATS

ASKED = Request(format="bedrock_converse", model="m")


def reply_of(*content: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {
        "output": {"message": {"role": "assistant", "content": list(content)}},
        "stopReason": "end_turn",
        "usage": {"inputTokens": 3, "outputTokens": 5, "totalTokens": 8},
        "metrics": {"latencyMs": 9},
        **fields,
    }


def rewritten(document: dict[str, Any]) -> dict[str, Any]:
    return FORMAT.write_reply(FORMAT.read_reply(document, PLAIN), ASKED)


@pytest.mark.shared
@pytest.mark.parametrize("name", REPLIES)
def test_a_recorded_reply_is_written_back_as_it_came(name: str) -> None:
    document = reply_body(name)
    before = copy.deepcopy(document)
    assert rewritten(document) == before
    assert document == before


@pytest.mark.parametrize(
    "document",
    [
        reply_of({"text": ""}),
        reply_of(),
        reply_of(stopReason="a_new_reason"),
        reply_of(additionalModelResponseFields={"stop_sequence": "|"}),
        reply_of(additionalModelResponseFields={"stop_sequence": "|", "x": 1}, serviceTier={"type": "flex"}),
        reply_of({"unheard": {"x": 1}}, {"text": 1}, {"toolUse": {"toolUseId": "a", "name": "f", "input": [1]}}),
        reply_of({"citationsContent": {"citations": [{"location": {"web": {"url": "https://a", "domain": "a"}}}]}}),
        reply_of({"citationsContent": {"content": [{"text": "a"}, {"text": "b"}], "citations": []}}),
        {"output": {"message": {"content": None}, "other": 1}, "usage": None},
    ],
)
def test_odd_replies_are_written_back_too(document: dict[str, Any]) -> None:
    before = copy.deepcopy(document)
    written = rewritten(document)
    if "role" not in before["output"]["message"]:
        before["output"]["message"]["role"] = "assistant"
    assert written == before


@pytest.mark.parametrize("document", [{"message": "no"}, {"output": {}}, {"output": {"message": []}}])
def test_what_is_no_reply_is_refused(document: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"no output\.message"):
        FORMAT.read_reply(document, PLAIN)


def test_usage_counts_the_cache_as_input() -> None:
    usage = {"inputTokens": 3, "outputTokens": 5, "totalTokens": 118, "cacheReadInputTokens": 100}
    usage["cacheWriteInputTokenCount"] = 10
    reply = FORMAT.read_reply(reply_of(usage=usage), PLAIN)
    assert reply.usage == Usage(input=113, cached=100, cache_write=10, output=5)
    reply.usage = Usage(input=113, cached=100, cache_write=10, output=6)
    assert FORMAT.write_reply(reply, ASKED)["usage"] == {
        "inputTokens": 3,
        "outputTokens": 6,
        "totalTokens": 119,
        "cacheReadInputTokens": 100,
        "cacheWriteInputTokens": 10,
    }


def test_a_call_whose_input_is_missing_has_an_empty_object() -> None:
    content: list[dict[str, Any]] = [
        {"toolUse": {"toolUseId": "a", "name": "f"}},
        {"toolUse": {"name": "g", "input": None}},
    ]
    content.append({"toolUse": {"toolUseId": "c", "name": "h", "input": ""}})
    document = reply_of(*content)
    calls = FORMAT.read_reply(document, PLAIN).choices[0].parts
    assert [part.arguments for part in calls if isinstance(part, ToolCall)] == ["{}"] * 3
    assert rewritten(document)["output"]["message"]["content"][::2] == content[::2]


@pytest.mark.parametrize(
    ("block", "words"),
    [
        ({"content": [{"text": "one "}, {"text": "two"}], "citations": [{"title": "a"}]}, "one two"),
        ({"content": [{"text": "one "}, {"text": "two"}], "citations": []}, "one two"),
        ({"content": [{"text": "one"}], "citations": []}, "one"),
        ({"content": [], "citations": [{"title": "a"}]}, ""),
        ({"citations": [{"title": "a"}]}, ""),
    ],
)
def test_words_that_are_cited_are_words_in_however_many_pieces_they_come(block: dict[str, Any], words: str) -> None:
    document = reply_of({"citationsContent": block})
    (part,) = FORMAT.read_reply(document, PLAIN).choices[0].parts
    assert isinstance(part, Text)
    assert (part.text, len(part.citations)) == (words, len(block["citations"]))
    assert rewritten(document) == document


def test_cited_words_that_were_changed_are_one_piece() -> None:
    block = {"content": [{"text": "one "}, {"text": "two"}], "citations": [{"title": "a"}]}
    reply = FORMAT.read_reply(reply_of({"citationsContent": block}), PLAIN)
    (part,) = reply.choices[0].parts
    assert isinstance(part, Text)
    part.text = "[REDACTED]"
    (written,) = FORMAT.write_reply(reply, ASKED)["output"]["message"]["content"]
    assert written == {"citationsContent": {"content": [{"text": "[REDACTED]"}], "citations": [{"title": "a"}]}}


def test_reasoning_is_the_models_familys() -> None:
    signed = reply_of({"reasoningContent": {"reasoningText": {"text": "hm", "signature": "s"}}})
    for dialect, issuer in ((PLAIN, "anthropic"), (Dialect(issuer="amazon"), "amazon")):
        part = FORMAT.read_reply(signed, dialect).choices[0].parts[0]
        assert part == Reasoning(text="hm", signature="s", issuer=issuer)


# Replies of other formats


def shown(*parts: AnyPart, reason: StopReason = "stop", **fields: Any) -> dict[str, Any]:
    """What a client is sent; it must be what the description says."""
    choices = [Choice(parts=list(parts), stop=Stop(reason=reason, said="?"))]
    document = FORMAT.write_reply(Reply(format="openai_chat", id="chatcmpl-1", choices=choices, **fields), ASKED)
    assert faults_of_reply(document) == []
    return document


def content_of(document: dict[str, Any]) -> list[dict[str, Any]]:
    """The content as botocore reads it."""
    content: list[dict[str, Any]] = read_as_botocore(document)["output"]["message"]["content"]
    return content


def test_a_reply_of_another_format_is_read_by_botocore() -> None:
    document = shown(
        Text(text="Hallo"),
        ToolCall(id="call_1", name="f", arguments='{"a":1}'),
        ToolCall(name="g", arguments="null"),
        usage=Usage(input=10, cached=4, output=2),
        service_tier="default",
    )
    read = read_as_botocore(document)
    first, second, third = read["output"]["message"]["content"]
    assert first == {"text": "Hallo"}
    assert second == {"toolUse": {"toolUseId": "call_1", "name": "f", "input": {"a": 1}}}
    assert third["toolUse"]["input"] == {}
    assert third["toolUse"]["toolUseId"].startswith("call_")
    assert read["stopReason"] == "tool_use"  # whatever word the provider used
    assert read["usage"] == {
        "inputTokens": 6,
        "outputTokens": 2,
        "totalTokens": 12,
        "cacheReadInputTokens": 4,
        "cacheWriteInputTokens": 0,
    }
    assert read["serviceTier"] == {"type": "default"}


@pytest.mark.parametrize(
    ("reason", "word"),
    [
        ("stop", "end_turn"),
        ("stop_sequence", "stop_sequence"),
        ("length", "max_tokens"),
        ("context", "model_context_window_exceeded"),
        ("tool_calls", "tool_use"),
        ("filtered", "content_filtered"),
        ("refused", "content_filtered"),
        ("paused", "end_turn"),
        ("failed", "malformed_model_output"),
    ],
)
def test_stop_reasons(reason: StopReason, word: str) -> None:
    assert shown(Text(text="x"), reason=reason)["stopReason"] == word


@pytest.mark.parametrize("arguments", ['{"a": "cut', "[1]", '"text"'])
def test_arguments_that_are_no_object_are_still_shown(arguments: str) -> None:
    value = content_of(shown(ToolCall(id="a", name="f", arguments=arguments), reason="length"))[0]["toolUse"]["input"]
    assert value == {"arguments": arguments}


@pytest.mark.parametrize(
    ("location", "place"),
    [
        (
            {"documentPage": {"documentIndex": 1, "start": 2, "end": 3}},
            {"type": "page_location", "document_index": 1, "start_page_number": 2, "end_page_number": 3},
        ),
        (
            {"documentChar": {"documentIndex": 0, "start": 0, "end": 9}},
            {"type": "char_location", "document_index": 0, "start_char_index": 0, "end_char_index": 9},
        ),
        (
            {"documentChunk": {"documentIndex": 0, "start": 0, "end": 1}},
            {"type": "content_block_location", "document_index": 0, "start_block_index": 0, "end_block_index": 1},
        ),
    ],
)
def test_a_passage_is_the_same_in_the_api_of_the_models_maker(location: dict[str, Any], place: dict[str, Any]) -> None:
    cited = {"title": "paper", "sourceContent": [{"text": "a"}], "location": location}
    document = reply_of({"citationsContent": {"content": [{"text": "x"}], "citations": [cited]}})
    reply = FORMAT.read_reply(document, PLAIN)
    (block,) = FORMATS["anthropic_messages"].write_reply(reply, Request(format="anthropic_messages"))["content"]
    assert block["citations"] == [{**place, "document_title": "paper", "cited_text": "a", "file_id": None}]
    message = {"role": "assistant", "type": "message", "content": [block], "stop_reason": "end_turn"}
    back = FORMAT.write_reply(FORMATS["anthropic_messages"].read_reply(message, PLAIN), ASKED)
    assert back["output"]["message"]["content"][0]["citationsContent"]["citations"] == [cited]


def test_a_result_of_a_search_is_cited_by_its_address() -> None:
    location = {"searchResultLocation": {"searchResultIndex": 0, "start": 0, "end": 1}}
    cited = {"title": "A", "source": "https://a.test", "sourceContent": [{"text": "a"}], "location": location}
    document = reply_of({"citationsContent": {"content": [{"text": "x"}], "citations": [cited]}})
    reply = FORMAT.read_reply(document, PLAIN)
    (block,) = FORMATS["anthropic_messages"].write_reply(reply, Request(format="anthropic_messages"))["content"]
    (place,) = block["citations"]
    assert (place["type"], place["source"], place["search_result_index"]) == (
        "search_result_location",
        "https://a.test",
        0,
    )
    assert rewritten(document) == document


def test_citations_are_shown_as_blocks_with_their_text() -> None:
    cited = Text(text="Ruby", citations=[Citation(url="https://a", title="A", cited="c", start=0, end=4)])
    assert content_of(shown(cited)) == [
        {
            "citationsContent": {
                "content": [{"text": "Ruby"}],
                "citations": [
                    {"title": "A", "sourceContent": [{"text": "c"}], "location": {"web": {"url": "https://a"}}}
                ],
            }
        }
    ]


def test_refusals_sounds_pictures_and_files() -> None:
    content = content_of(
        shown(
            Refusal(text="No."),
            Audio(transcript="la", data="aGk=", media_type="audio/wav"),
            Image(data="aGk=", media_type="image/png"),
            Image(url="https://example.com/a.png"),
            File(data="aGk=", media_type="application/pdf", name="paper"),
            Foreign(format="openai_chat", kind="x"),
            Text(text=""),
        )
    )
    assert content[:2] == [{"text": "No."}, {"text": "la"}]
    assert content[2] == {"audio": {"format": "wav", "source": {"bytes": b"hi"}}}
    assert content[3] == {"image": {"format": "png", "source": {"bytes": b"hi"}}}
    assert content[4] == {"text": "https://example.com/a.png"}
    assert content[5]["document"]["name"] == "paper"
    assert len(content) == 6


@pytest.mark.parametrize(
    "part",
    [
        Reasoning(text="hm", signature="sig", issuer="anthropic"),
        Reasoning(text="hm", signature="c2ln", issuer="google"),
        Reasoning(text="in short", encrypted="gAAA", issuer="openai"),
        Reasoning(encrypted="gAAA", issuer="xai"),
        Reasoning(encrypted="aGk=", issuer="anthropic"),
        Reasoning(encrypted="no Base64", issuer="anthropic"),
        Reasoning(encrypted="gAAA"),
        Reasoning(text="plain"),
    ],
)
def test_reasoning_comes_back_on_the_next_turn_as_it_was(part: Reasoning) -> None:
    content = shown(part)["output"]["message"]["content"]
    next_turn = {"messages": [{"role": "assistant", "content": content}]}
    assert FORMAT.read_request(next_turn, Place()).messages[0].parts == [part]


def test_a_summary_is_shown_as_text() -> None:
    part = Reasoning(summary=["One", "Two"], encrypted="gAAA", issuer="openai")
    text = shown(part)["output"]["message"]["content"][0]["reasoningContent"]["reasoningText"]["text"]
    assert text == "One\n\nTwo"


def test_the_signature_of_a_call_goes_before_it() -> None:
    call = ToolCall(id="a", name="f", arguments="{}", signature="c2ln", issuer="google")
    content = shown(call)["output"]["message"]["content"]
    assert base64.b64decode(content[0]["reasoningContent"]["redactedContent"])
    first, second = (
        FORMAT.read_request({"messages": [{"role": "assistant", "content": content}]}, Place()).messages[0].parts
    )
    assert first == Reasoning(signature="c2ln", issuer="google")
    assert second == ToolCall(id="a", name="f", arguments="{}")


def test_a_reply_without_anything_is_still_one() -> None:
    document = FORMAT.write_reply(Reply(format="openai_chat"), ASKED)
    assert faults_of_reply(document) == []
    assert document["stopReason"] == "end_turn"


# Errors


@pytest.mark.parametrize(
    ("status", "name"),
    [
        (400, "ValidationException"),
        (401, "AccessDeniedException"),
        (404, "ResourceNotFoundException"),
        (413, "ValidationException"),
        (429, "ThrottlingException"),
        (500, "InternalServerException"),
        (503, "ServiceUnavailableException"),
        (529, "ServiceUnavailableException"),
        (599, "InternalServerException"),
    ],
)
def test_botocore_reads_an_error_with_its_name(status: int, name: str) -> None:
    body = FORMAT.write_error(Problem(status=status, message="It went wrong.", kind="server_error"))
    error = read_error_as_botocore(status, body)["Error"]
    assert (error["Code"], error["Message"]) == (name, "It went wrong.")
