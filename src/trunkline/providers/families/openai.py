"""OpenAI's models."""

from collections.abc import Mapping
from typing import Literal

import msgspec

from trunkline.formats.dialect import Parameter
from trunkline.providers.families.family import READS, SEES, TEXT, UP_TO_HIGH, UP_TO_XHIGH, Family

# https://platform.openai.com/docs/guides/reasoning: not with reasoning, whatever the effort
_SAMPLING: frozenset[Parameter] = frozenset(
    {"temperature", "top_p", "presence_penalty", "frequency_penalty", "logprobs", "logit_bias"}
)
# the API description of `stop`, and "Unsupported parameter: 'stop' is not supported with this model."
# (https://github.com/huggingface/smolagents/issues/1893); from gpt-5.5 on it is taken
_STOP: frozenset[Parameter] = frozenset({"stop"})
_NO_STOP = _SAMPLING | _STOP
_NO_SYSTEM: frozenset[Parameter] = _SAMPLING | {"system"}  # nor `developer`: recorded

RESPONSES_ONLY: Mapping[str, Literal["always", "reasoned tools"]] = {
    **dict.fromkeys(
        (
            "o1-pro",
            "o3-pro",
            "o3-deep-research",
            "o4-mini-deep-research",
            "codex-mini",
            "computer-use-preview",
            "gpt-5-pro",
            "gpt-5-codex",
            "gpt-5-1-codex",
            "gpt-5-2-codex",
            "gpt-5-2-pro",
            "gpt-5-3-codex",
            "gpt-5-4-pro",
            "gpt-5-5-pro",
        ),
        "always",
    ),
    **dict.fromkeys(("gpt-5-4", "gpt-5-5", "gpt-5-6", "gpt-6"), "reasoned tools"),
}
"""Models that chat refuses: "This model is only supported in v1/responses", and "Function tools with reasoning_effort
are not supported for gpt-5.6 in /v1/chat/completions" (https://github.com/openai/openai-openapi/issues/541).
"""

_ALL = (
    Family(names=("gpt-3-5",), maker="openai", max_output=4096, takes=TEXT, reasons=False),
    Family(names=("gpt-4",), maker="openai", max_output=8192, takes=TEXT, reasons=False),
    Family(names=("gpt-4-turbo",), maker="openai", max_output=4096, takes=SEES, reasons=False),
    Family(names=("gpt-4o",), maker="openai", max_output=16_384, takes=READS, reasons=False),
    Family(
        names=("gpt-4o-mini",),
        maker="openai",
        tokenizer="gpt-4o-mini",
        max_output=16_384,
        takes=READS,
        reasons=False,
    ),
    Family(names=("gpt-4o-2024-05-13",), maker="openai", max_output=4096, takes=SEES, reasons=False),
    Family(
        names=("gpt-4o-audio", "gpt-4o-mini-audio", "gpt-audio"),
        maker="openai",
        max_output=16_384,
        takes=frozenset({"audio"}),
        reasons=False,
    ),
    Family(
        names=("gpt-4o-search", "gpt-4o-mini-search"),
        maker="openai",
        max_output=16_384,
        takes=TEXT,
        reasons=False,
    ),
    Family(names=("gpt-4-1",), maker="openai", context=1_047_576, max_output=32_768, takes=READS, reasons=False),
    Family(
        names=("o1-mini", "o1-preview"),
        maker="openai",
        max_output=65_536,
        takes=TEXT,
        tools=False,
        refuses=_NO_SYSTEM,
        rules={"thinks": ""},
    ),
    Family(
        names=("o1", "o3", "o4"),
        maker="openai",
        max_output=100_000,
        takes=READS,
        refuses=_NO_STOP,
        rules={"efforts": UP_TO_HIGH},
    ),
    Family(
        names=("o3-mini",),  # takes `stop`: recorded
        maker="openai",
        max_output=100_000,
        takes=TEXT,
        refuses=_SAMPLING,
        rules={"efforts": UP_TO_HIGH},
    ),
    Family(
        names=("gpt-5",),
        maker="openai",
        max_output=128_000,
        takes=READS,
        refuses=_NO_STOP,
        rules={"efforts": ("minimal", *UP_TO_HIGH)},
    ),
    Family(names=("gpt-5-chat",), maker="openai", max_output=16_384, takes=READS, reasons=False),
    Family(
        names=("gpt-5-pro",),
        maker="openai",
        max_output=272_000,
        takes=READS,
        refuses=_NO_STOP,
        rules={"efforts": ("high",)},
    ),
    Family(
        names=("gpt-5-1",),
        maker="openai",
        max_output=128_000,
        takes=READS,
        refuses=_STOP,
        refuses_thinking=_SAMPLING,
        rules={"efforts": ("none", *UP_TO_HIGH)},
    ),
    Family(
        names=("gpt-5-1-codex",),
        maker="openai",
        max_output=128_000,
        takes=READS,
        refuses=_NO_STOP,
        rules={"efforts": UP_TO_HIGH},
    ),
    Family(
        names=("gpt-5-1-codex-max",),
        maker="openai",
        max_output=128_000,
        takes=READS,
        refuses=_NO_STOP,
        rules={"efforts": UP_TO_XHIGH},
    ),
    Family(
        names=("gpt-5-1-chat", "gpt-5-2-chat", "gpt-5-3-chat"),  # always think, at one effort
        maker="openai",
        takes=READS,
        refuses=_SAMPLING,
        rules={"efforts": ("medium",)},
    ),
    Family(
        names=("gpt-5-2", "gpt-5-3", "gpt-5-4"),
        maker="openai",
        max_output=128_000,
        takes=READS,
        refuses=_STOP,
        refuses_thinking=_SAMPLING,
        rules={"efforts": ("none", *UP_TO_XHIGH)},
    ),
    Family(
        names=("gpt-5-2-pro", "gpt-5-4-pro", "gpt-5-5-pro"),
        maker="openai",
        max_output=128_000,
        takes=READS,
        refuses=_NO_STOP,
        rules={"efforts": ("medium", "high", "xhigh")},
    ),
    Family(
        names=("gpt-5-5",),
        maker="openai",
        max_output=128_000,
        takes=READS,
        refuses_thinking=_SAMPLING,
        rules={"efforts": ("none", *UP_TO_XHIGH), "reasons_unasked": True},
    ),
    Family(
        names=("gpt-5-6",),
        maker="openai",
        context=1_050_000,
        max_output=128_000,
        takes=READS,
        refuses_thinking=_SAMPLING,
        rules={"efforts": ("none", *UP_TO_XHIGH, "max"), "reasons_unasked": True},
    ),
    Family(
        names=("gpt-6",),
        maker="openai",
        context=1_050_000,
        max_output=128_000,
        takes=READS,
        refuses=_SAMPLING,
        rules={"efforts": (*UP_TO_XHIGH, "max"), "reasons_unasked": True},
    ),
    Family(names=("gpt-oss",), maker="openai", open=True, takes=TEXT),
)
OPENAI = tuple(
    family if family.open else msgspec.structs.replace(family, refuses=family.refuses | {"prefill"}) for family in _ALL
)
"""None of those that OpenAI serves goes on where an assistant's message ends: it begins another one."""
