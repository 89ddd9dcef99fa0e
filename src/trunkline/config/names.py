"""How the name of a model is looked up among the aliases of the configuration.

A name is looked up so: the alias that is exactly it; else the wildcard alias with the most literal characters; else
`provider/model`; and only then `*`, which takes what nothing else does. A *target*, which is what stands on the right
of an alias, differs in two ways: `provider/model` comes first, so that the alias `openai/gpt-4o` can fall back from
`openai/gpt-4o` to another; and `*` is left out, so that a mistyped target is found when the file is read.
"""

from collections.abc import Iterable


def split(name: str) -> tuple[str, str] | None:
    """`provider/model` in two at the first `/` (models have slashes in their names), or None if it is not that."""
    provider, slash, model = name.partition("/")
    return (provider, model) if slash and provider and model else None


def match(pattern: str, name: str) -> str | None:
    """What the `*` of `pattern` takes of `name`: one character or more. None where they do not match.

    A pattern without `*` matches only itself, and takes "".
    """
    before, star, after = pattern.partition("*")
    if not star:
        return "" if pattern == name else None
    if len(name) <= len(before) + len(after) or not (name.startswith(before) and name.endswith(after)):
        return None
    return name[len(before) : len(name) - len(after)]


def wildcard(patterns: Iterable[str], name: str) -> str | None:
    """The one of `patterns` that matches `name` with the most literal characters; never `*` alone."""
    fitting = (pattern for pattern in patterns if pattern != "*" and match(pattern, name) is not None)
    return max(fitting, key=len, default=None)


def fill(target: str, taken: str) -> str:
    """`target` with what the `*` of its alias took in place of its own `*`."""
    return target.replace("*", taken)
