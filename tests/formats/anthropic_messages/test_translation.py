"""Requests of other formats in this one's turns, within the rules of the API; what it cannot say is told or refused."""

from typing import Any

import pytest
from tests.formats.anthropic_messages.speaking import (
    CLAUDE,
    WEATHER,
    assistant,
    chat,
    dropped,
    refused,
    tool,
    user,
    write,
)

from trunkline.formats.anthropic_messages.parts_write import NO_OUTPUT
from trunkline.formats.call_ids import fitting
from trunkline.formats.conversation import (
    AnyPart,
    Audio,
    CacheHint,
    Citation,
    File,
    Foreign,
    Image,
    Message,
    Reasoning,
    Refusal,
    Request,
    Text,
    ToolCall,
    ToolResult,
)
from trunkline.formats.dialect import Dialect
from trunkline.formats.losses import Losses
from trunkline.formats.turns import SHOWN_BELOW


def turns(request: Request) -> list[tuple[str, Any]]:
    return [(message["role"], message["content"]) for message in write(request, CLAUDE)["messages"]]


def call(number: int, arguments: str = "{}", name: str = "weather") -> ToolCall:
    return ToolCall(id=f"call_{number}", name=name, arguments=arguments)


def result(number: int, text: str = "sunny") -> ToolResult:
    return ToolResult(call=f"call_{number}", content=[Text(text=text)], plain=True)


# Turns


def test_neighbours_become_one_turn_and_later_instructions_stay_in_their_place() -> None:
    request = chat(
        Message(role="system", parts=[Text(text="Be kind.")], plain=True),
        user("Hello"),
        user("Anyone?"),
        assistant("Yes"),
        Message(role="developer", parts=[Text(text="Be brief.")]),
        user("Good"),
    )
    written = write(request)
    assert [block["text"] for block in written["system"]] == ["Be kind."]
    assert [message["role"] for message in written["messages"]] == ["user", "assistant", "user"]
    assert [block["text"] for block in written["messages"][0]["content"]] == ["Hello", "Anyone?"]
    assert [block["text"] for block in written["messages"][2]["content"]] == [reminder("Be brief."), "Good"]
    assert dropped(request) == ["messages[4].role"]


def reminder(words: str) -> str:
    return f"<system-reminder>\n{words}\n</system-reminder>"


@pytest.mark.parametrize(
    ("before", "after", "roles"),
    [
        ([user("Hi")], [], ["user", "system"]),
        ([user("Hi")], [assistant("Yes"), user("Good")], ["user", "system", "assistant", "user"]),
        ([user("Hi"), assistant(call(1)), tool(result(1))], [], ["user", "assistant", "user", "system"]),
        ([user("Hi")], [user("Anyone?")], ["user"]),
        ([user("Hi"), assistant("Yes")], [user("Good")], ["user", "assistant", "user"]),
    ],
)
def test_a_model_that_takes_later_instructions_gets_them_where_they_may_stand(
    before: list[Message], after: list[Message], roles: list[str]
) -> None:
    said = [Message(role="system", parts=[Text(text="Be kind.")]), Message(role="developer", parts=[Text(text="So.")])]
    request, dialect = chat(*before, *said, *after, tools=[WEATHER]), Dialect(later_system=True)
    written = write(request, dialect)
    assert [message["role"] for message in written["messages"]] == roles
    assert "system" not in written
    if "system" in roles:
        place = written["messages"][roles.index("system")]
        assert [block["text"] for block in place["content"]] == ["Be kind.", "So."]
        assert dropped(request, dialect) == []
    else:
        assert [path.endswith(".role") for path in dropped(request, dialect)] == [True, True]


def test_a_picture_that_the_operator_shows_later_is_shown_by_the_user() -> None:
    late = Message(role="system", parts=[Text(text="See"), Image(data="QUJD", media_type="image/png")])
    [(role, content)] = turns(chat(user("Hi"), late))
    assert (role, [block["type"] for block in content]) == ("user", ["text", "text", "image"])


def test_all_results_stand_first_in_the_turn_after_their_calls_in_the_order_of_the_calls() -> None:
    request = chat(
        user("Where is it warm?"),
        assistant("Let me see.", call(1), call(2)),
        tool(result(2, "two")),
        user("Hurry"),
        tool(result(1, "one")),
        tools=[WEATHER],
    )
    _, _, (role, content) = turns(request)
    assert role == "user"
    assert [block["type"] for block in content] == ["tool_result", "tool_result", "text"]
    assert [block["content"] for block in content[:2]] == ["one", "two"]
    assert [block["tool_use_id"] for block in content[:2]] == ["call_1", "call_2"]


