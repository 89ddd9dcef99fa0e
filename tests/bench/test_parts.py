"""The smaller pure parts: what is sent, what wrk says, what a result file is called."""

from __future__ import annotations

import json

import pytest
from bench.errors import Failed
from bench.http1 import Target
from bench.machine import file_stem
from bench.measures import Better, Measure
from bench.payload import WORD, chat_body
from bench.wrk import read_result, script


def test_a_request_is_about_one_kilobyte() -> None:
    body = chat_body("gpt-4o")
    assert 900 < len(body) < 1100
    assert json.loads(body)["model"] == "gpt-4o"
    assert "stream" not in json.loads(body)
    assert body.count(WORD) == 1


def test_a_large_request_has_exactly_the_size_asked_for() -> None:
    body = chat_body("gpt-4o", stream=True, size=150_000)
    assert len(body) == 150_000
    assert json.loads(body)["stream"] is True


def test_requests_in_turn_differ_by_a_word_of_letters() -> None:
    target = Target("127.0.0.1", 1, "/v1/chat/completions")
    turning = script(target, chat_body("gpt-4o"), reconnect=False, turns=1000)
    assert f'match("^(.*){WORD.decode()}(.*)$")' in turning
    assert "% 1000" in turning
    assert "function request" not in script(target, chat_body("gpt-4o"), reconnect=False, turns=0)


WRK_SAYS = (
    "Running 4s test\n"
    'RESULT {"requests":2000,"microseconds":4000000,"connect":0,"read":1,"write":0,"status":2,"timeout":0,'
    '"p50":1500.0,"p90":1800.0,"p99":2500.0,"worst":9000.0}\n'
)


def test_what_wrk_says_is_read() -> None:
    load = read_result(WRK_SAYS)
    assert (load.per_second, load.failed) == (500, 3)
    assert read_result(WRK_SAYS, reconnect=True).failed == 2
    assert (load.latency.p50, load.latency.p99, load.latency.worst) == (1.5, 2.5, 9)


@pytest.mark.parametrize("output", ["unable to connect to 127.0.0.1:1", WRK_SAYS.replace("2000", "0")])
def test_a_load_without_an_answer_is_a_failure(output: str) -> None:
    with pytest.raises(Failed):
        read_result(output)


def test_a_target_is_met_from_its_better_side() -> None:
    more = Measure("a", "a", "req/s", Better.MORE, target=100)
    less = Measure("b", "b", "ms", Better.LESS, target=100)
    assert [more.met(99), more.met(100), less.met(100), less.met(101)] == [False, True, True, False]
    assert Measure("c", "c", "ms").met(1) is None


def test_a_result_file_is_named_by_date_and_processor() -> None:
    assert file_stem("2026-01-02", "Intel(R) Xeon(R) @ 2.20GHz") == "2026-01-02-intel-r-xeon-r-2-20ghz"
