"""The lists in a `delta`, piece by piece.

They stay in a chunk as they came, beside the neutral pieces: a chunk is written back with its own list as long as
reading it again gives the same pieces.
"""

from typing import Any

import msgspec

from trunkline.formats.conversation import Reasoning, ToolCall
from trunkline.formats.openai_chat.calls import CONSTANT_IDS, take_signature
from trunkline.formats.openai_chat.details import grouped, is_detail, join_entries

Fields = dict[str, Any]


def read_detail_pieces(value: object) -> list[tuple[object, Reasoning]]:
    """The pieces in `reasoning_details`, each with what it belongs to; none where there is anything else in it."""
    entries = value if isinstance(value, list) else []
    if not all(map(is_detail, entries)):
        return []
    pieces = []
    for group in grouped(entries):
        piece = join_entries(group)
        piece.text += "".join(piece.summary)  # a summary comes in pieces, too, and these have no ends
        piece.summary = []
        piece.spelling = {"in": "reasoning_details"}
        pieces.append((_key(group[0]), piece))
    return pieces


def _key(entry: Fields) -> object:
    """What pieces of one part have in common: an index; without one, it is a part by itself."""
    index = entry.get("index")
    return index if type(index) is int else f"entry {id(entry)}"


def entries_of(value: object) -> list[Fields]:
    """The entries of `tool_calls`, which an old TGI sends without the list around them."""
    if isinstance(value, dict):
        return [value]
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def read_call_piece(entry: Fields) -> ToolCall | None:
    """What one entry of `tool_calls` adds; None for a call of no function."""
    function = entry.get("function")
    if not isinstance(function, dict):
        return None
    piece = ToolCall()
    name, arguments, call_id = function.get("name"), function.get("arguments"), entry.get("id")
    if type(name) is str:
        piece.name = name
    if type(arguments) is str:
        piece.arguments = arguments
    elif type(arguments) is dict:
        piece.arguments = msgspec.json.encode(arguments).decode()
    if type(call_id) is str and call_id not in CONSTANT_IDS:
        piece.id = call_id
    if "extra_content" in entry and (signature := take_signature(dict(entry))):
        piece.signature, piece.issuer = signature, "google"
    return piece


def same_call(read: ToolCall, piece: ToolCall) -> bool:
    """Whether an entry says what a piece says. An id may have been given to a call that came without."""
    return (
        read.name == piece.name
        and read.arguments == piece.arguments
        and read.signature == piece.signature
        and read.id in ("", piece.id)
    )