def test_calls_without_an_id_get_one_and_their_results_the_same() -> None:
    request = chat(
        user("?"),
        assistant(ToolCall(name="a", arguments="{}"), ToolCall(name="b", arguments="{}")),
        user(ToolResult(name="b", content=[Text(text="B")]), ToolResult(name="a", content=[Text(text="A")])),
        source="google_generate",
    )
    _, (_, calls), (_, results) = turns(request)
    assert [one["id"] for one in calls] == [one["tool_use_id"] for one in results]
    assert len({one["id"] for one in calls}) == 2
    assert [one["content"][0]["text"] for one in results] == ["A", "B"]
    assert turns(request)[1][1] == calls  # the same on every turn


def test_a_result_of_no_words_has_no_content() -> None:
    request = chat(user("?"), assistant(call(1)), tool(ToolResult(call="call_1", plain=True)))
    assert turns(request)[2][1] == [{"type": "tool_result", "tool_use_id": "call_1"}]


def test_calls_that_share_an_id_are_told_apart() -> None:
    same = ToolCall(id="0", name="weather", arguments="{}")
    answer = ToolResult(call="0", content=[Text(text="x")], plain=True)
    request = chat(user("?"), assistant(same), tool(answer), assistant(same, same), tool(answer), tool(answer))
    ids = [block["id"] for role, content in turns(request) if role == "assistant" for block in content]
    assert ids[0] == "0"
    assert len(set(ids)) == 3


def test_an_id_that_the_api_does_not_take_is_made_fitting_for_call_and_result() -> None:
    odd = "call:1/2"
    request = chat(
        user("?"), assistant(ToolCall(id=odd, name="f", arguments="")), tool(ToolResult(call=odd, plain=True))
    )
    _, (_, calls), (_, results) = turns(request)
    assert calls[0]["id"] == results[0]["tool_use_id"] == fitting(odd, "word")


def test_a_result_of_nothing_has_no_content() -> None:
    request = chat(user("?"), assistant(call(1)), tool(ToolResult(call="call_1", plain=True)))
    assert turns(request)[2][1] == [{"type": "tool_result", "tool_use_id": "call_1"}]


def test_a_call_without_result_and_a_result_without_call_are_refused() -> None:
    assert refused(chat(user("?"), assistant(call(1)), user("And?"))) == "messages[1].tool_calls[0]"
    assert refused(chat(user("?"), assistant(call(1)))) == "messages[1].tool_calls[0]"
    assert refused(chat(user("?"), assistant("!"), tool(result(1)))) == "messages[2]"
    assert refused(chat(tool(result(1)))) == "messages[0]"


def test_an_assistant_who_speaks_first_is_given_a_question() -> None:
    assert turns(chat(assistant("Hello!"), user("Hi")))[0] == ("user", "Begin.")


def test_what_says_nothing_is_left_out() -> None:
    request = chat(user("", "Hello", "  \n"), assistant(""), user("There?"))
    assert turns(request) == [("user", [{"type": "text", "text": "Hello"}, {"type": "text", "text": "There?"}])]
    assert refused(chat(user(" "))) == "messages"


def test_where_nobody_has_spoken_a_user_begins() -> None:
    written = write(chat(Message(role="system", parts=[Text(text="Tell a joke.")])))
    assert written["messages"] == [{"role": "user", "content": "Begin."}]
    assert written["system"] == [{"type": "text", "text": "Tell a joke."}]


def test_what_the_model_goes_on_from_ends_without_white_space() -> None:
    assert turns(chat(user("?"), assistant("The answer is \n")))[-1] == ("assistant", "The answer is")


def test_a_model_that_does_not_go_on_from_words_refuses_to() -> None:
    request = chat(user("?"), assistant("The answer is"))
    dialect = Dialect(refuses=frozenset({"prefill"}))
    assert refused(request, dialect) == "messages[1]"
    losses = Losses(drop_all=True)
    assert write(request, dialect, losses)["messages"][-1] == {"role": "user", "content": "Continue."}
    assert losses.dropped == ["messages[1]"]


