"""Groq. https://console.groq.com/docs/openai and /docs/errors

A 400 `tool_use_failed` is the model's mistake, not the caller's: another try may do. 498 is flex capacity.
"""

from trunkline.formats.dialect import Dialect
from trunkline.providers.base import Also, Limits, Provider
from trunkline.providers.families import Rules
from trunkline.providers.refusals import means

PROVIDER = Provider(
    type="groq",
    title="Groq",
    base_url="https://api.groq.com/openai/v1",
    base_variable="GROQ_BASE_URL",
    base_suffix="/openai/v1",
    key_variables=("GROQ_API_KEY",),
    dialect=Dialect(refuses=frozenset({"logprobs", "logit_bias", "message_name", "choices"}), thinks=""),
    also=(Also(format="openai_responses"),),
    models={"gpt-oss": Rules(thinks="effort", efforts=("low", "medium", "high"))},
    judge=means(codes={"tool_use_failed": "server"}, statuses={498: "rate_limit"}),
    limits=Limits(
        requests="x-ratelimit-remaining-requests",
        requests_reset="x-ratelimit-reset-requests",
        tokens="x-ratelimit-remaining-tokens",
        tokens_reset="x-ratelimit-reset-tokens",
        reset="duration",
    ),
    stops_meter=False,
    example_model="openai/gpt-oss-20b",
    catalogue="groq",
)
