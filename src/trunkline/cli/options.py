"""Options that several commands have, and the kinds of value they take."""

import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypeVar

import click
from pydantic_core import PydanticCustomError

from trunkline.config import places, values
from trunkline.config.places import Address

Environment = Mapping[str, str]
Command = TypeVar("Command", bound=Callable[..., Any])

DEFAULT_CONFIG: Final = Path("trunkline.yaml")
"""Used where it exists and no other is named."""

_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def config_option(command: Command) -> Command:
    """`--config`, as `config: Path | None`."""
    return click.option(
        "--config",
        type=click.Path(path_type=Path),
        envvar="TRUNKLINE_CONFIG",
        show_envvar=True,
        callback=lambda _context, _option, given: given or (DEFAULT_CONFIG if DEFAULT_CONFIG.exists() else None),
        help="The configuration.  [default: ./trunkline.yaml, where it exists]",
    )(command)


def data_option(command: Command) -> Command:
    """`--data`, as `data: Path | None`."""
    return click.option(
        "--data",
        type=click.Path(file_okay=False, path_type=Path),
        envvar="TRUNKLINE_DATA",
        show_envvar=True,
        help="The folder of the store, the journal and the secrets.  [default: `server.data`, else one in the "
        "user's state folder]",
    )(command)


def json_option(command: Command) -> Command:
    """`--json`, as `as_json: bool`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(command)


def environment() -> Environment:
    """The environment, as it is now."""
    return dict(os.environ)


class HostPort(click.ParamType[Address]):
    """An address to listen on, as the configuration writes it."""

    name = "HOST:PORT"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Address:
        """See `click.ParamType`."""
        try:
            return value if isinstance(value, Address) else places.address(value)
        except PydanticCustomError as error:
            self.fail(error.message(), param, ctx)


class Moment(click.ParamType[datetime]):
    """A date (its first moment in UTC), a date and time, or a time from now such as `7d`."""

    name = "DATE"

    def __init__(self, direction: int) -> None:
        """`direction`: -1 where `7d` means seven days ago, 1 where it means in seven days."""
        self._direction = direction

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """See `click.ParamType`."""
        if isinstance(value, datetime):
            return value
        text = str(value)
        number, unit = text[:-1], text[-1:]
        try:
            if number.isdecimal() and unit in _SECONDS:
                return datetime.now(UTC) + self._direction * timedelta(seconds=int(number) * _SECONDS[unit])
            return values.moment(text)
        except (PydanticCustomError, OverflowError):
            self.fail(f"{text!r} is neither a date such as 2027-01-31 nor a time such as 12h or 30d.", param, ctx)


class Span(click.ParamType[float]):
    """A time such as `24h`, in seconds."""

    name = "TIME"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """See `click.ParamType`."""
        if isinstance(value, float):
            return value
        try:
            return values.duration(value)
        except PydanticCustomError as error:
            self.fail(error.message(), param, ctx)


class Pair(click.ParamType[tuple[str, str]]):
    """`name=value`. `what` it is for messages, such as "a tag such as team=support"."""

    name = "NAME=VALUE"

    def __init__(self, what: str) -> None:
        self._what = what

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        """See `click.ParamType`."""
        name, equals, content = str(value).partition("=")
        if not name or not equals or not content:
            self.fail(f"{value!r} is not {self._what}.", param, ctx)
        return name, content
