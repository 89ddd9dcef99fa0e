"""How single values are written, and what they become: numbers, durations, sizes, money, times, secrets.

Every parser takes what stood in the file (see `document.Value`) and raises what `wrong` and `due` make. A text may
have come from a variable or a secret file, so messages show it only through `quote`.
"""

import re
from contextlib import suppress
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, Final

from pydantic import SecretStr
from pydantic_core import PydanticCustomError

from trunkline.config.problems import quote

_SECONDS: Final = {"ms": Decimal("0.001"), "s": Decimal(1), "m": Decimal(60), "h": Decimal(3600), "d": Decimal(86400)}
_BYTES: Final = {"B": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "KB": 10**3, "kB": 10**3, "MB": 10**6, "GB": 10**9}
_LONGEST_DURATION: Final = 366 * 86400  # longer is a mistake, and the timers of an event loop overflow
_LARGEST_SIZE: Final = 2**50
_MOST: Final = 10**9
_DEAREST: Final = 10**6  # US dollars; keeps nano-dollars well inside 64 bits
_NANO: Final = Decimal(10**9)
_SHORTEST_MASTER_KEY: Final = 32
_LEAST_VARIETY: Final = 8  # different characters; of 28 million random texts of hexadecimal digits, one has fewer


def wrong(message: str, hint: str = "") -> PydanticCustomError:
    """The error a parser raises; the loader makes a `Problem` with its place of it."""
    return PydanticCustomError("wrong", "{message}", {"message": message, "hint": hint})


def due(expected: str, value: object) -> PydanticCustomError:
    """The error for a value that is not what is `expected`, such as "a duration such as 15s"."""
    match value:
        case str():
            return wrong(f"{quote(value)} is not {expected}")
        case bool():
            found = "a boolean, as YAML reads unquoted yes, no, on, off, true and false"
        case int() | Decimal() if expected == "text":
            found = "an unquoted number"
        case int() | Decimal():
            return wrong(f"this number is not {expected}")
        case date():
            found = "an unquoted date"
        case list():
            return wrong(f"{expected} is due, not a list")
        case dict():
            return wrong(f"{expected} is due, not a mapping")
        case _:
            return wrong(f"{expected} is due, and nothing stands here", "without the line the default holds")
    return wrong(f"{expected} is due, not {found}", "put quotes around it" if expected == "text" else "")


def number(value: object) -> Decimal | None:
    """The exact decimal that `value` is or, where a variable gave it, spells; None where it is something else."""
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return Decimal(value)
    if isinstance(value, str) and re.fullmatch(r"[-+]?[0-9]{1,40}(\.[0-9]{1,40})?([eE][-+]?[0-9]{1,2})?", value):
        return Decimal(value)
    return None


def text(value: object) -> str:
    """Text that is not empty."""
    if not isinstance(value, str):
        raise due("text", value)
    if not value:
        raise wrong("this text is empty")
    return str(value)


def secret(value: object) -> SecretStr:
    """Text that no message, `repr` or dump shows, and that can stand in an HTTP header."""
    if not isinstance(value, str):
        raise due("text", value)
    if not value:
        raise wrong("this secret is empty")
    if not re.fullmatch(r"[!-~]([ -~]*[!-~])?", value):
        hint = "look for a line break or a space at its end"
        raise wrong("this secret has a character that cannot stand in an HTTP header", hint)
    return SecretStr(str(value))


def master_key(value: object) -> SecretStr:
    """A secret that looks random: it is used as it is, and not stretched as a password would have to be."""
    key = secret(value)
    text = key.get_secret_value()
    if len(text) < _SHORTEST_MASTER_KEY or len(set(text)) < _LEAST_VARIETY:
        made = "`openssl rand -base64 32` makes one"
        raise wrong(f"a master key is random text of at least {_SHORTEST_MASTER_KEY} characters", made)
    return key


def whole(value: object) -> int:
    """A whole number; its bounds are the field's."""
    exact = number(value)
    if exact is not None and exact.adjusted() > 18:
        raise wrong("this number is too large")
    if exact is None or exact != exact.to_integral_value():
        raise due("a whole number", value)
    return int(exact)


def positive(value: object) -> float:
    """A number above 0."""
    exact = number(value)
    if exact is None or not 0 < exact <= _MOST:
        raise due("a number above 0", value)
    return float(exact)


