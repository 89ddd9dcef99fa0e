"""Asking for reasoning in the words that the model at hand takes (`Dialect.thinks`).

Facts: https://docs.aws.amazon.com/bedrock/latest/userguide/claude-messages-extended-thinking.html and its page on
adaptive thinking; the Nova 2 user guide.
"""

from typing import Any

from trunkline.formats.bedrock_converse.parts_write import Block
from trunkline.formats.conversation import Effort, Request, Thinking
from trunkline.formats.dialect import Dialect
from trunkline.formats.efforts import BUDGETS, effort_of, nearest
from trunkline.formats.losses import Losses
from trunkline.formats.paths import name_of, thinking_names

MOST_BUDGET = 60_000
"""Tokens that an effort stands for at most: they must leave room in the 64,000 of output that Claude has."""
LEAST_BUDGET = 1024
_USUAL: Effort = "medium"
_NOVA = ("low", "medium", "high")


class Wish:
    """What is asked of the model about reasoning, and where it goes."""

    def __init__(self) -> None:
        self.fields: Block = {}
        """For `additionalModelRequestFields`."""
        self.output: Block = {}
        """For `outputConfig`."""
        self.on = False
        """A Claude model will think: this excludes some other parameters."""


def write_thinking(request: Request, dialect: Dialect, messages: list[Block], losses: Losses) -> Wish:
    """What a request of another format wishes; `messages` as they will be sent."""
    wish, thinking = Wish(), request.thinking
    if thinking is None:
        return wish
    off = thinking.mode == "off" or thinking.effort == "none" or thinking.budget == 0
    if "thinking" in dialect.refuses or dialect.thinks == "":
        if not off:
            _drop(request, losses)
        return wish
    if not (off or thinking.mode or thinking.effort or thinking.budget):
        _drop(request, losses)  # only what is to be shown: whatever the model tells of its thoughts, is
        return wish
    match dialect.thinks:
        case "budget" | "adaptive":
            _claude(wish, request, thinking, dialect, messages, losses, off=off)
        case "level":
            level = nearest(_effort(thinking), _NOVA)
            said: Block = {"type": "disabled"} if off else {"type": "enabled", "maxReasoningEffort": level}
            wish.fields["reasoningConfig"] = said
        case "switch":
            wish.fields["thinking"] = {"type": "disabled" if off else "enabled"}
        case "effort":
            if off and "none" not in dialect.efforts:
                _drop(request, losses)
            else:
                effort = "none" if off else _effort(thinking)
                wish.fields["reasoning_effort"] = nearest(effort, dialect.efforts)
    return wish


def _drop(request: Request, losses: Losses) -> None:
    for name in thinking_names(request):
        losses.drop(name)


def _claude(
    wish: Wish,
    request: Request,
    thinking: Thinking,
    dialect: Dialect,
    messages: list[Block],
    losses: Losses,
    *,
    off: bool,
) -> None:
    if off:
        wish.fields["thinking"] = {"type": "disabled"}
        return
    choice = request.tool_choice
    if choice is not None and choice.mode == "required":  # the API takes only one of the two
        _drop(request, losses)
        return
    if dialect.thinks == "adaptive":
        said: Block = {"type": "adaptive"}
        if thinking.shown is not None:
            said["display"] = "summarized" if thinking.shown else "omitted"
        if thinking.effort or thinking.budget:
            wish.output["effort"] = nearest(_effort(thinking), dialect.efforts)
    else:
        budget = _budget(thinking, request.max_output, dialect)
        if budget < LEAST_BUDGET or _goes_on_without_thoughts(messages):
            _drop(request, losses)
            return
        said = {"type": "enabled", "budget_tokens": budget}
    wish.fields["thinking"] = said
    wish.on = True


def _budget(thinking: Thinking, max_output: int | None, dialect: Dialect) -> int:
    """Tokens to think with, which leave at least as many of the cap for the answer. Under `LEAST_BUDGET`: too few."""
    wanted = thinking.budget if thinking.budget and thinking.budget > 0 else BUDGETS[thinking.effort or _USUAL]
    wanted = min(wanted, MOST_BUDGET)
    caps = [cap for cap in (max_output, dialect.max_output) if cap]
    if not caps:
        return max(LEAST_BUDGET, wanted)
    most = min(caps)
    return max(min(wanted, most // 2), LEAST_BUDGET if most > LEAST_BUDGET else 0)


def _goes_on_without_thoughts(messages: list[Block]) -> bool:
    """Whether the turn that is under way has called tools without the thoughts that came before the calls.

    A Claude model that thinks wants them back, and the client's format, or another model, has left none.
    """
    if len(messages) < 2 or not any("toolResult" in block for block in messages[-1]["content"]):
        return False
    return "reasoningContent" not in messages[-2]["content"][0]


def _effort(thinking: Thinking) -> Effort:
    """The effort asked for, or the least whose budget is not under the one asked for."""
    if thinking.effort is not None:
        return thinking.effort
    return (effort_of(thinking.budget) if thinking.budget is not None else None) or _USUAL


def without_sampling(inference: dict[str, Any], fields: dict[str, Any], request: Request, losses: Losses) -> None:
    """Leave out what a Claude model does not take while it thinks: every temperature but 1, `top_p`, `top_k`."""
    if inference.get("temperature", 1) != 1:
        del inference["temperature"]
        losses.drop(name_of(request, "temperature"))
    if inference.pop("topP", None) is not None:
        losses.drop(name_of(request, "top_p"))
    if fields.pop("top_k", None) is not None:
        losses.drop(name_of(request, "top_k"))
