"""The parts with processes and sockets, on the real upstream: what comes back, and that nothing is left behind."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from bench.backends import Streaming, Upstream
from bench.errors import Failed
from bench.load import closed_loop, constant_rate, one_by_one
from bench.payload import MODEL, chat_body
from bench.process import Process, tree
from bench.readiness import wait_for_answer
from bench.scripts import Pace
from bench.streams import Streams, watch
from bench.venue import ROOT, free_port

CORE = min(os.sched_getaffinity(0))
START_SECONDS = 20.0


@contextmanager
def upstream(folder: Path) -> Iterator[Streaming]:
    port = free_port()
    argv = [sys.executable, "-m", "bench.upstream", "--port", str(port)]
    with Process(argv, core=CORE, log=folder / "log", cwd=ROOT, talk=True) as process:
        wait_for_answer(f"http://127.0.0.1:{port}/", process, START_SECONDS)
        yield Streaming(Upstream(port), process)


def test_every_request_of_a_load_is_answered(tmp_path: Path) -> None:
    with upstream(tmp_path) as backend:
        target = backend.upstream.target()
        request = target.request(chat_body(MODEL))
        paced = constant_rate(target, request, rate=200, seconds=0.1, connections=4)
        assert (paced.requests, paced.failed) == (20, 0)
        large = target.request(chat_body(MODEL, size=1_000_000))
        assert one_by_one(target, large, seconds=START_SECONDS, limit=3).requests == 3
        looped = closed_loop(target, request, seconds=0.05, connections=2, reconnect=True)
        assert looped.requests > 0
        assert looped.failed == 0


def test_streams_are_counted_and_timed(tmp_path: Path) -> None:
    with upstream(tmp_path) as backend:
        target = backend.upstream.target()
        request = target.request(chat_body(MODEL, stream=True))
        backend.pace(Pace(chunks=3, interval=0.001, stamp=True))
        delays = watch(target, request, streams=2, seconds=START_SECONDS)
        assert (len(delays.first), len(delays.chunks)) == (2, 6)
        assert min(delays.chunks) > 0
        backend.pace(Pace(chunks=1000, interval=1))
        with Streams(target, request) as streams:
            streams.ramp(5, over=0, limit=START_SECONDS)
            assert (streams.started, streams.failed) == (5, 0)
            assert streams.events >= 5


def test_a_process_is_ended_with_its_children(tmp_path: Path) -> None:
    with Process(["sh", "-c", "sleep 600 & echo ready; wait"], core=CORE, log=tmp_path / "log", talk=True) as process:
        assert process.stdout.readline() == b"ready\n"
        family = tree(process.pid)
        assert len(family) == 2
        assert process.memory_mb() > 0
    assert [pid for pid in family if tree(pid)] == []


def test_a_gateway_that_does_not_start_says_why(tmp_path: Path) -> None:
    with (
        Process(["sh", "-c", "echo no such option >&2; exit 2"], core=CORE, log=tmp_path / "log") as process,
        pytest.raises(Failed, match="status 2: no such option"),
    ):
        wait_for_answer("http://127.0.0.1:1/", process, START_SECONDS)
