"""Whole replies, read from all the servers that speak the format, and written for its clients."""

from typing import Any

import msgspec
import pytest
from openai.types.chat import ChatCompletion
from tests.formats.openai_chat.talking import CALL, answer, heard

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
    Text,
    ToolCall,
    Usage,
)
from trunkline.formats.dialect import Dialect
from trunkline.formats.format import Place
from trunkline.formats.openai_chat import FORMAT

ASKED = Request(format="openai_chat", model="m")


def only(document: dict[str, Any]) -> Choice:
    """The choice of a reply with one, which must be written back as it was."""
    reply = heard(document)
    assert FORMAT.write_reply(reply, ASKED) == document
    return reply.choices[0]


def told(*parts: Any, stop: Stop | None = None, **fields: Any) -> dict[str, Any]:
    """The message of a reply in another format, as OpenAI's SDK reads it."""
    choice = Choice(parts=list(parts), stop=stop or Stop(reason="stop"), **fields)
    reply = Reply(format="anthropic_messages", id="msg_1", model="m", choices=[choice])
    document = FORMAT.write_reply(reply, ASKED)
    ChatCompletion.model_validate(document)
    choices: list[dict[str, Any]] = document["choices"]
    return choices[0]


def test_what_stands_around_an_answer_is_known() -> None:
    document = answer(service_tier="default", usage={"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5})
    reply = heard(document)
    assert (reply.id, reply.model, reply.created, reply.service_tier) == ("chatcmpl-1", "m", 1, "default")
    assert reply.usage == Usage(input=3, output=2)
    assert FORMAT.write_reply(reply, ASKED) == document


@pytest.mark.parametrize("document", [{}, {"choices": None}, {"choices": [], "error": {"message": "no"}}, {"a": 1}])
def test_what_is_no_reply_is_refused(document: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="reply"):
        heard(document)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ({"content": "Hi"}, [Text(text="Hi")]),
        ({"content": None, "refusal": "No"}, [Refusal(text="No")]),
        ({"content": "", "reasoning_content": "Hm"}, [Reasoning(text="Hm")]),
        ({"content": "Hi", "reasoning": "Hm", "refusal": None}, [Reasoning(text="Hm"), Text(text="Hi")]),
        ({"content": None, "audio": None, "function_call": None, "tool_calls": None, "annotations": []}, []),
        (
            {"content": "", "audio": {"id": "", "data": ""}, "function_call": {"name": "", "arguments": ""}},
            [],
        ),
        (
            {"content": "", "images": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}]},
            [Image(data="AAAA", media_type="image/png", spelling={"in": "images"})],
        ),
    ],
)
def test_what_an_answer_says_is_read(message: dict[str, Any], expected: list[Any]) -> None:
    assert only(answer(message)).parts == expected


@pytest.mark.parametrize(
    ("call", "arguments"),
    [
        (CALL, '{"city":"Köln"}'),
        ({**CALL, "function": {"name": "weather"}}, "{}"),
        ({**CALL, "function": {"name": "weather", "arguments": {"a": 1}, "description": None}}, '{"a":1}'),
        ({**CALL, "id": "0", "index": 0}, '{"city":"Köln"}'),
        ({**CALL, "type": "builtin_function"}, '{"city":"Köln"}'),
        ({**CALL, "type": ""}, '{"city":"Köln"}'),
    ],
)
def test_calls_are_read_from_all_servers(call: dict[str, Any], arguments: str) -> None:
    part = only(answer({"content": None, "tool_calls": [call]}, "tool_calls")).parts[0]
    assert isinstance(part, ToolCall)
    assert (part.name, part.arguments) == ("weather", arguments)
    assert len(part.id) > 1


def test_an_answer_that_is_an_object_is_its_text() -> None:
    choice = only(answer({"content": {"name": "Émile", "age": 32}}))
    assert choice.parts == [Text(text='{"name":"Émile","age":32}')]


def test_an_answer_that_is_no_object_any_more_is_told_in_words() -> None:
    reply = heard(answer({"content": {"name": "Émile"}}))
    reply.choices[0].parts = [Text(text="(a name)")]
    assert FORMAT.write_reply(reply, ASKED)["choices"][0]["message"]["content"] == "(a name)"


