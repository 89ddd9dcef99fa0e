"""When a simulated reply comes, and that the line keeps deadlines, pauses and aborts as one over a socket does."""

import pytest
from tests.providers.simulation import Heard, ask, begin, body

from trunkline.providers.simulated import Settings
from trunkline.transport.exchange import Times

PACED = Settings(latency=0.5, tokens_per_second=10)


def contents(heard: Heard) -> list[tuple[float, str]]:
    """The tokens of a streamed echo, with their moments."""
    found = []
    for (moment, _), chunk in zip(heard.pieces, heard.chunks(), strict=False):
        content = chunk["choices"][0]["delta"].get("content") if chunk["choices"] else None
        if content:
            found.append((moment, content))
    return found


def test_nothing_is_heard_before_send_has_returned() -> None:
    clock, heard = begin(body())  # `begin` asserts it
    clock.advance(0)
    assert heard.ended
    assert heard.over_at == 0


def test_a_stream_begins_after_the_latency_and_goes_on_at_its_pace() -> None:
    heard = ask(body("echo", "0123456789ab", stream=True), PACED)
    assert contents(heard) == [(0.5, "0123"), (0.6, "4567"), (0.7, "89ab")]
    assert heard.over_at == 0.7


def test_a_whole_reply_comes_when_its_stream_would_have_ended() -> None:
    heard = ask(body("echo", "0123456789ab"), PACED)
    assert [moment for moment, _ in heard.pieces] == [0.7]


def test_an_error_comes_after_the_latency_and_a_refusal_at_once() -> None:
    assert ask(body("error-500"), PACED).over_at == 0.5
    assert ask(body(n=0), PACED).over_at == 0


def test_a_request_can_ask_for_its_own_pace() -> None:
    metadata = {"simulated_latency": "2", "simulated_tokens_per_second": "1", "mine": "x"}
    heard = ask(body("echo", "01234567", stream=True, metadata=metadata), PACED)
    assert contents(heard) == [(2.0, "0123"), (3.0, "4567")]
    unhurried = ask(body("slow", stream=True, metadata={"simulated_latency": "0", "simulated_tokens_per_second": "0"}))
    assert unhurried.over_at == 0


def test_no_two_tokens_are_more_than_an_hour_apart() -> None:
    asked = body("echo", "01234567", stream=True, metadata={"simulated_tokens_per_second": "1e-320"})
    assert contents(ask(asked)) == [(0, "0123"), (3600, "4567")]


@pytest.mark.parametrize("wrong", ["soon", "-1", "nan", "inf", "1e9", ""])
def test_a_pace_that_is_no_number_is_refused(wrong: str) -> None:
    error = ask(body(metadata={"simulated_latency": wrong})).json()["error"]
    assert error["param"] == "metadata.simulated_latency"


def test_without_a_pace_every_event_is_handed_over_for_itself() -> None:
    heard = ask(body("echo", "0123456789ab", stream=True))
    assert [piece.count(b"\n\n") for _, piece in heard.pieces] == [1] * 6


# Deadlines


def test_the_first_token_has_its_deadline() -> None:
    clock, heard = begin(body(stream=True), Settings(latency=9), times=Times(first_token=2, gap=1, total=5))
    clock.advance(1.9)
    assert not heard.over
    clock.advance(0.2)
    assert heard.fault is not None
    assert str(heard.fault) == "first_token_timeout: no output within 2 s"
    assert not heard.status
    assert not clock.waiting


def test_what_is_sent_in_time_is_not_late() -> None:
    clock, heard = begin(body(stream=True), Settings(latency=2), times=Times(first_token=2, gap=1, total=2))
    clock.advance(2)
    assert heard.ended


def test_the_deadline_of_the_first_token_stands_until_output_is_seen() -> None:
    clock, heard = begin(body("stall", stream=True), times=Times(first_token=2, gap=9, total=50))
    clock.advance(3)
    assert heard.pieces
    assert heard.fault is not None
    assert heard.fault.kind == "first_token_timeout"


