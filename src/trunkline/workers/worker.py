"""One worker: a data plane that takes its orders from the supervisor.

Runs as `python -m trunkline.workers.worker FD`, where FD is its end of the channel. Signals of the terminal (SIGINT,
SIGHUP) reach every process of a group, so it leaves them to the supervisor, which passes on what they mean.
"""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import Mapping

import uvloop

from trunkline.config.problems import ConfigError
from trunkline.data import DataError
from trunkline.gateway.logins import SetupError
from trunkline.lifetime import Orders, obey
from trunkline.listening import CannotListen
from trunkline.serve import Process
from trunkline.setup import Options, read_config
from trunkline.store.errors import StoreError
from trunkline.telemetry.log import configure
from trunkline.workers.channel import Ask, Begin, Channel, Command, Failed, Ready, Reloaded, Told, open_channel


async def work(end: socket.socket) -> None:
    """Begin when the supervisor says so, and do as it says until the end."""
    channel = await open_channel(end)
    begin = await channel.receive()
    if isinstance(begin, Begin):
        await _run(channel, begin.options, dict(os.environ))
    await channel.close()


async def _run(channel: Channel, options: Options, environment: Mapping[str, str]) -> None:
    orders: Orders = asyncio.Queue()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, orders.put_nowait, "drain")
    with contextlib.ExitStack() as stack:
        try:
            config = read_config(options, environment)
            take_turns(config.server.workers)
            log = configure(config.telemetry.log.format, config.telemetry.log.level, sys.stderr)
            stack.callback(log.close)
            process = Process(options, environment, log)
            await process.start(config, shared=True)
        except (ConfigError, SetupError, CannotListen, DataError, StoreError, OSError) as error:
            channel.send(Failed(str(error), wrong=isinstance(error, ConfigError | SetupError)))
            return
        channel.send(Ready(process.recovered, process.secrets_made, process.open))
        listening = asyncio.create_task(_listen(channel, process, orders))
        await obey(process, orders, log.report, lambda taken: channel.send(Reloaded(taken)))
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


def take_turns(workers: int) -> None:
    """Where there are more workers than processors, have none interrupt another for each request that comes.

    Switching to and fro took a tenth of the processor time. Threads inherit it, so it comes before they do.
    """
    if sys.platform == "linux" and workers > len(os.sched_getaffinity(0)):
        with contextlib.suppress(OSError):  # forbidden here: it is only slower
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


async def _listen(channel: Channel, process: Process, orders: Orders) -> None:
    """Take in what the supervisor says. Without it, go away: somebody else may want the port."""
    while (message := await channel.receive()) is not None:
        if isinstance(message, Command):
            orders.put_nowait(message.order)
        elif isinstance(message, Ask):
            channel.send(Told(message.number, process.metrics.snapshot()))
    orders.put_nowait("leave")


def main() -> None:
    """See above."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with socket.socket(fileno=int(sys.argv[1])) as end:
        uvloop.run(work(end))


if __name__ == "__main__":
    main()
