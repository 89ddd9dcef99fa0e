"""DeepSeek. https://api-docs.deepseek.com

In thinking mode (the default of v4) turns that called tools must come back with their `reasoning_content`.
"""

from trunkline.formats.dialect import Dialect
from trunkline.providers.base import Also, Provider
from trunkline.providers.families import Rules

_THINKS = Rules(thinks="effort", efforts=("low", "high", "max"))

PROVIDER = Provider(
    type="deepseek",
    title="DeepSeek",
    base_url="https://api.deepseek.com",
    key_variables=("DEEPSEEK_API_KEY",),
    dialect=Dialect(
        refuses=frozenset({"files", "logit_bias"}),
        max_tokens_field="max_tokens",
        reasoning_field="reasoning_content",
        replays_reasoning="tool_turns",
        thinking_field="thinking",
        schema_field="json_object",
        thinks="switch",
        developer=False,  # unknown variant `developer`, expected one of `system`, `user`, `assistant`, `tool`
    ),
    also=(
        Also(format="openai_responses"),
        Also(
            format="anthropic_messages",
            base_url="https://api.deepseek.com/anthropic/v1",
            key_header="x-api-key",
            key_prefix="",
            headers={"anthropic-version": "2023-06-01"},
        ),
    ),
    makers=frozenset({"deepseek"}),
    models={"deepseek-v4": _THINKS},
    stops_meter=True,
    example_model="deepseek-v4-flash",
    catalogue="deepseek",
)
