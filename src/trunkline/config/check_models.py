"""What the entries of `models` must have to do with each other and with the providers: names, circles, sizes.

Like `check`, this looks at the tree of the file, and passes over what has the wrong form.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, Literal

from trunkline.config import names
from trunkline.config.document import Value
from trunkline.config.problems import Hidden, Path, quote, shown, suggestion

MOST_CANDIDATES: Final = 1000
"""Places of models in one route, those of routes within it counted where they stand."""
DEEPEST: Final = 32
"""Routes within routes."""

_SHOWN_OF_CYCLE: Final = 10
_LISTS: Final = ("of", "weaker")
_SINGLE: Final = ("easy", "hard", "else")
_REASONS: Final = ("error", "timeout", "rate_limit", "context", "refused", "empty", "invalid", "budget")
_CONSEQUENCES: Final = frozenset({"next", "stop"})

Finding = tuple[Path, str, str]
"""Where, what is wrong, and a hint."""


@dataclass(frozen=True)
class Names:
    """What the configuration may refer to."""

    types: Collection[str]
    providers: Collection[str]
    models: Mapping[str, Value]
    wildcards: Collection[str]

    def is_deployment(self, name: str) -> bool:
        """Whether it is `provider/model`, of a provider that is there."""
        parts = names.split(name)
        return parts is not None and parts[0] in self.providers

    def alias(self, name: str) -> str | None:
        """The entry of `models` that it means."""
        return name if name in self.models else names.wildcard(self.wildcards, name)


@dataclass(frozen=True)
class _Reference:
    """One name of a model on the right side."""

    path: Path
    name: str
    how: Literal["inside", "failure", "shadow"] = "inside"
    """It is part of the route; or what a failure leads to; or asked as well, without leading any further."""


def check_models(known: Names) -> Iterator[Finding]:
    """Everything that is wrong between them."""
    inside: dict[str, list[str]] = {}
    led: dict[str, dict[str, None]] = {}  # in the order of the file, each once
    """Likewise, with what failures lead to."""
    places: dict[str, int] = {}
    """How many models of providers stand in each entry itself."""
    for alias, model in known.models.items():
        inside[alias], led[alias] = [], {}
        places[alias] = 0
        for reference in _references(alias, model):
            if "*" in reference.name and "*" not in alias:
                yield reference.path, "there is a `*` here, and none in the name that it could stand for", ""
            elif known.is_deployment(reference.name):
                places[alias] += reference.how == "inside"
            elif (meant := known.alias(reference.name)) is None:
                yield reference.path, *unknown(reference.name, known)
            elif reference.how != "shadow":
                led[alias][meant] = None
                if reference.how == "inside":
                    inside[alias].append(meant)
        yield from _repeated(alias, model)
        if isinstance(model, dict) and "quality" in model and "hard_share" in model:
            yield ("models", alias, "quality"), "`hard_share` says already how many are hard", "keep one of both"
    circles = list(_cycles(led))
    for cycle in circles:
        way = [shown(name) for name in cycle]
        if len(way) > _SHOWN_OF_CYCLE:
            way[_SHOWN_OF_CYCLE - 2 : -1] = ["…"]
        yield ("models", cycle[0]), f"these models refer to each other in a circle: {' → '.join(way)}", ""
    if not circles:
        yield from _too_large(inside, places, known)


def _references(alias: str, model: Value) -> Iterator[_Reference]:
    path: Path = ("models", alias)
    if isinstance(model, str):
        yield _Reference(path, model)
    if not isinstance(model, dict):
        return
    for setting in _LISTS:
        several = model.get(setting)
        for step, target in enumerate(several) if isinstance(several, list) else ():
            if isinstance(target, str):
                yield _Reference((*path, setting, step), target)
    weights = model.get("of")
    for target in weights if isinstance(weights, dict) else ():
        yield _Reference((*path, "of", target), target)
    for setting in _SINGLE:
        if isinstance(target := model.get(setting), str):
            yield _Reference((*path, setting), target)
    rules = model.get("rules")
    for step, rule in enumerate(rules) if isinstance(rules, list) else ():
        if isinstance(rule, dict) and isinstance(target := rule.get("to"), str):
            yield _Reference((*path, "rules", step, "to"), target)
    yield from _beside(path, model)


def _beside(path: Path, model: Mapping[str, Value]) -> Iterator[_Reference]:
    """Names of what is no part of the route: where a failure leads, and where a share goes as well."""
    consequences: Any = model.get("on_failure")
    shadow = model.get("shadow")
    for reason in _REASONS if isinstance(consequences, dict) else ():
        target = consequences.get(reason)
        if isinstance(target, str) and target not in _CONSEQUENCES:
            yield _Reference((*path, "on_failure", reason), target, "failure")
    if isinstance(shadow, dict) and isinstance(target := shadow.get("to"), str):
        yield _Reference((*path, "shadow", "to"), target, "shadow")


def _repeated(alias: str, model: Value) -> Iterator[Finding]:
    """A list that names the same model twice."""
    several = model.get("of") if isinstance(model, dict) else None
    seen: set[str] = set()
    for step, target in enumerate(several) if isinstance(several, list) else ():
        if isinstance(target, str):
            if target in seen:
                yield ("models", alias, "of", step), f"{quote(target)} stands here twice", ""
            seen.add(target)


def unknown(name: str, known: Names) -> tuple[str, str]:
    """What to say of a model's name that means nothing."""
    parts = names.split(name)
    if parts is None:
        if name in known.providers:
            return f"{quote(name)} is a provider, not a model", "write the provider, a slash and a model"
        hint = suggestion(name, known.models) or "write provider/model, or a name from `models`"
        return f"unknown model {quote(name)}", hint
    provider = Hidden(parts[0]) if isinstance(name, Hidden) else parts[0]
    if provider in known.types:
        return f"the provider {quote(provider)} is not set up", "put its key into the environment or under `providers`"
    return f"unknown provider {quote(provider)}", suggestion(provider, known.providers)


