"""`trunkline check`: is this configuration right?"""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import click
import msgspec

from trunkline import setup
from trunkline.cli import options
from trunkline.cli.failure import told
from trunkline.cli.providers import listed
from trunkline.config import schema
from trunkline.config.problems import ConfigError, Problem, written
from trunkline.gateway.snapshot import Snapshot, build
from trunkline.ledger.prices import Price
from trunkline.routing.impossible import impossible
from trunkline.routing.targets import Target
from trunkline.serve import server_certificate
from trunkline.transport.deadlines import Deadlines


@click.command("check")
@click.option("--schema", "as_schema", is_flag=True, help="Print the JSON Schema of trunkline.yaml, for editors.")
@options.config_option
def command(as_schema: bool, config: Path | None) -> None:
    """Validate the configuration, and say what is wrong with it.

    Every mistake is told, each with its line; also whether certificates can be read, and whether every provider has its
    key and address. Nothing is connected to: that is what `trunkline doctor` does.
    """
    if as_schema:
        from trunkline.config.jsonschema import schema as json_schema

        click.echo(msgspec.json.format(msgspec.json.encode(json_schema())))
        return
    environment = options.environment()
    with told():
        configuration = read_and_build(setup.Options(config=config), environment)
    click.echo(f"{config}: valid." if config else "There is no trunkline.yaml: the defaults hold.")
    click.echo(f"Providers: {', '.join(listed(configuration, environment))}.")
    click.echo(f"Models: {', '.join(configuration.models) or 'none named; ask for provider/model'}.")
    if configuration.keys:
        click.echo(f"Keys: {', '.join(key.name for key in configuration.keys)}.")


def read_and_build(given: setup.Options, environment: options.Environment) -> schema.Config:
    """The configuration, which can be put to work as well as read, and whose routes lead somewhere. Raises
    `ConfigError` or `SetupError`.
    """
    config = setup.read_config(given, environment)
    server_certificate(config.server.tls)

    snapshot = asyncio.run(put_together(config, environment))

    def price(target: Target) -> Price | None:
        source = snapshot.deployments[target.provider].facts.catalogue
        return snapshot.catalogue.look_up(target.provider, source, target.model, 0.0, datetime.now(UTC))

    file = str(config.source or "")
    problems = [
        Problem(file, *config.place_of(path), written(path), message)
        for path, message in impossible(config, snapshot.policies, price)
    ]
    if problems:
        raise ConfigError(problems)
    return config


async def put_together(config: schema.Config, environment: options.Environment) -> Snapshot:
    """What a server would be made of; nothing is connected to. Raises `SetupError`."""
    snapshot = build(config, environment, Deadlines(), None)
    for deployment in snapshot.deployments.values():
        await deployment.close()
    return snapshot
