"""Any server that speaks OpenAI's Chat Completions: a model server or a gateway of one's own, a provider without a page
here.
"""

from trunkline.providers.base import Also, Provider

PROVIDER = Provider(
    type="openai_compatible",
    title="OpenAI-compatible server",
    needs_key=False,
    also=(Also(format="openai_completions"),),
)
