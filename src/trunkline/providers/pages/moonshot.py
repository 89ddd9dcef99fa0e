"""Moonshot AI (Kimi). https://platform.moonshot.ai/docs/api/chat

An empty account is a 429 of the type `exceeded_current_quota_error`, or a 403; a full engine a 429 of the type
`engine_overloaded_error`.
"""

from trunkline.formats.dialect import Dialect
from trunkline.providers.base import Also, Hole, Provider
from trunkline.providers.refusals import means

PROVIDER = Provider(
    type="moonshot",
    title="Moonshot AI (Kimi)",
    base_url="https://{host}/v1",
    holes=(Hole("region", default="intl", hosts={"intl": "api.moonshot.ai", "cn": "api.moonshot.cn"}),),
    key_variables=("MOONSHOT_API_KEY", "MOONSHOTAI_API_KEY"),
    dialect=Dialect(
        refuses=frozenset({"forced_tool"}),
        max_tokens_field="max_tokens",
        reasoning_field="reasoning_content",
        replays_reasoning="always",
        thinking_field="thinking",
        thinks="switch",
    ),
    also=(Also(format="anthropic_messages", base_url="https://{host}/anthropic/v1"),),
    makers=frozenset({"moonshot"}),
    judge=means(codes={"exceeded_current_quota_error": "quota", "engine_overloaded_error": "server"}),
    example_model="kimi-k2.6",
    catalogue="moonshotai",
)
