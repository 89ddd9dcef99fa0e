"""What OpenAI said once, the official SDK hears through Trunkline as it hears it without."""

from collections.abc import Iterator

import openai
import pytest
from tests.recorded.recordings import Recording, find, parameters
from tests.recorded.replay import Replay
from tests.recorded.sdk import outcome
from tests.running import Background, Running, to_upstream

pytestmark = pytest.mark.shared

RECORDINGS = find("openai-chat", "openai-completions")


class Both:
    """The SDK pointed at the recordings themselves, and at a Trunkline in front of them."""

    def __init__(self, upstream: Replay, gateway: Running) -> None:
        self.upstream = upstream
        self.direct = openai.OpenAI(base_url=upstream.url, api_key="sk-test", max_retries=0)
        self.through = openai.OpenAI(base_url=gateway.url, api_key="sk-test", max_retries=0)


@pytest.fixture(scope="module")
def both() -> Iterator[Both]:
    with Background() as background:
        upstream = background.enter(Replay(RECORDINGS))
        gateway = background.enter(Running(to_upstream(upstream.url)))
        both = Both(upstream, gateway)
        with both.direct, both.through:
            yield both


@pytest.mark.parametrize("recording", parameters(RECORDINGS))
def test_a_recording_through_trunkline_is_what_the_sdk_reads_of_it_directly(recording: Recording, both: Both) -> None:
    direct = outcome(both.direct, recording, recording.request["model"])
    through = outcome(both.through, recording, f"openai/{recording.request['model']}")
    assert through == direct
