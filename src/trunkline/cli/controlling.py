"""The TLS of the control listener, which is the serving process's own: its workers have the other one's."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import msgspec

from trunkline.certificates.follower import Follower
from trunkline.config import schema
from trunkline.gateway.app import Report
from trunkline.gateway.logins import SetupError
from trunkline.telemetry.metrics import Snapshot

_encode = msgspec.msgpack.Encoder().encode


class Secured:
    """Keeps the control listener's certificate as its files are. Raises `SetupError`."""

    def __init__(self, server: schema.Server, report: Report) -> None:
        self._follower = Follower(report)
        self.context = self._follower.listen("control_tls", server.control_tls)

    def take(self, server: schema.Server) -> bool:
        """Other settings hold from now on; whether they can."""
        try:
            self._follower.take("control_tls", self.context, server.control_tls)
        except SetupError:  # the log has it
            return False
        return True

    def snapshots(self) -> list[bytes]:
        """What the metrics say of it; nothing without TLS."""
        if self.context is None:
            return []
        snapshot: Snapshot = {
            name: [(labels, [value]) for labels, value in read().items()]
            for name, read in self._follower.readings().items()
        }
        return [_encode(snapshot)]

    @contextlib.asynccontextmanager
    async def followed(self) -> AsyncIterator[None]:
        """Within the block, renewed files are taken in."""
        contexts = {"server.control_tls": self.context} if self.context is not None else {}
        following = asyncio.create_task(self._follower.run(lambda: contexts))
        try:
            yield
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
