"""Routes `complexity` at work: what is easy goes to the one model, what is hard to the other."""

import json
import shutil
from pathlib import Path
from typing import Any

import openai
import pytest
from tests.faults.client import connect
from tests.faults.gateway import RunningGateway, ask, gateway
from tests.running import base_url

from trunkline.embedding import EmbeddingQueue, load
from trunkline.gateway.learnt import Difficulty
from trunkline.routing.complexity import Scorer, standard
from trunkline.routing.complexity.ranking import WINDOW

EMBEDDER = Path("../shared/models/all-MiniLM-L6-v2-int8")
EASY = (
    "Hello!",
    "Thanks a lot, bye.",
    "What time is it in Paris?",
    "Translate 'good morning' into French.",
    "What is the capital of Italy?",
)
HARD = (
    "Prove that every continuous function on a closed interval is uniformly continuous, and say where that is used.",
    "Derive the time complexity of T(n) = 3T(n/4) + n log n with the master theorem; compare it with a lower bound.",
    "Three machines make 40%, 35% and 25% of the parts; 2%, 3% and 5% of theirs are bad. Whose is a bad part, and why?",
)
AT_ONCE = {"type": "simulated", "simulated": {"latency": "0s", "tokens_per_second": 1_000_000}}


def auto(**settings: Any) -> dict[str, Any]:
    """Sections of a configuration with a route between two simulated providers."""
    route = {"route": "complexity", "easy": "cheap/echo", "hard": "strong/echo", **settings}
    return {"providers": {"cheap": AT_ONCE, "strong": AT_ONCE}, "models": {"auto": route}}


def sdk(running: RunningGateway) -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(base_url=base_url(running), api_key="any", max_retries=0)


async def asked(client: openai.AsyncOpenAI, text: str, *, explain: bool = False) -> tuple[str, str]:
    """Which provider answered, and the explanation."""
    reply = await client.chat.completions.with_raw_response.create(
        model="auto",
        messages=[{"role": "user", "content": text}],
        extra_headers={"x-trunkline-explain": "1"} if explain else {},
    )
    return reply.headers["x-trunkline-provider"], reply.headers.get("x-trunkline-explain", "")


async def test_the_easy_go_to_the_one_model_and_the_hard_to_the_other() -> None:
    async with gateway(**auto()) as running, sdk(running) as client:
        assert {(await asked(client, text))[0] for text in EASY} == {"cheap"}
        assert {(await asked(client, text))[0] for text in HARD} == {"strong"}


async def test_an_explanation_tells_the_score_and_what_it_was_compared_with() -> None:
    async with gateway(**auto(hard_share="40%")) as running, sdk(running) as client:
        _, explained = await asked(client, HARD[0], explain=True)
    (decision,) = json.loads(explained)["decisions"]
    assert decision.startswith("auto: hard, with a score of 0.")
    assert decision.endswith("% of those of late, and the hardest 40% are hard")


async def test_the_share_is_held_although_everything_is_easy() -> None:
    async with gateway(**auto(hard_share="30%")) as running, connect(running.port) as raw:
        told: list[str | None] = []
        for turn in range(WINDOW + 300):
            messages = [{"role": "user", "content": EASY[turn % len(EASY)]}]
            told.append((await ask(raw, "auto", messages=messages)).header("x-trunkline-provider"))
    assert 0.25 < told[WINDOW:].count("strong") / 300 < 0.35


async def test_a_quality_is_had_with_the_share_that_the_scorer_needs_for_it() -> None:
    share = Scorer.read(standard()).share_for(0.5)
    async with gateway(**auto(quality="50%")) as running, sdk(running) as client:
        _, explained = await asked(client, "Hello!", explain=True)
    assert f"the hardest {share:.0%} are hard" in explained


async def test_a_reload_that_changes_neither_model_nor_route_keeps_what_was_seen(tmp_path: Path) -> None:
    model = tmp_path / "complexity.json"
    model.write_bytes(standard())
    async with gateway(**auto(), complexity={"model": str(model)}) as running, sdk(running) as client:
        before = running.process.gateway.snapshot.learnt.difficulty
        assert await running.process.reload()
        assert running.process.gateway.snapshot.learnt.difficulty is before
        model.write_bytes(standard() + b"\n")
        assert await running.process.reload()
        assert running.process.gateway.snapshot.learnt.difficulty is not before
        model.write_bytes(b"{}")
        assert not await running.process.reload()
        assert (await asked(client, "Hello!"))[0] == "cheap"
    (line,) = running.logged("config.rejected")
    assert f"complexity.model: {model} cannot be used: " in line["problems"][0]


@pytest.mark.shared
async def test_with_an_embedder_the_vector_counts_and_it_outlives_reloads(tmp_path: Path) -> None:
    folder = tmp_path / "embedder"
    shutil.copytree(EMBEDDER, folder)
    async with gateway(**auto(), embedder={"path": str(folder)}) as running, sdk(running) as client:
        before = running.process.gateway.snapshot.learnt.embedding
        assert before is not None
        assert {(await asked(client, text))[0] for text in HARD} == {"strong"}
        _, explained = await asked(client, EASY[0], explain=True)
        without = await Difficulty(Scorer.read(standard()), b"", None).score(saying(EASY[0]))
        assert f"score of {without:.3f}" not in explained
        assert await running.process.reload()
        assert running.process.gateway.snapshot.learnt.embedding is before
    assert not running.logged("complexity.without_embedder")


@pytest.mark.shared
async def test_when_too_many_wait_for_vectors_a_request_is_scored_without() -> None:
    embedder, scorer = load(EMBEDDER), Scorer.read(standard())
    without = await Difficulty(scorer, b"", None).score(saying(HARD[0]))
    queue = EmbeddingQueue(embedder, waiting=0)
    assert await Difficulty(scorer, b"", queue).score(saying(HARD[0])) == without


def saying(text: str) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": text}]}
