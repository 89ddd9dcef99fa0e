"""Z.ai (GLM). https://docs.z.ai

An empty account is a 429 with the code 1113. https://docs.z.ai/api-reference/api-code
"""

from trunkline.formats.dialect import Dialect
from trunkline.providers.base import Also, Hole, Provider
from trunkline.providers.refusals import means

PROVIDER = Provider(
    type="zai",
    title="Z.ai",
    base_url="https://{host}/api/paas/v4",
    holes=(Hole("region", default="intl", hosts={"intl": "api.z.ai", "cn": "open.bigmodel.cn"}),),
    key_variables=("ZAI_API_KEY", "ZHIPU_API_KEY"),
    dialect=Dialect(
        max_tokens_field="max_tokens",
        reasoning_field="reasoning_content",
        replays_reasoning="always",
        thinking_field="thinking",
        thinks="switch",
        schema_field="json_object",
    ),
    also=(Also(format="anthropic_messages", base_url="https://{host}/api/anthropic/v1"),),
    makers=frozenset({"zai"}),
    judge=means(codes={"1113": "quota"}),
    example_model="glm-4.5-flash",
    catalogue="zai",
)
