"""MiniMax. https://platform.minimax.io/docs/api-reference/text-openai-api

Its own codes may come with a status of 200. https://platform.minimax.io/docs/api-reference/errorcode
"""

from trunkline.formats.dialect import Dialect
from trunkline.providers.base import Also, Hole, Provider
from trunkline.providers.refusals import means

PROVIDER = Provider(
    type="minimax",
    title="MiniMax",
    base_url="https://{host}/v1",
    holes=(Hole("region", default="intl", hosts={"intl": "api.minimax.io", "cn": "api.minimaxi.com"}),),
    key_variables=("MINIMAX_API_KEY",),
    dialect=Dialect(refuses=frozenset({"output_json", "output_schema"}), most_temperature=1, thinks=""),
    also=(Also(format="anthropic_messages", base_url="https://{host}/anthropic/v1"),),
    makers=frozenset({"minimax"}),
    judge=means(
        codes={
            "1002": "rate_limit",
            "1004": "auth",
            "1008": "quota",
            "1039": "rate_limit",
            "1041": "rate_limit",
            "2049": "auth",
        }
    ),
    stops_meter=False,
    example_model="MiniMax-M2.5",
    catalogue="minimax",
)
