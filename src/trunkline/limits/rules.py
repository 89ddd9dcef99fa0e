"""Which meters apply to a request: the rules of the operator, and the scopes that the request belongs to."""

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from trunkline.limits.budgets import Budget
from trunkline.limits.meter import Meter, Unit

EACH = "*"
"""In place of a name: each on its own."""
OTHERS = "(others)"
"""The name of all values of a tag together for which there is no room any more."""

Scopes = Mapping[str, Iterable[str]]
"""Of a request: for each kind of scope the names it has of it. A tag is `name=value`."""


class Rule(msgspec.Struct, frozen=True):
    """What a scope may use."""

    scope: str
    name: str
    """`*` for each; of a tag `plan=free`, or `plan=*`."""
    quotas: tuple[tuple[Unit, int, int], ...]
    """Unit, limit, window in milliseconds (0 for `concurrent`)."""


class Cardinality:
    """How many values of tags are told apart, so that a tag that is different in each request costs no memory.

    Values beyond that share one meter, which has the limit of a single one: whoever makes up values gains nothing.
    """

    def __init__(self, most: int = 1000) -> None:
        self._most = most
        self._values: dict[str, set[str]] = {}

    def bounded(self, tag: str) -> str:
        """The tag, or what stands for it."""
        name, _, _ = tag.partition("=")
        values = self._values.setdefault(name, set()) if len(self._values) < self._most else self._values.get(name)
        if values is None or (tag not in values and len(values) >= self._most):
            return f"{name if values is not None else OTHERS}={OTHERS}"
        values.add(tag)
        return tag


def meters(rules: Iterable[Rule], scopes: Scopes, tags: Cardinality) -> list[Meter]:
    """All meters of rates that apply, in the order of the rules."""
    return [
        Meter(rule.scope, name, unit, limit, window)
        for rule in rules
        for name in _named(rule.scope, rule.name, scopes, tags)
        for unit, limit, window in rule.quotas
    ]


def budgets(rules: Iterable[Budget], scopes: Scopes, tags: Cardinality) -> list[Budget]:
    """All budgets that apply, each of the scope that the request has."""
    return [
        msgspec.structs.replace(rule, name=name)
        for rule in rules
        for name in _named(rule.scope, rule.name, scopes, tags)
    ]


def _named(scope: str, wanted: str, scopes: Scopes, tags: Cardinality) -> Iterator[str]:
    for name in scopes.get(scope, ()):
        if name == wanted:
            yield name
        elif scope == "tag" and wanted.endswith(f"={EACH}") and name.partition("=")[0] == wanted.partition("=")[0]:
            yield tags.bounded(name)
        elif wanted == EACH and scope != "tag":
            yield name
