"""A cap on the output, laid over a request in the words of its format."""

from typing import Any

import msgspec
import pytest

from trunkline.formats.capping import cap_fields
from trunkline.formats.conversation import FormatName
from trunkline.formats.dialect import PLAIN, Dialect
from trunkline.formats.document import Document


@pytest.mark.parametrize(
    ("spoken", "said", "laid"),
    [
        ("openai_chat", {}, {"max_completion_tokens": 7}),
        ("openai_chat", {"max_tokens": 99}, {"max_tokens": 7}),
        ("openai_chat", {"max_tokens": None, "max_completion_tokens": 99}, {"max_completion_tokens": 7}),
        ("openai_completions", {"max_tokens": 99}, {"max_tokens": 7}),
        ("openai_responses", {}, {"max_output_tokens": 7}),
        ("anthropic_messages", {"max_tokens": 99}, {"max_tokens": 7}),
        ("google_generate", {}, {"generationConfig": {"maxOutputTokens": 7}}),
        (
            "google_generate",
            {"generation_config": {"max_output_tokens": 99, "topK": 3}},
            {"generation_config": {"topK": 3, "maxOutputTokens": 7}},
        ),
        (
            "bedrock_converse",
            {"inferenceConfig": {"maxTokens": 99, "topP": 1}},
            {"inferenceConfig": {"topP": 1, "maxTokens": 7}},
        ),
    ],
)
def test_it_is_said_where_the_request_says_it_or_would(
    spoken: FormatName, said: dict[str, Any], laid: dict[str, Any]
) -> None:
    assert cap_fields(spoken, Document(msgspec.json.encode(said), 10), 7, PLAIN) == laid


def test_a_server_that_knows_only_the_older_name_is_told_by_that() -> None:
    dialect = Dialect(max_tokens_field="max_tokens")
    assert cap_fields("openai_chat", Document(b"{}", 10), 7, dialect) == {"max_tokens": 7}
