"""A long silence of the provider: what goes out meanwhile disturbs no SDK, and a late failure is still told."""

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
from tests.running import Background

OFTEN = 0.02
"""Seconds between two signs of life."""
LONG = 0.15
"""Seconds of silence."""
CONTENTS = {"contents": [{"role": "user", "parts": [{"text": "Hallo"}]}]}


@pytest.fixture(scope="module")
def hall() -> Iterator[Hall]:
    with Background() as background, Hall(background, server={"keep_alive": f"{OFTEN * 1000:.0f}ms"}) as hall:
        yield hall


def later(hall: Hall, upstream: Upstream) -> threading.Timer:
    """Lets the upstream go on after a long while."""

    async def release() -> None:
        upstream.release()

    timer = threading.Timer(LONG, lambda: hall.background.run(release()))
    timer.start()
    return timer


@pytest.mark.parametrize("upstream", SPEAKERS)
@pytest.mark.parametrize("client", clients.EVERY)
def test_signs_of_life_are_skipped(hall: Hall, client: str, upstream: str) -> None:
    """Before the first event, after it, and between two words."""
    server = hall.upstreams[upstream]
    for after in (0, 5):
        server._released.clear()
        hall.act(upstream, stalls(HELLO, after=after))
        timer = later(hall, server)
        assert hall.clients[client].say("Hallo", MODELS[upstream], stream=True) == HELLO.text
        timer.join()


async def fails_late(upstream: Upstream, x: Exchange) -> None:
    """A refusal after a long while."""
    await x.hold()
    await x.send(http1.message(400, upstream.speaker.error(400, "It is like this.")))


@pytest.mark.parametrize("client", clients.ALL)
def test_a_failure_after_a_sign_of_life_is_the_last_event(hall: Hall, client: str) -> None:
    server = hall.act("anthropic", fails_late)
    server._released.clear()
    timer = later(hall, server)
    with pytest.raises(hall.clients[client].raises, match="It is like this"):
        hall.clients[client].say("Hallo", MODELS["anthropic"], stream=True)
    timer.join()


@pytest.mark.parametrize("upstream", ["google", "chat"])
def test_an_array_is_kept_alive_by_white_space(hall: Hall, upstream: str) -> None:
    server = hall.upstreams[upstream]
    path = f"/v1beta/models/{MODELS[upstream]}:streamGenerateContent"
    for act in (stalls(HELLO, after=0), stalls(HELLO, after=4), fails_late):
        server._released.clear()
        hall.act(upstream, act)
        timer = later(hall, server)
        answer = send(hall.running.port, "POST", path, CONTENTS)
        timer.join()
        assert answer.status == 200
        assert b"\r\n\r\n" in answer.body
        chunks = json.loads(answer.body)
        assert chunks[-1].get("error", {}).get("message", "It is like this.") == "It is like this."
        assert ("error" in chunks[-1]) is (act is fails_late)