def test_parts_that_mistral_answers_in_are_read() -> None:
    said = [{"type": "thinking", "thinking": [{"type": "text", "text": "Hm"}]}, {"type": "text", "text": "Hi"}]
    parts = only(answer({"content": said})).parts
    assert [getattr(part, "text", None) for part in parts] == ["Hm", "Hi"]
    assert isinstance(parts[0], Reasoning)


@pytest.mark.parametrize("signature", [{}, {"signature": ""}, {"signature": "c2ln"}])
def test_reasoning_that_databricks_calls_a_summary_is_read(signature: dict[str, str]) -> None:
    summary = {"type": "summary_text", "text": "Hm", **signature}
    part = only(answer({"content": [{"type": "reasoning", "summary": [summary]}]})).parts[0]
    assert isinstance(part, Reasoning)
    assert (part.text, part.signature) == ("Hm", signature.get("signature", ""))
    assert part.issuer == ("anthropic" if part.signature else "")


@pytest.mark.parametrize("summary", [None, [], [{"type": "summary_text", "text": "Hm", "signature": 7}], [{"text": 7}]])
def test_reasoning_of_another_shape_comes_back(summary: Any) -> None:
    assert isinstance(only(answer({"content": [{"type": "reasoning", "summary": summary}]})).parts[0], Foreign)


@pytest.mark.parametrize("name", [None, "", 7])
def test_a_call_without_a_name_comes_back(name: Any) -> None:
    assert isinstance(only(answer({"tool_calls": [{**CALL, "function": {"name": name}}]})).parts[-1], ToolCall)


@pytest.mark.parametrize("message", [None, "Hi", []])
def test_a_choice_without_a_message_comes_back(message: Any) -> None:
    document = answer()
    document["choices"][0]["message"] = message
    assert only(document).parts == []


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("stop", "stop"),
        ("length", "length"),
        ("model_length", "context"),
        ("tool_call", "tool_calls"),
        ("content_filter", "filtered"),
        ("insufficient_system_resource", "failed"),
        ("content_filter: PROHIBITED_CONTENT", "filtered"),
        ("function_call_filter: MALFORMED_FUNCTION_CALL", "failed"),
        ("MAX_TOKENS", "length"),
        ("network_error", "failed"),
        ("sensitive", "filtered"),
        ("model_context_window_exceeded", "context"),
        ("eos", "stop"),
        ("something_new", "stop"),
        ("", None),
        (None, None),
    ],
)
def test_why_an_answer_ends_is_known(said: str | None, reason: str | None) -> None:
    stop = only(answer(finish=said)).stop
    assert (stop and stop.reason) == reason


def test_a_stop_sequence_is_known_where_it_is_told() -> None:
    document = answer()
    document["choices"][0]["stop_reason"] = "END"
    stop = only(document).stop
    assert stop is not None
    assert (stop.reason, stop.sequence, stop.said) == ("stop_sequence", "END", "stop")


def test_a_token_as_a_stop_reason_stays_as_it_is() -> None:
    document = answer()
    document["choices"][0]["stop_reason"] = 128001
    assert only(document).stop == Stop(reason="stop", said="stop")


def test_citations_belong_to_the_text() -> None:
    cited = {"url": "https://a", "title": "A", "start_index": 0, "end_index": 2, "content": "words", "x": 1}
    text = only(answer({"annotations": [{"type": "url_citation", "url_citation": cited}]})).parts[0]
    assert isinstance(text, Text)
    citation = text.citations[0]
    assert (citation.url, citation.title, citation.cited, citation.start, citation.end) == (
        "https://a", "A", "words", 0, 2,
    )  # fmt: skip


@pytest.mark.parametrize(
    "said",
    [
        {"citations": ["https://a", "https://b"]},
        {"citations": ["https://x"], "search_results": [{"title": "A", "url": "https://a"}, {"url": "https://b"}, 7]},
        {"web_search": [{"title": "A", "link": "https://a"}, {"link": "https://b"}, {"title": "no address"}]},
    ],
)
def test_the_sources_of_an_answer_are_citations_of_its_text(said: dict[str, Any]) -> None:
    text = only(answer(**said)).parts[0]
    assert isinstance(text, Text)
    assert [citation.url for citation in text.citations] == ["https://a", "https://b"]


