"""One worker as its supervisor sees it: a process, the channel to it, and what it last said."""

import asyncio
import itertools
import socket
import sys
from collections.abc import Callable
from typing import Self

from trunkline.workers.channel import Ask, Begin, Channel, Command, Message, Reloaded, Told, open_channel

ANSWERED_WITHIN = 2.0
"""Seconds a worker may take to tell its metrics; then what it told before is used."""
RELOADED_WITHIN = 30.0


class Member:
    """From the start of one process to its end."""

    def __init__(self, number: int, process: asyncio.subprocess.Process, channel: Channel) -> None:
        self.number = number
        self.process = process
        self.ready = False
        self.metrics = b""
        """The last snapshot it told."""
        self._channel = channel
        self._numbers = itertools.count()
        self._asked: dict[int, asyncio.Future[None]] = {}
        self._taken: asyncio.Queue[bool] = asyncio.Queue()

    @classmethod
    async def start(cls, begin: Begin) -> Self:
        """Start a process. Raises `OSError`."""
        ours, its = socket.socketpair()
        with its:
            # -P: not whatever lies in the working directory
            command = [sys.executable, "-P", "-m", "trunkline.workers.worker", str(its.fileno())]
            try:
                process = await asyncio.create_subprocess_exec(*command, pass_fds=[its.fileno()])
            except OSError:
                ours.close()
                raise
        channel = await open_channel(ours)
        channel.send(begin)
        return cls(begin.number, process, channel)

    async def live(self, heard: Callable[["Member", Message], None]) -> int:
        """Take in what it says until it has ended; its exit status. `heard` is told what is not an answer."""
        while (message := await self._channel.receive()) is not None:
            if isinstance(message, Told):
                self.metrics = message.metrics
                self._answer(message.number)
            elif isinstance(message, Reloaded):
                self._taken.put_nowait(message.taken)
            else:
                heard(self, message)
        self.ready = False
        status = await self.process.wait()
        for number in list(self._asked):
            self._answer(number)
        self._taken.put_nowait(False)
        await self._channel.close()
        return status

    def command(self, command: Command) -> None:
        """Have it do something."""
        self._channel.send(command)

    async def told(self) -> bytes:
        """Its metrics now; as they were last told, where it does not answer."""
        number = next(self._numbers)
        self._asked[number] = asyncio.get_running_loop().create_future()
        self._channel.send(Ask(number))
        await asyncio.wait([self._asked[number]], timeout=ANSWERED_WITHIN)
        self._asked.pop(number, None)
        return self.metrics

    async def reload(self) -> bool:
        """Have it read the configuration again; whether it took it."""
        self._channel.send(Command("reload"))
        try:
            return await asyncio.wait_for(self._taken.get(), RELOADED_WITHIN)
        except TimeoutError:
            return False

    def _answer(self, number: int) -> None:
        answer = self._asked.pop(number, None)
        if answer is not None and not answer.done():
            answer.set_result(None)
