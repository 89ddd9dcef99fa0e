"""Which models and tools a policy lets be used."""

import re
from collections.abc import Iterable
from functools import cache

from trunkline.formats.conversation import ForeignTool, Request
from trunkline.guard.values import Finding


def refused_model(model: str, allowed: Iterable[str] | None) -> Finding | None:
    """The decision against a model that is not allowed; None where it is. `allowed`: None for all."""
    if allowed is None or any(_fits(pattern, model) for pattern in allowed):
        return None
    return Finding("models", "model", "model", "block")


def refused_tools(request: Request, allowed: Iterable[str] | None) -> tuple[Finding, ...]:
    """The decisions against tools of a request that are not allowed; those that a provider runs go by their kind."""
    if allowed is None:
        return ()
    patterns = tuple(allowed)
    return tuple(
        Finding("tools", "tool", f"tools[{index}]", "block")
        for index, tool in enumerate(request.tools)
        if not any(_fits(pattern, tool.kind if isinstance(tool, ForeignTool) else tool.name) for pattern in patterns)
    )


def refused_call(name: str, path: str, allowed: Iterable[str] | None) -> Finding | None:
    """The decision against a call that a model makes of a tool; also of one that nobody offered it."""
    if allowed is None or any(_fits(pattern, name) for pattern in allowed):
        return None
    return Finding("tools", "tool_call", path, "block")


def _fits(pattern: str, name: str) -> bool:
    return _compiled(pattern).fullmatch(name) is not None


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """`*` stands for any characters."""
    return re.compile(".*".join(map(re.escape, pattern.split("*"))), re.DOTALL)
