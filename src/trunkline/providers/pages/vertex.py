"""Google Vertex AI: Gemini in Google's format, Claude in Anthropic's, with a service account's login.

https://cloud.google.com/vertex-ai/generative-ai/docs/learn/locations. Claude's model stands in the path, and the
version of its API in the body.
"""

from trunkline.formats.dialect import Dialect
from trunkline.providers.base import Also, Hole, Provider

_PUBLISHERS = "https://{host}/v1/projects/{project}/locations/{location}/publishers"

PROVIDER = Provider(
    type="vertex",
    title="Google Vertex AI",
    base_url=f"{_PUBLISHERS}/google",
    holes=(
        Hole("project", ("GOOGLE_CLOUD_PROJECT", "GOOGLE_VERTEX_PROJECT")),
        Hole(
            "location",
            ("GOOGLE_CLOUD_LOCATION", "GOOGLE_VERTEX_LOCATION"),
            default="global",
            hosts={
                "global": "aiplatform.googleapis.com",
                "us": "aiplatform.us.rep.googleapis.com",
                "eu": "aiplatform.eu.rep.googleapis.com",
                "*": "*-aiplatform.googleapis.com",
            },
        ),
    ),
    login="service_account",
    login_variables=("GOOGLE_APPLICATION_CREDENTIALS",),
    scope="https://www.googleapis.com/auth/cloud-platform",
    format="google_generate",
    dialect=Dialect(
        refuses=frozenset({"logit_bias"}), issuer="google", output_excludes_reasoning=True, ending="finish"
    ),
    also=(
        Also(
            format="anthropic_messages",
            base_url=f"{_PUBLISHERS}/anthropic",
            path=("/models/{model}:rawPredict", "/models/{model}:streamRawPredict"),
            body={"anthropic_version": "vertex-2023-10-16", "model": None},
            models={"claude": "always"},
        ),
    ),
    makers=frozenset({"google", "anthropic"}),
    counts_tokens=True,
    stops_meter=False,
    catalogue="google",
)
