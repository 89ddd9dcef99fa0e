"""`trunkline keys`: the virtual keys by which applications are known."""

import secrets
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click
import msgspec

from trunkline import setup
from trunkline.cli import options
from trunkline.cli.failure import Failure
from trunkline.cli.opened import Opened, opened
from trunkline.cli.providers import listed
from trunkline.config import names, schema
from trunkline.config.problems import nearest, quote
from trunkline.gateway.identity import Digest
from trunkline.store.base import KeyRecord

PREFIX: Final = "sk-tl-"
"""What a key of ours begins with; what follows are 256 random bits in 43 characters that no URL or shell changes."""
LONGEST_NAME: Final = 100


class Shown(msgspec.Struct, frozen=True):
    """One key as it is listed; moments in ISO 8601."""

    name: str
    state: str
    """`good`, `expired` or `revoked`."""
    origin: str
    """`store`, or `file` for one of the configuration."""
    hint: str
    """The key's last four characters, where they are known."""
    models: list[str]
    tags: dict[str, str]
    created: str | None
    expires: str | None
    revoked: str | None


@click.group("keys")
def command() -> None:
    """Create, list and revoke virtual keys.

    A change is known to every running process within a second. Keys may also stand in the configuration.
    """


@command.command("create")
@click.argument("name")
@click.option("--model", "models", multiple=True, metavar="PATTERN", help="A model it may ask for; `*` takes anything.")
@click.option("--tag", "tags", multiple=True, type=options.Tag(), help="A label of what the key is for.")
@click.option(
    "--expires", type=options.Moment(1), help="From when it is refused: a date (UTC), or a time from now such as 30d."
)
@options.json_option
@options.config_option
@options.data_option
def create(
    name: str,
    models: tuple[str, ...],
    tags: tuple[tuple[str, str], ...],
    expires: datetime | None,
    as_json: bool,
    config: Path | None,
    data: Path | None,
) -> None:
    """Create a key called NAME, and print it: this once, for only its digest is stored."""
    if not name.isprintable() or not name.strip() or len(name) > LONGEST_NAME:
        raise Failure(f"a key's name is printable, not empty, and at most {LONGEST_NAME} characters long")
    now = int(time.time())
    if expires is not None and expires.timestamp() <= now:
        raise Failure(f"{expires:%Y-%m-%d %H:%M} UTC has passed: the key would be refused from the start")
    with opened(config, data) as place:
        if name in _configured(place):
            raise Failure(f"the configuration has a key named {quote(name)} already; choose another name")
        key = PREFIX + secrets.token_urlsafe(32)
        record = KeyRecord(
            name=name,
            digest=_digest(place)(key.encode()),
            hint=key[-4:],
            created=now,
            expires=int(expires.timestamp()) if expires is not None else None,
            models=models,
            tags=dict(tags),
        )
        place.store.add_key(record)
        unknown = [pattern for pattern in models if _fits_nothing(place, pattern)]
    if as_json:
        click.echo(msgspec.json.encode({"key": key, **msgspec.to_builtins(_shown(record))}))
    else:
        click.echo(key)
        click.echo(
            f"\nThis is the key {quote(name)}; it is not shown again. An application sends it as\n"
            f"  Authorization: Bearer {key}",
            err=True,
        )
    for pattern in unknown:
        click.echo(f"Note: no model of this configuration fits {quote(pattern)}.", err=True)


@command.command("list")
@options.json_option
@options.config_option
@options.data_option
def list_(as_json: bool, config: Path | None, data: Path | None) -> None:
    """List the keys of the store and of the configuration, revoked ones included."""
    with opened(config, data) as place:
        stored = place.store.keys()
        shown = [_shown(record) for record in stored]
        shown += [_shown_configured(key) for key in place.config.keys]
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
    """Revoke the key called NAME: within a second no process accepts it any more."""
    with opened(config, data) as place:
        if place.store.revoke_key(name, int(time.time())):
            click.echo(f"Revoked {quote(name)}.")
            return
        stored = place.store.keys()
        configured = _configured(place)
    if name in configured:
        raise Failure(f"{quote(name)} stands in the configuration: take it out of `keys` there")
    if name in {record.name for record in stored}:
        raise Failure(f"{quote(name)} is revoked already")
    close = nearest(name, [record.name for record in stored if record.revoked is None])
    raise Failure(f"there is no key named {quote(name)}" + (f"; did you mean {quote(close)}?" if close else ""))


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
        click.echo(f"hmac-sha256:{_digest(place)(key.encode()).hex()}")
        if place.config.key_secret is None:
            click.echo(f"Note: it holds only with the secret in {place.data.key_secret}.", err=True)


def _digest(place: Opened) -> Digest:
    secret, _made = setup.key_secret(place.config, place.data)
    return Digest(secret)


def _configured(place: Opened) -> set[str]:
    return {key.name for key in place.config.keys}


def _fits_nothing(place: Opened, pattern: str) -> bool:
    """Whether no name that can be asked for fits `pattern`, so that it is most likely mistyped."""
    models, fixed = place.config.models, pattern.partition("*")[0]
    if any(names.match(pattern, model) is not None for model in models):
        return False
    open_ended = [f"{provider}/" for provider in listed(place.config, options.environment())]
    open_ended += [model.partition("*")[0] for model in models if "*" in model]
    return not any(fixed.startswith(other) or ("*" in pattern and other.startswith(fixed)) for other in open_ended)


def _shown(record: KeyRecord) -> Shown:
    expired = record.expires is not None and record.expires <= time.time()
    return Shown(
        name=record.name,
        state="revoked" if record.revoked is not None else "expired" if expired else "good",
        origin="store",
        hint=record.hint,
        models=list(record.models),
        tags=record.tags,
        created=_moment(record.created),
        expires=_moment(record.expires),
        revoked=_moment(record.revoked),
    )


def _shown_configured(key: schema.Key) -> Shown:
    expired = key.expires is not None and key.expires <= datetime.now(UTC)
    secret = key.key.get_secret_value() if key.key is not None else ""
    return Shown(
        name=key.name,
        state="expired" if expired else "good",
        origin="file",
        hint=secret[-4:] if len(secret) >= 16 else "",
        models=list(key.models or ()),
        tags=dict(key.tags),
        created=None,
        expires=key.expires.isoformat() if key.expires is not None else None,
        revoked=None,
    )


def _moment(seconds: int | None) -> str | None:
    return datetime.fromtimestamp(seconds, UTC).isoformat() if seconds is not None else None


def _table(shown: list[Shown]) -> None:
    from trunkline.cli.tables import show

    show(
        ["name", "key", "state", "models", "tags", "created", "expires", "from"],
        [
            [
                key.name,
                f"…{key.hint}" if key.hint else "",
                key.state,
                " ".join(key.models) or "all",
                " ".join(f"{name}={value}" for name, value in key.tags.items()),
                (key.created or "")[:10],
                (key.expires or "never")[:16].replace("T", " "),
                key.origin,
            ]
            for key in shown
        ],
    )
