"""OpenRouter. https://openrouter.ai/docs/api/reference/overview

It moderates for some providers, and says so with a 403: that is about the request. What the provider behind it said is
read out of `metadata.raw`.
"""

from trunkline.formats.dialect import Dialect
from trunkline.providers.base import Also, Provider
from trunkline.providers.refusals import means

PROVIDER = Provider(
    type="openrouter",
    title="OpenRouter",
    base_url="https://openrouter.ai/api/v1",
    base_variable="OPENROUTER_BASE_URL",
    key_variables=("OPENROUTER_API_KEY",),
    dialect=Dialect(
        max_tokens_field="max_tokens",
        reasoning_field="reasoning_details",
        replays_reasoning="always",
        thinking_field="reasoning",
        efforts=("none", "minimal", "low", "medium", "high", "xhigh", "max"),
    ),
    also=(
        Also(format="openai_responses", dialect=Dialect(ending="finish")),
        Also(format="anthropic_messages", headers={"anthropic-version": "2023-06-01"}),
        Also(format="openai_completions"),
    ),
    judge=means(statuses={403: "caller"}),
    example_model="openai/gpt-4o-mini",
    catalogue="openrouter",
)
