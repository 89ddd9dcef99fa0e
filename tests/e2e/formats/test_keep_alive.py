"""A long silence of the provider: what goes out meanwhile disturbs no SDK, and a late failure is still told."""

import asyncio
import json
import threading
from collections.abc import Iterator

import pytest
from tests.e2e.formats import clients
from tests.e2e.formats.hall import Hall
from tests.e2e.formats.plain import send
from tests.e2e.formats.upstreams import HELLO, MODELS, SPEAKERS, Upstream, stalls
from tests.faults import http1
from tests.faults.connection import Exchange
from tests.faults.gateway import LOOK_EVERY, SETTLED_WITHIN
from tests.running import Background
from tests.telemetry.samples import Samples

CONTENTS = {"contents": [{"role": "user", "parts": [{"text": "Hallo"}]}]}


@pytest.fixture(scope="module")
def hall() -> Iterator[Hall]:
    with Background() as background, Hall(background, server={"keep_alive": "10ms"}) as hall:
        yield hall


def after_a_sign_of_life(hall: Hall, upstream: Upstream) -> threading.Thread:
    """Lets the upstream go on once the client has been sent something that says nothing."""
    metrics = hall.running.process.gateway.metrics

    def signs() -> float:
        return Samples(metrics).total("trunkline_keepalives_total")

    async def release() -> None:
        for _ in range(round(SETTLED_WITHIN / LOOK_EVERY)):
            await asyncio.sleep(LOOK_EVERY)
            if signs() > before:
                break
        upstream.release()

    upstream._released.clear()
    before = signs()
    thread = threading.Thread(target=lambda: hall.background.run(release()))
    thread.start()
    return thread


@pytest.mark.parametrize("upstream", SPEAKERS)
@pytest.mark.parametrize("client", clients.EVERY)
def test_signs_of_life_are_skipped(hall: Hall, client: str, upstream: str) -> None:
    """Before the first event, after it, and between two words."""
    server = hall.upstreams[upstream]
    for after in (0, 5):
        hall.act(upstream, stalls(HELLO, after=after))
        releasing = after_a_sign_of_life(hall, server)
        assert hall.clients[client].say("Hallo", MODELS[upstream], stream=True) == HELLO.text
        releasing.join()


async def fails_late(upstream: Upstream, x: Exchange) -> None:
    """A refusal after a long while."""
    await x.hold()
    await x.send(http1.message(400, upstream.speaker.error(400, "It is like this.")))


@pytest.mark.parametrize("client", clients.ALL)
def test_a_failure_after_a_sign_of_life_is_the_last_event(hall: Hall, client: str) -> None:
    server = hall.act("anthropic", fails_late)
    releasing = after_a_sign_of_life(hall, server)
    with pytest.raises(hall.clients[client].raises, match="It is like this"):
        hall.clients[client].say("Hallo", MODELS["anthropic"], stream=True)
    releasing.join()


@pytest.mark.parametrize("upstream", ["google", "chat"])
def test_an_array_is_kept_alive_by_white_space(hall: Hall, upstream: str) -> None:
    server = hall.upstreams[upstream]
    path = f"/v1beta/models/{MODELS[upstream]}:streamGenerateContent"
    for act in (stalls(HELLO, after=0), stalls(HELLO, after=4), fails_late):
        hall.act(upstream, act)
        releasing = after_a_sign_of_life(hall, server)
        answer = send(hall.running.port, "POST", path, CONTENTS)
        releasing.join()
        assert answer.status == 200
        assert b"\r\n\r\n" in answer.body
        chunks = json.loads(answer.body)
        assert chunks[-1].get("error", {}).get("message", "It is like this.") == "It is like this."
        assert ("error" in chunks[-1]) is (act is fails_late)
