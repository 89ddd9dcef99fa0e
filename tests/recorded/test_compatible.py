"""What OpenAI-compatible providers said once passes through Trunkline byte for byte."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from tests.faults.client import Response, connect, request
from tests.recorded.recordings import Recording, find, parameters
from tests.recorded.replay import BAGGAGE, Replay
from tests.running import Background, Running

pytestmark = pytest.mark.shared

RECORDINGS = find()
WITHOUT_DONE = frozenset({"cerebras", "huggingface", "perplexity", "tgi"})
"""Providers that end a stream without `[DONE]`, if only for some of their models."""

EVENT = re.compile(rb".*?(?:\r\n\r\n|\n\n)", re.DOTALL)


@dataclass
class Line:
    """A gateway in front of all recordings."""

    background: Background
    upstream: Replay
    gateway: Running

    def ask(self, recording: Recording, body: dict[str, Any]) -> Response:
        """The gateway's answer as bytes."""
        return self.background.run(self._ask(recording, json.dumps(body).encode()))

    async def _ask(self, recording: Recording, body: bytes) -> Response:
        async with connect(self.gateway.port) as client:
            headers = [("baggage", BAGGAGE + recording.name)]
            await client.send(request(target=f"/v1{recording.path}", body=body, headers=headers))
            return await client.response()


@pytest.fixture(scope="module")
def line() -> Iterator[Line]:
    with Background() as background:
        upstream = background.enter(Replay(RECORDINGS, seed=1))
        yield Line(background, upstream, background.enter(Running(config(upstream.url))))


def config(url: str) -> str:
    """Every folder of recordings as a provider; and every refusal alone, for one may bench a provider's key."""
    providers = {
        provider(recording): f"{{type: openai_compatible, base_url: '{url}', terminator: {terminator(recording)}}}"
        for recording in RECORDINGS
    }
    return "\n".join(["retries: {attempts: 1}", "providers:", *(f"  {name}: {it}" for name, it in providers.items())])


def provider(recording: Recording) -> str:
    return recording.folder if recording.status < 400 else recording.name.replace("/", "-")


def terminator(recording: Recording) -> str:
    return "false" if recording.folder in WITHOUT_DONE else "true"


@pytest.mark.parametrize("recording", parameters(RECORDINGS))
def test_a_recording_passes_unchanged(recording: Recording, line: Line) -> None:
    asked = {**recording.request, "model": f"{provider(recording)}/{recording.request.get('model', 'unnamed')}"}
    response = line.ask(recording, asked)
    assert response.status == recording.status
    assert bytes(response.body) == expected(recording)


def expected(recording: Recording) -> bytes:
    """The body the client is to see: the usage it did not ask for is not in it."""
    if not recording.streamed or recording.status != 200 or recording.wants_usage:
        return recording.body
    return b"".join(event for event in EVENT.findall(recording.body) if not only_usage(event))


def only_usage(event: bytes) -> bool:
    """Whether an event is the chunk that tells usage, and nothing else."""
    _, _, data = event.partition(b"data:")
    if not data.strip() or data.strip() == b"[DONE]":
        return False
    chunk = json.loads(data)
    return bool(chunk.get("usage")) and not chunk.get("choices")
