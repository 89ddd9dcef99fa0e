"""NVIDIA NIM, hosted. https://docs.api.nvidia.com/nim/reference/llm-apis

Every model has a closed list of fields of its own, and no common way of asking for reasoning.
"""

from trunkline.formats.dialect import Dialect
from trunkline.providers.base import Provider
from trunkline.providers.families import Rules

PROVIDER = Provider(
    type="nvidia",
    title="NVIDIA NIM",
    base_url="https://integrate.api.nvidia.com/v1",
    base_variable="NVIDIA_BASE_URL",
    key_variables=("NVIDIA_API_KEY",),
    dialect=Dialect(max_tokens_field="max_tokens", thinks="", thinking_field=""),
    models={
        "gpt-oss": Rules(thinks="effort", thinking_field="reasoning_effort", efforts=("low", "medium", "high")),
    },
    example_model="meta/llama-3.1-8b-instruct",
)
