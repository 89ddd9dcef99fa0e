"""The types that settings have: what `values` and `places` parse, and how each looks in JSON Schema and in a dump."""

import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BeforeValidator, PlainSerializer, PlainValidator, SecretStr, WithJsonSchema

from trunkline.config import places, values
from trunkline.config.document import NOTHING
from trunkline.config.problems import Hidden

_PROVIDER: Final = r"[A-Za-z0-9][A-Za-z0-9._-]*"
_MODEL: Final = r"[^\s*]*\*?[^\s*]*"
_URL_PART: Final = r"[A-Za-z0-9]([A-Za-z0-9._:-]*[A-Za-z0-9])?"
_TAG: Final = r"(?!trunkline\.)[A-Za-z0-9_.-]{1,64}"
_HOST: Final = r"(\*\.)?[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?"
_HASH: Final = r"hmac-sha256:[0-9a-f]{64}"
_FRAMING: Final = {"connection", "content-length", "host", "te", "trailer", "transfer-encoding", "upgrade"}


def _shown(title: str, *types: str, pattern: str = "", **more: object) -> WithJsonSchema:
    """The JSON Schema of a kind; its title is what the reference calls it."""
    schema: dict[str, object] = {"title": title, "type": types[0] if len(types) == 1 else list(types), **more}
    return WithJsonSchema(schema | ({"pattern": pattern} if pattern else {}))


def _written(write: Callable[..., object]) -> PlainSerializer:
    """In JSON, a value looks as it does in the file."""
    return PlainSerializer(write, when_used="json")


def _above_zero(seconds: float) -> float:
    if not seconds:
        raise values.wrong("this duration must be above 0")
    return seconds


def _named(expected: str, pattern: str) -> Callable[[object], str]:
    def check(value: object) -> str:
        name = values.text(value)
        if not re.fullmatch(pattern, name):
            raise values.due(expected, value)
        return name

    return check


