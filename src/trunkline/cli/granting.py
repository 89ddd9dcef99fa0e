"""Options by which commands say what an organisation, a team, a user or a key may, in the configuration's words."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, TypeVar

import click

from trunkline.cli import options
from trunkline.cli.failure import Failure
from trunkline.tenancy.managing import NotDone

Command = TypeVar("Command", bound=Callable[..., Any])

WISHES: Final = ("models", "provider", "route", "timeout", "tags", "priority")
_DATA: Final = ("region", "retention", "training")
_PRICES: Final = {"input_price": "input", "output_price": "output", "request_price": "per_request"}
_OPTIONS: Final = (
    click.option("--model", "models", multiple=True, metavar="PATTERN", help="A model it may ask for; `*`: anything."),
    click.option(
        "--tag",
        "tags",
        multiple=True,
        type=options.Pair("a tag such as team=support"),
        help="A label of what it is for.",
    ),
    click.option("--may", "requests_may", multiple=True, type=click.Choice(WISHES), help="What requests may decide."),
    click.option("--region", multiple=True, metavar="REGION", help="Where providers must process what it sends."),
    click.option("--retention", metavar="TIME", help="How long providers may keep that, such as 30d or 0s."),
    click.option("--no-training", "training", flag_value=False, default=None, help="Nobody may train models on it."),
    click.option("--input-price", metavar="USD", help="The most that a million tokens of input may cost."),
    click.option("--output-price", metavar="USD", help="Likewise, of output."),
    click.option("--request-price", metavar="USD", help="Likewise, a request."),
    click.option("--guard", metavar="POLICY", help="A policy under `guard` that holds for its requests."),
    click.option("--request-log", metavar="POLICY", help="A policy under `request_log` that keeps its requests."),
    click.option("--disable/--enable", "disabled", default=None, help="Refuse it and all below it, or no longer."),
    click.option(
        "--expires", type=options.Moment(1), help="From when it is refused: a date (UTC), or a time from now: 30d."
    ),
    click.option("--unset", multiple=True, metavar="SETTING", help="Say no more what it said: models, data, …"),
)


def grants(command: Command) -> Command:
    """The options that all of them have, as keyword arguments for `said`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def said(given: Mapping[str, Any], before: Mapping[str, Any] | None = None) -> dict[str, object]:
    """What the options say, over what was said before."""
    found: dict[str, object] = {**(before or {})}
    for name, value in given.items():
        if value is None or value == () or name in ("unset", *_DATA, *_PRICES):
            continue
        found[name] = _plain(name, value)
    for section, values in (("data", _data(given)), ("max_price", _prices(given))):
        if values:
            old = found.get(section)
            found[section] = {**(old if isinstance(old, dict) else {}), **values}
    unknown = [name for name in given["unset"] if name not in found]
    if unknown:
        raise Failure(f"it says nothing of {unknown[0]!r}; it says: {', '.join(sorted(found)) or 'nothing'}")
    return {name: value for name, value in found.items() if name not in given["unset"]}


def _plain(name: str, value: Any) -> object:
    if name == "tags":
        return dict(value)
    if isinstance(value, datetime):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value


def _data(given: Mapping[str, Any]) -> dict[str, object]:
    found: dict[str, object] = {name: given[name] for name in _DATA if given[name] not in (None, ())}
    if "region" in found:
        found["region"] = list(given["region"])
    return found


def _prices(given: Mapping[str, Any]) -> dict[str, object]:
    return {setting: given[option] for option, setting in _PRICES.items() if given[option] is not None}


def refused(error: NotDone) -> Failure:
    """What a manager refuses, as a command tells it."""
    return Failure(str(error))
