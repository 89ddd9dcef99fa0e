"""Citations: where a piece of an answer comes from. Passages are those that Claude tells."""

from typing import Any

from trunkline.formats.bedrock_converse.checks import extras, own
from trunkline.formats.conversation import Citation, Passage, Unit

_PASSAGES: dict[Unit, tuple[str, str]] = {
    "characters": ("documentChar", "documentIndex"),
    "pages": ("documentPage", "documentIndex"),
    "blocks": ("documentChunk", "documentIndex"),
    "result": ("searchResultLocation", "searchResultIndex"),
}
"""Unit of a passage → the kind of location, and its field for the number of the source."""
_UNITS = {kind: unit for unit, (kind, _) in _PASSAGES.items()}


def read_citation(value: dict[Any, Any]) -> Citation:
    """One citation."""
    left, spelling = dict(value), {}
    title = cited = url = ""
    if type(left.get("title")) is str and left["title"]:
        title = left.pop("title")
    match left.get("sourceContent"):
        case [{"text": str(cited), **others}] if cited and not others:
            del left["sourceContent"]
        case _:
            cited = ""
    match left.get("location"):
        case {"web": {"url": str(url), **web}, **others} if url and not others:
            del left["location"]
            if web:
                left["web"] = web
        case _:
            url = ""
    passage = _read_passage(left.get("location"))
    if passage is not None:
        del left["location"]
    source = left.get("source")
    if not url and type(source) is str and source.startswith(("https://", "http://")):
        url, spelling = left.pop("source"), {"url": "source"}
    return Citation(url=url, title=title, cited=cited, passage=passage, spelling=spelling, extras=extras(left))


def _read_passage(location: object) -> Passage | None:
    """The passage that is said in full, and nothing besides."""
    if not isinstance(location, dict) or len(location) != 1:
        return None
    ((kind, said),) = location.items()
    unit = _UNITS.get(kind)
    if unit is None or not isinstance(said, dict):
        return None
    fields = (_PASSAGES[unit][1], "start", "end")
    numbers = [number for field in fields if type(number := said.get(field)) is int]
    return Passage(unit, *numbers) if len(numbers) == len(said) == len(fields) else None


def write_citation(citation: Citation) -> dict[str, Any]:
    """The citation as this format says it."""
    value = own(citation.extras)
    web = value.pop("web", {})
    if citation.title:
        value["title"] = citation.title
    if citation.cited:
        value["sourceContent"] = [{"text": citation.cited}]
    passage = citation.passage
    if passage is not None:
        kind, source = _PASSAGES[passage.unit]
        value["location"] = {kind: {source: passage.source, "start": passage.start, "end": passage.end}}
    if citation.url and (passage is not None or citation.spelling.get("url") == "source"):
        value["source"] = citation.url
    elif citation.url:
        value["location"] = {"web": {**web, "url": citation.url}}
    return value
