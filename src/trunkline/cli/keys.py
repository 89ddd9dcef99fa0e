"""`trunkline keys`: the virtual keys by which applications are known."""

import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec

from trunkline.cli import granting, options
from trunkline.cli.failure import Failure
from trunkline.cli.master_key import rotate_master
from trunkline.cli.opened import Opened, digest, manager, opened
from trunkline.cli.providers import listed
from trunkline.config import names
from trunkline.config.problems import quote
from trunkline.tenancy.managing import Made, NotDone, grant_told
from trunkline.tenancy.showing import ShownKey, shown_configured, shown_key

Command = TypeVar("Command", bound=Callable[..., Any])


def belonging(function: Command) -> Command:
    """The options that say whose a key is, and whence it is taken."""
    for option in (
        click.option("--address", "addresses", multiple=True, metavar="NETWORK", help="Whence it is taken."),
        click.option("--user", metavar="NAME", help="The user it belongs to."),
        click.option("--team", metavar="ORG/TEAM", help="The team it belongs to."),
        click.option("--org", metavar="NAME", help="The organisation it belongs to."),
    ):
        function = option(function)
    return function


@click.group("keys")
def command() -> None:
    """Create, list, change, rotate and revoke virtual keys.

    A change is known to every running process within a second. Keys may also stand in the configuration.
    `rotate-master` is about another key: the one that encrypts what is stored.
    """


@command.command("create")
@click.argument("name")
@belonging
@granting.grants
@options.json_option
@options.config_option
@options.data_option
def create(name: str, as_json: bool, config: Path | None, data: Path | None, **given: Any) -> None:
    """Create a key called NAME, and print it: this once, for only its digest is stored."""
    with opened(config, data) as place:
        try:
            made = manager(place).create_key(name, granting.said(given))
        except NotDone as error:
            raise granting.refused(error) from None
        _print(made, place, as_json=as_json)


@command.command("change")
@click.argument("name")
@belonging
@granting.grants
@options.config_option
@options.data_option
def change(name: str, config: Path | None, data: Path | None, **given: Any) -> None:
    """Change what the key called NAME may, or whose it is: what the options say; the rest stays."""
    with opened(config, data) as place:
        managing = manager(place)
        try:
            record = managing.change_key(name, granting.said(given, grant_told(managing.key(name))))
        except NotDone as error:
            raise granting.refused(error) from None
        click.echo(f"Changed {quote(name)}.")
        _point_out(place, record.models)


@command.command("rotate")
@click.argument("name")
@click.option(
    "--overlap", type=options.Span(), default="24h", show_default=True, help="How long the old one still works."
)
@options.json_option
@options.config_option
@options.data_option
def rotate(name: str, overlap: float, as_json: bool, config: Path | None, data: Path | None) -> None:
    """Make another key in place of the one called NAME, with the same name and rights, and print it, this once."""
    with opened(config, data) as place:
        try:
            made = manager(place).rotate_key(name, overlap)
        except NotDone as error:
            raise granting.refused(error) from None
        _print(made, place, as_json=as_json)
    until = datetime.fromtimestamp(time.time() + overlap, UTC)
    click.echo(f"The old one works until {until:%Y-%m-%d %H:%M} UTC.", err=True)


@command.command("list")
@options.json_option
@options.config_option
@options.data_option
def list_(as_json: bool, config: Path | None, data: Path | None) -> None:
    """List the keys of the store and of the configuration, revoked ones included."""
    with opened(config, data) as place:
        now, stored = time.time(), place.store.keys()
        shown = [shown_key(it, place.config, now) for it in stored]
        shown += [shown_configured(key, now) for key in place.config.keys]
    if as_json:
        click.echo(msgspec.json.encode(shown))
    elif not shown:
        click.echo("There are no keys: Trunkline answers every program on this machine, and no other machine.")
    else:
        _table(shown)


@command.command("revoke")
@click.argument("name")
@options.config_option
@options.data_option
def revoke(name: str, config: Path | None, data: Path | None) -> None:
    """Revoke the key called NAME: within a second no process accepts it any more, nor one that it has replaced."""
    with opened(config, data) as place:
        try:
            manager(place).revoke_key(name)
        except NotDone as error:
            raise granting.refused(error) from None
    click.echo(f"Revoked {quote(name)}.")


@command.command("hash")
@options.config_option
@options.data_option
def hash_(config: Path | None, data: Path | None) -> None:
    """Read a key from standard input, and print the `hash` by which the configuration can name it."""
    key = click.prompt("Key", hide_input=True, err=True) if sys.stdin.isatty() else sys.stdin.read()
    key = key.removesuffix("\n").removesuffix("\r")
    if not key or not key.isascii() or not key.isprintable() or key.strip() != key:
        raise Failure("a key is printable ASCII, on one line, and neither begins nor ends with a space")
    with opened(config, data) as place:
        click.echo(f"hmac-sha256:{digest(place)(key.encode()).hex()}")
        if place.config.key_secret is None:
            click.echo(f"Note: it holds only with the secret in {place.data.key_secret}.", err=True)


command.add_command(rotate_master)


def _print(made: Made, place: Opened, *, as_json: bool) -> None:
    if as_json:
        shown = msgspec.to_builtins(shown_key(made.record, place.config, time.time()))
        click.echo(msgspec.json.encode({"key": made.key, **shown}))
    else:
        click.echo(made.key)
        click.echo(
            f"\nThis is the key {quote(made.record.name)}; it is not shown again. An application sends it as\n"
            f"  Authorization: Bearer {made.key}",
            err=True,
        )
    _point_out(place, made.record.models)


def _point_out(place: Opened, models: Sequence[str]) -> None:
    for pattern in models:
        if _fits_nothing(place, pattern):
            click.echo(f"Note: no model of this configuration fits {quote(pattern)}.", err=True)


def _fits_nothing(place: Opened, pattern: str) -> bool:
    """Whether no name that can be asked for fits `pattern`, so that it is most likely mistyped."""
    models, fixed = place.config.models, pattern.partition("*")[0]
    if any(names.match(pattern, model) is not None for model in models):
        return False
    open_ended = [f"{provider}/" for provider in listed(place.config, options.environment())]
    open_ended += [model.partition("*")[0] for model in models if "*" in model]
    return not any(fixed.startswith(other) or ("*" in pattern and other.startswith(fixed)) for other in open_ended)


def _table(shown: list[ShownKey]) -> None:
    from trunkline.cli.tables import show

    show(
        ["name", "key", "state", "of", "models", "tags", "created", "expires", "from"],
        [
            [
                key.name,
                f"…{key.hint}" if key.hint else "",
                key.state,
                " ".join(filter(None, (key.team or key.org, key.user))),
                " ".join(key.models) or "all",
                " ".join(f"{name}={value}" for name, value in key.tags.items()),
                (key.created or "")[:10],
                (key.expires or "never")[:16].replace("T", " "),
                key.origin,
            ]
            for key in shown
        ],
    )
