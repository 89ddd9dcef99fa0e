"""What stands beside the words of an assistant: citations, the sources of the whole answer, and sound."""

from typing import Any

import msgspec

from trunkline.formats.conversation import AnyPart, Audio, Citation, Text
from trunkline.formats.openai_chat.words import NAME

Fields = dict[str, Any]
_SOURCES = ("search_results", "web_search", "citations")
"""Where an answer's sources stand at its top: Perplexity has the first and, as addresses alone, the last; Z.ai the
second; xAI the last.
"""
_none_of = frozenset(_SOURCES).isdisjoint


def sources_of(frame: Fields) -> list[Citation]:
    """What a reply or a chunk says of where all of it comes from. It stays where it is; `annotations` leave it out."""
    if _none_of(frame):
        return []
    lists: list[list[Any]] = [frame[name] for name in _SOURCES if isinstance(frame.get(name), list) and frame[name]]
    read = [_source(value) for value in lists[0]] if lists else []
    return [citation for citation in read if citation is not None]


def _source(value: object) -> Citation | None:
    said = value if isinstance(value, dict) else {"url": value}
    url, title = said.get("url") or said.get("link"), said.get("title")
    if not isinstance(url, str) or not url:
        return None
    return Citation(url=url, title=title if isinstance(title, str) else "", spelling={"in": "sources"})


def annotated(citations: list[Citation]) -> list[Citation]:
    """Those of `citations` that came as annotations."""
    return [citation for citation in citations if citation.spelling.get("in") != "sources"]


def citations_of(parts: list[AnyPart]) -> list[Citation]:
    """The citations of all texts, counted in the text of all of them."""
    found: list[Citation] = []
    before = 0
    for part in parts:
        if not isinstance(part, Text):
            continue
        found += [_moved(citation, before) if before else citation for citation in part.citations]
        before += len(part.text)
    return found


def _moved(citation: Citation, by: int) -> Citation:
    start = citation.start + by if citation.start is not None else None
    end = citation.end + by if citation.end is not None else None
    return msgspec.structs.replace(citation, start=start, end=end)


def write_citations(citations: list[Citation], own: bool, length: int = 0) -> list[Fields]:
    """`annotations`. Those of other formats get all that an SDK requires: `length` is that of the text."""
    listed = []
    for citation in citations:
        said: Fields = {
            "url": citation.url,
            "title": citation.title,
            "content": citation.cited,
            "start_index": citation.start,
            "end_index": citation.end,
        }
        known = {name: value for name, value in said.items() if value is not None and value != ""}
        if own:
            known = {**citation.extras.get(NAME, {}), **known}
        else:
            known = {"url": "", "title": "", "start_index": 0, "end_index": length, **known}
        listed.append({"type": "url_citation", "url_citation": known})
    return listed


def write_sound(sound: Audio) -> Fields:
    """`audio` of an assistant's message."""
    said = {"id": sound.id, "data": sound.data, "transcript": sound.transcript}
    return {**sound.extras.get(NAME, {}), **{name: value for name, value in said.items() if value}}
