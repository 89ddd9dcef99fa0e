"""The log has a line for each request."""

import gc
from pathlib import Path

from tests.faults.client import connect
from tests.faults.gateway import RunningGateway, ask, usual


async def test_the_last_request_before_the_end_is_in_the_log(tmp_path: Path) -> None:
    thresholds = gc.get_threshold()
    running = RunningGateway(tmp_path, usual(tmp_path, "", {}))
    await running.start()
    try:
        async with connect(running.port) as raw:
            assert (await ask(raw, "simulated/echo")).status == 200
    finally:
        await running.close()
        gc.unfreeze()
        gc.set_threshold(*thresholds)
    [line] = running.logged("request")
    assert line["model"] == "simulated/echo"