def test_a_model_without_system_prompt_is_told_by_the_user() -> None:
    request = chat(Message(role="system", parts=[Text(text="Be kind.")]), user("Hi"))
    written = write(request, Dialect(refuses=frozenset({"system"})))
    assert [block["text"] for block in written["messages"][0]["content"]] == ["Be kind.", "Hi"]
    assert "system" not in written


# Parts


def test_pictures_and_files_are_put_into_sources() -> None:
    pdf, text = "JVBERi0xLjQ=", "SGVsbG8="
    content = turns(
        chat(
            user(
                Image(data="QUJD", media_type="image/jpg"),
                Image(url="data:image/webp;base64,QUJD"),
                Image(data="-_-_QQ", media_type="image/png"),
                Image(url="https://x.test/a.png"),
                File(data=pdf, media_type="application/pdf", name="a.pdf"),
                File(data=pdf),
                File(data=text, media_type="text/markdown"),
                File(data=text, name="notes.TXT"),
                File(text="words"),
                File(url="https://x.test/a.pdf"),
                File(data="QUJD", media_type="image/png"),
            )
        )
    )[0][1]
    assert [(block["type"], block["source"]) for block in content] == [
        ("image", {"type": "base64", "media_type": "image/jpeg", "data": "QUJD"}),
        ("image", {"type": "base64", "media_type": "image/webp", "data": "QUJD"}),
        ("image", {"type": "base64", "media_type": "image/png", "data": "+/+/QQ=="}),
        ("image", {"type": "url", "url": "https://x.test/a.png"}),
        ("document", {"type": "base64", "media_type": "application/pdf", "data": pdf}),
        ("document", {"type": "base64", "media_type": "application/pdf", "data": pdf}),
        ("document", {"type": "text", "media_type": "text/plain", "data": "Hello"}),
        ("document", {"type": "text", "media_type": "text/plain", "data": "Hello"}),
        ("document", {"type": "text", "media_type": "text/plain", "data": "words"}),
        ("document", {"type": "url", "url": "https://x.test/a.pdf"}),
        ("image", {"type": "base64", "media_type": "image/png", "data": "QUJD"}),
    ]
    assert content[4]["title"] == "a.pdf"


@pytest.mark.parametrize(
    "part",
    [
        Image(data="QUJD", media_type="image/tiff"),
        Image(file_id="file-1"),
        Image(url="ftp://x.test/a.png"),
        File(data="QUJD", media_type="application/zip"),
        File(data="/w==", media_type="text/plain"),
        File(url="https://x.test/a.mp4", media_type="video/mp4"),
        File(file_id="file-1"),
        Audio(data="QUJD", media_type="audio/wav"),
        Foreign(format="openai_chat", kind="hologram", value={}),
    ],
)
def test_a_part_that_the_api_does_not_take_is_refused_by_its_path(part: AnyPart) -> None:
    assert refused(chat(user("See:", part))) == "messages[0].content[1]"
    inside = ToolResult(call="call_1", content=[part])
    assert refused(chat(user("?"), assistant(call(1)), tool(inside))) == "messages[2].content[0]"


def test_where_nothing_is_fetched_an_address_is_refused() -> None:
    dialect = Dialect(refuses=frozenset({"image_urls"}))
    assert refused(chat(user(Image(url="https://x.test/a.png"))), dialect) == "messages[0].content[0]"


PICTURE = Image(data="QUJD", media_type="image/png")


def test_results_keep_their_pictures() -> None:
    answer = ToolResult(call="call_1", content=[Text(text="see"), PICTURE])
    [block] = turns(chat(user("?"), assistant(call(1)), tool(answer)))[2][1]
    assert [inner["type"] for inner in block["content"]] == ["text", "image"]


@pytest.mark.parametrize(
    ("content", "told", "beside"),
    [
        ([Text(text="no such page")], [{"type": "text", "text": "no such page"}], []),
        ([Text(text="as shown"), PICTURE], [{"type": "text", "text": "as shown"}], ["image"]),
        ([PICTURE], SHOWN_BELOW, ["image"]),
        ([Text(text="")], NO_OUTPUT, []),
        ([], NO_OUTPUT, []),
    ],
)
def test_a_result_that_failed_has_words_and_nothing_else(content: list[Any], told: Any, beside: list[str]) -> None:
    failed = ToolResult(call="call_1", content=content, failed=True)
    request = chat(user("?"), assistant(call(1), call(2)), tool(failed), tool(result(2)), user("Well?"))
    _, _, (_, blocks) = turns(request)
    assert [block["type"] for block in blocks] == ["tool_result", "tool_result", *beside, "text"]
    assert (blocks[0]["content"], blocks[0]["is_error"]) == (told, True)
    plain = ToolResult(call="call_1", content=[Text(text=" ")], plain=True, failed=True)
    assert turns(chat(user("?"), assistant(call(1)), tool(plain)))[2][1][0]["content"] == NO_OUTPUT


