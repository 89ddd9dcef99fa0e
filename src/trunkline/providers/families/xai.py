"""xAI's models."""

from trunkline.formats.dialect import Parameter
from trunkline.providers.families.family import SEES, TEXT, UP_TO_HIGH, Family

# https://docs.x.ai/docs/guides/reasoning and /models: what reasons refuses three parameters
_GROK_REASONS: frozenset[Parameter] = frozenset({"presence_penalty", "frequency_penalty", "stop"})

XAI = (
    Family(names=("grok-2",), maker="xai", reasons=False),
    Family(names=("grok-3",), maker="xai", takes=TEXT, reasons=False),
    Family(names=("grok-3-mini",), maker="xai", takes=TEXT, refuses=_GROK_REASONS, rules={"efforts": ("low", "high")}),
    Family(names=("grok-4", "grok-code"), maker="xai", takes=SEES, refuses=_GROK_REASONS, rules={"thinks": ""}),
    Family(
        names=("grok-4-fast-non-reasoning", "grok-4-1-fast-non-reasoning"),
        maker="xai",
        takes=SEES,
        reasons=False,
    ),
    Family(
        names=("grok-4-3", "grok-latest"),
        maker="xai",
        takes=SEES,
        refuses=_GROK_REASONS,
        rules={"efforts": ("none", *UP_TO_HIGH)},
    ),
    Family(
        names=("grok", "grok-4-5", "grok-4-6", "grok-4-7"),
        maker="xai",
        context=500_000,
        takes=SEES,
        refuses=_GROK_REASONS,
        rules={"efforts": UP_TO_HIGH},
    ),
)
