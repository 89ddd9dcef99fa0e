"""`trunkline orgs add-provider-key` and its like: keys with providers that tenants bring."""

import sys
from datetime import UTC, datetime
from pathlib import Path

import click
import msgspec

from trunkline.cli import granting, options
from trunkline.cli.opened import manager, opened
from trunkline.config.problems import quote
from trunkline.store.base import TenantKind
from trunkline.tenancy.managing import NotDone


def commands(kind: TenantKind) -> list[click.Command]:
    """Those for organisations, or for teams."""

    @click.command("add-provider-key")
    @click.argument("name", metavar="ORG/TEAM" if kind == "team" else "NAME")
    @click.argument("provider")
    @options.config_option
    @options.data_option
    def add(name: str, provider: str, config: Path | None, data: Path | None) -> None:
        """Read a key with PROVIDER from standard input, and keep it, encrypted, for its tenant alone."""
        key = click.prompt("Key", hide_input=True, err=True) if sys.stdin.isatty() else sys.stdin.read()
        with opened(config, data) as place:
            try:
                record = manager(place).add_provider_key(name, provider, key.removesuffix("\n").removesuffix("\r"))
            except NotDone as error:
                raise granting.refused(error) from None
        click.echo(f"Added {record.id}, for {quote(name)} with {provider}.")

    @click.command("provider-keys")
    @options.json_option
    @options.config_option
    @options.data_option
    def list_(as_json: bool, config: Path | None, data: Path | None) -> None:
        """List the keys with providers that the store has of them; the keys themselves are never shown."""
        with opened(config, data) as place:
            found = [it for it in place.store.provider_keys() if ("/" in it.tenant) == (kind == "team")]
        rows = [
            (it.id, it.tenant, it.provider, it.hint, datetime.fromtimestamp(it.created, UTC).isoformat())
            for it in found
        ]
        names = ("id", "tenant", "provider", "hint", "created")
        if as_json:
            click.echo(msgspec.json.encode([dict(zip(names, row, strict=True)) for row in rows]))
        else:
            from trunkline.cli.tables import show

            show(names, rows)

    @click.command("remove-provider-key")
    @click.argument("id")
    @options.config_option
    @options.data_option
    def remove(id: str, config: Path | None, data: Path | None) -> None:  # noqa: A002  # as it is listed
        """Forget the key with that ID: within a second no process uses it any more."""
        with opened(config, data) as place:
            try:
                manager(place).delete_provider_key(id)
            except NotDone as error:
                raise granting.refused(error) from None
        click.echo(f"Removed {id}.")

    return [add, list_, remove]
