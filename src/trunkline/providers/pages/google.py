"""Google Gemini. https://ai.google.dev/api

An invalid key is a 400 with the reason `API_KEY_INVALID`, and 429 says in its body how long to wait. Pictures are taken
by their bytes: the API reads files of its own, no addresses of others.
"""

from trunkline.formats.dialect import Dialect
from trunkline.providers.base import Also, Provider
from trunkline.providers.refusals import means

PROVIDER = Provider(
    type="google",
    title="Google Gemini",
    base_url="https://generativelanguage.googleapis.com/v1beta",
    base_variable="GOOGLE_GEMINI_BASE_URL",
    base_suffix="/v1beta",
    key_variables=("GEMINI_API_KEY", "GOOGLE_API_KEY"),
    key_header="x-goog-api-key",
    key_prefix="",
    format="google_generate",
    dialect=Dialect(
        refuses=frozenset({"image_urls", "logit_bias"}),
        issuer="google",
        output_excludes_reasoning=True,
        ending="finish",
    ),
    also=(
        Also(
            format="openai_chat",
            base_url="https://generativelanguage.googleapis.com/v1beta/openai",
            key_header="authorization",
            key_prefix="Bearer ",
            on_request=True,
        ),
    ),
    makers=frozenset({"google"}),
    judge=means(codes={"API_KEY_INVALID": "auth"}),
    counts_tokens=True,
    stops_meter=False,
    example_model="gemini-2.5-flash",
    catalogue="google",
)
