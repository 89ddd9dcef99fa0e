"""Qwen, by Alibaba Cloud Model Studio (DashScope). https://www.alibabacloud.com/help/en/model-studio

A key is good in its own region only. `insufficient_quota` with 429 is the limit of tokens a minute there, not an empty
account; that is `Arrearage`. https://help.aliyun.com/en/model-studio/error-code
"""

from trunkline.formats.dialect import Dialect
from trunkline.providers.base import Also, Hole, Provider
from trunkline.providers.families import Rules
from trunkline.providers.refusals import means

PROVIDER = Provider(
    type="qwen",
    title="Qwen (Alibaba Cloud Model Studio)",
    base_url="https://{host}/compatible-mode/v1",
    base_variable="DASHSCOPE_BASE_URL",
    holes=(
        Hole(
            "region",
            default="intl",
            hosts={
                "intl": "dashscope-intl.aliyuncs.com",
                "cn": "dashscope.aliyuncs.com",
                "us": "dashscope-us.aliyuncs.com",
            },
        ),
    ),
    key_variables=("DASHSCOPE_API_KEY",),
    dialect=Dialect(
        refuses=frozenset({"files"}), max_tokens_field="max_tokens", thinks="budget", thinking_field="enable_thinking"
    ),
    also=(
        Also(format="openai_responses"),
        Also(format="anthropic_messages", base_url="https://{host}/apps/anthropic/v1"),
    ),
    makers=frozenset({"qwen"}),
    models={"qwen3-coder": Rules(refuses=frozenset({"forced_tool"}), thinks="")},
    judge=means(
        codes={
            "insufficient_quota": "rate_limit",
            "Arrearage": "quota",
            "AllocationQuota.FreeTierOnly": "quota",
            "InvalidApiKey": "auth",
        }
    ),
    stops_meter=False,
    example_model="qwen-plus",
)
