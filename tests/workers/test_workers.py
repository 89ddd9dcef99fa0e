"""Several workers on one port, and the supervisor above them."""

import asyncio
import os
import signal
import socket
from pathlib import Path

import pytest
from tests import aio
from tests.cli.serving import WITHIN, Served, lives, serving, until
from tests.faults.client import chat_request, connect

bounded = aio.within(2 * WITHIN)
TWO = {"workers": 2}
ECHOED = 'trunkline_requests_total{model="simulated/echo",provider="simulated",status="200",stream="false"}'


async def ask_often(served: Served, times: int) -> None:
    """Asks on a connection each, so that all workers have a part."""
    replies = await asyncio.gather(*(served.ask("simulated/echo") for _ in range(times)))
    assert {reply.status for reply in replies} == {200}


@bounded
async def test_requests_are_answered_and_counted_over_all_workers(tmp_path: Path) -> None:
    async with serving(tmp_path, server=TWO) as served:
        workers = served.children()
        assert len(workers) == 2
        await ask_often(served, 40)
        assert await served.metric(ECHOED) == 40
        assert await served.metric("trunkline_workers") == 2
        assert (await served.get("/health/ready")).status == 200
    assert len(served.rows()) == 40
    assert not any(map(lives, workers))


@bounded
@pytest.mark.parametrize("more", [0, 1])
async def test_workers_interrupt_each_other_only_where_each_has_a_processor(tmp_path: Path, more: int) -> None:
    processors = len(os.sched_getaffinity(0))
    workers = max(2, processors + more)
    async with serving(tmp_path, server={"workers": workers}) as served:
        found = {os.sched_getscheduler(worker) for worker in served.children()}
    assert found == {os.SCHED_BATCH if workers > processors else os.SCHED_OTHER}


@bounded
async def test_a_worker_that_is_killed_comes_back_and_no_counter_goes_down(tmp_path: Path) -> None:
    async with serving(tmp_path, server=TWO) as served:
        await ask_often(served, 20)
        assert await served.metric(ECHOED) == 20
        killed, other = served.children()
        os.kill(killed, signal.SIGKILL)
        [line] = await served.has_logged("worker.died")
        assert line["problem"] == "killed by SIGKILL"
        assert await served.metric(ECHOED) == 20
        await served.has_logged("worker.started")
        assert other in served.children()
        assert len(served.children()) == 2
        await ask_often(served, 20)
        assert await served.metric(ECHOED) == 40


@bounded
async def test_the_others_answer_while_one_is_down(tmp_path: Path) -> None:
    async with serving(tmp_path, server=TWO) as served:
        os.kill(served.children()[0], signal.SIGKILL)
        await served.has_logged("worker.died")
        await ask_often(served, 20)


@bounded
async def test_an_attempt_of_a_killed_worker_is_charged_when_it_comes_back(tmp_path: Path) -> None:
    slow = {"simulated": {"simulated": {"latency": "1h"}}}
    async with serving(tmp_path, server=TWO, providers=slow) as served, connect(served.port) as raw:
        await raw.send(chat_request("simulated/echo"))
        while await served.metric("trunkline_requests_in_flight") < 1:
            pass
        for pid in served.children():
            os.kill(pid, signal.SIGKILL)
        await served.has_logged("worker.started", 2)
        assert [row.outcome for row in served.rows()] == ["unsettled"]


@bounded
async def test_a_reload_reaches_every_worker(tmp_path: Path) -> None:
    async with serving(tmp_path, server=TWO, models={"bot": "simulated/echo"}) as served:
        served.write({"server": TWO, "models": {"bot": "simulated/echo", "new": "simulated/echo"}})
        await served.has_logged("config.reloaded", 2)
        replies = await asyncio.gather(*(served.ask("new") for _ in range(20)))
        assert {reply.status for reply in replies} == {200}
        served.write({"server": TWO, "models": {"bot": "nowhere/echo"}})
        await served.has_logged("config.rejected", 2)
        await until(lambda: (status := served.status()) is not None and not status.taken, "it is known")
        replies = await asyncio.gather(*(served.ask("new") for _ in range(20)))
        assert {reply.status for reply in replies} == {200}


@bounded
async def test_when_the_supervisor_is_killed_the_workers_end(tmp_path: Path) -> None:
    async with serving(tmp_path, server=TWO) as served:
        workers = served.children()
        os.kill(served.process.pid, signal.SIGKILL)
        await served.ended()
        await until(lambda: not any(map(lives, workers)), "the workers have ended")


@pytest.mark.slow
@bounded
async def test_a_worker_that_does_not_end_is_killed(tmp_path: Path) -> None:
    async with serving(tmp_path, server=TWO) as served:
        workers = served.children()
        os.kill(workers[0], signal.SIGSTOP)
        served.signal(signal.SIGTERM)
        await served.has_logged("stopping")
        served.signal(signal.SIGTERM)
        assert await served.ended() == 0
        assert not any(map(lives, workers))
        [line] = served.logged("worker.killed")
        assert line["problem"] == "it did not end"


@bounded
async def test_what_keeps_a_worker_from_starting_is_told_once(tmp_path: Path) -> None:
    served = Served(tmp_path, {"server": TWO | {"listen": "0.0.0.0:0"}})
    await served.start()
    assert await served.ended() == 2
    assert served.said == []
    assert served.log_text().startswith("Error: Trunkline has no keys, and 0.0.0.0 can be reached")
    assert served.log_text().count("\n") == 1


@bounded
async def test_a_port_that_another_program_shares_out_is_in_use_all_the_same(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        served = Served(tmp_path, {"server": TWO | {"listen": f"127.0.0.1:{taken.getsockname()[1]}"}})
        await served.start()
        assert await served.ended() == 1
        assert "Address already in use" in served.log_text()


@bounded
async def test_signals_of_the_terminal_reach_workers_through_the_supervisor_alone(tmp_path: Path) -> None:
    async with serving(tmp_path, server=TWO) as served:
        for pid in served.children():
            os.kill(pid, signal.SIGINT)
            os.kill(pid, signal.SIGHUP)
        await ask_often(served, 10)
        assert served.logged("stopping") == []
        assert served.logged("config.reloaded") == []
