"""What a family of models is, and the words its facts are told in."""

from typing import Literal, TypeAlias, TypedDict

import msgspec

from trunkline.formats.dialect import Parameter

Taken: TypeAlias = Literal["images", "audio", "video", "files"]


class Rules(TypedDict, total=False):
    """Flags of a `Dialect` that hold for some models, or by the operator's word: see there."""

    refuses: frozenset[Parameter]
    max_output: int
    default_max_output: int
    most_temperature: float
    thinks: Literal["", "effort", "budget", "adaptive", "level", "switch"]
    efforts: tuple[str, ...]
    max_tokens_field: Literal["max_tokens", "max_completion_tokens"]
    reasoning_field: Literal["", "reasoning_content", "reasoning", "reasoning_details", "thinking_parts"]
    replays_reasoning: Literal["never", "tool_turns", "always"]
    thinking_field: Literal["reasoning_effort", "reasoning", "thinking", "enable_thinking", "chat_template_kwargs", ""]
    schema_field: Literal["json_schema", "value", "json_object_schema", "json_object"]
    system_role: Literal["system", "developer"]
    tool_call_id: Literal["any", "short", "nine", "word"]
    longest_label: int
    reasons_unasked: bool
    developer: bool
    stream_usage: bool
    ending: Literal["done", "finish"]
    media_in_results: bool
    later_system: bool


class Family(msgspec.Struct, frozen=True, kw_only=True):
    """Models that behave alike."""

    names: tuple[str, ...]
    maker: str
    """Who made them: whose tokenizer counts, and whose signatures their reasoning carries."""
    open: bool = False
    """Anybody may serve it, and then sets its limits: those here hold at its maker's."""
    context: int | None = None
    """Tokens of prompt and answer together, for each of them; None: as in the price catalogue, or not published."""
    max_output: int | None = None
    """Most tokens of an answer, reasoning included."""
    takes: frozenset[Taken] | None = None
    """What it takes besides text; None: not known, or different from one to the other."""
    tokenizer: str = ""
    """How its tokens are counted (`tokens.TOKENIZERS`), where that is not its maker's usual way."""
    tools: bool = True
    reasons: bool = True
    """False: it cannot reason, and is not asked to, wherever it is served."""
    refuses: frozenset[Parameter] = frozenset()
    """Wherever it is served."""
    refuses_thinking: frozenset[Parameter] = frozenset()
    """Besides, while it reasons."""
    rules: Rules = {}
    """Where it is served with its maker's own way of asking for reasoning (`Provider.makers`)."""


TEXT: frozenset[Taken] = frozenset()
SEES: frozenset[Taken] = frozenset({"images"})
READS: frozenset[Taken] = frozenset({"images", "files"})
WATCHES: frozenset[Taken] = frozenset({"images", "video"})
SEEN: frozenset[Taken] = frozenset({"images", "video", "files"})
ALL: frozenset[Taken] = frozenset({"images", "audio", "video", "files"})

UP_TO_HIGH = ("low", "medium", "high")
UP_TO_XHIGH = (*UP_TO_HIGH, "xhigh")
