"""Mistral AI. https://docs.mistral.ai/api

Usage comes with every stream unasked, and a field that is not in its API description is a 422.
"""

from trunkline.formats.dialect import Dialect
from trunkline.providers.base import Limits, Provider

PROVIDER = Provider(
    type="mistral",
    title="Mistral AI",
    base_url="https://api.mistral.ai/v1",
    key_variables=("MISTRAL_API_KEY",),
    dialect=Dialect(
        refuses=frozenset({"user", "logit_bias", "logprobs", "store", "service_tier", "verbosity", "message_name"}),
        most_temperature=1.5,
        max_tokens_field="max_tokens",
        reasoning_field="thinking_parts",
        replays_reasoning="always",
        tool_call_id="nine",
        required_choice="any",
        seed_field="random_seed",
        stream_usage=False,
        assistant_after_tool=True,
        developer=False,
    ),
    makers=frozenset({"mistral"}),
    limits=Limits(requests="x-ratelimit-remaining-req-minute", tokens="x-ratelimit-remaining-tokens-minute"),
    stops_meter=False,
    example_model="mistral-small-latest",
    catalogue="mistral",
)
