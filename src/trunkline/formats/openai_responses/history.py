"""Going on from a stored response: its items, and those of the request that follows it.

Pure functions on documents; where the documents are kept is not known here.
"""

from typing import Any

Fields = dict[str, Any]


def input_items(document: Fields) -> list[Fields]:
    """The items of a request's `input`. A string is what a user says."""
    said = document.get("input")
    if isinstance(said, str):
        return [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": said}]}]
    return [item for item in said if isinstance(item, dict)] if isinstance(said, list) else []


def items_of(response: Fields) -> list[Fields]:
    """The items of a response, as the input of a later request takes them."""
    output = response.get("output")
    return [item for item in output if isinstance(item, dict)] if isinstance(output, list) else []


def joined(previous_items: list[Fields], request_document: Fields) -> list[Fields]:
    """The `input` of a request that follows on a response.

    `previous_items` are all items before it: those of the stored request's own input (itself joined, where that
    followed on another) and of the response. The instructions of a request before do not apply to this one, by the
    API's rule, and are not among them.
    """
    return [*previous_items, *input_items(request_document)]
