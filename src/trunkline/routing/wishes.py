"""What a request asks of its own route, in the de-facto dialect of routers, read with its types.

In the body: `models`, `provider` and `session_id`, as at OpenRouter (https://openrouter.ai/docs/features/provider-routing);
after the model's name `:floor` or `:nitro`; and headers `x-trunkline-route`, `-timeout`, `-tags`, `-priority`,
`-explain`. What is understood is bounded by the operator's policy (`bounds`); what is not can only be honoured by a
provider that is such a router itself.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any, Final, Literal

import msgspec
from msgspec.structs import replace

from trunkline.formats.format import ShapeError
from trunkline.routing.bounds import Asker, Cap, DataPolicy, Wish

Sort = Literal["", "price", "throughput", "latency"]
Priority = Literal["", "low", "normal", "high"]

FIELDS: Final = frozenset({"models", "provider", "route", "session_id"})
"""Top-level fields of a body that are for a router, and that a provider which is none would refuse."""
HEADERS: Final[Mapping[bytes, str]] = {
    b"x-trunkline-route": "The name of another model or route to take in place of the one in the body.",
    b"x-trunkline-timeout": "Seconds, or `500ms`, `30s`, `2m`: how long the request may take over all attempts.",
    b"x-trunkline-tags": "`name=value` pairs with commas between them, for rules and the ledger. Those of the key win.",
    b"x-trunkline-priority": "`low`, `normal` or `high`. What is `high` is critical: it never falls to a weaker model.",
    b"x-trunkline-explain": "`1`: the answer tells which candidates there were, and why this one was taken.",
    b"x-trunkline-session": "The session, or run of an agent, that it is a part of: requests with the same one stay at "
    "one provider where a route is sticky, and `loops` says how many there may be.",
    b"x-session-id": "The same, as others call it.",
}
_HEADERS: Final = frozenset(HEADERS)
SUFFIXES: Final[Mapping[str, Sort]] = {":floor": "price", ":nitro": "throughput"}

MOST_MODELS: Final = 20
MOST_PROVIDERS: Final = 100
MOST_TAGS: Final = 32
OWN_TAGS: Final = "trunkline."
"""How names of tags begin that only the gateway sets."""
LONGEST_TAG: Final = 128
LONGEST_SESSION: Final = 256
LONGEST_TIMEOUT: Final = 86_400.0

_TIMEOUT: Final = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)(ms|s|m)?", re.ASCII)
_UNITS: Final = {"ms": 0.001, None: 1.0, "s": 1.0, "m": 60.0}
_NAME: Final = re.compile(r"[\w.-]{1,64}", re.ASCII)
_MONEY: Final = re.compile(r"\d{1,6}(\.\d{1,9})?", re.ASCII)


class Wishes(msgspec.Struct, frozen=True, kw_only=True):
    """What one request asks for. With everything at its default it asks for nothing."""

    models: tuple[str, ...] = ()
    """Names to try one after the other."""
    only: tuple[str, ...] = ()
    """Providers; others must not be asked."""
    ignore: tuple[str, ...] = ()
    order: tuple[str, ...] = ()
    """Providers that come first, in this order."""
    allow_fallbacks: bool = True
    sort: Sort = ""
    across_models: bool = False
    """Sorted over all `models`, rather than within each."""
    cap: Cap | None = None
    require_parameters: bool = False
    """Every parameter must be one that the model takes."""
    data: DataPolicy | None = None
    unknown: tuple[str, ...] = ()
    """Paths of what is asked and cannot be honoured here."""
    route: str = ""
    timeout: float | None = None
    """Seconds."""
    tags: Mapping[str, str] = {}
    priority: Priority = ""
    session: str = ""
    explain: bool = False


NONE: Final = Wishes()


def wished(document: Mapping[str, Any], headers: Mapping[bytes, bytes]) -> bool:
    """Whether there is anything to read: a quick look, for most requests wish nothing."""
    return not (FIELDS.isdisjoint(document) and _HEADERS.isdisjoint(headers))


def read_wishes(document: Mapping[str, Any], headers: Mapping[bytes, bytes]) -> Wishes:
    """What a request asks. Raises `ShapeError` with the path, or the name of the header."""
    if not wished(document, headers):
        return NONE
    found: dict[str, Any] = {}
    if document.get("models") is not None:
        found["models"] = _texts(document["models"], "models", MOST_MODELS)
    if document.get("provider") is not None:
        found |= _provider(document["provider"])
    session = document.get("session_id")
    if session is not None:
        found["session"] = _text(session, "session_id")[:LONGEST_SESSION]
    return Wishes(**{**_headers(headers), **found})


def with_metadata(wishes: Wishes, document: Mapping[str, Any], asker: Asker, names: Iterable[str]) -> Wishes:
    """`wishes` with the tags that the request has among its `metadata`, under these names, if it may set any; those of
    its header win. What cannot be a tag is the provider's business only.
    """
    metadata = document.get("metadata")
    if not isinstance(metadata, dict) or "tags" not in asker.may:
        return wishes
    found = {name: metadata.get(name) for name in names}
    tags = {name: text for name, text in found.items() if isinstance(text, str) and _is_tag(text)}
    return replace(wishes, tags={**tags, **wishes.tags}) if tags else wishes


def suffix(name: str) -> tuple[str, Sort]:
    """A model's name without `:floor` or `:nitro`, and what that asks for; empty where there is none."""
    base, colon, ending = name.rpartition(":")
    sort = SUFFIXES.get(f":{ending}") if colon else None
    return (base, sort) if sort and base else (name, "")


