"""Shadows: a second model is sent a share of the requests, and nobody notices but the operator."""

import asyncio
import gc
import json
from pathlib import Path
from typing import Any

import pytest
from tests.faults.client import connect, request
from tests.faults.gateway import LOOK_EVERY, RunningGateway, ask, gateway, overlaid, stored_rows, usual
from tests.telemetry.samples import Samples

from trunkline.gateway.shadowing import MOST
from trunkline.ledger.record import Row

AT_ONCE = {"latency": "0s", "tokens_per_second": 1_000_000}
BEHIND = 10.0
"""Seconds in which a shadow must have ended."""
EMBEDDER = Path("../shared/models/all-MiniLM-L6-v2-int8").absolute()


def shadowed(to: str, of: str = "simulated/echo", **settings: Any) -> dict[str, Any]:
    """Sections of a configuration whose model `it` has a shadow."""
    sections = {
        "providers": {"simulated": {"simulated": AT_ONCE}, "other": {"type": "simulated", "simulated": AT_ONCE}},
        "prices": {"simulated/echo": {"input": 1, "output": 2}, "other/echo": {"input": 10, "output": 20}},
        "models": {"it": {"route": "fallback", "of": [of], "shadow": {"to": to, "share": "100%"}}},
    }
    return overlaid(sections, settings)


async def compared(running: RunningGateway, count: int = 1) -> list[dict[str, Any]]:
    """The comparisons in the log, once there are so many."""
    async with asyncio.timeout(BEHIND):
        while len(lines := running.logged("shadow.compared")) < count:  # noqa: ASYNC110  # the log is a file
            await asyncio.sleep(LOOK_EVERY)
    return lines


async def rows(running: RunningGateway, count: int) -> list[Row]:
    """The ledger, once it has so many rows, by the attempts' numbers."""
    async with asyncio.timeout(BEHIND):
        while len(found := stored_rows(running.data)) < count:  # noqa: ASYNC110  # another thread writes them
            await asyncio.sleep(LOOK_EVERY)
    return sorted(found, key=lambda row: row.attempt)


@pytest.mark.parametrize("stream", [False, True])
async def test_where_answers_are_kept_the_call_has_its_shadow_and_a_hit_has_none(stream: bool) -> None:
    async with gateway(**shadowed("other/echo", cache={"ttl": "1h"})) as running, connect(running.port) as raw:
        results = [(await ask(raw, "it", stream=stream)).header("x-trunkline-cache") for _ in range(2)]
        (told,) = await compared(running)
        assert [row.attempt for row in await rows(running, 3)] == [1, 1, 1001]
    assert results == ["miss", "hit"]
    assert (told["first"], told["error"], told["similarity"]) == ("simulated/echo", "", 1.0)


@pytest.mark.parametrize("stream", [False, True])
async def test_a_shadow_is_compared_with_the_answer_of_which_it_changes_nothing(stream: bool) -> None:
    async with gateway(**shadowed("other/echo")) as running, connect(running.port) as raw:
        answer = await ask(raw, "it", stream=stream)
        assert (answer.header("x-trunkline-provider"), answer.header("x-trunkline-attempts")) == ("simulated", "1")
        (told,) = await compared(running)
        first, shadow = await rows(running, 2)
        metrics = Samples(running.process.metrics)
    assert (told["first"], told["shadow"], told["route"]) == ("simulated/echo", "other/echo", "it")
    assert (told["error"], told["similarity"], told["meaning"]) == ("", 1.0, None)
    assert told["first_ms"] >= told["first_output_ms"] > 0
    assert told["shadow_ms"] >= told["shadow_output_ms"] > 0
    assert told["shadow_cost_nanodollars"] == shadow.cost == 10 * first.cost == 10 * told["first_cost_nanodollars"]
    assert (first.request, first.attempt, shadow.request, shadow.attempt) == (told["request"], 1, first.request, 1001)
    assert (shadow.provider, shadow.asked, shadow.stream, shadow.outcome) == ("other", "it", stream, "ok")
    assert json.loads(shadow.tags) == {"trunkline.shadow": "it"}
    assert first.tags == ""
    assert metrics.value("trunkline_shadows_total", reason="compared") == 1
    of = {"route": "it", "shadow": "other/echo"}
    assert metrics.value("trunkline_shadow_similarity_ratio_sum", **of) == 1
    assert metrics.value("trunkline_shadow_cost_dollars_total", **of, whose="shadow") == shadow.cost / 1e9
    assert metrics.value("trunkline_shadow_duration_seconds_count", **of, whose="first") == 1


