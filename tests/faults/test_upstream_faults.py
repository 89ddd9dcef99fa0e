import pytest
from tests.faults.client import chat_request, connect
from tests.faults.gateway import gateway
from tests.faults.leaks import no_leaks
from tests.faults.outcomes import check
from tests.faults.server import FaultServer
from tests.faults.table import FAULTS
from tests.faults.fault import Fault
WITH_OUTCOME = [
    (fault, stream) for fault in FAULTS.values() for stream in (False, True) if fault.outcome(stream=stream) is not None
]

@pytest.mark.parametrize(("fault", "stream"), WITH_OUTCOME, ids=str)
async def test_outcome(fault, stream):
    deadline = {"connect": "300ms", "first_token": "300ms", "gap": "300ms", "total": "3s" if stream else "300ms"} if "TIMED" in str(fault.does) or "504" in fault.does or "stall" in fault.name else {}
    async with no_leaks(), FaultServer(fault) as up, gateway(up.url, deadline=deadline) as gw, connect(gw.port) as raw:
        up.release()
        await raw.send(chat_request(f"up/{fault if fault.by_request else 'any'}", stream=stream))
        check(await raw.response(), fault.outcome(stream=stream), stream=stream)
        rows = await gw.rows()
        print(fault, [ (r.outcome,r.status,r.error,r.usage,r.cost) for r in rows], len(up.requests))
