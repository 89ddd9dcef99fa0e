"""How much the model shall reason: efforts, budgets and what goes with them.

Older models are given a budget of tokens, newer ones decide themselves and take an effort (`Dialect.thinks`). Rules of
the API: a budget is at least 1,024 tokens and less than `max_tokens`; a model that reasons cannot be made to call a
tool, and is not told how to sample; with a budget, a turn that is under way must have begun with thinking.
Source: platform.claude.com, "Extended thinking" and "Adaptive thinking".
"""

from typing import Any, NamedTuple

from trunkline.formats.anthropic_messages.blocks_write import kept
from trunkline.formats.anthropic_messages.words import EFFORTS, NAME
from trunkline.formats.conversation import Effort, Request, Thinking
from trunkline.formats.dialect import Dialect
from trunkline.formats.efforts import BUDGETS, effort_of, nearest
from trunkline.formats.losses import Losses
from trunkline.formats.paths import WISHES, name_of, thinking_names

LEAST_BUDGET = 1024
LEAST_TOP_P = 0.95
"""A model that thinks takes no smaller `top_p`."""


class Plan(NamedTuple):
    """What is asked of the model."""

    thinking: dict[str, Any] | None = None
    effort: str = ""
    budget: int = 0
    """Tokens, where they are counted."""

    @property
    def reasons(self) -> bool:
        """Whether the model thinks by request."""
        return self.thinking is not None and self.thinking.get("type", "disabled") != "disabled"


NO_PLAN = Plan()


def as_it_came(wish: Thinking) -> Plan:
    """The wish of a client of this format, in its own words."""
    effort = wish.effort or ""
    value = kept(wish.extras)
    if wish.mode:
        value["type"] = wish.spelling.get("mode") or _MODES[wish.mode]
    if wish.budget is not None:
        value["budget_tokens"] = wish.budget
    if wish.shown is not None:
        value["display"] = "summarized" if wish.shown else "omitted"
    return Plan(value or None, effort, wish.budget or 0 if wish.mode == "on" else 0)


_MODES = {"on": "enabled", "off": "disabled", "adaptive": "adaptive"}


_TAKEN = {
    "budget": ("on", "off", ""),
    "switch": ("on", "off", ""),
    "adaptive": ("adaptive", "off", ""),
    "effort": ("on", "off", "adaptive", ""),
    "level": ("on", "off", "adaptive", ""),
}
"""How a model is asked → what a client of this format may have said that it takes as it is."""


def plan(request: Request, dialect: Dialect, losses: Losses, *, forced: bool, begun: bool) -> Plan:
    """What to ask of the model. `forced`: it must call a tool; `begun`: its open turn starts with thinking."""
    wish = request.thinking
    if wish is None:
        return NO_PLAN
    own = request.format == NAME
    if not dialect.thinks or "thinking" in dialect.refuses:
        found = NO_PLAN
    elif own and wish.mode in _TAKEN.get(dialect.thinks, ()):
        found = as_it_came(wish)
        if dialect.thinks not in ("effort", "level"):
            found = found._replace(effort=_effort(wish.effort, dialect))
    elif wish.mode == "off" or wish.effort == "none":
        if wish.shown is not None:
            _tell(request, losses, frozenset({"shown"}))  # there will be nothing to show
        return Plan({"type": "disabled"})
    else:
        found = _translated(wish, dialect, request.max_output)
    if found == NO_PLAN and _is_wanted(wish):
        _tell(request, losses)
    elif wish.effort not in (None, "none") and not found.effort and not found.budget:
        _tell(request, losses, frozenset({"effort"}))  # the model knows none
    if found.reasons and (forced or (found.budget and not begun)):
        _tell(request, losses)
        return Plan({"type": "disabled"}, "high" if found.effort in ("xhigh", "max") else found.effort)
    return found


def _is_wanted(wish: Thinking) -> bool:
    return bool(wish.mode in ("on", "adaptive") or wish.effort not in (None, "none") or wish.budget or wish.shown)


def _tell(request: Request, losses: Losses, fields: frozenset[str] = WISHES) -> None:
    for name in thinking_names(request, fields):
        losses.drop(name)


def _translated(wish: Thinking, dialect: Dialect, most: int | None) -> Plan:
    """A wish in the words that this model takes. `most`: the cap on the whole output."""
    effort = wish.effort or (effort_of(wish.budget) if wish.budget else None)
    display = {} if wish.shown is None else {"display": "summarized" if wish.shown else "omitted"}
    if dialect.thinks in ("adaptive", "effort", "level"):
        said = dialect.thinks == "adaptive" or wish.mode or (effort and display)
        return Plan({"type": "adaptive", **display} if said else None, _effort(effort, dialect))
    budget = wish.budget if wish.budget and wish.budget > 0 else BUDGETS[effort or "medium"]
    if most is not None:
        budget = min(budget, most - most // 4)  # the answer needs some
        if most <= LEAST_BUDGET:
            return NO_PLAN
    budget = max(budget, LEAST_BUDGET)
    return Plan({"type": "enabled", "budget_tokens": budget, **display}, "", budget)


def _effort(wish: Effort | None, dialect: Dialect) -> str:
    """The nearest effort that the model knows; empty where it knows none."""
    known = [effort for effort in EFFORTS if effort in dialect.efforts]
    return "" if wish is None or wish == "none" or not known else nearest(wish, known)


def output_cap(request: Request, dialect: Dialect, losses: Losses, plan: Plan) -> int:
    """The value of `max_tokens`, which the API requires. Thinking counts in it."""
    cap = request.max_output
    if cap is not None and cap < 1 and request.format != NAME:
        losses.drop(name_of(request, "max_output"))  # some servers mean "no cap" by it
        cap = None
    if cap is None:
        cap = dialect.default_max_output + plan.budget
        return cap if dialect.max_output is None else max(min(cap, dialect.max_output), plan.budget + 1)
    if dialect.max_output is not None and cap > dialect.max_output:
        losses.drop(name_of(request, "max_output"))
        return dialect.max_output
    return cap


def sampling(request: Request, dialect: Dialect, losses: Losses, plan: Plan) -> dict[str, Any]:
    """Temperature and its like, as far as the model takes them."""
    own = request.format == NAME
    wanted = {
        name: value
        for name, value in (("temperature", request.temperature), ("top_p", request.top_p), ("top_k", request.top_k))
        if value is not None
    }
    for name in [name for name in wanted if _is_unwelcome(name, wanted, dialect, own=own, thinks=plan.reasons)]:
        del wanted[name]
        losses.drop(name_of(request, name))
    most = dialect.most_temperature
    if most is None and not own:
        most = 1
    if most is not None and wanted.get("temperature", 0) > most:
        wanted["temperature"] = most
        losses.drop(name_of(request, "temperature"))
    return wanted


def _is_unwelcome(name: str, wanted: dict[str, Any], dialect: Dialect, *, own: bool, thinks: bool) -> bool:
    if name in dialect.refuses:
        return True
    if own and not (thinks and dialect.thinks != "effort"):
        return False  # as the client wants it: the provider judges
    value = wanted[name]
    if thinks:
        return name == "top_k" or (name == "top_p" and value < LEAST_TOP_P) or (name == "temperature" and value != 1)
    return name == "top_p" and "temperature" in wanted and "temperature" not in dialect.refuses
