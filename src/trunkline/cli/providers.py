"""`trunkline providers`: which there are, which could be, and what is known of one."""

from collections.abc import Mapping
from pathlib import Path

import click
import msgspec

from trunkline import providers, setup
from trunkline.cli import options
from trunkline.cli.failure import Wrong, told
from trunkline.config import schema
from trunkline.providers.base import SETTINGS, Provider, Unfilled


class Listed(msgspec.Struct, frozen=True):
    """A provider that can be asked."""

    name: str
    type: str
    origin: str
    """`file`, `environment` or `built in`."""
    address: str
    """Its base URL; empty for the one inside the process, and where it cannot be made."""
    key: str
    """Where its key comes from; `none` where it needs none, and `missing` where it needs one."""
    format: str
    """The wire format it is spoken to in."""


class Kind(msgspec.Struct, frozen=True):
    """A type that a provider can have."""

    type: str
    title: str
    formats: tuple[str, ...]
    """All it speaks, the usual one first."""
    variables: dict[str, bool]
    """The environment variables that make it be there, and whether they are set."""
    settings: tuple[str, ...]
    """What its URL needs of the configuration."""
    facts: dict[str, str]
    """What else is worth knowing, as Markdown."""


@click.command("providers")
@click.argument("name", required=False)
@options.json_option
@options.config_option
def command(name: str | None, as_json: bool, config: Path | None) -> None:
    """List the providers there are, and whether their keys are set.

    A provider is there when it stands in the configuration, or when the environment holds its key. With NAME, a
    provider's or a type's, all that is known of it.
    """
    environment = options.environment()
    with told():
        configuration = setup.read_config(setup.Options(config=config), environment)
    there = [
        _listed(each, provider, environment, configuration)
        for each, provider in listed(configuration, environment).items()
    ]
    if name is not None:
        _show_one(name, there, environment, as_json=as_json)
    elif as_json:
        click.echo(msgspec.json.encode({"providers": there, "types": _types(environment)}))
    else:
        _show_all(there, environment)


def listed(config: schema.Config, environment: Mapping[str, str]) -> dict[str, schema.Provider]:
    """Every provider there is, by name: written, found in the environment, and the simulated one."""
    found = dict(config.providers)
    for name in [*providers.in_environment(environment), providers.SIMULATED.type]:
        found.setdefault(name, schema.Provider(type=name))
    return found


def _listed(name: str, provider: schema.Provider, environment: Mapping[str, str], config: schema.Config) -> Listed:
    facts = providers.PROVIDERS[provider.type]
    written = name in config.providers
    return Listed(
        name=name,
        type=provider.type,
        origin="file" if written else "built in" if facts is providers.SIMULATED else "environment",
        address=_address(provider, facts, environment),
        key=_key(provider, facts, environment),
        format=provider.format or facts.format,
    )


def _address(provider: schema.Provider, facts: Provider, environment: Mapping[str, str]) -> str:
    settings: dict[str, str] = {setting: value for setting in SETTINGS if (value := getattr(provider, setting))}
    spoken = facts.speaking(provider.format) if provider.format is not None else facts
    try:
        return provider.base_url or (spoken or facts).url(settings, environment)
    except Unfilled:
        return ""


def _key(provider: schema.Provider, facts: Provider, environment: Mapping[str, str]) -> str:
    if provider.api_keys:
        return f"{len(provider.api_keys)} in the file"
    if provider.api_key is not None:
        return "in the file"
    found = next((variable for variable in facts.key_variables if environment.get(variable)), "")
    if not found and facts.login_variables and all(map(environment.get, facts.login_variables)):
        found = facts.login_variables[0]
    return found or ("missing" if facts.needs_key else "none")


def _types(environment: Mapping[str, str]) -> list[Kind]:
    from trunkline.providers.describe import describe

    return [
        Kind(
            facts.type,
            facts.title,
            facts.formats,
            {name: bool(environment.get(name)) for name in facts.making},
            facts.settings,
            dict(describe(facts)),
        )
        for facts in providers.PROVIDERS.values()
    ]


def _show_all(there: list[Listed], environment: Mapping[str, str]) -> None:
    from trunkline.cli.tables import show

    click.echo("Providers that answer, as `name/model`:")
    columns = ["name", "type", "from", "address", "key", "format"]
    show(columns, [list(msgspec.structs.astuple(each)) for each in there])
    click.echo("Types, for `providers` in trunkline.yaml; with its variable set, one is there without being written:")
    rows = [
        [kind.type, kind.title, ", ".join(kind.formats), _variables(kind.variables)] for kind in _types(environment)
    ]
    show(["type", "what it is", "formats", "variable"], rows)


def _show_one(name: str, there: list[Listed], environment: Mapping[str, str], *, as_json: bool) -> None:
    """A provider that is there, with its type's facts; or a type alone."""
    provider = next((each for each in there if each.name == name), None)
    type_ = provider.type if provider is not None else name
    kind = next((each for each in _types(environment) if each.type == type_), None)
    if kind is None:
        raise Wrong(f"There is no provider {name!r}, and no type of that name. `trunkline providers` lists them.")
    if as_json:
        click.echo(msgspec.json.encode({"provider": provider, "type": kind}))
        return
    lines = [("Type", f"{kind.type}: {kind.title}")]
    if provider is None:
        lines.append(("Here", "no: neither written, nor in the environment"))
    else:
        lines += [("Here", f"as {provider.name}, from: {provider.origin}"), ("Address", provider.address or "none")]
        lines += [("Key", provider.key), ("Format", provider.format)]
    if kind.variables:
        lines.append(("Variables", _variables(kind.variables)))
    for label, text in [*lines, *kind.facts.items()]:
        click.echo(f"{label + ':':<19}{text.replace('`', '')}")


def _variables(variables: dict[str, bool]) -> str:
    return ", ".join(f"{name} ({'set' if found else 'not set'})" for name, found in variables.items())
