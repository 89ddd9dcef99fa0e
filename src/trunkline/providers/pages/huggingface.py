"""Hugging Face's router to many providers: `org/model`, or `org/model:provider`.

https://huggingface.co/docs/inference-providers. Some of the providers behind it end streams without `[DONE]`.
"""

from trunkline.formats.dialect import Dialect
from trunkline.providers.base import Also, Provider

PROVIDER = Provider(
    type="huggingface",
    title="Hugging Face Inference Providers",
    base_url="https://router.huggingface.co/v1",
    key_variables=("HF_TOKEN",),
    dialect=Dialect(max_tokens_field="max_tokens", ending="finish"),
    also=(Also(format="openai_responses", on_request=True),),
    stops_meter=False,
    example_model="meta-llama/Llama-3.1-8B-Instruct",
)
