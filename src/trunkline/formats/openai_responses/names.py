"""Words of the Responses API that several of this package's files use: its name here, and the kinds of its items."""

import re

from trunkline.formats.call_ids import minted
from trunkline.formats.conversation import FormatName

_MINTED = re.compile(r"[a-z]+_[0-9A-Za-z]{24}")

NAME: FormatName = "openai_responses"
TOOL_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
"""The API description has 128 characters; models have refused more than 64."""

INPUT_TEXT = "input_text"
OUTPUT_TEXT = "output_text"

_TOOL_ENDINGS = ("_call", "_output", "_request", "_response", "_list_tools")
_ITEMS = frozenset(
    {
        "item_reference",
        "additional_tools",
        "compaction",
        "compaction_trigger",
        "configuration_update",
        "exec",
        "program",
    }
)
FOREIGN_PARTS = frozenset({"computer_screenshot", "summary_text", "reasoning_text", "encrypted_content"})
"""Parts of a message that the published description knows and the neutral types do not."""


def is_server_item(kind: str) -> bool:
    """Whether items of this kind belong to tools that the provider runs, or to state that it keeps.

    Vendors that speak this format name the items of their own tools by the same rule (`x_search_call`).
    """
    return kind in _ITEMS or kind.endswith(_TOOL_ENDINGS)


def comes_from_client(kind: str) -> bool:
    """Whether an item of this kind answers the model rather than being its own."""
    return kind.endswith(("_output", "_response"))


def is_minted(item_id: str) -> bool:
    """Whether an item's id may be one of `minted_id`'s: OpenAI's are longer, and those of others of other letters."""
    return _MINTED.fullmatch(item_id) is not None


def minted_id(prefix: str, seed: str, number: int = 0) -> str:
    """An id for an item that came without: always the same for the same seed and number."""
    return minted(seed, 0, number).replace("call", prefix, 1)
