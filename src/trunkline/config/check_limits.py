"""What is wrong between the rules of `limits` and `budgets`: scopes that mean nothing, and rules that overlap."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from pydantic_core import PydanticCustomError

from trunkline.config.check_models import Finding, Names, unknown
from trunkline.config.document import Value
from trunkline.config.limits import SCOPES
from trunkline.config.problems import Path, quote, written
from trunkline.config.quotas import quota

_UNITS = ("requests", "input", "output", "tokens")

Rule = Mapping[str, Value]


def check_limits(root: Rule, known: Names) -> Iterator[Finding]:
    """Everything that is wrong between them."""
    rates, budgets = _rules(root.get("limits")), _rules(root.get("budgets"))
    for section, rules in (("limits", rates), ("budgets", budgets)):
        for index, rule in enumerate(rules):
            yield from _scope((section, index), rule, known)
    yield from _overlaps("limits", rates, _windows)
    yield from _overlaps("budgets", budgets, _periods)
    for index, rule in enumerate(rates):
        if not {*_UNITS, "concurrent"} & rule.keys():
            yield ("limits", index), "nothing is limited here", "such as requests: 600/min"
    for index, budget in enumerate(budgets):
        yield from _budget(("budgets", index), budget, known)
    if budgets:
        yield from _even_parts(root)
    alerts = root.get("alerts")
    if isinstance(alerts, dict) and "webhook" in alerts and "secret" not in alerts:
        yield ("alerts",), "a webhook needs a `secret` that signs it", "so that its receiver knows who sent it"


def _rules(value: Value) -> Sequence[Rule]:
    return [rule if isinstance(rule, dict) else {} for rule in value] if isinstance(value, list) else []


def _scope(path: Path, rule: Rule, known: Names) -> Iterator[Finding]:
    named = [scope for scope in SCOPES if scope in rule]
    if not named:
        yield path, "a rule names its scope", f"one of: {', '.join(SCOPES)}"
    for other in named[1:]:
        yield (*path, other), f"`{named[0]}` is given, too", "a rule has one scope; write two rules"
    model, deployment = rule.get("model"), rule.get("deployment")
    if isinstance(model, str) and model != "*" and not known.is_deployment(model) and known.alias(model) is None:
        yield (*path, "model"), *unknown(model, known)
    if isinstance(deployment, str) and deployment != "*" and not known.is_deployment(deployment):
        yield (*path, "deployment"), *unknown(deployment, known)


def _even_parts(root: Rule) -> Iterator[Finding]:
    """Where requests would pay parts of one another's calls: budgets are charged by call."""
    models = root.get("models")
    sections: list[tuple[Path, Value]] = [(("cache",), root.get("cache"))]
    for name, model in models.items() if isinstance(models, dict) else ():
        sections.append((("models", name, "cache"), model.get("cache") if isinstance(model, dict) else None))
    for path, section in sections:
        if isinstance(section, dict) and section.get("cost") == "even":
            told = "`even` parts cannot be charged to budgets"
            yield (*path, "cost"), told, "with `first`, the request whose call it is pays for it"


def _budget(path: Path, budget: Rule, known: Names) -> Iterator[Finding]:
    if budget.get("prepaid") is True:
        for setting in ("amount", "per", "overshoot"):
            if setting in budget:
                yield (*path, setting), "prepaid credit has no such setting", "it is what was paid in"
    elif "amount" not in budget and budget:
        yield path, "a budget needs an `amount`", "or `prepaid: true`"
    cheaper = budget.get("when_spent")
    if isinstance(cheaper, str) and not known.is_deployment(cheaper) and known.alias(cheaper) is None:
        yield (*path, "when_spent"), *unknown(cheaper, known)


def _overlaps(section: str, rules: Sequence[Rule], spans: Callable[[Rule], Iterable[str]]) -> Iterator[Finding]:
    first: dict[tuple[str, str, str], int] = {}
    for index, rule in enumerate(rules):
        for scope in SCOPES:
            name = rule.get(scope)
            if not isinstance(name, str):
                continue
            for span in spans(rule):
                other = first.setdefault((scope, name, span), index)
                if other != index or list(spans(rule)).count(span) > 1:
                    where = written((section, other)) if other != index else "the same rule"
                    yield (section, index), f"{where} has {span} for the {scope} {quote(name)} already", ""
                    break


def _windows(rule: Rule) -> Iterator[str]:
    """Which windows of what it limits, such as `requests per 60000 ms`."""
    if "concurrent" in rule:
        yield "`concurrent`"
    for unit in _UNITS:
        value = rule.get(unit)
        for each in value if isinstance(value, list) else [value]:
            try:
                yield f"`{unit}` {_PER[quota(each).window]}"
            except PydanticCustomError:
                continue  # it is told where it stands


_PER = {1_000: "per second", 60_000: "per minute", 3_600_000: "per hour", 86_400_000: "per day"}


def _periods(budget: Rule) -> Iterator[str]:
    yield "prepaid credit" if budget.get("prepaid") is True else f"a budget per {budget.get('per', 'month')}"
