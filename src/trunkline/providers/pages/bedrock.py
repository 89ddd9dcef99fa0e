"""Amazon Bedrock, by its Converse API. https://docs.aws.amazon.com/bedrock/latest/APIReference

Logs in with Amazon's signatures, or with a Bedrock API key as a bearer. OpenAI's newer models are served at a host of
their own, in the Responses format only.
"""

from trunkline.formats.dialect import Dialect
from trunkline.providers.base import Also, Hole, Provider
from trunkline.providers.families import Rules
from trunkline.providers.refusals import means

PROVIDER = Provider(
    type="bedrock",
    title="Amazon Bedrock",
    base_url="https://bedrock-runtime.{region}.amazonaws.com",
    holes=(Hole("region", ("AWS_REGION", "AWS_DEFAULT_REGION")),),
    login="sigv4",
    login_variables=("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
    scope="bedrock",
    key_variables=("AWS_BEARER_TOKEN_BEDROCK",),
    format="bedrock_converse",
    dialect=Dialect(refuses=frozenset({"image_urls"}), thinks="", ending="finish"),
    also=(
        Also(
            format="openai_responses",
            dialect=Dialect(encrypted_prefix="rsn_"),
            base_url="https://bedrock-mantle.{region}.api.aws/openai/v1",
            scope="bedrock-mantle",
            models={"gpt-5": "always", "gpt-6": "always"},
        ),
        Also(
            format="openai_chat",  # the open models
            base_url="https://bedrock-runtime.{region}.amazonaws.com/openai/v1",
            on_request=True,
        ),
    ),
    makers=frozenset({"anthropic", "amazon", "openai"}),
    models={"gpt-oss": Rules(thinks="effort", efforts=("low", "medium", "high"))},
    judge=means(
        codes={
            "ThrottlingException": "rate_limit",
            "ServiceQuotaExceededException": "rate_limit",
            "ModelNotReadyException": "server",
            "ModelErrorException": "server",
            "ModelStreamErrorException": "server",
        },
        statuses={424: "server"},
    ),
    stops_meter=False,
    catalogue="aws",
)
