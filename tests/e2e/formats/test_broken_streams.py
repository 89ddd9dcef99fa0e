"""A stream that a provider breaks off raises in every SDK, whatever both sides speak, and the ledger says so."""

from collections.abc import Iterator

import pytest
from tests.e2e.formats import clients
from tests.e2e.formats.hall import Hall
from tests.e2e.formats.upstreams import HELLO, MODELS, breaks_off, mute, stalls, streams
from tests.running import Background

WHOLE_WITHOUT_ITS_USAGE = {"bedrock": 1}
"""Events at the end without which a stream is whole: Amazon's usage comes behind the reason for the end."""
IMPATIENT = {"first_token": "120ms", "gap": "60ms", "total": "20s"}
SOME = 6
"""Events of a stream after which every format has said something, and not all."""


def heard(hall: Hall, client: str, upstream: str) -> tuple[str, Exception]:
    """What an SDK gives out of a stream before it raises, and what it raises."""
    speaks = hall.clients[client]
    pieces: list[str] = []
    with pytest.raises(speaks.raises) as caught:
        pieces.extend(speaks.pieces("Hallo", MODELS[upstream]))
    return "".join(pieces), caught.value


@pytest.mark.parametrize("politely", [False, True], ids=["cut", "ended"])
@pytest.mark.parametrize("upstream", MODELS)
@pytest.mark.parametrize("client", clients.EVERY)
def test_a_stream_that_breaks_off_raises(hall: Hall, client: str, upstream: str, politely: bool) -> None:
    last = len(hall.upstreams[upstream].events(HELLO)[1]) - WHOLE_WITHOUT_ITS_USAGE.get(upstream, 0) * politely
    for after in {0, 1, last // 2, last - 1}:
        hall.act(upstream, breaks_off(HELLO, after=after, politely=politely))
        text, error = heard(hall, client, upstream)
        row = hall.row()
        begun = row.outcome == "truncated"
        assert HELLO.text.startswith(text)
        assert begun or (row.outcome, text) == ("failed", "")
        assert row.error == ("stream_truncated" if begun else "upstream_invalid_response")
        assert row.output_tokens >= len(text) // 5 if begun else row.usage in ("none", "provider")
        assert begun or hall.clients[client].status(error) == 502, "nothing was promised yet: the status tells it"
        assert after < last // 2 or begun


@pytest.mark.parametrize("upstream", MODELS)
@pytest.mark.parametrize("client", clients.ALL)
def test_a_stream_that_goes_on_with_rubbish_raises(hall: Hall, client: str, upstream: str) -> None:
    media, events = hall.upstreams[upstream].events(HELLO)
    rubbish = b"\x00" * 64 if upstream == "bedrock" else b'data: {"choices": [{\n\n'
    hall.act(upstream, streams(*events[:SOME], rubbish, media=media))
    text, _ = heard(hall, client, upstream)
    assert text
    assert (hall.row().outcome, hall.row().error) == ("truncated", "stream_truncated")


ERRORS: dict[str, bytes] = {
    "chat": b'data: {"error":{"message":"Overloaded","type":"server_error"}}\n\n',
    "responses": b'event: error\ndata: {"type":"error","code":"server_error","message":"Overloaded"}\n\n',
    "anthropic": b'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n',
    "google": b'data: {"error":{"code":503,"message":"Overloaded","status":"UNAVAILABLE"}}\r\n\r\n',
}


@pytest.mark.parametrize("upstream", ERRORS)
@pytest.mark.parametrize("client", clients.ALL)
def test_an_error_in_the_middle_of_a_stream_is_the_clients_error(hall: Hall, client: str, upstream: str) -> None:
    media, events = hall.upstreams[upstream].events(HELLO)
    hall.act(upstream, streams(*events[:SOME], ERRORS[upstream], media=media))
    text, error = heard(hall, client, upstream)
    assert text
    assert "Overloaded" in str(error)
    assert hall.row().outcome == "truncated"


@pytest.mark.parametrize("upstream", ERRORS)
@pytest.mark.parametrize("client", clients.ALL)
def test_an_error_as_the_first_event_is_told_by_the_status(hall: Hall, client: str, upstream: str) -> None:
    hall.act(upstream, streams(ERRORS[upstream]))
    text, error = heard(hall, client, upstream)
    assert text == ""
    assert hall.clients[client].status(error) == 502
    assert "Overloaded" in str(error)


@pytest.fixture(scope="module")
def impatient() -> Iterator[Hall]:
    """A gateway that waits for nothing, in a hall of its own."""
    with Background() as background, Hall(background, deadline=IMPATIENT) as hall:
        yield hall


@pytest.mark.parametrize("upstream", MODELS)
@pytest.mark.parametrize("client", clients.ALL)
def test_a_provider_that_falls_silent_is_a_time_out(impatient: Hall, client: str, upstream: str) -> None:
    impatient.act(upstream, mute, stalls(HELLO, after=SOME))
    text, error = heard(impatient, client, upstream)
    assert (text, impatient.clients[client].status(error)) == ("", 504)
    assert (impatient.row().outcome, impatient.row().error) == ("failed", "upstream_timeout")
    text, error = heard(impatient, client, upstream)
    assert text
    assert "silent for 0.06 s" in str(error)
    assert (impatient.row().outcome, impatient.row().error) == ("truncated", "upstream_timeout")
