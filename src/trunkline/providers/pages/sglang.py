"""SGLang. https://docs.sglang.ai/basic_usage/openai_api.html"""

from trunkline.formats.dialect import Dialect
from trunkline.providers.base import Also, Provider

PROVIDER = Provider(
    type="sglang",
    title="SGLang",
    base_url="http://localhost:30000/v1",
    base_variable="SGLANG_BASE_URL",
    base_suffix="/v1",
    local=True,
    key_variables=("SGLANG_API_KEY",),
    needs_key=False,
    dialect=Dialect(
        refuses=frozenset({"files"}),
        max_tokens_field="max_tokens",
        thinks="switch",
        thinking_field="chat_template_kwargs",
    ),
    also=(Also(format="openai_completions"),),
)
