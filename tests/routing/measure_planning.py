"""How long planning takes: `python -m tests.routing.measure_planning`. No test: its figures depend on the machine.

Each figure is the least of many short windows, in microseconds, for ten candidates that are all well.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from tests.routing.world import World

from trunkline.ledger.catalogue import Catalogue, load_catalogue
from trunkline.providers import PROVIDERS
from trunkline.routing.bounds import ANYBODY
from trunkline.routing.planner import plan
from trunkline.routing.planning import Conditions
from trunkline.routing.quotas import Left
from trunkline.routing.request import Request
from trunkline.routing.wishes import read_wishes

TEN: Final = (
    "openai/gpt-4o", "openai/gpt-4o-mini", "openai/gpt-4.1", "anthropic/claude-sonnet-4-5",
    "anthropic/claude-haiku-4-5", "google/gemini-2.5-pro", "google/gemini-2.5-flash", "mistral/mistral-large-latest",
    "groq/llama-3.3-70b-versatile", "openrouter/openai/gpt-4o",
)  # fmt: skip
CHAT: Final[dict[str, Any]] = {
    "model": "it",
    "messages": [
        {"role": "system", "content": "You answer for Example Ltd. Be brief."},
        {"role": "user", "content": "Where is my parcel? It was to come on Monday. " * 10},
    ],
    "max_tokens": 300,
    "stream": True,
}
HEADERS: Final = {
    b"host": b"x",
    b"authorization": b"Bearer x",
    b"content-type": b"application/json",
    b"user-agent": b"x",
}
WISHED: Final = {**CHAT, "provider": {"order": ["google"], "max_price": {"prompt": 5}, "data_collection": "allow"}}


def least(function: Callable[[], object], calls: int = 200, windows: int = 60) -> float:
    """Microseconds a call."""
    best = float("inf")
    for _ in range(windows):
        begun = time.perf_counter()
        for _ in range(calls):
            function()
        best = min(best, time.perf_counter() - begun)
    return best / calls * 1e6


def world() -> World:
    of, weights = f"[{', '.join(TEN)}]", ", ".join(f"{name}: 1" for name in TEN)
    there = World(
        f"models:\n"
        f"  one: {TEN[0]}\n"
        f"  fallback: {{route: fallback, of: {of}}}\n"
        f"  weighted: {{route: weighted, of: {{{weights}}}}}\n"
        f"  least_busy: {{route: least_busy, of: {of}}}\n"
        f"  fastest: {{route: fastest, of: {of}}}\n"
        f"  cheapest: {{route: cheapest, of: {of}}}\n"
        f"  sticky: {{route: sticky, of: {of}}}\n"
        f"  race: {{route: race, of: {of}}}\n"
        f"  hedge: {{route: hedge, of: {of}, after: 1s}}\n"
        f"  conditional:\n"
        f"    route: conditional\n"
        f"    rules: [{{when: \"tags.plan == 'free'\", to: one}}, {{when: request.tokens > 100000, to: one}}]\n"
        f"    else: fallback\n"
    )
    load_catalogue()
    catalogue, targets = Catalogue(), there.policies.targets()
    there.policies.learn(targets, lambda _: None)
    sources = {name: page.catalogue for name, page in PROVIDERS.items()}
    at = datetime.now(UTC)
    found = {each: catalogue.look_up(each.provider, sources[each.provider], each.model, 0.0, at) for each in targets}
    there.prices = {target: price for target, price in found.items() if price is not None}
    for name in TEN:
        there.answer(name, 0.5, times=30)
    return there


def planning(there: World, name: str, document: dict[str, Any]) -> Callable[[], object]:
    """All that a request needs, from its document to its plan."""
    size = len(msgspec.json.encode(document))

    def once() -> object:
        policy, wishes = there.policies.choose(name, read_wishes(document, HEADERS), ANYBODY)
        request = Request(
            document, HEADERS, name, size, stream=True, cap=300, wall=1.7e9, asker=ANYBODY, wishes=wishes
        )  # fmt: skip
        return plan(policy, request, Conditions(there.health, there.prices.get, there.now, there.random))

    return once


def main() -> None:
    there = world()
    for name in there.policies.names:
        print(f"{name:<24}{least(planning(there, name, CHAT)):8.2f}")
    print(f"{'fallback, wished':<24}{least(planning(there, 'fallback', WISHED)):8.2f}")
    there.fail(TEN[0])
    print(f"{'fallback, one down':<24}{least(planning(there, 'fallback', CHAT)):8.2f}")
    health, now, left = there.health, there.now, Left(1000, 60.0, 100_000, 60.0)

    def attempt(**more: Any) -> None:
        ticket = health.begin(TEN[1], now)
        assert ticket is not None
        ticket.first_output(now + 0.5)
        ticket.end("ok", now + 1.0, input=100, output=50, **more)

    print(f"{'an attempt, in all':<24}{least(attempt):8.2f}")
    print(f"{'with rate limits told':<24}{least(lambda: attempt(left=left)):8.2f}")


if __name__ == "__main__":
    main()
