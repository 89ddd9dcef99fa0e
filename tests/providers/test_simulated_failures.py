"""How the simulated models fail, and the provider around them."""

import json

import pytest
from tests.aio import Bell, expect
from tests.providers.simulation import Clock, Heard, ask, body, call

from trunkline.providers.simulated import MODELS, Settings, Simulated
from trunkline.transport.exchange import Fault, Times

ERRORS = [int(name.removeprefix("error-")) for name in MODELS if name.startswith("error-")]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("status", ERRORS)
def test_error_models_answer_with_their_status_in_openais_shape(status: int, stream: bool) -> None:
    heard = ask(body(f"error-{status}", stream=stream))
    assert heard.status == status
    assert heard.headers[b"content-type"] == b"application/json"
    assert int(heard.headers[b"content-length"]) == len(heard.body)
    assert set(heard.json()) == {"error"}
    assert set(heard.json()["error"]) == {"message", "type", "param", "code"}
    assert (b"retry-after" in heard.headers) == (status == 429)


def outcomes(model: str, count: int, settings: Settings) -> list[str]:
    clock = Clock()
    provider = Simulated(settings, timers=clock)
    said = []
    for _ in range(count):
        heard, line = Heard(clock), provider.ready()
        assert line is not None
        line.send(call(body(model)), heard, Times())
        clock.advance(1)
        said.append(heard.fault.kind if heard.fault else str(heard.status))
    return said


def test_flaky_fails_every_second_time_or_as_often_as_set() -> None:
    usual = outcomes("flaky", 1000, Settings(seed=1))
    assert 400 < usual.count("200") < 600
    assert set(usual) == {"200", "500", "503", "closed"}
    rare = outcomes("flaky", 1000, Settings(seed=1, failure_rate=0.1))
    assert 850 < rare.count("200") < 950


def test_the_failure_rate_holds_for_every_model_and_repeats_with_its_seed() -> None:
    first = outcomes("echo", 300, Settings(seed=3, failure_rate=0.3))
    assert 60 < 300 - first.count("200") < 120
    assert outcomes("echo", 300, Settings(seed=3, failure_rate=0.3)) == first
    assert outcomes("echo", 20, Settings(failure_rate=1)).count("200") == 0
    assert outcomes("echo", 20, Settings()).count("200") == 20


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("model", ["cut", "cut-event"])
def test_cut_breaks_off_half_way(model: str, stream: bool) -> None:
    heard = ask(body(model, stream=stream))
    assert heard.status == 200
    assert heard.fault is not None
    assert heard.fault.kind == "incomplete"
    if stream:
        assert b'"content":"' in heard.body.partition(b'"role"')[2].partition(b"\n\n")[2]
        assert b"[DONE]" not in heard.body
        assert heard.body.endswith(b"\n\n") == (model == "cut")
    else:
        with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
            heard.json()


@pytest.mark.parametrize("stream", [False, True])
def test_stall_stops_half_way_and_stays_open(stream: bool) -> None:
    heard = ask(body("stall", stream=stream))
    assert heard.pieces
    assert not heard.over
    assert b"[DONE]" not in heard.body


@pytest.mark.parametrize("model", ["cut", "cut-event", "stall"])
def test_even_the_shortest_stream_is_broken_off_after_some_output(model: str) -> None:
    heard = ask(body(model, stream=True, max_tokens=1))
    assert heard.pieces
    assert b"[DONE]" not in heard.body


def test_mute_never_answers() -> None:
    heard = ask(body("mute"))
    assert not heard.status
    assert not heard.over


@pytest.mark.parametrize(("model", "kind"), [("refuse", "refused"), ("close", "closed")])
def test_refuse_and_close_fail_before_any_reply(model: str, kind: str) -> None:
    heard = ask(body(model))
    assert not heard.status
    assert heard.fault is not None
    assert heard.fault.kind == kind


@pytest.mark.parametrize("stream", [False, True])
def test_garbage_is_not_json(stream: bool) -> None:
    heard = ask(body("garbage", stream=stream))
    assert heard.status == 200
    assert heard.ended
    assert heard.headers[b"content-type"].startswith(b"text/event-stream" if stream else b"text/html")
    with pytest.raises(ValueError, match="Expecting value"):
        json.loads(heard.events()[0] if stream else heard.body)


# The provider itself


def test_settings_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ValueError, match="latency"):
        Settings(latency=-1)
    with pytest.raises(ValueError, match="tokens_per_second"):
        Settings(tokens_per_second=float("nan"))
    with pytest.raises(ValueError, match="failure_rate"):
        Settings(failure_rate=1.5)


async def test_a_closed_provider_hands_out_no_lines() -> None:
    provider = Simulated()
    assert provider.ready() is not None
    assert await provider.open(1.0) is not None
    await provider.close()
    assert provider.ready() is None
    with pytest.raises(Fault, match="refused"):
        await provider.open(1.0)


async def test_it_runs_on_a_real_event_loop() -> None:
    bell, heard = Bell(), Heard(Clock())
    heard.on_data = bell.ring
    line = Simulated(Settings(latency=0.002, tokens_per_second=2000)).ready()
    assert line is not None
    line.send(call(body("echo", "0123456789", stream=True)), heard, Times())
    assert not heard.status
    await expect(bell.until(lambda: heard.ended), within=5, otherwise=lambda: "the stream did not end")
    assert [chunk["choices"][0]["delta"].get("content") for chunk in heard.chunks()] == ["", "0123", "4567", "89", None]
