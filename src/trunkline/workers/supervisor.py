"""The process above the workers: it starts them, starts again what died, passes orders on, and ends after them."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import Mapping
from time import monotonic

import msgspec

from trunkline.config import schema
from trunkline.config.places import Address
from trunkline.config.problems import ConfigError
from trunkline.gateway.app import Report
from trunkline.lifetime import Order
from trunkline.listening import CannotListen
from trunkline.setup import Options, read_config
from trunkline.workers.channel import Begin, Command, Failed, Message, Ready
from trunkline.workers.counts import Counts
from trunkline.workers.member import Member

LIVED_WELL = 30.0
"""Seconds after which a worker's death is not counted with those before."""
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 30.0
"""Seconds before a worker that died is started again; doubles with every death."""
FLUSHED_WITHIN = 15.0
"""Seconds a worker may take to write down the ledger before it is killed."""


class CannotStart(Exception):
    """The workers cannot start; the message is the first one's. `wrong`: the configuration is the cause."""

    def __init__(self, message: str, *, wrong: bool = False) -> None:
        super().__init__(message)
        self.wrong = wrong


def pause(deaths: int) -> float:
    """Seconds to wait before a worker is started again that died `deaths` times in a row."""
    return float(min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(deaths - 1, 20)))


class Supervisor:
    """Runs as many workers as the configuration says, on one port."""

    def __init__(self, options: Options, environment: Mapping[str, str], config: schema.Config, report: Report) -> None:
        self.options = options
        self.address = config.server.listen
        self.recovered = 0
        self.secrets_made: frozenset[str] = frozenset()
        self.open = False
        """Whether the workers answer without keys."""
        self._environment = environment
        self._config = config
        self._report = report
        self._members: dict[int, Member] = {}
        self._counts = Counts()
        self._keeping: set[asyncio.Task[None]] = set()
        self._leaving = asyncio.Event()
        self._started: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._port: socket.socket

    @property
    def config(self) -> schema.Config:
        """The configuration, as it is now."""
        return self._config

    @property
    def settings(self) -> schema.Server:
        """The settings of the server, as they are now."""
        return self._config.server

    async def start(self) -> None:
        """Everything up to all workers listening. Raises `CannotListen` or `CannotStart`, and leaves nothing behind."""
        self._port = _hold(self.settings.listen)
        host, port, *_ = self._port.getsockname()
        self.address = Address(host, port)
        if not self.settings.listen.port:
            self.options = msgspec.structs.replace(self.options, listen=self.address)
        for number in range(1, self.settings.workers + 1):
            self._keeping.add(asyncio.create_task(self._keep(number)))
        try:
            await self._started
        except BaseException:
            await self.close()
            raise

    async def reload(self) -> bool:
        """Have every worker read the configuration again; whether all of them took it."""
        taken = await asyncio.gather(*(member.reload() for member in self._listening()))
        with contextlib.suppress(ConfigError):  # the workers have reported it
            self._config = await asyncio.to_thread(read_config, self.options, self._environment)
        return all(taken)

    async def snapshots(self) -> list[bytes]:
        """The metrics of every worker, and what those that died had counted."""
        told = await asyncio.gather(*(member.told() for member in self._listening()))
        return [snapshot for snapshot in (*told, self._counts.snapshot()) if snapshot]

    async def drain(self, grace: float, patience: float) -> None:
        """Have the workers go away in order, and wait until they have."""
        self._order("drain" if grace else "leave")
        await asyncio.wait(self._keeping, timeout=grace + patience + FLUSHED_WITHIN)

    async def close(self) -> None:
        """End the workers at once, without losing a row of the ledger; those that do not end are killed."""
        self._order("end")
        _, left = await asyncio.wait(self._keeping, timeout=FLUSHED_WITHIN)
        for member in self._members.values():
            self._report("worker.killed", worker=member.number, problem="it did not end")
            member.process.kill()
        if left:
            await asyncio.wait(left)
        self._port.close()

    def unready(self) -> list[str]:
        """Why no new requests should come; empty when they may."""
        if self._leaving.is_set():
            return ["shutting down"]
        return [] if self._listening() else ["no worker listens"]

    def _listening(self) -> list[Member]:
        return [member for member in self._members.values() if member.ready]

    def _order(self, order: Order) -> None:
        self._leaving.set()
        for member in self._members.values():
            member.command(Command(order))

    async def _keep(self, number: int) -> None:
        """Keep worker `number` alive for as long as we are to live."""
        deaths = 0
        while True:
            born = monotonic()
            end = await self._live(number)
            if not self._started.done():
                self._started.set_exception(CannotStart(f"a worker ended at its start: {end}."))
            if self._leaving.is_set() or self._started.exception() is not None:
                return
            deaths = 1 if monotonic() - born > LIVED_WELL else deaths + 1
            again = pause(deaths)
            self._report("worker.died", worker=number, problem=end, started_again_in=again)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._leaving.wait(), again)
                return

    async def _live(self, number: int) -> str:
        """Run worker `number` once; how it ended."""
        try:
            member = await Member.start(Begin(number, self.options))
        except OSError as error:
            return f"no process could be made: {error.strerror}"
        self._members[number] = member
        if self._leaving.is_set():
            member.command(Command("end"))
        status = await member.live(self._heard)
        del self._members[number]
        self._counts.add(member.metrics)
        return f"killed by {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"

    def _heard(self, member: Member, message: Message) -> None:
        starting = not self._started.done()
        if isinstance(message, Ready):
            member.ready = True
            self.recovered += message.recovered
            self.secrets_made |= message.secrets_made
            self.open = message.open
            if starting and len(self._listening()) == self.settings.workers:
                self._started.set_result(None)
            elif not starting and not self._leaving.is_set():
                self._report("worker.started", worker=member.number, recovered=message.recovered)
        elif isinstance(message, Failed):
            if starting:
                self._started.set_exception(CannotStart(message.message, wrong=message.wrong))
            elif not self._leaving.is_set():
                self._report("worker.not_started", worker=member.number, problem=message.message)


def _hold(listen: Address) -> socket.socket:
    """A socket that keeps the port for the workers and does not listen. Raises `CannotListen`."""
    try:
        family, kind, _, _, place = socket.getaddrinfo(listen.host, listen.port, type=socket.SOCK_STREAM)[0]
        # A port shared by SO_REUSEPORT can be taken by another program of the same user: first see that it is free.
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(place)
        held = socket.socket(family, kind)
        try:
            held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            held.bind(place)
        except OSError:
            held.close()
            raise
    except OSError as error:
        raise CannotListen(listen, error) from None
    return held
