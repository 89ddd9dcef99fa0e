"""TokenMix, a relay to many providers. https://tokenmix.ai"""

from trunkline.providers.base import Provider

PROVIDER = Provider(
    type="tokenmix",
    title="TokenMix",
    base_url="https://api.tokenmix.ai/v1",
    base_variable="TOKENMIX_BASE_URL",
    key_variables=("TOKENMIX_API_KEY",),
)
