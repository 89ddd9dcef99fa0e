"""What OpenAI said once, the official SDK hears through Trunkline as it hears it without."""

from collections.abc import Iterator
from dataclasses import dataclass

import openai
import pytest
from tests.faults.gateway import gateway
from tests.recorded.recordings import SEES, Recording, find, parameters
from tests.recorded.replay import Replay
from tests.recorded.sdk import outcome
from tests.recorded.seen import broken, failed
from tests.running import Background, base_url, openai_at

pytestmark = pytest.mark.shared

RECORDINGS = find("openai-chat", "openai-completions")


@dataclass
class Both:
    """The SDK pointed at the recordings themselves, and at a Trunkline in front of them."""

    upstream: Replay
    direct: openai.OpenAI
    through: openai.OpenAI


@pytest.fixture(scope="module")
def both() -> Iterator[Both]:
    with Background() as background:
        upstream = background.enter(Replay(RECORDINGS))
        running = background.enter(gateway(providers=openai_at(upstream.url)))
        with sdk(upstream.url) as direct, sdk(base_url(running)) as through:
            yield Both(upstream, direct, through)


def sdk(url: str) -> openai.OpenAI:
    return openai.OpenAI(base_url=url, api_key="sk-test", max_retries=0)


@pytest.mark.parametrize("recording", parameters(RECORDINGS))
def test_a_recording_through_trunkline_is_what_the_sdk_reads_of_it_directly(recording: Recording, both: Both) -> None:
    model = recording.request["model"]
    direct = outcome(both.direct, recording, model)
    assert both.upstream.received[recording.name].body == recording.request
    through = outcome(both.through, recording, f"openai/{model}")
    assert both.upstream.received[recording.name].body == recording.request_upstream
    if error := SEES.get(recording.name) or broken(recording) or (failed(recording) and "upstream_server_error"):
        assert through.error is not None
        assert through.error["code"] == error
    else:
        assert through == direct
