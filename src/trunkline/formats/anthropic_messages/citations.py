"""Citations: where a piece of an answer comes from."""

from typing import Any

from trunkline.formats.anthropic_messages.checks import wrong_type
from trunkline.formats.anthropic_messages.words import NAME
from trunkline.formats.conversation import Citation, Passage, Unit

_NAMES = {
    "web_search_result_location": ("url", "title"),
    "search_result_location": ("source", "title"),
}
"""Kind of a citation → its fields for the address and the title; of the others: none, and `document_title`."""
_PASSAGES: dict[Unit, tuple[str, str, str, str]] = {
    "characters": ("char_location", "document_index", "start_char_index", "end_char_index"),
    "pages": ("page_location", "document_index", "start_page_number", "end_page_number"),
    "blocks": ("content_block_location", "document_index", "start_block_index", "end_block_index"),
    "result": ("search_result_location", "search_result_index", "start_block_index", "end_block_index"),
}
"""Unit of a passage → the kind of citation, and its fields."""
_UNITS = {kind: unit for unit, (kind, *_) in _PASSAGES.items()}


def read_citation(value: Any, path: str) -> Citation:
    """One citation. What only this format knows (the index of a page of the web, a file's id) stays with it."""
    if type(value) is not dict:
        raise wrong_type(path, "object", value)
    kind = str(value.get("type"))
    url, title = _NAMES.get(kind, ("", "document_title"))
    found = Citation()
    taken = []
    for name, field in ((url, "url"), (title, "title"), ("cited_text", "cited")):
        words = value.get(name)
        if words and type(words) is str:
            setattr(found, field, words)
            taken.append(name)
    unit = _UNITS.get(kind)
    if unit is not None:
        _, *fields = _PASSAGES[unit]
        numbers = [number for field in fields if type(number := value.get(field)) is int]
        if len(numbers) == len(fields):
            found.passage = Passage(unit, *numbers)
            taken += fields
    found.extras = {NAME: {name: field for name, field in value.items() if name not in taken}}
    return found


def write_citation(place: Citation) -> dict[str, Any]:
    """One citation: as it came where it is this format's own, else as a passage of a document, or as a page of the web
    that was found.
    """
    value = dict(place.extras.get(NAME, ()))
    if "type" not in value:
        return _passage(place, place.passage) if place.passage is not None else _page(place)
    kind = str(value["type"])
    url, title = _NAMES.get(kind, ("url", "document_title"))
    fields = {url: place.url, title: place.title, "cited_text": place.cited}
    value.update({name: words for name, words in fields.items() if words})
    return value | _numbers(place.passage) if place.passage is not None else value


def _numbers(passage: Passage) -> dict[str, int]:
    _, source, start, end = _PASSAGES[passage.unit]
    return {source: passage.source, start: passage.start, end: passage.end}


def _passage(place: Citation, passage: Passage) -> dict[str, Any]:
    kind = _PASSAGES[passage.unit][0]
    named: dict[str, Any] = {"document_title": place.title or None, "file_id": None}
    if passage.unit == "result":
        named = {"source": place.url, "title": place.title or None}
    return {"type": kind, "cited_text": place.cited, **named, **_numbers(passage)}


def _page(place: Citation) -> dict[str, Any]:
    return {
        "type": "web_search_result_location",
        "url": place.url,
        "title": place.title or None,
        "cited_text": place.cited,
        "encrypted_index": "",
    }
