"""`trunkline check`: is this configuration right?"""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path as FilePath

import click
import msgspec

from trunkline import setup
from trunkline.certificates.flaws import Flaw, flaws
from trunkline.certificates.uses import uses
from trunkline.cli import options
from trunkline.cli.failure import told
from trunkline.cli.providers import listed
from trunkline.config import schema
from trunkline.config.problems import ConfigError, Path, Problem, written
from trunkline.gateway.snapshot import Snapshot, build
from trunkline.ledger.prices import Price
from trunkline.routing.impossible import impossible
from trunkline.routing.targets import Target
from trunkline.transport.deadlines import Deadlines


@click.command("check")
@click.option("--schema", "as_schema", is_flag=True, help="Print the JSON Schema of trunkline.yaml, for editors.")
@options.config_option
def command(as_schema: bool, config: FilePath | None) -> None:
    """Validate the configuration, and say what is wrong with it.

    Every mistake is told, each with its line; also whether certificates are good and their keys belong to them, and
    whether every provider has its key and address. Nothing is connected to: that is what `trunkline doctor` does.
    """
    if as_schema:
        from trunkline.config.jsonschema import schema as json_schema

        click.echo(msgspec.json.format(msgspec.json.encode(json_schema())))
        return
    environment = options.environment()
    with told():
        configuration, snapshot = read_and_build(setup.Options(config=config), environment)
        found = certificate_flaws(configuration)
        _refuse(configuration, [flaw for flaw in found if flaw.kind == "expired"])
    for flaw in found:
        if flaw.kind != "expired":
            click.echo(f"Warning: {_problem(configuration, flaw.place, flaw.text)}", err=True)
    for path, text in not_gone_on_with(snapshot):
        click.echo(f"Warning: {_problem(configuration, path, text)}", err=True)
    click.echo(f"{config}: valid." if config else "There is no trunkline.yaml: the defaults hold.")
    click.echo(f"Providers: {', '.join(listed(configuration, environment))}.")
    click.echo(f"Models: {', '.join(configuration.models) or 'none named; ask for provider/model'}.")
    if configuration.keys:
        click.echo(f"Keys: {', '.join(key.name for key in configuration.keys)}.")


def not_gone_on_with(snapshot: Snapshot) -> Iterator[tuple[Path, str]]:
    """Where in the configuration a policy keeps streams from being gone on with, and why."""
    for name in snapshot.policies.names:
        policy = snapshot.policies.resolve(name)
        if policy is None or not any(candidate.terms.resumes for candidate in policy.candidates):
            continue
        looking = snapshot.guards.of_answers(snapshot.guards.names((), policy.guards))
        if looking:
            why = f"the policy {looking[0]} has to do with answers, and what it held back at the break would be missing"
            yield ("models", name), f"streams that break off are not gone on with (`on_truncated: resume`): {why}"


def read_and_build(given: setup.Options, environment: options.Environment) -> tuple[schema.Config, Snapshot]:
    """The configuration, which can be put to work as well as read, and whose routes lead somewhere; and what it comes
    to. Raises `ConfigError` or `SetupError`.
    """
    config = setup.read_config(given, environment)
    _refuse(config, [flaw for flaw in certificate_flaws(config) if flaw.kind == "unusable"])
    snapshot = asyncio.run(put_together(config, environment))

    def price(target: Target) -> Price | None:
        source = snapshot.deployments[target.provider].facts.catalogue
        return snapshot.catalogue.look_up(target.provider, source, target.model, 0.0, datetime.now(UTC))

    problems = [_problem(config, *found) for found in impossible(config, snapshot.policies, price)]
    if problems:
        raise ConfigError(problems)
    return config, snapshot


def certificate_flaws(config: schema.Config) -> list[Flaw]:
    """What is wrong now with the files of TLS that it names."""
    now = datetime.now(UTC)
    return [flaw for use in uses(config) for flaw in flaws(use, now)]


def _refuse(config: schema.Config, found: list[Flaw]) -> None:
    if found:
        raise ConfigError(_problem(config, flaw.place, flaw.text) for flaw in found)


def _problem(config: schema.Config, path: Path, message: str) -> Problem:
    return Problem(str(config.source or ""), *config.place_of(path), written(path), message)


async def put_together(config: schema.Config, environment: options.Environment) -> Snapshot:
    """What a server would be made of; nothing is connected to. Raises `SetupError`."""
    snapshot = build(config, environment, Deadlines(), None)
    for deployment in snapshot.deployments.values():
        await deployment.close()
    return snapshot