def refuse_beyond(wishes: Wishes, asker: Asker) -> None:
    """Raises `ShapeError` for the first wish that the operator's policy leaves to itself."""
    asked: tuple[tuple[Wish, str, bool], ...] = (
        ("models", "models", bool(wishes.models)),
        ("provider", "provider", _chooses(wishes)),
        ("route", "x-trunkline-route", bool(wishes.route)),
        ("timeout", "x-trunkline-timeout", wishes.timeout is not None),
        ("tags", "x-trunkline-tags", bool(wishes.tags)),
        ("priority", "x-trunkline-priority", bool(wishes.priority)),
    )
    for wish, path, is_asked in asked:
        if is_asked and wish not in asker.may:
            who = f"The key {asker.key!r} may not" if asker.key else "Nobody may"
            raise ShapeError(f"{who} set '{path}' here. Leave it out, or ask the operator.", path, "invalid_value")


def _chooses(wishes: Wishes) -> bool:
    """Whether it prefers some providers. To be stricter than the operator (`only`, `ignore`, a cap) is always free."""
    return bool(wishes.order or wishes.sort)


# The body


def _provider(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _wrong_type("provider", "an object", value)
    found: dict[str, Any] = {}
    unknown: list[str] = []
    for name, each in value.items():
        path = f"provider.{name}"
        if each is None:
            continue
        if name not in _PROVIDER:
            unknown.append(path)
        else:
            for wish, read in _PROVIDER[name](each, path).items():
                found[wish] = _stricter(found.get(wish), read)
    left = found.pop("unknown", [])
    return found | {"unknown": (*unknown, *left)}


def _stricter(known: Any, read: Any) -> Any:
    """Two wishes about data come to one."""
    if not isinstance(known, DataPolicy):
        return read
    return DataPolicy(retention=0.0 if 0.0 in (known.retention, read.retention) else None, training=False)


_PROVIDER: Final[Mapping[str, Callable[[object, str], dict[str, Any]]]] = {
    "order": lambda value, path: {"order": _texts(value, path, MOST_PROVIDERS)},
    "only": lambda value, path: {"only": _texts(value, path, MOST_PROVIDERS)},
    "ignore": lambda value, path: {"ignore": _texts(value, path, MOST_PROVIDERS)},
    "allow_fallbacks": lambda value, path: {"allow_fallbacks": _switch(value, path)},
    "require_parameters": lambda value, path: {"require_parameters": _switch(value, path)},
    "sort": lambda value, path: _sort(value, path),
    "max_price": lambda value, path: _cap(value, path),
    "data_collection": lambda value, path: (
        {"data": DataPolicy(training=False)} if _one_of(value, path, ("allow", "deny")) == "deny" else {}
    ),
    "zdr": lambda value, path: {"data": DataPolicy(retention=0.0, training=False)} if _switch(value, path) else {},
}
"""What each field of `provider` says."""


def _sort(value: object, path: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if isinstance(value, dict):
        partition = _one_of(value.get("partition", "model"), f"{path}.partition", ("model", "none"))
        found["across_models"] = partition == "none"
        value, path = value.get("by"), f"{path}.by"
        if value is None:
            return found
    return found | {"sort": _one_of(value, path, ("price", "throughput", "latency"))}


def _cap(value: object, path: str) -> dict[str, Any]:
    """US dollars per million tokens, as numbers or texts. What is capped in ways that we do not price is unknown."""
    if not isinstance(value, dict):
        raise _wrong_type(path, "an object", value)
    names = {"prompt": "input", "completion": "output", "request": "per_request"}
    found = {names[name]: _nano(each, f"{path}.{name}") for name, each in value.items() if name in names}
    return {"cap": Cap(**found), "unknown": [f"{path}.{name}" for name in value if name not in names]}


def _nano(value: object, path: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise _wrong_type(path, "a number", value)
    if type(value) is int and 0 <= value < 1_000_000:
        return value * 1_000_000_000
    text = value if isinstance(value, str) else f"{value:.9f}"
    if not _MONEY.fullmatch(text):
        raise _wrong_value(path, value, "an amount of US dollars such as 2.5")
    return int(Decimal(text) * 1_000_000_000)


def _texts(value: object, path: str, most: int) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise _wrong_type(path, "a list of texts", value)
    if len(value) > most:
        raise ShapeError(f"Invalid value for '{path}': more than {most} entries.", path, "invalid_value")
    return tuple(_text(each, f"{path}[{index}]") for index, each in enumerate(value))


def _text(value: object, path: str) -> str:
    if not isinstance(value, str):
        raise _wrong_type(path, "a text", value)
    if not value:
        raise ShapeError(f"Invalid value for '{path}': it is empty.", path, "invalid_value")
    return value


def _switch(value: object, path: str) -> bool:
    if not isinstance(value, bool):
        raise _wrong_type(path, "true or false", value)
    return value


def _one_of(value: object, path: str, choices: tuple[str, ...]) -> str:
    if not isinstance(value, str):
        raise _wrong_type(path, "a text", value)
    if value not in choices:
        raise _wrong_value(path, value, " or ".join(f"'{choice}'" for choice in choices))
    return value


# The headers


def _headers(headers: Mapping[bytes, bytes]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in HEADERS.keys() & headers.keys():
        text, value = name.decode(), headers[name].decode("latin-1").strip()
        match text.removeprefix("x-trunkline-"):
            case "route":
                found["route"] = _text(value, text)
            case "timeout":
                found["timeout"] = _timeout(value, text)
            case "tags":
                found["tags"] = _tags(value, text)
            case "priority":
                found["priority"] = _one_of(value.lower(), text, ("low", "normal", "high"))
            case "explain":
                found["explain"] = value.lower() in ("1", "true")
            case _:
                found["session"] = value[:LONGEST_SESSION]
    return found


def _timeout(value: str, name: str) -> float:
    match = _TIMEOUT.fullmatch(value)
    seconds = float(match[1]) * _UNITS[match[2]] if match else 0.0
    if not 0 < seconds <= LONGEST_TIMEOUT:
        raise _wrong_value(name, value, "a time such as 30, 500ms, 30s or 2m")
    return seconds


def _tags(value: str, name: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for pair in filter(None, map(str.strip, value.split(","))):
        tag, equals, content = pair.partition("=")
        tag, content = tag.strip(), content.strip()
        if tag.startswith(OWN_TAGS):
            raise _wrong_value(name, pair, f"a tag of yours: those that begin with {OWN_TAGS} are the gateway's")
        if not equals or not _NAME.fullmatch(tag) or not _is_tag(content):
            raise _wrong_value(name, pair, "a tag such as feature=refunds")
        found[tag] = content
    if len(found) > MOST_TAGS:
        raise ShapeError(f"Invalid value for '{name}': more than {MOST_TAGS} tags.", name, "invalid_value")
    return found


def _is_tag(content: str) -> bool:
    return 0 < len(content) <= LONGEST_TAG and content.isprintable()


# What is wrong


def _wrong_type(path: str, expected: str, value: object) -> ShapeError:
    got = {dict: "an object", list: "a list", str: "a text", bool: "a boolean", type(None): "null"}
    told = got.get(type(value), "a number")
    return ShapeError(f"Invalid type for '{path}': expected {expected}, but got {told}.", path, "invalid_type")


def _wrong_value(path: str, value: object, expected: str) -> ShapeError:
    shown = str(value)[:80]
    return ShapeError(f"Invalid value for '{path}': {shown!r} is not {expected}.", path, "invalid_value")
