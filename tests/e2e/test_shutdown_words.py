"""What a client is told whose answer the end of the process cuts short."""

import pytest
from tests.faults.client import chat_request, connect
from tests.faults.gateway import gateway
from tests.faults.leaks import no_leaks
from tests.faults.server import FaultServer


@pytest.mark.parametrize("stream", [False, True])
async def test_an_answer_cut_by_the_shutdown_says_so(stream: bool) -> None:
    fault = "stall_mid_stream" if stream else "mute"
    async with no_leaks(), FaultServer(fault) as up, gateway(up.url) as gw, connect(gw.port) as raw:
        await raw.send(chat_request(f"up/{fault}", stream=stream))
        request = await up.request()
        if stream:
            await raw.response_head()
            await raw.event()
        await gw.process.server.close()
        told = await raw.read()
        assert b'"code":"shutting_down"' in told
        assert b"[DONE]" not in told
        assert told.startswith(b"HTTP/1.1 503") is not stream
        await up.closed(request.connection, within=0.5)
        [row] = await gw.rows()
        assert row.outcome == "cancelled"
