"""Cohere, by its OpenAI-compatible endpoint. https://docs.cohere.com/docs/compatibility-api

Its own v2 format says more only for documents and citations, which no other format has words for in a request; chat,
tools, schemas and reasoning are the same in both. `base_url` may name another host of Cohere's.
"""

from trunkline.formats.dialect import Dialect
from trunkline.providers.base import Provider
from trunkline.providers.refusals import means

PROVIDER = Provider(
    type="cohere",
    title="Cohere",
    base_url="https://api.cohere.ai/compatibility/v1",
    key_variables=("COHERE_API_KEY", "CO_API_KEY"),
    dialect=Dialect(
        refuses=frozenset(
            {"store", "metadata", "logit_bias", "choices", "service_tier", "parallel_tool_calls", "verbosity"}
        ),
        max_tokens_field="max_tokens",
        thinks="",
    ),
    makers=frozenset({"cohere"}),
    judge=means(statuses={498: "auth", 499: "server"}),
    stops_meter=True,
    example_model="command-r7b-12-2024",
    catalogue="cohere",
)
