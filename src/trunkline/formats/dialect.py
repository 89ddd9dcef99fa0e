"""How the provider at hand departs from its format, and what the model accepts: flags that writers and readers honour.

A provider's page sets the first kind, `providers/models.py` the second; no format asks who the provider is.
"""

from typing import Literal, TypeAlias

import msgspec

Parameter: TypeAlias = Literal[
    "temperature",
    "top_p",
    "top_k",
    "presence_penalty",
    "frequency_penalty",
    "seed",
    "stop",
    "choices",
    "logit_bias",
    "logprobs",
    "parallel_tool_calls",
    "tool_choice",
    "tools",
    "forced_tool",
    "output_json",
    "output_schema",
    "thinking",
    "user",
    "metadata",
    "service_tier",
    "store",
    "cache_key",
    "verbosity",
    "images",
    "image_urls",
    "audio",
    "files",
    "system",
    "prefill",
    "message_name",
]


class Dialect(msgspec.Struct, frozen=True, kw_only=True):
    """Facts of one target: a provider's format quirks with a model's limits laid over them."""

    # what a model accepts
    refuses: frozenset[Parameter] = frozenset()
    """Cannot be carried: harmless ones are dropped, the others refused."""
    refuses_thinking: frozenset[Parameter] = frozenset()
    """Besides, while the model reasons."""
    reasons_unasked: bool = False
    """It reasons where nothing is said about it."""
    max_output: int | None = None
    """Most tokens the model writes: a larger wish is lowered to it."""
    default_max_output: int = 4096
    """Sent where the format requires a cap and the client gave none."""
    most_temperature: float | None = None
    """A higher temperature is lowered to it."""
    thinks: Literal["", "effort", "budget", "adaptive", "level", "switch"] = "effort"
    """How reasoning is asked for: by an effort, by a budget of tokens, by leaving it to the model with an effort,
    by a level, or on and off only; empty: the model does not reason.
    """
    efforts: tuple[str, ...] = ("minimal", "low", "medium", "high")
    """The efforts it knows, from least to most; another is moved to the nearest."""
    media_in_results: bool = True
    """The result of a tool may have pictures and files in it; else they stand beside it."""
    later_system: bool = False
    """System messages may stand in the middle of a conversation, where the format has another place for them."""
    issuer: str = ""
    """Family whose signed or encrypted reasoning it takes back; that of others is left out."""
    encrypted_prefix: str = ""
    """How reasoning begins that it has encrypted itself, where that is known: the same model, served by another, does
    it otherwise. What begins otherwise is left out.
    """

    # how a provider speaks its format
    max_tokens_field: Literal["max_tokens", "max_completion_tokens"] = "max_completion_tokens"
    system_role: Literal["system", "developer"] = "system"
    developer: bool = True
    """It takes the role `developer`, too."""
    reasoning_field: Literal["", "reasoning_content", "reasoning", "reasoning_details", "thinking_parts"] = ""
    """Where an assistant message of the history carries its reasoning; empty: nowhere."""
    replays_reasoning: Literal["never", "tool_turns", "always"] = "never"
    thinking_field: Literal[
        "reasoning_effort", "reasoning", "thinking", "enable_thinking", "chat_template_kwargs", ""
    ] = "reasoning_effort"
    schema_field: Literal["json_schema", "value", "json_object_schema", "json_object"] = "json_schema"
    """Where a schema goes in `response_format`; `json_object`: nowhere, so it is put into the instructions."""
    tool_call_id: Literal["any", "short", "nine", "word"] = "any"
    """Which ids of calls it takes: `short`: up to 40 characters (OpenAI's chat), `nine` letters and digits (Mistral),
    `word`: letters, digits, `_` and `-`.
    """
    longest_label: int | None = None
    """Characters of the ids that tell users and cached prompts apart; of a longer one it gets the hash."""
    required_choice: Literal["required", "any"] = "required"
    seed_field: Literal["seed", "random_seed"] = "seed"
    stream_usage: bool = True
    """It takes `stream_options.include_usage`."""
    output_excludes_reasoning: bool = False
    """Its count of output tokens leaves the reasoning ones out (xAI, Google)."""
    assistant_after_tool: bool = False
    """After a tool's result only the assistant may speak (Mistral): a turn is put in between."""
    ending: Literal["done", "finish"] = "done"
    """What completes its streams: their terminator, or a stop reason for every choice and a clean end."""


PLAIN = Dialect()
"""The format as published."""
