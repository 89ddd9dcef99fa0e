"""Cerebras. https://inference-docs.cerebras.ai/resources/openai

A stream ends without `[DONE]`.
"""

from trunkline.formats.dialect import Dialect
from trunkline.providers.base import Limits, Provider
from trunkline.providers.families import Rules

PROVIDER = Provider(
    type="cerebras",
    title="Cerebras",
    base_url="https://api.cerebras.ai/v1",
    key_variables=("CEREBRAS_API_KEY",),
    dialect=Dialect(
        refuses=frozenset(
            {"presence_penalty", "frequency_penalty", "logit_bias", "parallel_tool_calls", "service_tier"}
        ),
        thinks="",
        ending="finish",
    ),
    models={"gpt-oss": Rules(thinks="effort", efforts=("low", "medium", "high"))},
    limits=Limits(
        requests="x-ratelimit-remaining-requests-day",
        requests_reset="x-ratelimit-reset-requests-day",
        tokens="x-ratelimit-remaining-tokens-minute",
        tokens_reset="x-ratelimit-reset-tokens-minute",
        reset="seconds",
    ),
    example_model="gpt-oss-120b",
    catalogue="cerebras",
)
