"""What makes sense only together: references from one section to another, and settings that exclude each other.

This looks at the tree of the file rather than at the models made of it, so that an unknown provider is told beside a
mistyped number elsewhere. What has the wrong form is passed over here: pydantic says so.
"""

from collections.abc import Collection, Iterator, Mapping
from itertools import islice
from typing import Final

from trunkline.config import check_guard, names
from trunkline.config.check_limits import check_limits
from trunkline.config.check_models import Finding, Names, check_models, unknown
from trunkline.config.check_request_log import check_request_log
from trunkline.config.check_tenants import SECTIONS, check_tenants
from trunkline.config.document import Document, Value
from trunkline.config.problems import Path, quote, suggestion, written
from trunkline.config.schema import Server

SIMULATED: Final = "simulated"
"""The provider inside the process: always there, and always a known type."""

_MOST_OF_A_KIND: Final = 500  # looking for the nearest name takes milliseconds where there are a thousand


def check(document: Document, types: Collection[str], environment: Collection[str]) -> None:
    """Note every problem that sections of `document` have with each other.

    `types` are the known types of providers; `environment` names the providers that exist without being written.
    """
    root = _mapping(document.root)
    providers, models = _mapping(root.get("providers")), _mapping(root.get("models"))
    known = Names({*types, SIMULATED}, {*providers, *environment, SIMULATED}, models, [m for m in models if "*" in m])
    listed = root.get("keys")
    keys = [_mapping(key) for key in listed] if isinstance(listed, list) else []
    for findings in (
        _listeners(_mapping(root.get("server"))),
        _providers(providers, known),
        check_models(known),
        _prices(_mapping(root.get("prices")), known),
        _currencies(root, providers),
        _guard(_mapping(root.get("guard")), known),
        check_guard.names(root),
        _keys(keys, known),
        _allowed(root, keys, known),
        check_tenants(root, keys, known),
        check_limits(root, known),
        check_request_log(root),
    ):
        for path, message, hint in islice(findings, _MOST_OF_A_KIND):
            document.add(path, message, hint)


def _mapping(value: Value) -> Mapping[str, Value]:
    return value if isinstance(value, dict) else {}


def _listeners(server: Mapping[str, Value]) -> Iterator[Finding]:
    listen, control = (server.get(name, Server.model_fields[name].default) for name in ("listen", "control"))
    if isinstance(listen, str) and listen == control and not listen.endswith(":0"):
        own = "control" if "control" in server else "listen"
        yield ("server", own), "`listen` and `control` are the same address", "the two listeners need two ports"


def _providers(providers: Mapping[str, Value], known: Names) -> Iterator[Finding]:
    for name, value in providers.items():
        settings = _mapping(value)
        kind = settings.get("type", name)
        if isinstance(kind, str) and kind not in known.types:
            message = "unknown type of provider" if "type" in settings else "no `type` is given, and none is called"
            yield ("providers", name, "type"), f"{message} {quote(kind)}", suggestion(kind, known.types)
        if "api_key" in settings and "api_keys" in settings:
            yield ("providers", name, "api_keys"), "`api_key` is given, too", "leave one of them out"
        yield from _client_certificate(("providers", name), settings)
        if "simulated" in settings and isinstance(kind, str) and kind != SIMULATED:
            yield ("providers", name, "simulated"), "this is for providers of the type `simulated` only", ""


def _client_certificate(path: Path, settings: Mapping[str, Value]) -> Iterator[Finding]:
    given = [setting for setting in ("client_cert", "client_key") if setting in settings]
    if len(given) == 1:
        [missing] = {"client_cert", "client_key"} - {*given}
        yield (*path, given[0]), f"`{missing}` is missing", "a certificate is of no use without its key"
    url = settings.get("base_url")
    if given and isinstance(url, str) and url.lower().startswith("http://"):
        yield (*path, given[0]), "its `base_url` begins with http, where no certificate is shown", ""


def _prices(prices: Mapping[str, Value], known: Names) -> Iterator[Finding]:
    for name in prices:
        if names.split(name) is None or "*" in name:
            yield ("prices", name), "a price is of one provider/model", "for all of a provider's, it has its `price`"
        elif not known.is_deployment(name):
            yield ("prices", name), *unknown(name, known)


def _currencies(root: Mapping[str, Value], providers: Mapping[str, Value]) -> Iterator[Finding]:
    rates = {*_mapping(root.get("currencies")), "USD"}
    prices: list[tuple[tuple[str, ...], Value]]
    prices = [(("prices", name), price) for name, price in _mapping(root.get("prices")).items()]
    prices += [(("providers", name, "price"), _mapping(it).get("price")) for name, it in providers.items()]
    for path, price in prices:
        currency = _mapping(price).get("currency", "USD")
        if isinstance(currency, str) and currency not in rates:
            yield (*path, "currency"), f"nothing says what {quote(currency)} is worth", "put it under `currencies`"


def _guard(policies: Mapping[str, Value], known: Names) -> Iterator[Finding]:
    yield from check_guard.findings(policies)
    for path, rule in check_guard.rules(policies):
        model = rule.get("moderation")
        if isinstance(model, str) and not known.is_deployment(model) and known.alias(model) is None:
            yield (*path, "moderation"), *unknown(model, known)


def _keys(keys: list[Mapping[str, Value]], known: Names) -> Iterator[Finding]:
    for index, key in enumerate(keys):
        path: Path = ("keys", index)
        if "key" in key and "hash" in key:
            yield (*path, "hash"), "`key` is given, too", "leave one of them out"
        elif key and "key" not in key and "hash" not in key:
            yield path, "a key needs `key` or `hash`", ""
    for setting in ("name", "key", "hash"):
        yield from _repeated(keys, setting)


def _allowed(root: Mapping[str, Value], keys: list[Mapping[str, Value]], known: Names) -> Iterator[Finding]:
    """Names of models that somebody may use, and that nothing there is fits."""
    levels: list[tuple[Path, Value]] = [(("keys", index), key) for index, key in enumerate(keys)]
    levels += [((kind, name), level) for kind in SECTIONS for name, level in _mapping(root.get(kind)).items()]
    for path, level in levels:
        models = _mapping(level).get("models")
        for place, name in enumerate(models if isinstance(models, list) else []):
            if isinstance(name, str) and not _allows_anything(name, known):
                yield (*path, "models", place), *unknown(name, known)


def _repeated(keys: list[Mapping[str, Value]], setting: str) -> Iterator[Finding]:
    first: dict[str, int] = {}
    for index, key in enumerate(keys):
        value = key.get(setting)
        if isinstance(value, str) and first.setdefault(value, index) != index:
            yield ("keys", index, setting), f"{written(('keys', first[value]))} has the same {setting}", ""


def _allows_anything(pattern: str, known: Names) -> bool:
    """Whether some name that can be asked for fits `pattern`."""
    if "*" not in pattern:
        return known.is_deployment(pattern) or known.alias(pattern) is not None or "*" in known.models
    beginning = pattern.partition("*")[0]
    if any(names.match(pattern, model) is not None for model in known.models):
        return True
    open_ended = [f"{provider}/" for provider in known.providers] + [w.partition("*")[0] for w in known.wildcards]
    return any(beginning.startswith(other) or other.startswith(beginning) for other in open_ended)
