"""Fireworks AI. https://docs.fireworks.ai/api-reference

412: the account is suspended. https://docs.fireworks.ai/guides/inference-error-codes
"""

from trunkline.formats.dialect import Dialect
from trunkline.providers.base import Also, Provider
from trunkline.providers.refusals import means

PROVIDER = Provider(
    type="fireworks",
    title="Fireworks AI",
    base_url="https://api.fireworks.ai/inference/v1",
    key_variables=("FIREWORKS_API_KEY", "FIREWORKS_AI_API_KEY"),
    dialect=Dialect(max_tokens_field="max_tokens", efforts=("low", "medium", "high")),
    also=(
        Also(format="openai_responses"),
        Also(format="openai_completions"),
        Also(format="anthropic_messages"),
    ),
    judge=means(statuses={412: "quota"}),
    stops_meter=True,
    example_model="accounts/fireworks/models/gpt-oss-20b",
    catalogue="fireworks",
)