def test_the_gap_counts_from_the_last_piece_once_output_flows() -> None:
    asked = body("echo", "x" * 12, stream=True)
    clock, heard = begin(asked, Settings(tokens_per_second=0.5), times=Times(first_token=1, gap=3, total=50))
    heard.on_data = lambda: heard.line.flowing()
    clock.advance(10)
    assert heard.ended  # 2 s between its tokens
    clock, heard = begin(asked, Settings(tokens_per_second=0.25), times=Times(first_token=1, gap=3, total=50))
    heard.on_data = lambda: heard.line.flowing()
    clock.advance(10)
    assert heard.fault is not None
    assert str(heard.fault) == "gap_timeout: silent for 3 s"
    assert heard.over_at == 3


@pytest.mark.parametrize(("model", "stream"), [("stall", True), ("stall", False), ("mute", False), ("long", True)])
def test_the_whole_call_has_its_deadline(model: str, stream: bool) -> None:
    clock, heard = begin(body(model, stream=stream), Settings(tokens_per_second=2), times=Times(total=20))
    heard.on_data = lambda: heard.line.flowing()
    clock.advance(20)
    assert heard.fault is not None
    assert str(heard.fault) == "total_timeout: not finished within 20 s"
    assert not clock.waiting


# Pausing


def test_nothing_is_handed_over_while_paused_and_everything_after() -> None:
    clock, heard = begin(body("echo", "0123456789ab", stream=True), PACED)
    clock.advance(0.65)
    before = len(heard.pieces)
    heard.line.pause()
    clock.advance(30)
    assert len(heard.pieces) == before
    heard.line.resume()
    assert len(heard.pieces) == before  # never from within a call of ours
    clock.advance(0)
    assert heard.ended
    assert "".join(content for _, content in contents(heard)) == "0123456789ab"


def test_a_receiver_may_pause_in_the_middle_of_being_called() -> None:
    clock, heard = begin(body(stream=True))
    heard.on_head = heard.on_data = lambda: heard.line.pause()
    for count in range(10):
        clock.advance(1)
        if heard.over:
            break
        assert heard.status
        assert len(heard.pieces) == count
        heard.line.resume()
    assert heard.ended
    assert heard.events()[-1] == b"[DONE]"


def test_silence_is_not_counted_while_paused() -> None:
    asked = body("echo", "x" * 8, stream=True)
    clock, heard = begin(asked, Settings(tokens_per_second=0.25), times=Times(first_token=1, gap=5, total=100))
    heard.on_data = lambda: heard.line.flowing()
    clock.advance(1)
    heard.line.pause()
    clock.advance(50)
    assert not heard.over
    heard.line.resume()
    clock.advance(1)
    assert heard.ended


def test_the_whole_call_is_limited_even_while_paused() -> None:
    clock, heard = begin(body(stream=True), PACED, times=Times(total=20))
    heard.line.pause()
    clock.advance(20)
    assert heard.fault is not None
    assert heard.fault.kind == "total_timeout"
    heard.line.resume()
    clock.advance(20)
    assert not clock.waiting


def test_resuming_what_is_not_paused_changes_nothing() -> None:
    clock, heard = begin(body("mute"), times=Times(first_token=3, total=100))
    for _ in range(3):
        clock.advance(1)
        heard.line.resume()
    assert heard.fault is not None


# Aborting


def test_after_an_abort_nothing_is_heard() -> None:
    for moment in (0, 0.5, 0.6):
        clock, heard = begin(body("echo", "0123456789ab", stream=True), PACED)
        clock.advance(moment)
        before = len(heard.pieces)
        heard.line.abort()
        assert not clock.waiting
        heard.line.resume()
        heard.line.flowing()
        clock.advance(60)
        assert len(heard.pieces) == before
        assert not heard.over


@pytest.mark.parametrize("model", ["echo", "cut", "stall"])
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("moment", ["head", "data"])
def test_a_receiver_may_abort_in_the_middle_of_being_called(model: str, stream: bool, moment: str) -> None:
    clock, heard = begin(body(model, stream=stream))
    setattr(heard, f"on_{moment}", heard.line.abort)
    clock.advance(60)
    assert heard.status
    assert len(heard.pieces) == (moment == "data")
    assert not heard.over
    assert not clock.waiting


def test_a_line_that_is_not_used_can_be_aborted() -> None:
    clock, heard = begin(body())
    clock.advance(1)
    assert heard.ended
    heard.line.pause()
    heard.line.resume()
    heard.line.abort()
    assert not clock.waiting