def _header_name(value: object) -> str:
    name = _named("the name of an HTTP header", r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")(value)  # RFC 9110, 5.6.2
    if name.lower() in _FRAMING:
        raise values.wrong("this header belongs to the connection, and Trunkline sets it itself")
    return name


def _condition(value: object) -> str:
    from trunkline.routing.expressions import ExpressionError, compile_expression  # here: few files have any

    text = values.text(value)
    try:
        compile_expression(text)
    except ExpressionError as error:
        if isinstance(value, Hidden):
            raise values.wrong("this condition cannot be used; it is not shown, for it may be a secret") from None
        place = f", at its character {error.position}" if error.position else ""
        raise values.wrong(f"this condition cannot be used{place}: {error}") from None
    return text


def _lateness(value: object) -> float | Literal["p95"]:
    return "p95" if value == "p95" else _above_zero(values.duration(value))


def _tls_version(value: object) -> str:
    version = str(values.number(value) or value)
    if version not in ("1.2", "1.3"):
        raise values.due("a version of TLS: 1.2 or 1.3", value)
    return version


def _regions(value: object) -> tuple[str, ...]:
    """One name, or a list of several."""
    several = [] if value is NOTHING else value if isinstance(value, list | tuple) else [value]
    return tuple(_named("the name of a region, such as eu or eu-central-1", _URL_PART)(each) for each in several)


def _key_hash(value: object) -> str:
    digest = values.text(value)
    if not re.fullmatch(_HASH, digest):  # not quoted: it may be a key that stands in the wrong place
        raise values.wrong("a hash is due, which is `hmac-sha256:` and 64 hexadecimal digits")
    return digest


MaybeMapping: Final = BeforeValidator(lambda value: {} if value is NOTHING else value)
"""A mapping; empty where only its name stands in the file."""
MaybeList: Final = BeforeValidator(lambda value: [] if value is NOTHING else value)
"""A list; empty where only its name stands in the file."""

_DURATION: Final = r"^[0-9]+(\.[0-9]+)?(ms|s|m|h|d)$"
_SIZE: Final = r"^[0-9]+(\.[0-9]+)?([KMG]i?B|kB|B)$"
_MONEY: Final = r"^[0-9]+(\.[0-9]{1,9})?$"

Text = Annotated[str, BeforeValidator(values.text), _shown("text", "string", minLength=1)]
Secret = Annotated[
    SecretStr, BeforeValidator(values.secret), _shown("secret", "string", format="password", writeOnly=True)
]
MasterKey = Annotated[
    SecretStr,
    BeforeValidator(values.master_key),
    _shown("secret", "string", pattern=r"^.{32,}$", format="password", writeOnly=True),
]
Whole: Final = BeforeValidator(values.whole)
Count = Annotated[int, Whole]
Switch = Annotated[bool, PlainValidator(values.switch), _shown("boolean", "boolean")]
Share = Annotated[float, PlainValidator(values.share), _shown("share", "number", "string", pattern=r"^[0-9.]+%?$")]
Rate = Annotated[float, PlainValidator(values.positive), _shown("number", "number", exclusiveMinimum=0)]
Temperature = Annotated[float, PlainValidator(values.temperature), _shown("number", "number", minimum=0, maximum=2)]
Duration = Annotated[
    float,
    PlainValidator(values.duration),
    _written(values.format_duration),
    _shown("duration", "string", "number", minimum=0, pattern=_DURATION),
]
"""Seconds."""
Timeout = Annotated[Duration, AfterValidator(_above_zero)]
"""Seconds, above 0."""
Size = Annotated[
    int,
    PlainValidator(values.size),
    _written(values.format_size),
    _shown("size", "string", "integer", minimum=0, pattern=_SIZE),
]
"""Bytes."""
Price = Annotated[
    int,
    PlainValidator(values.price),
    _written(values.format_price),
    _shown("US dollars", "number", "string", minimum=0, pattern=_MONEY),
]
"""Nano-dollars."""
Condition = Annotated[str, PlainValidator(_condition), _shown("condition", "string", minLength=1)]
Regions = Annotated[
    tuple[str, ...], PlainValidator(_regions), _written(list), _shown("name or list of names", "string", "array")
]
Lateness = Annotated[
    float | Literal["p95"],
    PlainValidator(_lateness),
    _written(lambda value: value if isinstance(value, str) else values.format_duration(value)),
    _shown("duration or `p95`", "string", "number", minimum=0, pattern=rf"{_DURATION}|^p95$"),
]
Moment = Annotated[
    datetime,
    PlainValidator(values.moment),
    _written(datetime.isoformat),
    _shown("date or date and time", "string"),
]
Address = Annotated[
    places.Address,
    PlainValidator(places.address),
    _written(str),
    _shown("address", "string", pattern=r"^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):[0-9]{1,5}$"),
]
Network = Annotated[places.Network, PlainValidator(places.network), _written(str), _shown("network", "string")]
WebUrl = Annotated[str, PlainValidator(places.web_url), _shown("URL", "string", pattern=r"^[Hh][Tt][Tt][Pp][Ss]?://")]
ProxyUrl = Annotated[
    SecretStr, BeforeValidator(places.proxy_url), _shown("URL", "string", pattern=r"^[Hh][Tt][Tt][Pp]://")
]
FilePath = Annotated[Path, PlainValidator(places.file_path), _written(str), _shown("path", "string", minLength=1)]
Store = Annotated[
    places.SqliteStore | places.PostgresStore,
    PlainValidator(places.store),
    _written(str),
    _shown("URL", "string", pattern=r"^(sqlite:///|postgres(ql)?://)"),
]

TlsVersion = Annotated[
    Literal["1.2", "1.3"],
    PlainValidator(_tls_version),
    _shown("version", "string", "number", enum=["1.2", "1.3", 1.2, 1.3]),
]
ProviderName = Annotated[
    str,
    PlainValidator(_named("a provider's name: letters, digits, `.`, `_` and `-`", _PROVIDER)),
    _shown("name", "string", pattern=f"^{_PROVIDER}$"),
]
HostPattern = Annotated[
    str,
    PlainValidator(_named("a host's name, or `*.` and a domain", _HOST)),
    _shown("host", "string", pattern=f"^{_HOST}$"),
]
UrlPart = Annotated[
    str,
    PlainValidator(_named("a part of a URL: letters, digits, `.`, `_`, `:` and `-`", _URL_PART)),
    _shown("name", "string", pattern=f"^{_URL_PART}$"),
]
ModelName = Annotated[
    str,
    PlainValidator(_named("a model's name: no spaces, and one `*` at most", _MODEL)),
    _shown("model", "string", minLength=1, pattern=f"^{_MODEL}$"),
]
HeaderName = Annotated[str, PlainValidator(_header_name), _shown("header", "string", minLength=1)]
TagName = Annotated[
    str,
    PlainValidator(_named("a tag's name: letters, digits, `.`, `_` and `-`, at most 64", _TAG)),
    _shown("name", "string", pattern=f"^{_TAG}$"),
]
JsonSchema = Annotated[dict[str, Any], BeforeValidator(values.json_schema), _shown("JSON Schema", "object")]
KeyHash = Annotated[str, PlainValidator(_key_hash), _shown("hash", "string", pattern=f"^{_HASH}$")]
