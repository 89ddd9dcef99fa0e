"""An upstream that speaks one format and plays one scenario, over a real socket."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Protocol
from urllib.parse import unquote

from tests.compatibility.scenario import Answer, Asked, Scenario


class Speaker(Protocol):
    """One format, written down by hand from its provider's documentation."""

    name: str
    provider: dict[str, Any]
    """Its entry in Trunkline's configuration, without the address."""
    base: str
    """Path of the base URL."""

    def asked(self, path: str, body: dict[str, Any]) -> Asked:
        """What a request says. Raises AssertionError for what the real one would refuse."""

    def whole(self, answer: Answer) -> tuple[str, bytes]:
        """Media type and body of a reply."""

    def stream(self, answer: Answer) -> tuple[str, bytes]:
        """The same as a stream."""

    def error(self, status: int, message: str) -> bytes:
        """Body of a refusal."""


class Upstream:
    """Answers the turns of a scenario one after the other, and keeps what it was asked."""

    def __init__(self, speaker: Speaker) -> None:
        self.speaker = speaker
        self.asked: list[Asked] = []
        self.problems: list[str] = []
        self._answers: list[Answer] = []
        upstream = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self) -> None:  # the library's name
                body = self.rfile.read(int(self.headers["content-length"]))
                status, media, reply = upstream.answer(unquote(self.path), json.loads(body))
                self.send_response(status)
                self.send_header("content-type", media)
                self.send_header("content-length", str(len(reply)))
                self.end_headers()
                self.wfile.write(reply)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}{speaker.base}"

    def play(self, scenario: Scenario) -> None:
        """Forget what was, and begin."""
        self.asked, self.problems, self._answers = [], [], list(scenario.answers)

    def answer(self, path: str, body: dict[str, Any]) -> tuple[int, str, bytes]:
        speaker = self.speaker
        try:
            asked = speaker.asked(path, body)
            assert self._answers, "more was asked than the scenario has"
        except (AssertionError, KeyError, TypeError, ValueError) as problem:
            self.problems.append(f"{type(problem).__name__}: {problem} in {json.dumps(body)[:1500]}")
            return 400, "application/json", speaker.error(400, f"strict upstream: {problem}")
        self.asked.append(asked)
        answer = self._answers.pop(0)
        if answer.error is not None:
            return answer.error[0], "application/json", speaker.error(*answer.error)
        media, reply = speaker.stream(answer) if asked.stream else speaker.whole(answer)
        return 200, media, reply

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def pieces(text: str) -> list[str]:
    """`text` in some pieces, as models write it."""
    return [text[i : i + 5] for i in range(0, len(text), 5)]
