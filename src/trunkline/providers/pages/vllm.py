"""vLLM. https://docs.vllm.ai/en/stable/serving/openai_compatible_server.html

Reasoning is in `reasoning` (formerly `reasoning_content`), and is switched by the model's chat template.
"""

from trunkline.formats.dialect import Dialect
from trunkline.providers.base import Also, Provider
from trunkline.providers.families import Rules

PROVIDER = Provider(
    type="vllm",
    title="vLLM",
    base_url="http://localhost:8000/v1",
    base_variable="VLLM_BASE_URL",
    base_suffix="/v1",
    local=True,
    key_variables=("VLLM_API_KEY",),
    needs_key=False,
    dialect=Dialect(
        refuses=frozenset({"files"}),
        max_tokens_field="max_tokens",
        thinks="switch",
        thinking_field="chat_template_kwargs",
    ),
    also=(Also(format="openai_responses"), Also(format="openai_completions")),
    models={
        "gpt-oss": Rules(thinks="effort", thinking_field="reasoning_effort", efforts=("low", "medium", "high")),
    },
)
