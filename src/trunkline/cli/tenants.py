"""`trunkline orgs`, `teams` and `users`: whom requests are counted for."""

from pathlib import Path
from typing import Any, Final

import click
import msgspec

from trunkline.cli import brought, granting, options
from trunkline.cli.opened import manager, opened
from trunkline.config.problems import quote
from trunkline.store.base import TenantKind
from trunkline.tenancy.directory import CALLED
from trunkline.tenancy.managing import SECTIONS, Manager, NotDone
from trunkline.tenancy.showing import ShownTenant, shown_tenants

_HOMES: Final = {
    "org": click.option("--org", metavar="NAME", help="The organisation it belongs to."),
    "team": click.option("--team", metavar="ORG/TEAM", help="The team it belongs to."),
}
OWN_KEYS: Final = click.option(
    "--own-keys", type=click.Choice(["first", "only"]), help="How its own keys with providers are used."
)

MARKUP: Final = click.option(
    "--markup", metavar="PERCENT", help="What it is charged on top of what common provider keys cost: 20%, -5%."
)


def group(kind: TenantKind) -> click.Group:
    """The commands for one kind."""
    called, section = CALLED[kind], SECTIONS[kind]
    name = click.argument("name", metavar="ORG/TEAM" if kind == "team" else "NAME")
    made = click.Group(
        section,
        help=f"Create, list, change and delete {section if kind != 'org' else 'organisations'}.\n\n"
        "A change is known to every running process within a second. They may also stand in the configuration; those "
        "that do are changed there.",
    )

    def add(verb: str, function: Any, help: str, *decorators: Any) -> None:  # noqa: A002  # click's word
        for decorate in reversed([*decorators, options.config_option, options.data_option]):
            function = decorate(function)
        made.add_command(click.command(verb, help=help)(function))

    homes = tuple(_HOMES.values()) if kind == "user" else (OWN_KEYS, MARKUP)
    add(
        "set",
        _setting(kind),
        f"Create the {called} NAME, or change what the options say.",
        name,
        granting.grants,
        *homes,
    )
    add("list", _listing(kind), f"List all {section}.", options.json_option)
    add("delete", _deleting(kind), f"Delete the {called} NAME, if nobody belongs to it any more.", name)
    for command in brought.commands(kind) if kind != "user" else ():
        made.add_command(command)
    return made


def _setting(kind: TenantKind) -> Any:
    def set_(name: str, config: Path | None, data: Path | None, **given: Any) -> None:
        with opened(config, data) as place:
            managing = manager(place)
            before = _before(managing, kind, name)
            try:
                new = managing.put(kind, name, granting.said(given, before))
            except NotDone as error:
                raise granting.refused(error) from None
        click.echo(f"{'Created' if new else 'Changed'} {quote(name)}.")

    return set_


def _before(managing: Manager, kind: TenantKind, name: str) -> dict[str, Any]:
    shown = shown_tenants(kind, managing.config, managing.store.tenants())
    return next((it.settings for it in shown if it.name == name), {})


def _listing(kind: TenantKind) -> Any:
    def list_(as_json: bool, config: Path | None, data: Path | None) -> None:
        with opened(config, data) as place:
            shown = shown_tenants(kind, place.config, place.store.tenants())
        if as_json:
            click.echo(msgspec.json.encode(shown))
        elif not shown:
            click.echo(f"There are no {SECTIONS[kind]}.")
        else:
            _table(shown)

    return list_


def _deleting(kind: TenantKind) -> Any:
    def delete(name: str, config: Path | None, data: Path | None) -> None:
        with opened(config, data) as place:
            try:
                manager(place).delete(kind, name)
            except NotDone as error:
                raise granting.refused(error) from None
        click.echo(f"Deleted {quote(name)}.")

    return delete


def _table(shown: list[ShownTenant]) -> None:
    from trunkline.cli.tables import show

    show(
        ["name", "says", "changed", "from"],
        [[it.name, _words(it.settings), (it.changed or "")[:16].replace("T", " "), it.origin] for it in shown],
    )


def _words(settings: dict[str, Any]) -> str:
    return " ".join(f"{name}={msgspec.json.encode(value).decode()}" for name, value in settings.items())
