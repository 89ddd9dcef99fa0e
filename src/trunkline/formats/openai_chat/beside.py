"""What stands beside the words of an assistant: citations and sound."""

from typing import Any

from trunkline.formats.conversation import AnyPart, Audio, Citation, Text
from trunkline.formats.openai_chat.words import NAME

Fields = dict[str, Any]


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
    return Citation(url=citation.url, title=citation.title, cited=citation.cited, start=start, end=end)


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
