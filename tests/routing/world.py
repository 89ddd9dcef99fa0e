"""A configuration with its policies, prices and health, for planning without a server."""

import random
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from tests.config.reading import read

from trunkline.ledger.prices import Price, Rates
from trunkline.providers import PROVIDERS
from trunkline.providers.base import Provider
from trunkline.routing.bounds import ANYBODY, Asker
from trunkline.routing.health import Health
from trunkline.routing.plan import Plan, Target
from trunkline.routing.planner import Policy, at_once, plan
from trunkline.routing.planning import Conditions, Scorer
from trunkline.routing.policies import Policies
from trunkline.routing.request import Request
from trunkline.routing.wishes import read_wishes

HELLO: dict[str, Any] = {"messages": [{"role": "user", "content": "Hello"}]}
PROVIDED = ("openai", "anthropic", "google", "mistral", "groq", "openrouter", "simulated")


def price(dollars_in: float, dollars_out: float, cached: float | None = None) -> Price:
    """US dollars per million tokens."""
    again = None if cached is None else round(cached * 1e9)
    return Rates(input=round(dollars_in * 1e9), output=round(dollars_out * 1e9), cached=again).price()


class World:
    """What planning looks at. Time stands still at `now` until somebody moves it."""

    def __init__(self, text: str, prices: Mapping[str, Price] | None = None, seed: int = 0) -> None:
        """`prices`: by `provider/model`."""
        self.config = read(text, types=PROVIDERS.keys(), environment=PROVIDED)
        self.policies = Policies(self.config, self._pages())
        self.prices = {Target(*name.split("/", 1)): each for name, each in (prices or {}).items()}
        self.health = Health(random=random.Random(seed).random)
        self.random = random.Random(seed).random
        self.now = 1000.0
        self.wall = 1_700_000_000.0
        self.scorer: Scorer | None = None

    def _pages(self) -> dict[str, Provider]:
        pages = {name: PROVIDERS[name] for name in PROVIDED}
        for name, provider in self.config.providers.items():
            refuses = frozenset(provider.dialect.refuses or ()) if provider.dialect is not None else frozenset()
            page = PROVIDERS[provider.type]
            overrides = {"refuses": refuses} if refuses else {}
            pages[name] = page.adjusted(format=None, elsewhere=True, overrides=overrides)  # type: ignore[arg-type]  # as read
        return pages

    @property
    def conditions(self) -> Conditions:
        return Conditions(self.health, self.prices.get, self.now, self.random, self.scorer)

    def policy(self, name: str) -> Policy:
        found = self.policies.resolve(name)
        assert found is not None
        return found

    def plan(
        self,
        name: str,
        document: Mapping[str, Any] = HELLO,
        headers: Mapping[str, str] | None = None,
        asker: Asker = ANYBODY,
        *,
        explain: bool = False,
        cap: int | None = None,
        difficulty: float | None = None,
    ) -> Plan:
        """What the gateway would do for such a request."""
        given = {each.encode(): value.encode() for each, value in (headers or {}).items()}
        policy, wishes = self.policies.choose(name, read_wishes(document, given), asker)
        request = Request(
            document,
            given,
            name,
            len(msgspec.json.encode(document)),
            stream=document.get("stream") is True,
            cap=cap,
            wall=self.wall,
            asker=asker,
            wishes=wishes,
            difficulty=difficulty,
        )
        ready = at_once(policy, wishes, asker, self.conditions.health) if not explain else None
        return ready or plan(policy, request, self.conditions, explain=explain)

    def order(self, name: str, *arguments: Any, **more: Any) -> list[str]:
        """The first candidates of the plan's steps."""
        return firsts(self.plan(name, *arguments, **more))

    def answer(self, name: str, seconds: float, *, output: int = 100, times: int = 1) -> None:
        """So many streams of a deployment have their first output after `seconds`."""
        for _ in range(times):
            ticket = self.health.begin(name, self.now)
            assert ticket is not None
            ticket.first_output(self.now + seconds)
            ticket.end("ok", self.now + seconds + 1, input=100, output=output)

    def fail(self, name: str, times: int = 5) -> None:
        """So many attempts at a deployment fail."""
        for _ in range(times):
            ticket = self.health.begin(name, self.now)
            if ticket is None:
                return  # it is down
            ticket.end("server", self.now)


def firsts(made: Plan) -> list[str]:
    return [step.first.name for step in made.steps]


def talk(*texts: str) -> dict[str, Any]:
    """A conversation of the user's and the assistant's words, by turns."""
    roles = ("user", "assistant")
    return {"messages": [{"role": roles[turn % 2], "content": text} for turn, text in enumerate(texts)]}


def names(candidates: Iterable[str]) -> str:
    """A list in YAML's short way."""
    return f"[{', '.join(candidates)}]"
