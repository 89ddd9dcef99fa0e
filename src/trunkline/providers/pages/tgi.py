"""Text Generation Inference. https://huggingface.co/docs/text-generation-inference/messages_api

A schema stands in `response_format.value`; several choices and `logit_bias` are passed over in silence. 424 is a failed
generation. Streams of older versions end without `[DONE]`.
"""

from trunkline.formats.dialect import Dialect
from trunkline.providers.base import Also, Provider
from trunkline.providers.refusals import means

PROVIDER = Provider(
    type="tgi",
    title="Text Generation Inference",
    base_url="http://localhost:8080/v1",
    base_variable="TGI_BASE_URL",
    base_suffix="/v1",
    local=True,
    needs_key=False,
    dialect=Dialect(
        refuses=frozenset({"choices", "logit_bias", "files"}),
        max_tokens_field="max_tokens",
        schema_field="value",
        thinks="",
        ending="finish",
    ),
    also=(Also(format="openai_completions", dialect=Dialect(ending="finish")),),
    judge=means(statuses={424: "server"}),
)
