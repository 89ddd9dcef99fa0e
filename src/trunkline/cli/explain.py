"""`trunkline explain`: which models would a request go to, and why?"""

import asyncio
import random
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import msgspec

from trunkline import setup
from trunkline.cli import options
from trunkline.cli.check import put_together
from trunkline.cli.failure import Failure, Wrong, told
from trunkline.formats.document import Document, DocumentError
from trunkline.formats.format import ShapeError
from trunkline.gateway.snapshot import Snapshot
from trunkline.ledger.catalogue import load_catalogue
from trunkline.ledger.prices import Price
from trunkline.routing.bounds import Asker, dollars
from trunkline.routing.health import Health
from trunkline.routing.plan import Considered, Plan, Target
from trunkline.routing.planner import Policy, plan
from trunkline.routing.planning import Conditions
from trunkline.routing.policies import NameRefused
from trunkline.routing.reading import output_cap
from trunkline.routing.request import Request
from trunkline.routing.wishes import Wishes, read_wishes, refuse_beyond, with_metadata
from trunkline.tenancy.directory import Directory

HEALTH = "unknown: no server was asked. A request with `x-trunkline-explain: 1` tells what the running one knows."
GREETING: dict[str, Any] = {"messages": [{"role": "user", "content": "Hello"}]}
"""What is asked where no request is given."""
DEEPEST = 1000


@click.command("explain")
@click.option(
    "-m", "--model", default="", metavar="NAME", help="The model that is asked for.  [default: the request's]"
)
@click.option(
    "--file",
    "path",
    type=click.Path(allow_dash=True, path_type=Path),
    help="The request, as JSON, in any of the APIs; `-` for standard input.  [default: one that says hello]",
)
@click.option("--key", "key_name", default="", metavar="NAME", help="As which virtual key of the configuration.")
@click.option(
    "--header",
    "headers",
    multiple=True,
    metavar="NAME=VALUE",
    type=options.Pair("a header such as x-trunkline-tags=plan=free"),
    help="A request header.",
)
@options.json_option
@options.config_option
def command(
    model: str,
    path: Path | None,
    key_name: str,
    headers: tuple[tuple[str, str], ...],
    as_json: bool,
    config: Path | None,
) -> None:
    """Show which models a request would go to, and why.

    Every candidate is listed: its place, what each filter says of it, what the request would probably cost there, and
    what put it in its place. Nothing is sent, and no running Trunkline is asked, so nothing is known of how the models
    are doing.
    """
    environment = options.environment()
    with told():
        document = _document(path)
        configuration = setup.read_config(setup.Options(config=config), environment)
        snapshot = asyncio.run(put_together(configuration, environment))
    asked = _Asked(snapshot, document, model or str(document.value.get("model") or ""), dict(headers), key_name)
    made = asked.plan()
    if as_json:
        click.echo(msgspec.json.encode(asked.as_json(made)))
    else:
        asked.show(made)
    if made.refusal is not None:
        raise Failure(made.refusal.message)


def _document(path: Path | None) -> Document:
    if path is None:
        return Document(msgspec.json.encode(GREETING), depth=DEEPEST)
    with click.open_file(str(path), "rb") as file:
        data = file.read()
    try:
        return Document(data, depth=DEEPEST)
    except DocumentError as error:
        raise Wrong(f"{path}: {error}") from None


