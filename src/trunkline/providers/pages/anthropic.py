"""Anthropic. https://platform.claude.com/docs/en/api/overview

System messages in the middle of a conversation: https://platform.claude.com/docs/en/build-with-claude/mid-conversation-system-messages
(Sonnet 5 takes them and does not heed them; other clouds do not take them).
"""

from trunkline.formats.dialect import Dialect
from trunkline.providers.base import Limits, Provider
from trunkline.providers.families import Rules

PROVIDER = Provider(
    type="anthropic",
    title="Anthropic",
    base_url="https://api.anthropic.com/v1",
    base_variable="ANTHROPIC_BASE_URL",
    base_suffix="/v1",
    key_variables=("ANTHROPIC_API_KEY",),
    key_header="x-api-key",
    key_prefix="",
    headers={"anthropic-version": "2023-06-01"},
    format="anthropic_messages",
    dialect=Dialect(issuer="anthropic"),
    makers=frozenset({"anthropic"}),
    models={name: Rules(later_system=True) for name in ("claude-opus-4-8", "claude-opus-5", "claude-fable")},
    limits=Limits(
        requests="anthropic-ratelimit-requests-remaining",
        requests_reset="anthropic-ratelimit-requests-reset",
        tokens="anthropic-ratelimit-tokens-remaining",
        tokens_reset="anthropic-ratelimit-tokens-reset",
        reset="rfc3339",
    ),
    counts_tokens=True,
    stops_meter=True,
    example_model="claude-haiku-4-5",
    catalogue="anthropic",
)
