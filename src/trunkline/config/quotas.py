"""How limits and amounts of money are written: `600/min`, `200k/min`, `5M/day`, `500 USD`, `0.50`."""

import re
from base64 import b64decode
from decimal import Decimal
from typing import Annotated, Final, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import PlainSerializer, PlainValidator, SecretStr, WithJsonSchema

from trunkline.config.places import LAST_PORT
from trunkline.config.problems import Hidden, quote
from trunkline.config.values import due, number, secret, share, text, wrong

_WINDOWS: Final = {"s": 1_000, "min": 60_000, "h": 3_600_000, "day": 86_400_000}
_ALSO: Final = {"sec": "s", "second": "s", "m": "min", "minute": "min", "hour": "h", "d": "day"}
_SUFFIXES: Final = {"": 1, "k": 10**3, "K": 10**3, "M": 10**6, "G": 10**9}
_MOST: Final = 10**12  # counted exactly wherever limits are kept
_DEAREST: Final = 10**9  # US dollars; in nano-dollars well inside 64 bits
_NANO: Final = 10**9


class Quota(NamedTuple):
    """So much within so long."""

    limit: int
    window: int
    """Milliseconds."""


def quota(value: object) -> Quota:
    """`600/min`, `200k/min`, `5M/day`."""
    expected = "a limit such as 600/min, 200k/min or 5M/day"
    found = re.fullmatch(r"\s*(-?[0-9.]+)\s*([kKMG]?)\s*/\s*([a-z]+)\s*", value) if isinstance(value, str) else None
    window = _WINDOWS.get(_ALSO.get(found[3], found[3])) if found else None
    if found is None or window is None:
        hint = "a limit is of a time: /s, /min, /h or /day" if number(value) is not None else ""
        raise wrong(f"this number is not {expected}", hint) if hint else due(expected, value)
    amount = number(found[1])
    exact = amount * _SUFFIXES[found[2]] if amount is not None else None
    return Quota(_count(exact, expected, value), window)


def amount(value: object) -> int:
    """`500 USD`, or a number of US dollars, in nano-dollars."""
    expected = "an amount such as 500 USD"
    plain = re.sub(r"\s*USD$", "", value) if isinstance(value, str) else value
    exact = number(plain)
    if exact is None:
        raise due(expected, value)
    if exact <= 0:
        raise wrong("this amount must be above 0", "to allow nothing, take the models away")
    if exact > _DEAREST:
        raise wrong("this amount is above a thousand million dollars")
    if exact * _NANO != (exact * _NANO).to_integral_value():
        raise wrong("this amount is finer than a nano-dollar (nine decimals)")
    return int(exact * _NANO)


def percent(value: object) -> int:
    """A part of a budget, `0.5` or `50%`, in percent."""
    part = Decimal(repr(share(value))) * 100
    if not part or part != part.to_integral_value():
        raise wrong("an alert is at a whole percentage from 1% to 100%")
    return int(part)


def markup(value: object) -> int:
    """A part that is added to a price, `20%` or `-5%`, in millionths."""
    exact = number(value[:-1]) if isinstance(value, str) and value.endswith("%") else None
    if exact is None or not -100 <= exact <= 10_000 or (part := exact * 10_000) != part.to_integral_value():
        raise due("a percentage from -100% to 10000%, such as 20%, with four decimals at most", value)
    return int(part)


def format_markup(millionths: int) -> str:
    """As `markup` reads it."""
    return f"{(Decimal(millionths) / 10_000).normalize():f}%"


def zone(value: object) -> str:
    """The name of a time zone: `Europe/Berlin`."""
    name = text(value)
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise due("a time zone such as Europe/Berlin or UTC", value) from None
    return name


