"""Cloudflare Workers AI. https://developers.cloudflare.com/workers-ai/configuration/open-ai-compatibility"""

from trunkline.formats.dialect import Dialect
from trunkline.providers.base import Hole, Provider

PROVIDER = Provider(
    type="cloudflare",
    title="Cloudflare Workers AI",
    base_url="https://api.cloudflare.com/client/v4/accounts/{account}/ai/v1",
    holes=(Hole("account", ("CLOUDFLARE_ACCOUNT_ID",)),),
    key_variables=("CLOUDFLARE_API_TOKEN", "CLOUDFLARE_API_KEY"),
    dialect=Dialect(max_tokens_field="max_tokens", thinks=""),
    stops_meter=True,
    catalogue="cloudflare",
)