@pytest.mark.parametrize("sources", [None, [], "https://a", [{}]])
def test_sources_that_are_none_are_no_citations(sources: Any) -> None:
    assert only(answer(citations=sources)).parts == [Text(text="Hi")]


def test_logprobs_are_known() -> None:
    top = [{"token": "Ho", "logprob": -2, "bytes": None}]
    content = [{"token": "Hi", "logprob": -0.5, "bytes": [72, 105], "top_logprobs": top, "id": 7}]
    document = answer()
    document["choices"][0]["logprobs"] = {"content": content, "refusal": None}
    logprobs = only(document).logprobs
    assert logprobs is not None
    assert (logprobs[0].token, logprobs[0].logprob, logprobs[0].top[0].token) == ("Hi", -0.5, "Ho")


@pytest.mark.parametrize("logprobs", [None, {"content": None}, {"content": []}, {"content": [{"token": 5}]}, [1]])
def test_logprobs_that_are_none_stay_as_they_are(logprobs: Any) -> None:
    document = answer()
    document["choices"][0]["logprobs"] = logprobs
    assert only(document).logprobs is None


@pytest.mark.parametrize(
    ("usage", "flags", "expected"),
    [
        ({"prompt_tokens": 9, "completion_tokens": 1, "prompt_cache_hit_tokens": 8}, {}, Usage(9, 8, 0, 1)),
        ({"prompt_tokens": 9, "completion_tokens": 1, "num_cached_tokens": 8}, {}, Usage(9, 8, 0, 1)),
        ({"prompt_tokens": 9, "prompt_tokens_details": {"cache_write_tokens": 4}}, {}, Usage(9, 0, 4)),
        ({"prompt_tokens": 9, "prompt_tokens_details": {"cache_creation_input_tokens": 4}}, {}, Usage(9, 0, 4)),
        (
            {
                "prompt_tokens": 10,
                "completion_tokens": 5,
                "total_tokens": 45,
                "completion_tokens_details": {"reasoning_tokens": 30},
            },
            {},
            Usage(input=10, output=35, reasoning=30),
        ),
        (
            {
                "prompt_tokens": 10,
                "completion_tokens": 35,
                "total_tokens": 45,
                "completion_tokens_details": {"reasoning_tokens": 30},
            },
            {"output_excludes_reasoning": True},
            Usage(input=10, output=35, reasoning=30),
        ),
        (
            {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 45},
            {"output_excludes_reasoning": True},
            Usage(input=10, output=35, reasoning=30),
        ),
        (
            {"prompt_tokens": 1, "completion_tokens": 5, "completion_tokens_details": {"reasoning_tokens": 9}},
            {},
            Usage(input=1, output=5, reasoning=5),
        ),
        ({"prompt_tokens": 9, "completion_tokens": 1, "prompt_tokens_details": []}, {}, Usage(input=9, output=1)),
        (
            {"prompt_tokens": 9, "prompt_tokens_details": {"cached_tokens": 8, "x": []}, "total_tokens": ""},
            {},
            Usage(9, 8),
        ),
        ("none", {}, None),
    ],
)
def test_tokens_are_counted_as_each_provider_means_them(usage: Any, flags: Any, expected: Usage | None) -> None:
    document = answer(usage=usage)
    reply = heard(document, Dialect(**flags))
    assert reply.usage == expected
    assert FORMAT.write_reply(reply, ASKED) == document


def test_usage_that_has_changed_is_written_anew() -> None:
    reply = heard(answer(usage={"prompt_tokens": 3, "completion_tokens": 2, "cost": 1}))
    reply.usage = Usage(input=4, output=2)
    assert FORMAT.write_reply(reply, ASKED)["usage"]["prompt_tokens"] == 4


def test_a_changed_word_changes_nothing_else() -> None:
    document = answer({"reasoning_content": "Hm", "annotations": []})
    reply = heard(document)
    reply.choices[0].parts[1] = Text(text="Ho")
    assert FORMAT.write_reply(reply, ASKED) == answer({"reasoning_content": "Hm", "annotations": [], "content": "Ho"})


