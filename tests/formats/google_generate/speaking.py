"""Small documents and neutral requests for these tests, and a server that an SDK can ask."""

import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from trunkline.formats.conversation import (
    AnyPart,
    Delta,
    Event,
    FormatName,
    Message,
    Request,
    Role,
    Stop,
    Text,
    ToolCall,
    ToolResult,
    Usage,
)
from trunkline.formats.dialect import PLAIN, Dialect
from trunkline.formats.format import Place
from trunkline.formats.google_generate import FORMAT
from trunkline.formats.losses import Losses

GEMINI = Dialect(issuer="google")
LIMIT = 1024 * 1024


def contents(*turns: tuple[str, list[dict[str, Any]]], **fields: Any) -> dict[str, Any]:
    """A request with these turns, and other fields."""
    return {"contents": [{"role": role, "parts": parts} for role, parts in turns], **fields}


def hello(**fields: Any) -> dict[str, Any]:
    """The shortest request, with other fields."""
    return contents(("user", [{"text": "Hello"}]), **fields)


def read(document: dict[str, Any], place: Place | None = None) -> Request:
    """What a client said."""
    return FORMAT.read_request(document, Place(model="m") if place is None else place)


def again(document: dict[str, Any]) -> dict[str, Any]:
    """The same, read and written back."""
    losses = Losses()
    written = FORMAT.write_request(read(document), PLAIN, losses)
    assert losses.dropped == []
    return written


def foreign(*messages: Message, source: FormatName = "openai_chat", **fields: Any) -> Request:
    """What a client of another format said; its messages are told apart by their places."""
    for number, message in enumerate(messages):
        message.at = f"messages[{number}]"
    return Request(format=source, model="m", messages=list(messages), **fields)


def says(role: Role, *parts: AnyPart | str, **fields: Any) -> Message:
    """A message of words and other parts."""
    return Message(role=role, parts=[Text(text=part) if isinstance(part, str) else part for part in parts], **fields)


def calls(call_id: str, name: str = "add", arguments: str = '{"a":1}') -> ToolCall:
    """A call of a tool."""
    return ToolCall(id=call_id, name=name, arguments=arguments)


def answers(call_id: str, text: str) -> ToolResult:
    """What a tool said."""
    return ToolResult(call=call_id, content=[Text(text=text)], plain=True)


def written(request: Request, dialect: Dialect = GEMINI, losses: Losses | None = None) -> dict[str, Any]:
    """The request in Google's words."""
    return FORMAT.write_request(request, dialect, losses or Losses())


def dropped(request: Request, dialect: Dialect = GEMINI) -> list[str]:
    """What was left behind in writing it."""
    losses = Losses()
    written(request, dialect, losses)
    return losses.dropped


def chunk(*parts: dict[str, Any], finish: str = "", index: int = 0, **fields: Any) -> dict[str, Any]:
    """An event of a stream with one candidate."""
    candidate: dict[str, Any] = {"content": {"parts": list(parts), "role": "model"}, "index": index}
    if finish:
        candidate["finishReason"] = finish
    return {"candidates": [candidate], **fields}


def stream(*chunks: dict[str, Any]) -> bytes:
    """As Google sends it."""
    return b"".join(b"data: " + json.dumps(one).encode() + b"\r\n\r\n" for one in chunks)


def events_of(data: bytes) -> list[Event]:
    """What is read of a whole stream."""
    reader = FORMAT.reader(PLAIN, LIMIT)
    return [*reader.feed(data), *reader.close()]


def payloads(data: bytes) -> list[dict[str, Any]]:
    """The JSON of a stream, read by code that is not ours."""
    if data.startswith(b"["):
        found: list[dict[str, Any]] = json.loads(data)
        return found
    return [json.loads(event.removeprefix(b"data: ")) for event in data.split(b"\r\n\r\n") if event]


def told(events: list[Event], request: Request | None = None) -> list[dict[str, Any]]:
    """What a client gets of a whole stream."""
    writer = FORMAT.writer(request or Request(format="google_generate"))
    return payloads(b"".join([*map(writer.feed, events), writer.end()]))


def delta(piece: AnyPart, part: int = 0, **fields: Any) -> Event:
    """An event of another format's stream, with one delta."""
    return Event(id="r1", model="other", deltas=[Delta(choice=0, part=part, piece=piece, **fields)])


def stopped(stop: Stop, usage: Usage | None = None) -> Event:
    """The last event of one."""
    return Event(stops={0: stop}, usage=usage)


class Answering(http.server.ThreadingHTTPServer):
    """Answers all requests with what it was given, and keeps what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status = 200
        self.media_type = "application/json"
        self.body = b""
        self.asked: list[tuple[str, Any]] = []

    @property
    def url(self) -> str:
        """Its root."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Answering

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.asked.append((self.path, json.loads(body)))
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def _answer(self) -> None:
        self.send_response(self.server.status)
        self.send_header("content-type", self.server.media_type)
        self.send_header("content-length", str(len(self.server.body)))
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class's name
        pass


@contextmanager
def answering() -> Iterator[Answering]:
    """The server, for the length of a `with`."""
    with Answering() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), name="answering")
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
