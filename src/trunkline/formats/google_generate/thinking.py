"""How much the model shall think: `thinkingConfig`, with a budget of tokens or a level, never both."""

from typing import Any

from trunkline.formats.conversation import Effort, Request, Thinking
from trunkline.formats.dialect import Dialect
from trunkline.formats.efforts import BUDGETS, effort_of, nearest
from trunkline.formats.google_generate.names import NAME
from trunkline.formats.losses import Losses
from trunkline.formats.paths import thinking_names

MOST_BUDGET = 32_768
"""Tokens that an effort stands for at most: Gemini 2.5 Pro takes no more."""
_LEVELS = {"minimal", "low", "medium", "high", "xhigh"}
"""Google's enum. There is none for no thinking at all: the least is asked for."""


def write_thinking(
    request: Request, thinking: Thinking, dialect: Dialect, losses: Losses, made: dict[str, Any]
) -> None:
    """Add to `made`, a `thinkingConfig`."""
    if request.format == NAME:
        _write_own(thinking, made)
        return
    if dialect.thinks == "" or "thinking" in dialect.refuses:
        if thinking.mode != "off" and thinking.effort != "none":
            for name in thinking_names(request):
                losses.drop(name)
        return
    if thinking.shown is not None:
        made["includeThoughts"] = thinking.shown
    elif thinking.mode in ("on", "adaptive") or thinking.summary not in ("", "none"):
        made["includeThoughts"] = True  # other APIs show what they were told to think, Google only if told so
    if dialect.thinks in ("budget", "adaptive", "switch"):
        budget = _budget(thinking, counts=dialect.thinks == "budget")
        if budget is not None:
            made["thinkingBudget"] = budget
    else:
        effort = _effort(thinking)
        if effort is not None:
            levels = _LEVELS & set(dialect.efforts) or _LEVELS
            made["thinkingLevel"] = nearest(effort, levels, rather_more=True).upper()


def _write_own(thinking: Thinking, made: dict[str, Any]) -> None:
    spelling = thinking.spelling
    if thinking.shown is not None:
        made[spelling.get("includeThoughts", "includeThoughts")] = thinking.shown
    if thinking.budget is not None:
        made[spelling.get("thinkingBudget", "thinkingBudget")] = thinking.budget
    if thinking.effort is not None:
        said = spelling.get("level", "")
        level = said if said.lower() == thinking.effort else thinking.effort.upper()
        made[spelling.get("thinkingLevel", "thinkingLevel")] = level


def _budget(thinking: Thinking, *, counts: bool) -> int | None:
    """Tokens of thought; -1 leaves them to the model, None says nothing. `counts`: any other number is understood."""
    if thinking.mode == "off" or thinking.effort == "none":
        return 0
    if counts and thinking.budget is not None:
        return thinking.budget
    if counts and thinking.effort is not None:
        return min(BUDGETS[thinking.effort], MOST_BUDGET)
    asked = thinking.mode in ("on", "adaptive") or thinking.effort or thinking.budget
    return -1 if asked else None


def _effort(thinking: Thinking) -> Effort | None:
    """The effort that a request asks for, whatever it calls it; None: the model's default."""
    if thinking.mode == "off":
        return "none"
    if thinking.effort is not None:
        return thinking.effort
    return effort_of(thinking.budget) if thinking.budget is not None else None
