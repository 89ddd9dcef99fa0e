"""How much the model shall think: `thinkingConfig`, with a budget of tokens or a level, never both."""

from typing import Any, get_args

from trunkline.formats.conversation import Effort, Request, Thinking
from trunkline.formats.dialect import Dialect
from trunkline.formats.google_generate.names import NAME
from trunkline.formats.google_generate.paths import thinking_names
from trunkline.formats.losses import Losses

BUDGETS: dict[Effort, int] = {
    "none": 0,
    "minimal": 1024,
    "low": 2048,
    "medium": 10_000,
    "high": 16_384,
    "xhigh": 32_768,
    "max": 32_768,
}
"""Effort → tokens of thought, where a model is told in tokens only. Gemini 2.5 Pro takes no more than 32,768."""
_EFFORTS: tuple[Effort, ...] = get_args(Effort)
_LEVELS = ("minimal", "low", "medium", "high", "xhigh")
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
            made["thinkingLevel"] = nearest(effort, dialect.efforts).upper()


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
        return BUDGETS[thinking.effort]
    asked = thinking.mode in ("on", "adaptive") or thinking.effort or thinking.budget
    return -1 if asked else None


def _effort(thinking: Thinking) -> Effort | None:
    """The effort that a request asks for, whatever it calls it; None: the model's default."""
    if thinking.mode == "off":
        return "none"
    if thinking.effort is not None:
        return thinking.effort
    budget = thinking.budget
    if budget is None or budget < 0:
        return None
    return min(_EFFORTS[:-1], key=lambda effort: abs(BUDGETS[effort] - budget))


def nearest(effort: Effort, known: tuple[str, ...]) -> str:
    """`effort`, or of the levels in `known` the one that is nearest to it; of two as near, the greater."""
    levels = [level for level in _LEVELS if level in known] or list(_LEVELS)
    place = _EFFORTS.index(effort)
    return min(reversed(levels), key=lambda level: abs(_LEVELS.index(level) + 1 - place))
