"""Ollama, on one's own machine. https://docs.ollama.com/api/openai-compatibility

Pictures are taken by their bytes only; a forced tool and several choices are passed over in silence.
"""

from trunkline.formats.dialect import Dialect
from trunkline.providers.base import Also, Provider

PROVIDER = Provider(
    type="ollama",
    title="Ollama",
    base_url="http://localhost:11434/v1",
    base_variable="OLLAMA_BASE_URL",
    base_suffix="/v1",
    local=True,
    key_variables=("OLLAMA_API_KEY",),
    needs_key=False,
    dialect=Dialect(
        refuses=frozenset({"forced_tool", "logit_bias", "choices", "user", "image_urls", "files"}),
        max_tokens_field="max_tokens",
        reasoning_field="reasoning",
        efforts=("none", "low", "medium", "high"),
    ),
    also=(
        Also(format="openai_completions"),
        Also(format="anthropic_messages", headers={"anthropic-version": "2023-06-01"}),
    ),
)