def _cycles(links: Mapping[str, Collection[str]]) -> Iterator[list[str]]:
    """Every way back that a walk along `links` meets, as names of which the last is the first again."""
    done: set[str] = set()
    for start in links:
        trail: dict[str, Iterator[str]] = {} if start in done else {start: iter(links[start])}
        while trail:
            last = next(reversed(trail))
            following = next(trail[last], None)
            if following is None:
                del trail[last]
                done.add(last)
            elif following in trail:
                position = list(trail).index(following)
                yield [*islice(trail, position, None), following]
            elif following not in done:
                trail[following] = iter(links[following])


def _too_large(links: Mapping[str, list[str]], places: Mapping[str, int], known: Names) -> Iterator[Finding]:
    """Routes that come to more candidates than can be looked at for a request, or are nested too deep. `links` have no
    circles.
    """
    sizes: dict[str, int] = {}
    depths: dict[str, int] = {}
    for name in _inner_first(links):
        within = links[name]
        sizes[name] = places[name] + sum(sizes[inner] for inner in within)
        nests = isinstance(known.models[name], dict)
        depths[name] = nests + max((depths[inner] for inner in within), default=0)
        if sizes[name] > MOST_CANDIDATES and all(sizes[inner] <= MOST_CANDIDATES for inner in within):
            yield ("models", name), f"this comes to {sizes[name]:,} models", f"at most {MOST_CANDIDATES} are possible"
        if depths[name] > DEEPEST and all(depths[inner] <= DEEPEST for inner in within):
            yield ("models", name), f"these are more than {DEEPEST} routes within each other", ""


def _inner_first(links: Mapping[str, list[str]]) -> Iterator[str]:
    """Every name, after all that it links to."""
    done: set[str] = set()
    for start in links:
        trail = [(start, iter(links[start]))]
        while trail:
            name, left = trail[-1]
            following = next((each for each in left if each not in done), None)
            if following is not None:
                trail.append((following, iter(links[following])))
                continue
            trail.pop()
            if name not in done:
                done.add(name)
                yield name
