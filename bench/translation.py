"""How long Trunkline's own functions take to translate: in one process, without sockets.

`python -m bench.translation` prints microseconds for each step between several pairs of formats; `--json` prints the
milliseconds of a long conversation, step by step, for the benchmark's report.
"""

from __future__ import annotations

import argparse
import gc
import json
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import msgspec
from rich.console import Console
from rich.table import Table

from bench import scripts
from bench.apis import ANTHROPIC, GEMINI, OPENAI, TRANSLATED, Api
from bench.conversation import conversation_body
from bench.payload import chat_body, tool_body
from bench.replies import whole_reply
from bench.scripts import Pace
from trunkline.formats.conversation import Request
from trunkline.formats.dialect import Dialect
from trunkline.formats.document import Document
from trunkline.formats.format import Asked, Format, Place
from trunkline.formats.losses import Losses
from trunkline.formats.registry import FORMATS
from trunkline.gateway.bridge import Translating
from trunkline.providers.models import facts_for
from trunkline.providers.pages import anthropic, google, openai

Call = Callable[[], object]

PAGES = {OPENAI: openai.PROVIDER, ANTHROPIC: anthropic.PROVIDER, GEMINI: google.PROVIDER}
PAIRS = (
    ("openai_chat", ANTHROPIC),
    ("openai_chat", GEMINI),
    ("anthropic_messages", OPENAI),
    ("openai_responses", OPENAI),
    ("openai_responses", ANTHROPIC),
)
"""What the client speaks, and what the provider does."""
DEPTH, EVENT_LIMIT = 128, 64 * 1024 * 1024  # as Trunkline's configuration has them by default
EVENTS = Pace(chunks=200)
WINDOWS, WINDOW_SECONDS = 40, 0.004
LONG_REPEATS = 60


@dataclass(frozen=True)
class Pair:
    """A client's format and a provider's API, with a request in the one and replies in the other."""

    front: Format
    back: Format
    dialect: Dialect
    api: Api
    body: bytes

    @staticmethod
    def of(front: str, api: Api, chat: bytes) -> Pair:
        """A pair for a request that is given as Chat Completions and said in the client's own format."""
        page = PAGES[api]
        spoken = FORMATS[front]
        return Pair(spoken, FORMATS[page.format], facts_for(page, api.model), api, _said_in(spoken, chat))

    def document(self) -> Document:
        """The request as it is validated."""
        return Document(self.body, DEPTH)

    def asked(self, document: Document) -> Asked:
        """What the gateway looks at first."""
        return self.front.look(document.value, Place(), len(self.body))

    def read(self, document: Document) -> Request:
        """The client's request in neutral terms."""
        return self.front.read_request(document.value, Place())

    def bridge(self, request: Request) -> Translating:
        """As the gateway makes one for every attempt."""
        return Translating(self.front, self.back, self.dialect, request, {}, whole_calls=False, reply_id="")


def _said_in(front: Format, chat: bytes) -> bytes:
    own = FORMATS["openai_chat"]
    if front is own:
        return chat
    request = own.read_request(json.loads(chat), Place())
    return msgspec.json.encode(front.write_request(request, Dialect(), Losses()))


def request_steps(pair: Pair) -> dict[str, Call]:
    """From the client's bytes to the provider's, and the steps between."""
    document = pair.document()
    request = pair.read(document)
    value = pair.back.write_request(request, pair.dialect, Losses())

    def whole() -> bytes:
        arrived = pair.document()
        return pair.bridge(pair.read(arrived)).body(arrived, pair.asked(arrived), pair.api.model, Losses())

    return {
        "document": pair.document,
        "look": lambda: pair.asked(document),
        "read_request": lambda: pair.read(document),
        "write_request": lambda: pair.back.write_request(request, pair.dialect, Losses()),
        "encode": lambda: msgspec.json.encode(value),
        "whole": whole,
    }


def reply_steps(pair: Pair, reply: bytes) -> dict[str, Call]:
    """From the provider's bytes to the client's, and the steps between."""
    request = pair.read(pair.document())
    bridge = pair.bridge(request)
    value = json.loads(reply)
    read = pair.back.read_reply(value, pair.dialect)
    written = pair.front.write_reply(read, request)
    return {
        "look_reply": lambda: pair.back.look_reply(reply),
        "decode": lambda: msgspec.json.decode(reply),
        "read_reply": lambda: pair.back.read_reply(value, pair.dialect),
        "write_reply": lambda: pair.front.write_reply(read, request),
        "encode": lambda: msgspec.json.encode(written),
        "whole": lambda: bridge.reply(reply),
    }


