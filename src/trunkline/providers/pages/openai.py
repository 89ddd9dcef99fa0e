"""OpenAI. https://platform.openai.com/docs/api-reference

Longer ids of calls (in chat), users and cached prompts are refused: "string too long".
"""

from trunkline.formats.dialect import Dialect
from trunkline.providers.base import Also, Limits, Provider, Refused, Verdict
from trunkline.providers.families.openai import RESPONSES_ONLY


def _judge(refused: Refused) -> Verdict | None:
    """A 403 with a code names the operator's project; "You are not allowed to sample from this model" has none."""
    if refused.status == 403 and refused.type == "invalid_request_error" and not refused.code:
        return "caller"
    return None


PROVIDER = Provider(
    type="openai",
    title="OpenAI",
    base_url="https://api.openai.com/v1",
    key_variables=("OPENAI_API_KEY",),
    base_variable="OPENAI_BASE_URL",
    dialect=Dialect(tool_call_id="short", longest_label=64),
    also=(
        Also(
            format="openai_responses",
            dialect=Dialect(longest_label=64, encrypted_prefix="gAAAA"),
            models=RESPONSES_ONLY,
        ),
        Also(format="openai_completions", dialect=Dialect(longest_label=64)),
    ),
    makers=frozenset({"openai"}),
    judge=_judge,
    limits=Limits(
        requests="x-ratelimit-remaining-requests",
        requests_reset="x-ratelimit-reset-requests",
        tokens="x-ratelimit-remaining-tokens",
        tokens_reset="x-ratelimit-reset-tokens",
        reset="duration",
    ),
    keeps_responses=True,
    stops_meter=True,
    example_model="gpt-4o-mini",
    catalogue="openai",
)
