"""Azure OpenAI, by its versionless API, where a model is a deployment's name.

https://learn.microsoft.com/azure/ai-foundry/openai/api-version-lifecycle. Claude is served beside it, in Anthropic's
format. Resources on other hosts (`cognitiveservices.azure.com`) need their `base_url` written.
"""

from trunkline.formats.dialect import Dialect
from trunkline.providers.base import Also, Hole, Limits, Provider
from trunkline.providers.families import Rules
from trunkline.providers.families.openai import RESPONSES_ONLY

_OLD_CAP = Rules(max_tokens_field="max_tokens")  # recorded with these; they refuse `max_completion_tokens` (422)

PROVIDER = Provider(
    type="azure",
    title="Azure OpenAI",
    base_url="https://{resource}.openai.azure.com/openai/v1",
    base_variable="AZURE_OPENAI_ENDPOINT",
    base_suffix="/openai/v1",
    holes=(Hole("resource", ("AZURE_RESOURCE_NAME",)),),
    key_variables=("AZURE_OPENAI_API_KEY", "AZURE_API_KEY"),
    key_header="api-key",
    key_prefix="",
    dialect=Dialect(tool_call_id="short", longest_label=64),
    also=(
        Also(
            format="openai_responses",
            dialect=Dialect(longest_label=64, encrypted_prefix="gAAAA"),
            models=RESPONSES_ONLY,
        ),
        Also(format="openai_completions", dialect=Dialect(longest_label=64)),
        Also(
            format="anthropic_messages",
            base_url="https://{resource}.services.ai.azure.com/anthropic/v1",
            key_header="x-api-key",
            headers={"anthropic-version": "2023-06-01"},
            models={"claude": "always"},
        ),
    ),
    makers=frozenset({"openai", "anthropic", "xai"}),
    models={"mistral": _OLD_CAP, "ministral": _OLD_CAP, "codestral": _OLD_CAP},
    limits=Limits(
        requests="x-ratelimit-remaining-requests",
        requests_reset="x-ratelimit-reset-requests",
        tokens="x-ratelimit-remaining-tokens",
        tokens_reset="x-ratelimit-reset-tokens",
        reset="seconds",
    ),
    keeps_responses=True,
    stops_meter=True,
    catalogue="azure",
)
