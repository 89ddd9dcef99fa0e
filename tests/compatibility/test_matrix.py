"""Every official SDK with an upstream of every format, over real sockets: what a program wants is what it gets.

The table of what works is `docs/reference/compatibility.md`, written by `make docs` from a run of this and compared
with the run by the last test.
"""

import itertools
import os
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from tests.compatibility import (
    client_anthropic,
    client_google,
    client_mistral,
    client_openai_chat,
    client_openai_responses,
    upstream_anthropic,
    upstream_bedrock,
    upstream_google,
    upstream_openai_chat,
    upstream_openai_responses,
)
from tests.compatibility.scenario import SCENARIOS, Asked, Scenario, Seen
from tests.compatibility.upstream import Upstream
from tests.faults.gateway import gateway
from tests.running import Background

PAGE = Path(__file__).parents[2] / "docs/reference/compatibility.md"
CLIENTS = (client_openai_chat, client_openai_responses, client_anthropic, client_google, client_mistral)
MODELS = {
    upstream_openai_chat: "gpt-5.1",
    upstream_openai_responses: "gpt-5.1",
    upstream_anthropic: "claude-sonnet-4-5",
    upstream_google: "gemini-2.5-flash",
    upstream_bedrock: "eu.anthropic.claude-sonnet-4-5-20250929-v1:0",
}
SHOWS_NO_REASONING = {client_mistral.name}
"""Its SDK drops the fields that hold the reasoning of other providers' models."""
ASKS_NO_USAGE = {client_mistral.name}
"""Mistral's own API gives usage in every stream; others, and so Trunkline, give it when asked."""
KEEPS_NO_PROOF = {upstream_openai_chat.name}
"""Chat Completions has nothing to prove reasoning by."""
outcomes: dict[tuple[str, str, str, bool], str] = {}


class Houses:
    """One gateway with one provider for each format."""

    def __init__(self, background: Background) -> None:
        self.upstreams = {speaker: Upstream(speaker) for speaker in MODELS}
        providers = {
            _slug(speaker): {**speaker.provider, "base_url": upstream.url, "allow_private": True}
            for speaker, upstream in self.upstreams.items()
        }
        running = gateway(providers=providers, retries={"attempts": 1})
        self.url = f"http://127.0.0.1:{background.enter(running).port}"

    def close(self) -> None:
        for upstream in self.upstreams.values():
            upstream.close()


@pytest.fixture(scope="module")
def houses() -> Iterator[Houses]:
    with Background() as background:
        houses = Houses(background)
        try:
            yield houses
        finally:
            houses.close()


def _slug(speaker: ModuleType) -> str:
    return str(speaker.name).replace(" ", "-")


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
@pytest.mark.parametrize("speaker", MODELS, ids=_slug)
@pytest.mark.parametrize("client", CLIENTS, ids=_slug)
def test_a_program_gets_what_the_model_says(
    houses: Houses, client: Any, speaker: Any, scenario: Scenario, stream: bool
) -> None:
    upstream = houses.upstreams[speaker]
    upstream.play(scenario)
    key = (client.name, speaker.name, scenario.name, stream)
    outcomes[key] = "✗"
    seen = client.converse(scenario, houses.url, f"{_slug(speaker)}/{MODELS[speaker]}", stream=stream)
    assert not upstream.problems
    assert len(seen) == len(scenario.answers)
    for answer, turn in zip(scenario.answers, seen, strict=True):
        if answer.error is not None:
            assert turn.error is not None
            assert turn.error[0] == answer.error[0]
            assert answer.error[1] in turn.error[1]
            continue
        thought = answer.thought.text if answer.thought is not None and client.name not in SHOWS_NO_REASONING else ""
        assert turn == Seen(
            text=answer.text,
            calls=list(answer.calls),
            thought=thought,
            input=None if turn.input is None and client.name in ASKS_NO_USAGE and stream else answer.input,
            output=None if turn.output is None and client.name in ASKS_NO_USAGE and stream else answer.output,
            cached=turn.cached if turn.cached is None else answer.cached,
            ended="calls" if answer.calls else "stop",
        )
    _check_asked(client, speaker, scenario, upstream.asked)
    outcomes[key] = "✓"


def _check_asked(client: Any, speaker: Any, scenario: Scenario, asked: list[Asked]) -> None:
    first, last = asked[0], asked[-1]
    assert first.system == scenario.system
    assert first.texts == [scenario.prompt]
    assert first.pictures == ([scenario.picture] if scenario.picture else [])
    assert list(first.tools) == [tool.name for tool in scenario.tools]
    for tool in scenario.tools:
        assert set(first.tools[tool.name]["properties"]) == set(tool.schema["properties"])
        assert first.tools[tool.name]["required"] == tool.schema["required"]
    if scenario.schema is not None:
        assert first.schema is not None
        assert set(first.schema["properties"]) == set(scenario.schema["properties"])
    assert first.reasons == scenario.reasons
    results = [
        tool.result
        for answer in scenario.answers
        for made in answer.calls
        for tool in scenario.tools
        if tool.name == made.name
    ]
    assert [result for _, result in last.results] == results
    if scenario.reasons and client.name not in SHOWS_NO_REASONING and speaker.name not in KEEPS_NO_PROOF:
        proof = scenario.answers[0].thought
        assert proof is not None
        assert last.proofs == [proof.proof]


def test_the_page_of_the_reference_is_true() -> None:
    expected = set(
        itertools.product(
            [c.name for c in CLIENTS], [s.name for s in MODELS], [s.name for s in SCENARIOS], [False, True]
        )
    )
    if set(outcomes) != expected:
        pytest.skip("not all of the matrix was run")
    page = _page()
    if os.environ.get("TRUNKLINE_WRITE_DOCS"):
        PAGE.write_text(page)
    assert PAGE.read_text() == page, "run `make docs`"


def _page() -> str:
    names = [scenario.name for scenario in SCENARIOS]
    lines = [
        "# Compatibility",
        "",
        "Every official SDK against an upstream of every format, through Trunkline over real sockets, streamed and",
        "not. Written by a run of `tests/compatibility`; a ✓ stands for both ways, with all that is checked: text,",
        "tool calls and results, pictures, schemas, reasoning and its proof, the reason for the end, and usage.",
        "",
        "| client | upstream | " + " | ".join(names) + " |",
        "|---|---|" + "---|" * len(names),
    ]
    for client, speaker in itertools.product(CLIENTS, MODELS):
        cells = [
            "✓" if all(outcomes[client.name, speaker.name, name, stream] == "✓" for stream in (False, True)) else "✗"
            for name in names
        ]
        lines.append(f"| {client.name} | {speaker.name} | " + " | ".join(cells) + " |")
    lines += [
        "",
        "The `mistralai` SDK drops fields it does not know, so it shows the reasoning of no other provider's model and",
        "sends none back; the conversation goes on without it.",
        "",
    ]
    return "\n".join(lines)
