"""OpenAI. https://platform.openai.com/docs/api-reference"""

from trunkline.providers.base import Provider, Refused, Verdict


def _judge(refused: Refused) -> Verdict | None:
    """A 403 of type `invalid_request_error` is about the model ("You are not allowed to sample from this model"), not the key."""
    if refused.status == 403 and refused.type == "invalid_request_error":
        return "caller"
    return None


PROVIDER = Provider(
    type="openai",
    title="OpenAI",
    base_url="https://api.openai.com/v1",
    key_variables=("OPENAI_API_KEY",),
    base_variable="OPENAI_BASE_URL",
    example_model="gpt-4o-mini",
    catalogue="openai",
    judge=_judge,
)
