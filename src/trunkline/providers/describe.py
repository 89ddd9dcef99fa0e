"""A provider's page in words, as Markdown: for the reference, and for `trunkline providers`."""

from collections.abc import Iterable, Iterator

from trunkline.formats.dialect import Dialect
from trunkline.providers.base import Hole, Provider

_ENDINGS = {"done": "when their last event has come", "finish": "when every choice has its finish reason"}
_ASKED = {
    "effort": "asked for by an effort",
    "budget": "asked for by a budget of tokens",
    "adaptive": "left to the model, with an effort",
    "level": "asked for by a level",
    "switch": "switched on and off",
}
_LOGINS = {
    "sigv4": "signatures with an AWS access key",
    "service_account": "the key file of a Google service account",
}
_METERS = {
    True: "ends with the connection",
    False: "goes on when the connection is closed",
    None: "is not known to end with the connection",
}


def describe(facts: Provider) -> Iterator[tuple[str, str]]:
    """Label and text of what is worth knowing, in the order of reading."""
    yield "Formats", _names(facts.formats)
    yield "URL", _url(facts)
    if facts.holes:
        yield "Settings", "; ".join(map(_hole, facts.holes))
    yield "Login", _login(facts)
    yield "Streams are whole", _ENDINGS[facts.dialect.ending]
    if facts.dialect.refuses:
        yield "Not taken", _names(sorted(facts.dialect.refuses))
    if reasoning := _reasoning(facts.dialect):
        yield "Reasoning", reasoning
    if facts.limits is not None:
        yield "Limits left", _names(filter(None, (facts.limits.requests, facts.limits.tokens)))
    yield "A stream's cost", _METERS[facts.stops_meter]
    yield "Prices", f"`{facts.catalogue}` in the catalogue" if facts.catalogue else "none in the catalogue"


def _names(names: Iterable[str], word: str = ",") -> str:
    return f"{word} ".join(f"`{name}`" for name in names)


def _url(facts: Provider) -> str:
    default = f"`{facts.base_url}`" if facts.base_url else "what `base_url` says"
    return f"{default}, or `{facts.base_variable}`" if facts.base_variable else default


def _login(facts: Provider) -> str:
    ways = []
    if facts.key_variables:
        ways.append(f"a key, from {_names(facts.key_variables, ' or')}, in `{facts.key_header}`")
    if facts.login in _LOGINS:
        ways.append(f"{_LOGINS[facts.login]}, from {_names(facts.login_variables, ' and')}")
    if not facts.needs_key:
        ways.append("none needed")
    return "; or ".join(ways)


def _reasoning(dialect: Dialect) -> str:
    """Where models do not say otherwise."""
    told = [_ASKED[dialect.thinks]] if dialect.thinks else []
    if dialect.replays_reasoning != "never":
        told.append(f"given back in `{dialect.reasoning_field}`")
    return ", ".join(told)


def _hole(hole: Hole) -> str:
    known = [name for name in hole.hosts if name != "*"]
    choices = f" ({_names(known)})" if known and "*" not in hole.hosts else ""
    said = f", from {_names(hole.variables, ' or')}" if hole.variables else ""
    default = f", `{hole.default}` by default" if hole.default else ""
    return f"`{hole.setting}`{choices}{said}{default}"
