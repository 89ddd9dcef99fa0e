"""xAI. https://docs.x.ai/docs/api-reference

An invalid key is a 400, an empty account a 403. Output is counted without the tokens of reasoning.
"""

from trunkline.formats.dialect import Dialect
from trunkline.providers.base import Also, Limits, Provider
from trunkline.providers.refusals import means

_COUNTS = Dialect(output_excludes_reasoning=True)

PROVIDER = Provider(
    type="xai",
    title="xAI",
    base_url="https://api.x.ai/v1",
    key_variables=("XAI_API_KEY",),
    dialect=_COUNTS,
    also=(Also(format="openai_responses"),),
    makers=frozenset({"xai"}),
    judge=means(words={"used all available credits": "quota", "monthly spending limit": "quota"}),
    limits=Limits(requests="x-ratelimit-remaining-requests", tokens="x-ratelimit-remaining-tokens"),
    keeps_responses=True,
    stops_meter=True,
    example_model="grok-4.3",
    catalogue="x-ai",
)