def switch(value: object) -> bool:
    """True or false, also as text that a variable gave."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in {"true", "yes", "on", "false", "no", "off"}:
        return value.lower() in {"true", "yes", "on"}
    raise due("true or false", value)


def share(value: object) -> float:
    """A part of a whole, `0.05` or `5%`, as a number from 0 to 1."""
    percent = isinstance(value, str) and value.endswith("%")
    exact = number(value[:-1] if isinstance(value, str) and percent else value)
    if exact is None or not 0 <= exact <= (100 if percent else 1):
        raise due("a share such as 0.05 or 5%", value)
    return float(exact / 100 if percent else exact)


def temperature(value: object) -> float:
    """A number from 0 to 2."""
    exact = number(value)
    if exact is None or not 0 <= exact <= 2:
        raise due("a temperature from 0 to 2", value)
    return float(exact)


def duration(value: object) -> float:
    """`250ms`, `15s`, `5m`, `1h`, `30d` or a number of seconds, in seconds."""
    found = re.fullmatch(r"([0-9.]+)(ms|s|m|h|d)", value) if isinstance(value, str) else None
    exact = number(found[1]) if found else number(value)
    seconds = exact * _SECONDS[found[2] if found else "s"] if exact is not None else None
    if seconds is None or seconds < 0:
        raise due("a duration such as 250ms, 15s, 5m or 1h", value)
    if seconds > _LONGEST_DURATION:
        raise wrong("this duration is longer than a year")
    return float(seconds)


def format_duration(seconds: float) -> str:
    """`seconds` as the configuration writes it, exactly."""
    exact = Decimal(repr(seconds))
    for unit in ("h", "m", "s", "ms"):
        count = exact / _SECONDS[unit]
        if count == count.to_integral_value() and (count or unit == "s"):
            return f"{count:.0f}{unit}"
    return f"{exact:f}s"


def size(value: object) -> int:
    """`32MiB`, `64KiB`, `10MB` or a number of bytes, in bytes."""
    found = re.fullmatch(r"([0-9.]+)([kKMG]i?B|B)", value) if isinstance(value, str) else None
    unit = _BYTES.get(found[2]) if found else 1
    exact = number(found[1]) if found else number(value)
    count = exact * unit if exact is not None and unit else None
    if count is None or count < 0 or count != count.to_integral_value():
        raise due("a size such as 64KiB, 32MiB or 10MB", value)
    if count > _LARGEST_SIZE:
        raise wrong("this size is larger than any memory")
    return int(count)


def format_size(count: int) -> str:
    """`count` bytes as the configuration writes it, exactly."""
    unit = next((unit for unit in ("GiB", "MiB", "KiB") if count and count % _BYTES[unit] == 0), "B")
    return f"{count // _BYTES[unit]}{unit}"


def price(value: object) -> int:
    """US dollars, as a decimal, in nano-dollars; never through a float."""
    exact = number(value)
    if exact is None or not 0 <= exact <= _DEAREST:
        raise due("an amount of US dollars such as 2.50", value)
    nano = exact * _NANO
    if nano != nano.to_integral_value():
        raise wrong("this price is finer than a nano-dollar (nine decimals)")
    return int(nano)


def format_price(nano: int) -> str:
    """Nano-dollars as the configuration writes them: US dollars, exactly."""
    dollars = f"{Decimal(nano) / _NANO:f}"
    return dollars.rstrip("0").rstrip(".") if "." in dollars else dollars


def moment(value: object) -> datetime:
    """A date, which is its first moment in UTC, or a date with a time, which is UTC where it names no zone."""
    if isinstance(value, str):
        with suppress(ValueError):
            value = datetime.fromisoformat(value)
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, date):
        return datetime.combine(value, time(), UTC)
    raise due("a date such as 2027-01-01, or a date and time such as 2027-01-01T12:00:00Z", value)


def country(value: object) -> str:
    """Two capitals, as ISO 3166 has them."""
    code = text(value)
    if not re.fullmatch("[A-Z]{2}", code):
        raise due("a country's code such as DE", value)
    return code


def json_schema(value: object) -> dict[str, Any]:
    """A JSON Schema that can be used: its patterns run in linear time, and it refers to nothing outside of it."""
    from trunkline.guard.shape import BadSchema, compile_schema

    if not isinstance(value, dict):
        raise due("a JSON Schema", value)
    plain: dict[str, Any] = _plain(value)
    try:
        compile_schema(plain)
    except BadSchema as error:
        raise wrong(f"this JSON Schema cannot be used: {error}") from None
    return plain


def _plain(value: Any) -> Any:
    """A tree of the file as JSON has it."""
    match value:
        case dict():
            return {str(name): _plain(inner) for name, inner in value.items()}
        case list():
            return [_plain(inner) for inner in value]
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case str():
            return str(value)
    return value
