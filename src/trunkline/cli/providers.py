"""`trunkline providers`: which there are, and which could be."""

from collections.abc import Mapping
from pathlib import Path

import click
import msgspec

from trunkline import providers, setup
from trunkline.cli import options
from trunkline.cli.failure import told
from trunkline.config import schema


class Listed(msgspec.Struct, frozen=True):
    """A provider that can be asked."""

    name: str
    type: str
    origin: str
    """`file`, `environment` or `built in`."""
    address: str
    """Its base URL; empty for the one inside the process."""
    key: str
    """Where its key comes from; `none` where it needs none, and `missing` where it needs one."""


class Kind(msgspec.Struct, frozen=True):
    """A type that a provider can have."""

    type: str
    title: str
    variables: dict[str, bool]
    """The environment variables of its key, and whether they are set."""


@click.command("providers")
@options.json_option
@options.config_option
def command(as_json: bool, config: Path | None) -> None:
    """List the providers there are, and whether their keys are set.

    A provider is there when it stands in the configuration, or when the environment holds its key.
    """
    environment = options.environment()
    with told():
        configuration = setup.read_config(setup.Options(config=config), environment)
    there = [
        _listed(name, provider, environment, configuration)
        for name, provider in listed(configuration, environment).items()
    ]
    if as_json:
        click.echo(msgspec.json.encode({"providers": there, "types": _types(environment)}))
        return
    from trunkline.cli.tables import show

    click.echo("Providers that answer, as `name/model`:")
    show(["name", "type", "from", "address", "key"], [list(msgspec.structs.astuple(each)) for each in there])
    click.echo("Types, for `providers` in trunkline.yaml; with its variable set, one is there without being written:")
    show(
        ["type", "what it is", "variable"],
        [[kind.type, kind.title, _variables(kind.variables)] for kind in _types(environment)],
    )


def listed(config: schema.Config, environment: Mapping[str, str]) -> dict[str, schema.Provider]:
    """Every provider there is, by name: written, found in the environment, and the simulated one."""
    found = dict(config.providers)
    for name in [*providers.in_environment(environment), providers.SIMULATED.type]:
        found.setdefault(name, schema.Provider(type=name))
    return found


def _listed(name: str, provider: schema.Provider, environment: Mapping[str, str], config: schema.Config) -> Listed:
    facts = providers.PROVIDERS[provider.type]
    written = name in config.providers
    base = environment.get(facts.base_variable, "") if facts.base_variable else ""
    return Listed(
        name=name,
        type=provider.type,
        origin="file" if written else "built in" if facts is providers.SIMULATED else "environment",
        address=provider.base_url or base or facts.base_url or "",
        key=_key(provider, facts.key_variables, environment, needed=facts.needs_key),
    )


def _key(provider: schema.Provider, variables: tuple[str, ...], environment: Mapping[str, str], *, needed: bool) -> str:
    if provider.api_keys:
        return f"{len(provider.api_keys)} in the file"
    if provider.api_key is not None:
        return "in the file"
    found = next((variable for variable in variables if environment.get(variable)), "")
    return found or ("missing" if needed else "none")


def _types(environment: Mapping[str, str]) -> list[Kind]:
    return [
        Kind(facts.type, facts.title, {name: bool(environment.get(name)) for name in facts.key_variables})
        for facts in providers.PROVIDERS.values()
    ]


def _variables(variables: dict[str, bool]) -> str:
    return ", ".join(f"{name} ({'set' if found else 'not set'})" for name, found in variables.items())
