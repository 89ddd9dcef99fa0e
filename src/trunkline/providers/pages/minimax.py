"""MiniMax. https://platform.minimax.io/docs/api-reference/text-openai-api"""

from trunkline.formats.dialect import Dialect
from trunkline.providers.base import Also, Hole, Provider

PROVIDER = Provider(
    type="minimax",
    title="MiniMax",
    base_url="https://{host}/v1",
    holes=(Hole("region", default="intl", hosts={"intl": "api.minimax.io", "cn": "api.minimaxi.com"}),),
    key_variables=("MINIMAX_API_KEY",),
    dialect=Dialect(refuses=frozenset({"output_json", "output_schema"}), most_temperature=1, thinks=""),
    also=(Also(format="anthropic_messages", base_url="https://{host}/anthropic/v1"),),
    makers=frozenset({"minimax"}),
    stops_meter=False,
    example_model="MiniMax-M2.5",
    catalogue="minimax",
)
