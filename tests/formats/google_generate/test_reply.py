"""Whole replies, in both directions."""

from typing import Any

import msgspec
import pytest

from trunkline.formats.billing import Details
from trunkline.formats.conversation import (
    Audio,
    Choice,
    Citation,
    Foreign,
    Image,
    Logprob,
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
from trunkline.formats.dialect import PLAIN
from trunkline.formats.google_generate import FORMAT
from trunkline.formats.google_generate.facts import read_usage
from trunkline.formats.google_generate.signatures import DUMMY, opened

CLIENT = Request(format="google_generate")


def answer(*parts: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A reply with one candidate, and other fields of that."""
    candidate = {"content": {"parts": list(parts), "role": "model"}, "finishReason": "STOP", "index": 0, **fields}
    return {"candidates": [candidate], "modelVersion": "gemini-3-flash", "responseId": "r1"}


CALL = {"functionCall": {"name": "add", "args": {"a": 1}}, "thoughtSignature": "c2ln"}
SAME: dict[str, dict[str, Any]] = {
    "words": answer({"text": "Hello"}),
    "thoughts": answer({"text": "hm", "thought": True}, {"text": "Hello", "thoughtSignature": "c2ln"}),
    "a call": answer(CALL, finishMessage="Model generated function call(s)."),
    "no content": {
        "candidates": [{"finishReason": "SAFETY", "safetyRatings": [{"category": "X"}]}],
        "usageMetadata": {},
    },
    "no parts": {"candidates": [{"content": {"role": "model"}, "finishReason": "MAX_TOKENS", "index": 0}]},
    "a blocked prompt": {"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": {"promptTokenCount": 3}},
    "no candidates": {"candidates": [], "responseId": "r1"},
    "a number for a reason": {"candidates": [{"content": {"parts": [{"text": "a"}]}, "finishReason": 1}]},
    "an unspecified reason": {"candidates": [{"content": {"parts": []}, "finishReason": "FINISH_REASON_UNSPECIFIED"}]},
    "names of the SDK": {
        "candidates": [{"content": {"parts": [{"text": "a"}]}, "finish_reason": "STOP"}],
        "model_version": "m",
        "usage_metadata": {"prompt_token_count": 3, "candidates_token_count": 1},
    },
    "server tools": answer(
        {"executableCode": {"code": "1", "language": "PYTHON"}, "thoughtSignature": "c2ln"},
        {"codeExecutionResult": {"outcome": "OUTCOME_OK"}},
        {"newThing": {}},
        {"inlineData": {"mimeType": "audio/L16;codec=pcm;rate=24000", "data": "not base64!"}},
    ),
    "odd things": {
        "candidates": [{"content": {"parts": [{"text": None}, {"thought": 1}]}, "index": "x"}],
        "error": None,
    },
    "likely tokens": answer(
        {"text": "Hi"},
        avgLogprobs=-0.1,
        logprobsResult={
            "chosenCandidates": [{"token": "Hi", "tokenId": 5, "logProbability": -0.1}],
            "topCandidates": [{"candidates": [{"token": "Ho", "tokenId": 6, "logProbability": -3}]}],
            "logProbabilitySum": -0.1,
        },
    ),
}


def read(document: dict[str, Any]) -> Reply:
    """What a provider said."""
    return FORMAT.read_reply(document, PLAIN)


@pytest.mark.parametrize("name", SAME)
def test_a_reply_comes_back_as_it_was(name: str) -> None:
    assert FORMAT.write_reply(read(SAME[name]), CLIENT) == SAME[name]


def test_what_was_changed_in_between_is_written() -> None:
    reply = read(SAME["thoughts"])
    part = reply.choices[0].parts[-1]
    assert isinstance(part, Text)
    part.text = "[redacted]"
    assert FORMAT.write_reply(reply, CLIENT)["candidates"][0]["content"]["parts"][1] == {
        "text": "[redacted]",
        "thoughtSignature": "c2ln",
    }


@pytest.mark.parametrize(
    ("name", "reason", "said"),
    [
        ("words", "stop", "STOP"),
        ("a call", "tool_calls", "STOP"),
        ("no content", "filtered", "SAFETY"),
        ("no parts", "length", "MAX_TOKENS"),
        ("a blocked prompt", "filtered", "blocked: SAFETY"),
        ("no candidates", "failed", ""),
        ("a number for a reason", "stop", "1"),
        ("names of the SDK", "stop", "STOP"),
    ],
)
def test_why_it_ended(name: str, reason: StopReason, said: str) -> None:
    stop = read(SAME[name]).choices[0].stop
    assert stop is not None
    assert (stop.reason, stop.said) == (reason, said)


@pytest.mark.parametrize("said", ["MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "OTHER", "SOMETHING_NEW"])
def test_an_answer_that_broke_off_has_failed(said: str) -> None:
    stop = read(answer({"text": "a"}, finishReason=said)).choices[0].stop
    assert stop is not None
    assert (stop.reason, stop.said) == ("failed", said)


def test_what_is_no_reply_is_refused() -> None:
    documents: list[dict[str, Any]] = [{}, {"choices": []}, {"error": {"code": 500}}]
    for document in documents:
        with pytest.raises(ValueError, match="neither candidates nor"):
            read(document)


@pytest.mark.parametrize(
    ("reported", "usage"),
    [
        ({"promptTokenCount": 5, "candidatesTokenCount": 2, "totalTokenCount": 7}, Usage(input=5, output=2)),
        ({"promptTokenCount": 5, "thoughtsTokenCount": 3}, Usage(input=5, output=3, reasoning=3)),
        (
            {"promptTokenCount": 5, "candidatesTokenCount": 2, "toolUsePromptTokenCount": 10, "thoughtsTokenCount": 1},
            Usage(input=15, output=3, reasoning=1),
        ),
        ({"promptTokenCount": 5, "cachedContentTokenCount": 4}, Usage(input=5, cached=4)),
        (
            {"promptTokenCount": 5, "promptTokensDetails": [{"modality": 2, "tokenCount": 4}]},
            Usage(input=5, details=Details(image_input=4)),
        ),
        ({"trafficType": "ON_DEMAND"}, None),
        ({"promptTokenCount": None, "candidatesTokenCount": "2"}, None),
    ],
)
def test_tokens_are_counted_as_the_total_does(reported: dict[str, Any], usage: Usage | None) -> None:
    assert read_usage(reported) == usage


# Citations


def grounded(text: str, *segments: dict[str, Any]) -> Text:
    """The text of a reply with these segments, the source of each the one of its number."""
    chunks = [{"web": {"uri": f"https://a.b/{number}", "title": "a.b"}} for number, _ in enumerate(segments)]
    supports = [{"segment": segment, "groundingChunkIndices": [number]} for number, segment in enumerate(segments)]
    metadata = {"groundingChunks": chunks, "groundingSupports": supports}
    part = read(answer({"text": text}, groundingMetadata=metadata)).choices[0].parts[0]
    assert isinstance(part, Text)
    return part


def test_segments_are_counted_in_bytes_and_read_in_characters() -> None:
    text = "Grüße – ja. Na gut."
    part = grounded(
        text, {"endIndex": 15, "text": "Grüße – ja."}, {"startIndex": 99, "endIndex": 107, "text": "Na gut."}
    )
    assert [(one.url, one.start, one.end) for one in part.citations] == [
        ("https://a.b/0", 0, 11),
        ("https://a.b/1", 12, 19),  # where its words are, whatever is said
    ]


@pytest.mark.parametrize(
    ("chunk", "citation"),
    [
        (
            {"retrievedContext": {"text": "Paris is …", "fileSearchStore": "fileSearchStores/s"}},
            Citation(title="fileSearchStores/s", cited="Paris is …"),
        ),
        (
            {"retrievedContext": {"uri": "gs://b/a.txt", "title": "a.txt", "text": "Paris"}},
            Citation(url="gs://b/a.txt", title="a.txt", cited="Paris"),
        ),
        (
            {"image": {"sourceUri": "https://a.b", "imageUri": "https://a.b/i.png", "title": "A"}},
            Citation(url="https://a.b", title="A"),
        ),
        ({"maps": {"placeId": "places/x", "title": "A place"}}, Citation(title="A place")),
        ({"web": {}}, None),
        ({"newThing": {"uri": "https://a.b"}}, None),
    ],
)
def test_every_kind_of_source_is_cited(chunk: dict[str, Any], citation: Citation | None) -> None:
    supports = [{"segment": {"endIndex": 3, "text": "abc"}, "groundingChunkIndices": [0]}]
    metadata = {"groundingChunks": [chunk], "groundingSupports": supports}
    part = read(answer({"text": "abc"}, groundingMetadata=metadata)).choices[0].parts[0]
    assert isinstance(part, Text)
    expected = [] if citation is None else [msgspec.structs.replace(citation, start=0, end=3)]
    assert part.citations == expected


def test_segments_without_a_place_are_no_citations() -> None:
    assert grounded("abc", {"text": "xyz"}, {"endIndex": 99}, {}).citations == []


def test_citations_of_others_are_written_in_bytes() -> None:
    text = Text(
        text="Grüße",
        citations=[Citation(url="https://a.b", title="t", start=3, end=5), Citation(url="https://c.d", start=0, end=0)],
    )
    reply = Reply(format="anthropic_messages", choices=[Choice(parts=[Text(text="Hi. "), text])])
    assert FORMAT.write_reply(reply, CLIENT)["candidates"][0]["groundingMetadata"] == {
        "groundingChunks": [{"web": {"uri": "https://a.b", "title": "t"}}, {"web": {"uri": "https://c.d"}}],
        "groundingSupports": [
            {
                "segment": {"startIndex": 4, "endIndex": 7, "text": "ße", "partIndex": 1},
                "groundingChunkIndices": [0],
            }
        ],
    }


# Of other formats


def shown(*parts: Any, **fields: Any) -> dict[str, Any]:
    """The candidate that a client sees of another format's choice."""
    reply = Reply(format="openai_chat", id="r1", choices=[Choice(parts=list(parts), **fields)])
    candidate: dict[str, Any] = FORMAT.write_reply(reply, CLIENT)["candidates"][0]
    return candidate


def test_a_reply_of_another_format_in_googles_words() -> None:
    reply = Reply(
        format="openai_chat",
        id="chatcmpl-1",
        model="gpt",
        choices=[Choice(parts=[Text(text="Hello")], stop=Stop(reason="length", said="length"))],
        usage=Usage(input=10, cached=4, output=7, reasoning=5),
        reported={"prompt_tokens": 10},
    )
    assert FORMAT.write_reply(reply, CLIENT) == {
        "candidates": [
            {"content": {"parts": [{"text": "Hello"}], "role": "model"}, "index": 0, "finishReason": "MAX_TOKENS"}
        ],
        "usageMetadata": {
            "promptTokenCount": 10,
            "candidatesTokenCount": 2,
            "cachedContentTokenCount": 4,
            "thoughtsTokenCount": 5,
            "totalTokenCount": 17,
        },
        "modelVersion": "gpt",
        "responseId": "chatcmpl-1",
    }


def test_parts_of_all_kinds_are_shown() -> None:
    candidate = shown(
        Reasoning(text="hm"),
        Refusal(text="No."),
        Image(data="aGk=", media_type="image/png"),
        Audio(data="aGk=", media_type="audio/wav", transcript="Hi"),
        Foreign(format="openai_chat", kind="thing", value={}),
    )
    assert candidate["content"]["parts"] == [
        {"text": "hm", "thought": True},
        {"text": "No."},
        {"inlineData": {"mimeType": "image/png", "data": "aGk="}},
        {"text": "Hi"},
        {"inlineData": {"mimeType": "audio/wav", "data": "aGk="}},
    ]
    assert shown()["content"]["parts"] == [{"text": ""}]


def test_the_first_call_of_another_model_carries_the_dummy_for_gemini() -> None:
    parts = shown(ToolCall(id="c1", name="a", arguments=""), ToolCall(id="c2", name="a", arguments="{}"))["content"][
        "parts"
    ]
    assert parts == [
        {"functionCall": {"id": "c1", "name": "a", "args": {}}, "thoughtSignature": DUMMY},
        {"functionCall": {"id": "c2", "name": "a", "args": {}}},
    ]


def test_arguments_that_are_cut_are_one_argument_with_their_text() -> None:
    parts = shown(ToolCall(id="c1", name="a", arguments='{"b": "c'))["content"]["parts"]
    assert parts[0]["functionCall"]["args"] == {"arguments": '{"b": "c'}


def test_signatures_of_others_are_sealed_and_googles_own_are_as_they_are() -> None:
    parts = shown(
        Reasoning(text="hm", signature="theirs", issuer="anthropic"),
        Reasoning(summary=["one", "two"], encrypted="opaque", issuer="openai"),
        Reasoning(encrypted="b3du", issuer="google"),
        ToolCall(id="c1", name="a"),
        ToolCall(id="c2", name="a", signature="b3Ro", issuer="google"),
    )["content"]["parts"]
    assert [(part.get("text"), part.get("thought")) for part in parts[:2]] == [("hm", True), ("one\n\ntwo", True)]
    first, second = (opened(part["thoughtSignature"]) for part in parts[:2])
    assert first is not None
    assert (first.issuer, first.signature) == ("anthropic", "theirs")
    assert second is not None
    assert (second.issuer, second.encrypted) == ("openai", "opaque")
    assert [part["thoughtSignature"] for part in parts[2:]] == ["b3du", "b3Ro"]


def test_log_probabilities_are_shown() -> None:
    result = shown(Text(text="Hi"), logprobs=[Logprob(token="Hi", logprob=-0.1, top=[Logprob(token="Ho", logprob=-3)])])
    assert result["logprobsResult"] == {
        "chosenCandidates": [{"token": "Hi", "logProbability": -0.1}],
        "topCandidates": [{"candidates": [{"token": "Ho", "logProbability": -3}]}],
    }
    read_back = read(SAME["likely tokens"]).choices[0].logprobs
    assert read_back is not None
    assert (read_back[0].token, read_back[0].top[0].token) == ("Hi", "Ho")
