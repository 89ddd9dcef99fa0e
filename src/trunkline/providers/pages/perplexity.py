"""Perplexity. https://docs.perplexity.ai/api-reference

Every chunk carries the whole message so far and its usage; few streams end with `[DONE]`.
"""

from trunkline.formats.dialect import Dialect
from trunkline.providers.base import Provider

PROVIDER = Provider(
    type="perplexity",
    title="Perplexity",
    base_url="https://api.perplexity.ai",
    key_variables=("PERPLEXITY_API_KEY", "PPLX_API_KEY", "PERPLEXITYAI_API_KEY"),
    dialect=Dialect(max_tokens_field="max_tokens", ending="finish"),
    makers=frozenset({"perplexity"}),
    stops_meter=False,
    example_model="sonar",
    catalogue="perplexity",
)