def shared_url(value: object) -> SecretStr:
    """`redis://user:password@host:6379/0`, or `rediss://` for TLS; all but the host is optional."""
    pattern = (
        r"rediss?://(?:[^\s/?#@]*@)?(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::(?P<port>[0-9]{1,5}))?(?:/[0-9]{0,4})?"
    )
    found = re.fullmatch(pattern, value) if isinstance(value, str) else None
    if found is None or int(found["port"] or 0) > LAST_PORT:
        raise due("an address such as redis://127.0.0.1:6379/0", Hidden(value) if isinstance(value, str) else value)
    return SecretStr(str(value))


def signing_secret(value: object) -> SecretStr:
    """Any text, or `whsec_` and base64, which must be that."""
    found = secret(value)
    written = found.get_secret_value()
    if written.startswith("whsec_"):
        try:
            key = b64decode(written.removeprefix("whsec_"), validate=True)
        except ValueError:
            key = b""
        if not key:
            raise wrong("after `whsec_`, base64 is due", '`echo "whsec_$(openssl rand -base64 32)"` makes a secret')
    return found


def tag(value: object) -> str:
    """`name=value`, or `name=*` for each value."""
    pair = text(value)
    name, equals, rest = pair.partition("=")
    if not (name and equals and rest):
        raise wrong(f"{quote(pair)} is not a tag such as plan=free", "for every value on its own: plan=*")
    return pair


def _count(exact: Decimal | None, expected: str, value: object) -> int:
    if exact is None or exact != exact.to_integral_value():
        raise due(expected, value)
    if exact < 1:
        raise wrong("a limit must be at least 1", "to allow nothing, take the models away")
    if exact > _MOST:
        raise wrong("this limit is larger than a million millions", "leave it out, and there is none")
    return int(exact)


def format_quota(it: Quota) -> str:
    """`it` as the configuration writes it."""
    return f"{it.limit}/{next(name for name, window in _WINDOWS.items() if window == it.window)}"


def format_amount(nanos: int) -> str:
    """Nano-dollars as the configuration writes them."""
    return f"{(Decimal(nanos) / _NANO).normalize():f} USD"


QUOTA: Final = {
    "title": "limit",
    "type": "string",
    "pattern": r"^[0-9.]+[kKMG]?/(s|sec|second|min|minute|h|hour|d|day)$",
}
PERCENT: Final = {"title": "share", "type": ["number", "string"], "pattern": r"^[0-9.]+%?$"}

QuotaText = Annotated[
    Quota,
    PlainValidator(quota),
    PlainSerializer(format_quota, when_used="json"),
    WithJsonSchema(QUOTA),
]
SigningSecret = Annotated[
    SecretStr,
    PlainValidator(signing_secret),
    WithJsonSchema({"title": "secret", "type": "string", "format": "password", "writeOnly": True}),
]
Amount = Annotated[
    int,
    PlainValidator(amount),
    PlainSerializer(format_amount, when_used="json"),
    WithJsonSchema({"title": "amount", "type": ["string", "number"], "pattern": r"^[0-9]+(\.[0-9]{1,9})?( ?USD)?$"}),
]
"""Nano-dollars."""
Percent = Annotated[
    int,
    PlainValidator(percent),
    PlainSerializer(lambda percent: f"{percent}%", when_used="json"),
    WithJsonSchema(PERCENT),
]
Markup = Annotated[
    int,
    PlainValidator(markup),
    PlainSerializer(format_markup, when_used="json"),
    WithJsonSchema({"title": "percentage", "type": "string", "pattern": r"^[-+]?[0-9]+(\.[0-9]{1,4})?%$"}),
]
"""Millionths."""
Zone = Annotated[str, PlainValidator(zone), WithJsonSchema({"title": "time zone", "type": "string", "minLength": 1})]
SharedUrl = Annotated[
    SecretStr, PlainValidator(shared_url), WithJsonSchema({"title": "URL", "type": "string", "pattern": "^rediss?://"})
]
Tag = Annotated[str, PlainValidator(tag), WithJsonSchema({"title": "tag", "type": "string", "pattern": "^[^=]+=.+$"})]
