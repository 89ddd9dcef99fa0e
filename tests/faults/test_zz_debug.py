import traceback
from tests.faults.client import connect
from tests.faults.gateway import gateway, ask
from tests.faults.server import FaultServer
from tests.faults.test_full_disk import no_file_larger_than
async def test_x():
    got=[]
    async with FaultServer() as up, gateway(up.url) as gw, connect(gw.port) as raw:
        gw.process.gateway.report=lambda n,**k: got.append((n,k))
        with no_file_larger_than(0):
            r=await ask(raw,"up/any")
        for n,k in got:
            print(n,k); e=k.get('exception')
            if e: traceback.print_exception(e)
        assert r.status==503