def test_arguments_must_be_an_object() -> None:
    request = chat(user("?"), assistant(call(1, '{"city": "Par')), tool(result(1)))
    assert refused(request) == "messages[1].tool_calls[0]"
    empty = turns(chat(user("?"), assistant(call(1, "")), tool(result(1))))
    assert empty[1][1][0]["input"] == {}


def test_only_its_own_familys_reasoning_comes_back() -> None:
    own = Reasoning(text="Hm.", signature="c2ln", issuer="anthropic")
    hidden = Reasoning(encrypted="ZW5j", issuer="anthropic")
    other = Reasoning(text="So?", signature="eA==", issuer="google")
    request = chat(user("?"), assistant(own, hidden, other, "Yes"), user("Go on"))
    assert turns(request)[1][1] == [
        {"type": "thinking", "thinking": "Hm.", "signature": "c2ln"},
        {"type": "redacted_thinking", "data": "ZW5j"},
        {"type": "text", "text": "Yes"},
    ]
    assert dropped(request) == ["messages[1].reasoning"]


def test_a_server_that_wants_its_words_of_reasoning_back_gets_them() -> None:
    request = chat(user("?"), assistant(Reasoning(text="Hm."), "Yes"), user("Go on"))
    dialect = Dialect(replays_reasoning="always", issuer="deepseek")
    assert write(request, dialect)["messages"][1]["content"][0] == {
        "type": "thinking",
        "thinking": "Hm.",
        "signature": "",
    }


def test_a_refusal_is_text_and_citations_of_old_answers_are_left_behind() -> None:
    cited = Text(text="So it is.", citations=[Citation(url="https://x.test")])
    request = chat(user("?"), assistant(Refusal(text="No.", spelling={"in": "refusal"}), cited), user("Well"))
    assert [block["text"] for block in turns(request)[1][1]] == ["No.", "So it is."]
    assert dropped(request) == ["messages[1].annotations"]


def test_no_more_cache_marks_are_set_than_the_api_takes_and_the_last_are_kept() -> None:
    parts: list[AnyPart | str] = [Text(text=str(number), cache=CacheHint()) for number in range(6)]
    content = turns(chat(user(*parts)))[0][1]
    assert [block["text"] for block in content if "cache_control" in block] == ["2", "3", "4", "5"]
    assert dropped(chat(user(*parts))) == [f"messages[0].content[{number}].cache_control" for number in (0, 1)]


def test_a_cache_mark_on_a_part_that_says_nothing_moves_to_what_stands_before() -> None:
    blank = Text(text="\n", cache=CacheHint(ttl="1h"))
    content = turns(chat(user("Hello", blank, "you")))[0][1]
    assert [block.get("cache_control") for block in content] == [{"type": "ephemeral", "ttl": "1h"}, None]
    assert dropped(chat(user(blank, "Hello"))) == ["messages[0].content[0].cache_control"]


def test_a_cache_mark_within_a_result_is_one_behind_it() -> None:
    answer = ToolResult(call="call_1", content=[Text(text="a", cache=CacheHint()), Text(text="b")])
    block = turns(chat(user("?"), assistant(call(1)), tool(answer)))[2][1][0]
    assert block["cache_control"] == {"type": "ephemeral"}
    assert block["content"] == [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]


def test_a_document_of_converse_keeps_that_it_is_to_be_cited() -> None:
    cited = File(text="words", extras={"bedrock_converse": {"citations": {"enabled": True}}})
    found = Foreign(
        format="bedrock_converse",
        kind="searchResult",
        value={"searchResult": {"source": "s", "title": "t", "content": [{"text": "x"}]}},
    )
    content = turns(chat(user(cited, found), source="bedrock_converse"))[0][1]
    assert content[0]["citations"] == {"enabled": True}
    assert content[1] == {
        "type": "search_result",
        "source": "s",
        "title": "t",
        "content": [{"type": "text", "text": "x"}],
    }
