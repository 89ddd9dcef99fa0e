"""What OpenAI-compatible providers said once passes through Trunkline byte for byte, but for how a stream ends."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from tests.faults.client import Response, connect, request
from tests.faults.gateway import RunningGateway, gateway
from tests.recorded.plain import openai_chat as plain
from tests.recorded.recordings import SEES, Recording, find, parameters
from tests.recorded.replay import BAGGAGE, DONE, Replay, with_usage
from tests.recorded.seen import broken
from tests.running import Background

pytestmark = pytest.mark.shared

RECORDINGS = find()
WITHOUT_DONE = frozenset({"cerebras", "huggingface", "perplexity", "tgi"})
"""Providers that end a stream without `[DONE]`, if only for some of their models."""

OPENAI = frozenset({"openai-chat", "openai-completions"})

NO_CREDIT = ("insufficient_quota", "insufficient balance", "credit balance is too low")
"""Words of a provider to an operator who has to pay."""
ERROR = re.compile(rb"error|base_resp")
EVENT = re.compile(rb".*?(?:\r\n\r\n|\n\n)", re.DOTALL)


@dataclass
class Line:
    """A gateway in front of all recordings."""

    background: Background
    upstream: Replay
    running: RunningGateway

    def ask(self, recording: Recording, body: dict[str, Any]) -> Response:
        """The gateway's answer as bytes."""
        return self.background.run(self._ask(recording, json.dumps(body).encode()))

    async def _ask(self, recording: Recording, body: bytes) -> Response:
        async with connect(self.running.port) as client:
            headers = [("baggage", BAGGAGE + recording.name)]
            await client.send(request(target=f"/v1{recording.path}", body=body, headers=headers))
            return await client.response()


@pytest.fixture(scope="module")
def line() -> Iterator[Line]:
    with Background() as background:
        upstream = background.enter(Replay(RECORDINGS, seed=1))
        yield Line(background, upstream, background.enter(gateway(providers=providers(upstream.url))))


def providers(url: str) -> dict[str, Any]:
    """Every folder of recordings as a provider; and every refusal alone, for one may bench a provider's key."""
    return {provider(recording): facts(recording, url) for recording in RECORDINGS}


def provider(recording: Recording) -> str:
    return recording.name.replace("/", "-") if failed(recording) else recording.folder


def failed(recording: Recording) -> bool:
    """Whether it is an error, which some servers say with a status of 200."""
    return recording.status >= 400 or (
        ERROR.search(recording.body) is not None and plain.error(recording.body) is not None
    )


def facts(recording: Recording, url: str) -> dict[str, Any]:
    kind = "openai" if recording.folder in OPENAI else "openai_compatible"
    told = {"terminator": recording.folder not in WITHOUT_DONE, "router": recording.folder == "openrouter"}
    return {"type": kind, "base_url": url, "api_key": "sk-test", **told}


@pytest.mark.parametrize("recording", parameters(RECORDINGS))
def test_a_recording_passes_unchanged(recording: Recording, line: Line) -> None:
    model = f"{provider(recording)}/{recording.request['model']}"
    response = line.ask(recording, {**recording.request, "model": model})
    error = SEES.get(recording.name) or broken(recording, done=recording.folder not in WITHOUT_DONE) or told(recording)
    if error is None:
        assert response.status == recording.status, response.body
        assert bytes(response.body) == expected(recording)
    elif response.status == 200:
        whole, last = split_last_event(response)
        assert code(last) == error
        assert expected(recording).startswith(whole)
    else:
        assert code(response.body) == error
    if error != "invalid_type":  # a request that was refused before it was sent
        received = line.upstream.received[recording.name]
        assert received.target == f"/v1{recording.path}"
        assert received.body == recording.request_upstream


def told(recording: Recording) -> str | None:
    """The code of the error where it is Trunkline's to tell: the provider's refusal is not the caller's business."""
    if not failed(recording):
        return None
    status = recording.status if recording.status >= 400 else said_status(plain.error(recording.body))
    words = recording.body.decode().lower()
    if status == 402 or any(word in words for word in NO_CREDIT):
        return "upstream_quota"
    if recording.folder not in OPENAI and (status in (401, 403) or (status == 400 and "incorrect api key" in words)):
        return "upstream_auth"
    if status == 429:
        return "rate_limit_exceeded"
    return "upstream_server_error" if status >= 500 or status in (408, 409, 425) else None


def said_status(said: Any) -> int:
    """The status that an answer would have had: the code of its error, where that is one."""
    code = said.get("code") if isinstance(said, dict) else None
    return code if isinstance(code, int) and code in (401, 402, 403, 408, 409, 429) else 500


def split_last_event(response: Response) -> tuple[bytes, bytes]:
    """A stream, and the data of its last event."""
    whole, _, last = bytes(response.body).rpartition(b"data: ")
    return whole, last


def code(body: bytes | bytearray) -> Any:
    return json.loads(body)["error"]["code"]


def expected(recording: Recording) -> bytes:
    """The body the client is to see: without usage it did not ask for, and, of a stream, with its end always told."""
    if not recording.streamed or recording.status != 200:
        return recording.body
    body = with_usage(recording.body) if recording.wants_usage else recording.body
    events = [event for event in EVENT.findall(body) if recording.wants_usage or not only_usage(event)]
    done = DONE.search(body) is not None
    return b"".join(events) + (b"" if done else b"data: [DONE]\n\n")


def only_usage(event: bytes) -> bool:
    """Whether an event is the chunk that tells usage, and nothing else."""
    _, _, data = event.partition(b"data:")
    if not data.strip() or data.strip() == b"[DONE]":
        return False
    chunk = json.loads(data)
    return bool(chunk.get("usage")) and not chunk.get("choices")
