"""One `delta` of a chunk into pieces of parts.

Texts are taken out of it, lists stay (see `deltas.py`).
"""

from collections.abc import Callable
from typing import Any

from trunkline.formats.call_ids import minted
from trunkline.formats.conversation import AnyPart, Audio, Delta, Reasoning, Refusal, Text, ToolCall
from trunkline.formats.openai_chat.calls import take_signature
from trunkline.formats.openai_chat.deltas import entries_of, read_call_piece, read_detail_pieces
from trunkline.formats.openai_chat.details import TEXT_FIELDS
from trunkline.formats.openai_chat.messages_read import read_citations
from trunkline.formats.openai_chat.parts_read import read_answer
from trunkline.formats.openai_chat.reply_read import read_image

Fields = dict[str, Any]


class Begun:
    """Which parts of one choice have begun, and how many."""

    __slots__ = ("calls", "count", "parts")

    def __init__(self) -> None:
        self.count = 0
        self.parts: dict[object, int] = {}
        self.calls: dict[object, tuple[int, str]] = {}
        """Index of a call → number of its part, and its id."""

    def part(self, key: object) -> int:
        """The number of the part that `key` names; a new one at its first coming."""
        number = self.parts.get(key)
        if number is None:
            number = self.parts[key] = self.count
            self.count += 1
        return number

    def call(self, key: object, piece: ToolCall, seed: str, index: int) -> int:
        """The number of the part that a piece of a call belongs to.

        A new id at a known index is a new call: behind OpenRouter, all of Google's calls have the index 0.
        """
        known = self.calls.get(key)
        if known is not None and piece.id in ("", known[1]):
            return known[0]
        number = self.count
        self.count += 1
        if not piece.id:
            piece.id = minted(seed, index, number)
        self.calls[key] = number, piece.id
        return number


class Pieces:
    """Where the pieces of one choice go."""

    __slots__ = ("deltas", "index", "seed", "state")

    def __init__(self, state: Begun, index: int, deltas: list[Delta], seed: str) -> None:
        self.state = state
        self.index = index
        self.deltas = deltas
        self.seed = seed

    def add(self, key: object, piece: AnyPart) -> None:
        self.deltas.append(Delta(choice=self.index, part=self.state.part(key), piece=piece))

    def add_call(self, key: object, piece: ToolCall) -> None:
        part = self.state.call(key, piece, self.seed, self.index)
        self.deltas.append(Delta(choice=self.index, part=part, piece=piece))


def read_delta(delta: Fields, to: Pieces) -> None:
    """What one `delta` adds."""
    content = delta.get("content")
    if "reasoning_details" in delta or "reasoning" in delta or "reasoning_content" in delta:
        _read_reasoning(delta, to)
    if type(content) is str and content:
        to.add("text", Text(text=delta.pop("content")))
    elif type(content) is list and content:
        _read_parts(content, to)
    if delta and (len(delta) > 1 or "role" not in delta):
        _read_others(delta, to)


def _read_reasoning(delta: Fields, to: Pieces) -> None:
    pieces = read_detail_pieces(delta.get("reasoning_details"))
    said = "".join([piece.text for _, piece in pieces])
    texts: list[Reasoning] = []
    for name in TEXT_FIELDS:
        text = delta.get(name)
        if type(text) is not str or not text:
            continue
        if said and text == said:
            first = texts[0] if texts else pieces[0][1]
            first.spelling["also"] = f"{first.spelling['also']},{name}" if "also" in first.spelling else name
            del delta[name]
        elif not said:
            texts.append(Reasoning(text=text, spelling={"in": name}))
            del delta[name]
            said = text
    for piece in texts:
        to.add(("reasoning", 0), piece)
    for key, piece in pieces:
        to.add(("reasoning", key if type(key) is int else 0), piece)


def _read_parts(content: list[Any], to: Pieces) -> None:
    """Content in parts (Mistral)."""
    for piece in read_answer(content):
        if isinstance(piece, Reasoning):
            to.add(("reasoning", 0), piece)
        elif isinstance(piece, Text):
            piece.spelling["in"] = "parts"
            to.add("text", piece)
        else:
            to.add(("foreign", to.state.count), piece)


def _read_others(delta: Fields, to: Pieces) -> None:
    """What is not in most chunks."""
    if delta.get("tool_calls"):
        _read_calls(delta["tool_calls"], to)
    for name, read in _RARE.items():
        value = delta.get(name)
        if value:
            read(value, delta, to)


def _read_refusal(value: object, delta: Fields, to: Pieces) -> None:
    if isinstance(value, str):
        to.add("refusal", Refusal(text=delta.pop("refusal")))


def _read_audio(value: object, delta: Fields, to: Pieces) -> None:
    if isinstance(value, dict):
        sound = Audio(media_type="audio/pcm")
        _take_texts(value, sound, ("id", "data", "transcript"))
        to.add("audio", sound)


def _read_images(value: object, delta: Fields, to: Pieces) -> None:
    for image in map(read_image, value if isinstance(value, list) else []):
        if image is not None:
            to.add(("image", to.state.count), image)


def _read_annotations(value: object, delta: Fields, to: Pieces) -> None:
    citations = read_citations(value) if isinstance(value, list) else []
    if citations:
        to.add("text", Text(citations=citations))


def _read_function_call(value: object, delta: Fields, to: Pieces) -> None:
    if isinstance(value, dict):
        piece = ToolCall(spelling={"in": "function_call"})
        _take_texts(value, piece, ("name", "arguments"))
        if piece.name or piece.arguments:
            to.add_call("function_call", piece)


def _read_signature(value: object, delta: Fields, to: Pieces) -> None:
    """What Google's compatible endpoint wants back, where it stands beside the words: mostly in the last delta."""
    signature = take_signature({"extra_content": value})
    if signature:
        piece = Reasoning(signature=signature, issuer="google", spelling={"in": "extra_content"})
        to.add(("signature", to.state.count), piece)


def _take_texts(value: Fields, piece: Audio | ToolCall, names: tuple[str, ...]) -> None:
    for name in names:
        if isinstance(value.get(name), str) and value[name]:
            setattr(piece, name, value.pop(name))


def _read_calls(value: object, to: Pieces) -> None:
    calls = to.state.calls
    entries = entries_of(value)
    for number, entry in enumerate(entries):
        piece = read_call_piece(entry)
        if piece is None:
            continue
        index = entry.get("index")
        if type(index) is not int:  # one that is named begins, others go on with the last ones, each with its own
            begins = piece.name or piece.id or len(calls) < len(entries)
            index = len(calls) if begins else len(calls) - len(entries) + number
        to.add_call(index, piece)


_RARE: dict[str, Callable[[object, Fields, Pieces], None]] = {
    "refusal": _read_refusal,
    "audio": _read_audio,
    "images": _read_images,
    "annotations": _read_annotations,
    "function_call": _read_function_call,
    "extra_content": _read_signature,
}