# from other formats


def test_an_answer_of_another_format_is_a_chat_completion() -> None:
    choice = told(Text(text="Hel"), Text(text="lo"), logprobs=[Logprob(token="Hello", logprob=-1)])
    assert choice["message"] == {"role": "assistant", "content": "Hello", "refusal": None}
    assert choice["logprobs"]["content"] == [{"token": "Hello", "logprob": -1, "bytes": None, "top_logprobs": []}]
    assert choice["finish_reason"] == "stop"


@pytest.mark.parametrize(
    ("reason", "expected"),
    [("stop_sequence", "stop"), ("context", "length"), ("refused", "content_filter"), ("failed", "content_filter")],
)
def test_the_end_of_an_answer_is_told_in_openais_words(reason: Any, expected: str) -> None:
    assert told(Text(text="Hi"), stop=Stop(reason=reason, said="?"))["finish_reason"] == expected


def test_calls_are_calls_whatever_the_reason_said() -> None:
    choice = told(ToolCall(name="f", arguments=""), ToolCall(id="a", name="g", arguments="{}"))
    first, second = choice["message"]["tool_calls"]
    assert choice["finish_reason"] == "tool_calls"
    assert first["function"] == {"name": "f", "arguments": "{}"}
    assert first["id"].startswith("call_")
    assert second["id"] == "a"


def test_reasoning_is_shown_and_comes_back_whole() -> None:
    parts = [
        Reasoning(text="Hm", signature="s", issuer="anthropic"),
        Reasoning(summary=["A", "B"], encrypted="e", id="rs_1", issuer="openai"),
        Reasoning(text="Plain"),
        Text(text="Hi"),
    ]
    message = told(*parts)["message"]
    assert message["reasoning_content"] == "Hm\n\nA\n\nB\n\nPlain"
    read = FORMAT.read_request({"model": "m", "messages": [message]}, Place()).messages[0].parts
    reasoning = [msgspec.structs.replace(part, spelling={}) for part in read if isinstance(part, Reasoning)]
    assert reasoning == parts[:2]
    numbers = [entry["index"] for entry in message["reasoning_details"]]
    assert numbers == [0, 1, 2, 3], "the SDK puts together what has one index"


def test_googles_signature_of_a_call_is_handed_on() -> None:
    call = told(ToolCall(id="a", name="f", arguments="{}", signature="c2ln", issuer="google"))["message"]["tool_calls"]
    assert call[0]["extra_content"] == {"google": {"thought_signature": "c2ln"}}


def test_refusals_citations_pictures_and_sounds_have_their_places() -> None:
    message = told(
        Text(text="ab", citations=[Citation(url="https://a", start=0, end=2)]),
        Text(text="cd", citations=[Citation(title="Doc", start=0, end=1), Citation(cited="x")]),
        Refusal(text="No"),
        Image(data="AAAA", media_type="image/png"),
        Audio(data="AAAA", transcript="Hi"),
        Foreign(format="anthropic_messages", kind="server_tool_use"),
    )["message"]
    said = [annotation["url_citation"] for annotation in message["annotations"]]
    assert [(one["start_index"], one["end_index"]) for one in said] == [(0, 2), (2, 3), (0, 4)]
    assert message["refusal"] == "No"
    assert message["images"] == [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}]
    assert message["audio"]["transcript"] == "Hi"


@pytest.mark.parametrize(("tier", "expected"), [("standard", "default"), ("priority", "priority"), ("odd", None)])
def test_a_service_tier_is_told_in_openais_words(tier: str, expected: str | None) -> None:
    reply = Reply(format="anthropic_messages", service_tier=tier, usage=Usage(5, 1, 2, 3, 1))
    document = FORMAT.write_reply(reply, ASKED)
    assert document.get("service_tier") == expected
    assert document["usage"] == {
        "prompt_tokens": 5,
        "completion_tokens": 3,
        "total_tokens": 8,
        "prompt_tokens_details": {"cached_tokens": 1, "cache_write_tokens": 2},
        "completion_tokens_details": {"reasoning_tokens": 1},
    }
