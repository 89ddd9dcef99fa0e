"""What the tests of the simulated provider share: a clock of their own, a receiver that notes what it hears, a call."""

import heapq
import json
from collections.abc import Callable
from random import Random
from typing import Any

from trunkline.providers.simulated import Settings, Simulated
from trunkline.providers.simulated.line import Line
from trunkline.transport.exchange import Call, Fault, Times

UNIX_TIME = 1_790_000_000.5


class Alarm:
    """A call that is still to come."""

    def __init__(self, clock: "Clock", when: float, callback: Callable[[], None]) -> None:
        self._clock = clock
        self.when = when
        self.callback = callback

    def cancel(self) -> None:
        self._clock.waiting.discard(self)


class Clock:
    """An event loop's time that passes only when told to."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.waiting: set[Alarm] = set()
        self._queue: list[tuple[float, int, Alarm]] = []
        self._count = 0

    def time(self) -> float:
        return self.now

    def call_later(self, delay: float, callback: Callable[[], None]) -> Alarm:
        assert delay >= 0
        alarm = Alarm(self, self.now + delay, callback)
        self.waiting.add(alarm)
        self._count += 1
        heapq.heappush(self._queue, (alarm.when, self._count, alarm))
        return alarm

    def advance(self, seconds: float) -> None:
        """Let time pass, and everything happen that falls into it."""
        until = self.now + seconds
        while self._queue and self._queue[0][0] <= until:
            when, _, alarm = heapq.heappop(self._queue)
            if alarm in self.waiting:
                self.waiting.discard(alarm)
                self.now = max(self.now, when)
                alarm.callback()
        self.now = until


class Heard:
    """A receiver that notes what it hears and when, and holds the sender to the protocol."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._began = clock.now
        self.line: Line
        self.status = 0
        self.headers: dict[bytes, bytes] = {}
        self.pieces: list[tuple[float, bytes]] = []
        self.ended = False
        self.fault: Fault | None = None
        self.over_at = 0.0
        self.on_head: Callable[[], None] = lambda: None
        self.on_data: Callable[[], None] = lambda: None

    @property
    def over(self) -> bool:
        return self.ended or self.fault is not None

    @property
    def body(self) -> bytes:
        return b"".join(piece for _, piece in self.pieces)

    def json(self) -> Any:
        return json.loads(self.body)

    def events(self) -> list[bytes]:
        """The data of the stream's events."""
        assert self.body.endswith(b"\n\n")
        return [event.removeprefix(b"data: ") for event in self.body.split(b"\n\n")[:-1]]

    def chunks(self) -> list[Any]:
        return [json.loads(event) for event in self.events() if event != b"[DONE]"]

    def head(self, status: int, headers: dict[bytes, bytes]) -> None:
        assert not self.status
        assert not self.over
        self.status, self.headers = status, headers
        self.on_head()

    def data(self, data: bytes) -> None:
        assert self.status
        assert not self.over
        assert data
        self.pieces.append((round(self._clock.now - self._began, 6), data))
        self.on_data()

    def end(self) -> None:
        assert not self.over
        self.ended = True
        self.over_at = round(self._clock.now - self._began, 6)

    def fail(self, fault: Fault) -> None:
        assert not self.over
        self.fault = fault
        self.over_at = round(self._clock.now - self._began, 6)


def body(model: str = "echo", said: str = "hello", **fields: Any) -> dict[str, Any]:
    """A chat request."""
    return {"model": model, "messages": [{"role": "user", "content": said}], **fields}


def call(asked: object, path: str = "/v1/chat/completions") -> Call:
    data = asked if isinstance(asked, bytes) else json.dumps(asked).encode()
    return Call(b"POST %b HTTP/1.1\r\nhost: simulated\r\n\r\n" % path.encode(), data)


def begin(
    asked: object,
    settings: Settings | None = None,
    *,
    clock: Clock | None = None,
    times: Times | None = None,
    path: str = "/v1/chat/completions",
    chance: int = 7,
) -> tuple[Clock, Heard]:
    """Send one call; nothing is heard before time passes."""
    clock = clock or Clock()
    provider = Simulated(settings, timers=clock, chance=Random(chance), now=lambda: UNIX_TIME)
    line = provider.ready()
    assert line is not None
    heard = Heard(clock)
    heard.line = line
    line.send(call(asked, path), heard, times or Times())
    assert not heard.status
    assert not heard.over
    return clock, heard


def ask(
    asked: object, settings: Settings | None = None, *, path: str = "/v1/chat/completions", chance: int = 7
) -> Heard:
    """All that comes of one call within an hour, with time to spare for every deadline."""
    times = Times(first_token=4000, gap=4000, total=4000)
    clock, heard = begin(asked, settings, times=times, path=path, chance=chance)
    clock.advance(3600)
    if heard.over:
        assert not clock.waiting
    return heard


def refusal(asked: object, path: str = "/v1/chat/completions") -> tuple[int, dict[str, Any]]:
    """Status and error of a request that must be refused."""
    heard = ask(asked, path=path)
    assert set(heard.json()) == {"error"}
    assert heard.json()["error"]["type"] == "invalid_request_error"
    return heard.status, heard.json()["error"]


def fold(chunks: list[Any]) -> dict[str, Any]:
    """The whole reply that the chunks of a stream amount to. Without usage."""
    choices: dict[int, dict[str, Any]] = {}
    for chunk in chunks:
        for delta in chunk["choices"]:
            choice = choices.setdefault(delta["index"], {"index": delta["index"], "finish_reason": None})
            assert choice["finish_reason"] is None, "a choice went on after its finish"
            choice["finish_reason"] = delta["finish_reason"]
            if "text" in delta:
                choice["text"] = choice.get("text", "") + delta["text"]
            else:
                _add(choice.setdefault("message", {}), delta["delta"])
    first = {name: value for name, value in chunks[0].items() if name not in ("choices", "usage")}
    return {**first, "choices": [choices[index] for index in sorted(choices)]}


def _add(message: dict[str, Any], delta: dict[str, Any]) -> None:
    for name, value in delta.items():
        if name == "tool_calls":
            for part in value:
                calls = message.setdefault("tool_calls", [])
                if part["index"] == len(calls):
                    calls.append({"id": part["id"], "type": part["type"], "function": dict(part["function"])})
                else:
                    assert set(part) == {"index", "function"}
                    calls[part["index"]]["function"]["arguments"] += part["function"]["arguments"]
        elif name == "content" and isinstance(message.get(name), str):
            message[name] += value
        else:
            assert name not in message
            message[name] = value
