"""Together AI. https://docs.together.ai/reference/chat-completions

403 means that prompt and answer are longer than the context. https://docs.together.ai/docs/error-codes
"""

from trunkline.formats.dialect import Dialect
from trunkline.providers.base import Also, Provider
from trunkline.providers.refusals import means

PROVIDER = Provider(
    type="together",
    title="Together AI",
    base_url="https://api.together.xyz/v1",
    key_variables=("TOGETHER_API_KEY", "TOGETHERAI_API_KEY"),
    dialect=Dialect(max_tokens_field="max_tokens", efforts=("low", "medium", "high")),
    also=(Also(format="openai_completions"),),
    judge=means(statuses={403: "caller"}),
    stops_meter=True,
    example_model="openai/gpt-oss-20b",
    catalogue="together",
)