async def test_no_key_pays_for_a_shadow() -> None:
    key = "sk-tl-" + "a" * 40
    keys = [{"name": "app", "key": key, "tags": {"feature": "chat"}}]
    async with gateway(**shadowed("other/echo"), keys=keys) as running, connect(running.port) as raw:
        assert (await ask(raw, "it", key=key)).status == 200
        first, shadow = await rows(running, 2)
    assert (first.key, json.loads(first.tags)) == ("app", {"feature": "chat"})
    assert (shadow.key, json.loads(shadow.tags)) == ("", {"trunkline.shadow": "it"})


@pytest.mark.parametrize("stream", [False, True])
async def test_answers_of_another_format_are_compared_as_well(stream: bool) -> None:
    body = {
        "model": "it",
        "max_tokens": 1000,
        "messages": [{"role": "user", "content": "Where do I begin?"}],
        "stream": stream,
    }
    async with gateway(**shadowed("other/long", "simulated/chat")) as running, connect(running.port) as raw:
        await raw.send(request(target="/v1/messages", body=json.dumps(body).encode()))
        assert (await raw.response()).status == 200
        (told,) = await compared(running)
    assert 0 < told["similarity"] < 1


async def test_a_shadow_that_fails_is_told_and_nobody_else_notices() -> None:
    async with gateway(**shadowed("other/error-500")) as running, connect(running.port) as raw:
        assert (await ask(raw, "it")).status == 200
        (told,) = await compared(running)
        first, shadow = await rows(running, 2)
    assert (told["error"], told["similarity"]) == ("upstream_server_error", None)
    assert (first.outcome, shadow.outcome) == ("ok", "refused")


async def test_when_the_request_fails_its_shadow_is_given_up() -> None:
    sections = shadowed("other/mute", "simulated/error-500")
    async with gateway(**sections) as running, connect(running.port) as raw:
        assert (await ask(raw, "it")).status == 502
        first, *shadows = await rows(running, 1)
        assert first.outcome == "refused"
        assert [shadow.outcome for shadow in shadows] in ([], ["cancelled"])


async def test_no_answer_waits_for_a_shadow_and_only_so_many_are_under_way(tmp_path: Path) -> None:
    thresholds = gc.get_threshold()
    running = RunningGateway(tmp_path, usual(tmp_path, "", shadowed("other/mute")))
    await running.start()
    try:
        async with connect(running.port) as raw:
            for _ in range(MOST + 5):
                assert (await ask(raw, "it")).status == 200
        metrics = Samples(running.process.metrics)
    finally:
        await running.close()
        gc.unfreeze()
        gc.set_threshold(*thresholds)
    assert metrics.value("trunkline_shadows_total", reason="busy") == 5
    outcomes = [row.outcome for row in stored_rows(running.data)]
    assert (outcomes.count("ok"), outcomes.count("cancelled")) == (MOST + 5, MOST)
    assert running.problems() == []


@pytest.mark.shared
async def test_with_an_embedder_the_meaning_is_compared_as_well() -> None:
    sections = shadowed("other/echo", embedder={"path": str(EMBEDDER)})
    async with gateway(**sections) as running, connect(running.port) as raw:
        await ask(raw, "it")
        (told,) = await compared(running)
    assert told["meaning"] == 1.0
