"""LM Studio. https://lmstudio.ai/docs/developer/openai-compat"""

from trunkline.formats.dialect import Dialect
from trunkline.providers.base import Also, Provider

PROVIDER = Provider(
    type="lmstudio",
    title="LM Studio",
    base_url="http://localhost:1234/v1",
    base_variable="LMSTUDIO_BASE_URL",
    base_suffix="/v1",
    local=True,
    key_variables=("LMSTUDIO_API_KEY",),
    needs_key=False,
    dialect=Dialect(max_tokens_field="max_tokens", thinks="", thinking_field=""),
    also=(Also(format="openai_responses"), Also(format="openai_completions")),
)