class _Asked:
    """One request, and what is to be known for planning it."""

    def __init__(
        self, snapshot: Snapshot, document: Document, model: str, headers: dict[str, str], key_name: str
    ) -> None:
        self._snapshot = snapshot
        self._document = document.value
        self._model = model
        self._headers = {name.lower().encode(): value.encode() for name, value in headers.items()}
        self._size = len(document.write())
        self._prices: dict[Target, Price | None] = {}
        self._policies = snapshot.policies
        self._asker = self._as_key(key_name)

    def _as_key(self, name: str) -> Asker:
        directory = Directory(self._snapshot.config)
        if not name:
            return directory.anybody().asker
        key = next((key for key in self._snapshot.config.keys if key.name == name), None)
        if key is None:
            raise Wrong(f"There is no key {name!r} in the configuration.")
        return directory.configured(key).asker

    def plan(self) -> Plan:
        """What would be done. Raises `Wrong` for a request that would be refused as it is."""
        try:
            wishes = read_wishes(self._document, self._headers)
            policy, _ = self._policies.choose(self._model, wishes, self._asker)
            load_catalogue()
            self._policies.learn([candidate.target for candidate in policy.candidates], self._look_up)
            policy, wishes = self._policies.choose(self._model, wishes, self._asker)
            refuse_beyond(wishes, self._asker)
            wishes = with_metadata(wishes, self._document, self._asker, self._snapshot.config.metadata_tags)
        except (ShapeError, NameRefused) as error:
            raise Wrong(str(error)) from None
        self._request = self._made(policy, wishes)
        scorer = self._snapshot.learnt.difficulty
        conditions = Conditions(Health(), self._prices.get, time.monotonic(), random.random, scorer)
        return plan(policy, self._request, conditions, explain=True)

    def _made(self, policy: Policy, wishes: Wishes) -> Request:
        return Request(
            self._document,
            self._headers,
            self._model or policy.name,
            self._size,
            stream=self._document.get("stream") is True,
            cap=output_cap(self._document),
            wall=time.time(),
            asker=self._asker,
            wishes=wishes,
            difficulty=self._difficulty(policy),
        )

    def _difficulty(self, policy: Policy) -> float | None:
        scorer = self._snapshot.learnt.difficulty
        return asyncio.run(scorer.score(self._document)) if policy.scored and scorer is not None else None

    def _look_up(self, target: Target) -> None:
        source = self._snapshot.deployments[target.provider].facts.catalogue
        catalogue = self._snapshot.catalogue
        at = datetime.now(UTC)
        self._prices[target] = catalogue.look_up(target.provider, source, target.model, time.monotonic(), at)

    def as_json(self, made: Plan) -> dict[str, Any]:
        """All there is to say."""
        assert made.explanation is not None
        return {
            "model": self._request.model,
            "route": made.route,
            "tokens": self._request.tokens(),
            "decisions": made.explanation.decisions,
            "candidates": [
                msgspec.structs.asdict(each) | {"price": self._price(each)} for each in made.explanation.candidates
            ],
            "shadows": [candidate.name for candidate in made.shadows],
            "refusal": made.refusal,
            "health": HEALTH,
        }

    def _price(self, candidate: Considered) -> Price | None:
        return self._prices[Target(*candidate.name.split("/", 1))]

    def show(self, made: Plan) -> None:
        """The same, for people."""
        from trunkline.cli.tables import show

        assert made.explanation is not None
        named = f" ({self._request.model})" if made.route != self._request.model else ""
        click.echo(f"{made.route}{named}, for a request of about {self._request.tokens():,} tokens:")
        for decision in made.explanation.decisions:
            click.echo(f"- {decision}")
        columns = ["", "model", "how", "input", "output", "this request", "kept out by", "why"]
        rows = [self._row(each) for each in made.explanation.candidates]
        show(columns, rows, right=["", "input", "output", "this request"])
        for candidate in made.shadows:
            click.echo(f"It would be sent to {candidate.name} as well, without waiting for the answer.")
        click.echo("Prices are in US dollars per million tokens.")
        click.echo(f"Health is {HEALTH}")

    def _row(self, each: Considered) -> list[str]:
        price = self._price(each)
        return [
            str(each.place or ""),
            each.name,
            each.kind.replace("single", ""),
            dollars(price.input) if price is not None else "?",
            dollars(price.output) if price is not None else "?",
            dollars(each.cost) if each.cost is not None else "?",
            ", ".join(verdict.filter for verdict in each.verdicts if not verdict.passes),
            each.why,
        ]
