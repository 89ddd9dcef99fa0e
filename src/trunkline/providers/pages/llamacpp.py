"""llama.cpp's server. https://github.com/ggml-org/llama.cpp/tree/master/tools/server

It answers some of the caller's mistakes with 500, and 501 where it was started without a feature.
"""

from trunkline.formats.dialect import Dialect
from trunkline.providers.base import Also, Provider
from trunkline.providers.families import Rules
from trunkline.providers.refusals import means

PROVIDER = Provider(
    type="llamacpp",
    title="llama.cpp",
    base_url="http://localhost:8080/v1",
    base_variable="LLAMACPP_BASE_URL",
    base_suffix="/v1",
    local=True,
    key_variables=("LLAMACPP_API_KEY",),
    needs_key=False,
    dialect=Dialect(
        refuses=frozenset({"files"}),
        max_tokens_field="max_tokens",
        reasoning_field="reasoning_content",
        thinks="switch",
        thinking_field="chat_template_kwargs",
    ),
    also=(Also(format="openai_responses"), Also(format="openai_completions")),
    models={
        "gpt-oss": Rules(thinks="effort", thinking_field="reasoning_effort", efforts=("low", "medium", "high")),
    },
    judge=means(
        codes={"not_supported_error": "caller"},
        words={
            "is too large to process": "caller",
            "cannot make get request": "caller",
            "image input is not supported": "caller",
            "requires --jinja": "caller",
            'either "json_schema" or "grammar"': "caller",
        },
    ),
)
