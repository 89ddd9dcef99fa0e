"""Summaries of reasoning, which a provider streams word by word: clients of every format get them so."""

import json
from typing import Any

import pytest
from tests.formats.openai_responses.speaking import CREATED, LIMIT, completed, frames

from trunkline.formats.conversation import Event, FormatName, Reasoning, Request
from trunkline.formats.dialect import PLAIN
from trunkline.formats.folding import fold, unfold
from trunkline.formats.registry import FORMATS

Json = dict[str, Any]
RESPONSES = FORMATS["openai_responses"]
PARTS = [["Look ", "first."], ["", "Then ", "leap."], [""]]
WHOLE = ["Look first.", "Then leap.", ""]
ITEM: Json = {"id": "rs_1", "type": "reasoning", "summary": [{"type": "summary_text", "text": text} for text in WHOLE]}
HEARD: dict[FormatName, str] = {
    "openai_chat": "reasoning_content",
    "anthropic_messages": "thinking",
    "google_generate": "text",
    "bedrock_converse": "text",
}


def told(*, done: bool = True) -> list[Json]:
    """The events of `ITEM`; without `done`, a part is only said to be whole with the item."""
    kind, at = "response.reasoning_summary", {"item_id": "rs_1", "output_index": 0}
    events: list[Json] = [{"type": "response.output_item.added", "output_index": 0, "item": {**ITEM, "summary": []}}]
    for index, pieces in enumerate(PARTS):
        here, whole = {**at, "summary_index": index}, {"type": "summary_text", "text": WHOLE[index]}
        events.append({"type": f"{kind}_part.added", **here, "part": {**whole, "text": ""}})
        events += [{"type": f"{kind}_text.delta", **here, "delta": piece} for piece in pieces]
        if done:
            events.append({"type": f"{kind}_text.done", **here, "text": WHOLE[index]})
            events.append({"type": f"{kind}_part.done", **here, "part": whole})
    return [*events, {"type": "response.output_item.done", "output_index": 0, "item": ITEM}]


def read(*events: Json) -> list[Event]:
    return RESPONSES.reader(PLAIN, LIMIT).feed(frames(CREATED, *events, completed(ITEM)))


def pieces_of(events: list[Event]) -> list[tuple[list[str], bool]]:
    found = [delta.piece for event in events for delta in event.deltas]
    return [(piece.summary, piece.continues) for piece in found if isinstance(piece, Reasoning) and piece.summary]


def test_every_piece_is_told_when_it_comes() -> None:
    words = [(["Look "], False), (["first."], True), (["Then "], False), (["leap."], True)]
    assert pieces_of(read(*told())) == [*words, ([""], False)]
    assert pieces_of(read(*told(done=False))) == [*words, ([""], False)]


@pytest.mark.parametrize("done", [True, False])
def test_the_pieces_are_the_whole_and_are_written_again_as_they_came(done: bool) -> None:
    events = read(*told(done=done))
    [thought] = fold(events, "openai_responses").choices[0].parts
    assert thought == Reasoning(id="rs_1", summary=WHOLE)
    writer = RESPONSES.writer(Request(format="openai_responses"))
    written = b"".join([writer.feed(event) for event in events])
    assert lines(written) == lines(frames(CREATED, *told(done=done), completed(ITEM)))


def test_what_the_pieces_left_out_comes_with_the_whole() -> None:
    events = [event for event in told() if event.get("delta") not in ("first.", "Then ", "leap.")]
    assert pieces_of(read(*events))[:3] == [(["Look "], False), (["first."], True), (["Then leap."], False)]


@pytest.mark.parametrize("place", [-1, 7, None, "0"])
def test_a_piece_of_no_known_place_waits_for_the_whole(place: Any) -> None:
    odd = {"type": "response.reasoning_summary_text.delta", "output_index": 0, "summary_index": place, "delta": "x"}
    done = {**odd, "type": "response.reasoning_summary_text.done", "text": "x"}
    first, *_, last = told()
    assert pieces_of(read(first, odd, done, last)) == [(WHOLE, False)]


def lines(sent: bytes) -> list[Json]:
    """What a stream of server-sent events says."""
    return [json.loads(line[6:]) for line in sent.splitlines() if line.startswith(b"data: {")]


def heard(client: FormatName, sent: bytes) -> list[str]:
    """The words of reasoning, event by event."""
    if client == "bedrock_converse":
        events = FORMATS[client].reader(PLAIN, LIMIT).feed(sent)
        found = [delta.piece for event in events for delta in event.deltas]
        return [piece.text for piece in found if isinstance(piece, Reasoning) and piece.text]
    return [words for event in lines(sent) for words in _found(event, HEARD[client])]


def _found(value: Any, name: str) -> list[str]:
    if isinstance(value, list):
        return [words for one in value for words in _found(one, name)]
    if not isinstance(value, dict):
        return []
    own = [value[name]] if isinstance(value.get(name), str) and value[name] else []
    return own + [words for inner in value.values() for words in _found(inner, name)]


@pytest.mark.parametrize("client", HEARD)
def test_clients_hear_it_word_by_word_with_a_line_between_the_parts(client: FormatName) -> None:
    writer = FORMATS[client].writer(Request(format=client))
    sent = b"".join([writer.feed(event) for event in read(*told())]) + writer.end()
    assert heard(client, sent) == ["Look ", "first.", "\n\nThen ", "leap."]
    whole = fold(read(*told()), "openai_responses")
    writer = FORMATS[client].writer(Request(format=client))
    sent = b"".join([writer.feed(event) for event in unfold(whole)]) + writer.end()
    assert heard(client, sent) == ["Look first.\n\nThen leap."]


def test_a_client_of_this_format_hears_anothers_summary_in_parts() -> None:
    """Events that come without their own words, as another format's would."""
    writer = RESPONSES.writer(Request(format="openai_responses"))
    bare = [Event(deltas=event.deltas, starts=event.starts) for event in read(*told())]
    sent = b"".join([writer.feed(event) for event in bare]) + writer.end()
    again = RESPONSES.reader(PLAIN, LIMIT).feed(sent)
    assert [(summary, goes_on) for summary, goes_on in pieces_of(again) if summary != [""]] == [
        (["Look "], False),
        (["first."], True),
        (["Then "], False),
        (["leap."], True),
    ]
    [thought] = fold(again, "openai_responses").choices[0].parts
    assert isinstance(thought, Reasoning)
    assert thought.summary == WHOLE
