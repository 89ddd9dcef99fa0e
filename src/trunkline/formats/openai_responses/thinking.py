"""How much a model shall reason, in efforts: from other formats' budgets of tokens, and for models that know few."""

from trunkline.formats.conversation import Effort, Thinking

_BUDGETS: tuple[tuple[int, Effort], ...] = (
    (1024, "minimal"),
    (2048, "low"),
    (10_000, "medium"),
    (16_384, "high"),
    (32_768, "xhigh"),
)
"""Most tokens that an effort stands for; more is the greatest."""
_ORDER: tuple[str, ...] = ("none", "minimal", "low", "medium", "high", "xhigh", "max")


def wished_effort(thinking: Thinking) -> str:
    """The effort that a request wants; empty where the model is to choose."""
    if thinking.mode == "off":
        return "none"
    if thinking.effort is not None:
        return thinking.effort
    if thinking.budget is None or thinking.budget < 0:
        return ""
    return next((effort for most, effort in _BUDGETS if thinking.budget <= most), "max")


def nearest_effort(wished: str, known: tuple[str, ...]) -> str:
    """The effort among the `known` that is nearest to the one that is `wished`. None is not taken for a little."""
    if wished in known or not known:
        return wished
    place = _ORDER.index(wished)
    candidates = [effort for effort in known if effort in _ORDER and effort != "none"]
    return min(candidates, key=lambda effort: abs(_ORDER.index(effort) - place), default=wished)
