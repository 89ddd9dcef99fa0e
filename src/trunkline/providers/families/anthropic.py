"""Anthropic's models."""

from trunkline.formats.dialect import Parameter
from trunkline.providers.families.family import READS, SEES, UP_TO_HIGH, UP_TO_XHIGH, Family

# https://platform.claude.com/docs/en/build-with-claude/adaptive-thinking and /extended-thinking
_CLAUDE_FORCING: frozenset[Parameter] = frozenset({"temperature", "top_k", "forced_tool"})
_CLAUDE_NEW: frozenset[Parameter] = frozenset({"temperature", "top_p", "top_k", "prefill"})
_CLAUDE_EFFORTS = (*UP_TO_XHIGH, "max")

ANTHROPIC = (
    Family(
        names=("claude-3",),
        maker="anthropic",
        context=200_000,
        max_output=4096,
        takes=SEES,
        reasons=False,
        rules={"most_temperature": 1, "default_max_output": 4096},
    ),
    Family(
        names=("claude-3-5",),
        maker="anthropic",
        context=200_000,
        max_output=8192,
        takes=READS,
        reasons=False,
        rules={"most_temperature": 1, "default_max_output": 8192},
    ),
    Family(
        names=("claude-3-7", "claude-sonnet-4", "claude-haiku-4"),
        maker="anthropic",
        context=200_000,
        max_output=64_000,
        takes=READS,
        refuses_thinking=_CLAUDE_FORCING,
        rules={"thinks": "budget", "most_temperature": 1, "default_max_output": 16_384},
    ),
    Family(
        names=("claude-opus-4",),
        maker="anthropic",
        context=200_000,
        max_output=32_000,
        takes=READS,
        refuses_thinking=_CLAUDE_FORCING,
        rules={"thinks": "budget", "most_temperature": 1, "default_max_output": 16_384},
    ),
    Family(
        names=("claude-opus-4-5",),
        maker="anthropic",
        context=200_000,
        max_output=64_000,
        takes=READS,
        refuses_thinking=_CLAUDE_FORCING,
        rules={"thinks": "budget", "most_temperature": 1, "default_max_output": 16_384},
    ),
    Family(
        names=("claude-sonnet-4-6",),
        maker="anthropic",
        max_output=64_000,
        takes=READS,
        refuses=frozenset({"prefill"}),
        rules={
            "thinks": "adaptive",
            "efforts": (*UP_TO_HIGH, "max"),
            "most_temperature": 1,
            "default_max_output": 16_384,
        },
    ),
    Family(
        names=("claude-opus-4-6",),
        maker="anthropic",
        max_output=128_000,
        takes=READS,
        refuses=frozenset({"prefill"}),
        rules={
            "thinks": "adaptive",
            "efforts": (*UP_TO_HIGH, "max"),
            "most_temperature": 1,
            "default_max_output": 16_384,
        },
    ),
    Family(
        names=("claude", "claude-opus-4-7", "claude-opus-4-8"),  # and whatever comes
        maker="anthropic",
        max_output=128_000,
        takes=READS,
        refuses=_CLAUDE_NEW,
        rules={"thinks": "adaptive", "efforts": _CLAUDE_EFFORTS, "most_temperature": 1, "default_max_output": 16_384},
    ),
    Family(
        names=("claude-fable", "claude-mythos"),
        maker="anthropic",
        context=1_000_000,
        max_output=128_000,
        takes=READS,
        refuses=_CLAUDE_NEW | {"forced_tool"},
        rules={"thinks": "adaptive", "efforts": _CLAUDE_EFFORTS, "most_temperature": 1, "default_max_output": 16_384},
    ),
)