def stream_steps(pair: Pair) -> dict[str, Call]:
    """A whole stream, fed event by event: its times are to be divided by their number."""
    script = {
        OPENAI: scripts.openai(EVENTS, usage=True),
        ANTHROPIC: scripts.anthropic(EVENTS),
        GEMINI: scripts.gemini(EVENTS),
    }[pair.api]
    document = pair.document()
    request, asked = pair.read(document), pair.asked(document)
    reader = pair.back.reader(pair.dialect, EVENT_LIMIT)
    events = [event for data in script.events for event in reader.feed(data)]

    def read() -> None:
        feed = pair.back.reader(pair.dialect, EVENT_LIMIT).feed
        for data in script.events:
            feed(data)

    def write() -> None:
        feed = pair.front.writer(request).feed
        for event in events:
            feed(event)

    def whole() -> None:
        feed = pair.bridge(request).scanner(asked, EVENT_LIMIT).feed
        for data in script.events:
            feed(data)

    return {"reader.feed": read, "writer.feed": write, "whole": whole}


def least(call: Call) -> float:
    """Microseconds of a call: the least of many short windows, which others on the machine disturb least."""
    begin = time.perf_counter()
    call()
    calls = max(1, int(WINDOW_SECONDS / (time.perf_counter() - begin + 1e-9)))
    return min(_window(call, calls) for _ in range(WINDOWS)) * 1e6


def _window(call: Call, calls: int) -> float:
    begin = time.perf_counter()
    for _ in range(calls):
        call()
    return (time.perf_counter() - begin) / calls


def conversation_times(api: Api) -> dict[str, float]:
    """Milliseconds of translating a long conversation from OpenAI's format, whole and by steps: medians."""
    pair = Pair.of("openai_chat", api, conversation_body(api.model))
    return {
        name: statistics.median(_window(call, 1) for _ in range(LONG_REPEATS)) * 1000
        for name, call in request_steps(pair).items()
    }


def table() -> Table:
    """All steps of all pairs."""
    drawn = Table(title="µs per call, the least of many windows", title_justify="left")
    drawn.add_column("", no_wrap=True)
    for front, api in PAIRS:
        drawn.add_column(f"{front}\n→ {api.title}", justify="right")
    columns = [_column(front, api) for front, api in PAIRS]
    for group, steps in columns[0].items():
        drawn.add_section()
        drawn.add_row(f"[bold]{group}[/]")
        for step in steps:
            drawn.add_row(f"  {step}", *(f"{column[group][step]:.1f}" for column in columns))
    return drawn


def _column(front: str, api: Api) -> dict[str, dict[str, float]]:
    """Microseconds of one pair, by what is translated and by step."""
    plain, small, long = (
        Pair.of(front, api, body) for body in (chat_body(api.model), tool_body(api.model), conversation_body(api.model))
    )
    text, called = (whole_reply(api, with_tools=with_tools).encode() for with_tools in (False, True))
    groups = {
        "request of 1 kB": request_steps(plain),
        "request of 2 kB with a tool": request_steps(small),
        "request of 200 kB with 20 tools": request_steps(long),
        "reply of 1 kB": reply_steps(plain, text),
        "reply with a tool call": reply_steps(small, called),
    }
    found = {group: {step: least(call) for step, call in steps.items()} for group, steps in groups.items()}
    streams = {step: least(call) / EVENTS.chunks for step, call in stream_steps(plain).items()}
    return found | {"streamed event": streams}


def main() -> None:
    """Print one or the other."""
    parser = argparse.ArgumentParser(prog="python -m bench.translation")
    parser.add_argument("--json", action="store_true", help="only a long conversation, for the benchmark")
    options = parser.parse_args()
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)  # as `trunkline serve` does
    if options.json:
        print(json.dumps({api.name: conversation_times(api) for api in TRANSLATED}))
    else:
        Console(width=140).print(table())


if __name__ == "__main__":
    main()
