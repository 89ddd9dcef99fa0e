"""Where pieces of an answer come from: `groundingMetadata` and `citationMetadata`, which count in bytes of UTF-8.

Both stay whole in the extras, from which this format writes them back. What has a place in the text is read as a
citation besides, for other formats; and theirs are written as `groundingMetadata`.
"""

from typing import Any

import msgspec

from trunkline.formats.conversation import Citation, Text

_SOURCES = ("web", "retrievedContext", "maps", "image")


def read_citations(candidate: dict[str, Any], texts: list[str]) -> list[tuple[int, Citation]]:
    """The citations of a candidate, each with the number of the one of its `texts` in which it is."""
    grounding, plain = candidate.get("groundingMetadata"), candidate.get("citationMetadata")
    if not isinstance(grounding, dict) and not isinstance(plain, dict):
        return []
    encoded = [text.encode() for text in texts]
    found: list[tuple[int, Citation]] = []
    if isinstance(grounding, dict):
        found += _grounded(grounding, encoded)
    if isinstance(plain, dict):
        found += _cited(plain, encoded)
    return found


def _grounded(grounding: dict[str, Any], texts: list[bytes]) -> list[tuple[int, Citation]]:
    chunks, supports = grounding.get("groundingChunks"), grounding.get("groundingSupports")
    if not isinstance(chunks, list) or not isinstance(supports, list):
        return []
    found = []
    for support in supports:
        segment = support.get("segment") if isinstance(support, dict) else None
        place = _place(segment, texts) if isinstance(segment, dict) else None
        if place is None:
            continue
        number, start, end = place
        indices = support.get("groundingChunkIndices")
        for index in indices if isinstance(indices, list) else []:
            source = _source(chunks[index]) if type(index) is int and 0 <= index < len(chunks) else None
            if source is not None:
                found.append((number, msgspec.structs.replace(source, start=start, end=end)))
    return found


def _source(chunk: Any) -> Citation | None:
    """What a chunk is of; None where nothing is told. Documents of one's own have a text, and mostly no address."""
    if not isinstance(chunk, dict):
        return None
    source: dict[str, Any] = next((chunk[kind] for kind in _SOURCES if isinstance(chunk.get(kind), dict)), {})
    said = [
        next((value for name in names if isinstance(value := source.get(name), str) and value), "")
        for names in (("uri", "sourceUri"), ("title", "documentName", "fileSearchStore"), ("text",))
    ]
    return Citation(url=said[0], title=said[1], cited=said[2]) if any(said) else None


def _cited(plain: dict[str, Any], texts: list[bytes]) -> list[tuple[int, Citation]]:
    found = []
    citations = plain.get("citations") or plain.get("citationSources")
    for citation in citations if isinstance(citations, list) else []:
        if not isinstance(citation, dict) or type(citation.get("endIndex")) is not int:
            continue  # of the whole answer: no place in it
        place = _place(citation, texts)
        if place is not None and citation.get("uri"):
            number, start, end = place
            title = citation.get("title")
            cited = Citation(url=str(citation["uri"]), title=title if isinstance(title, str) else "")
            cited.start, cited.end = start, end
            found.append((number, cited))
    return found


def _place(segment: dict[str, Any], texts: list[bytes]) -> tuple[int, int, int] | None:
    """Number of the text, and first and last character in it. The segment's own words decide where both are told: what
    counts as a part differs between a stream and a whole answer.
    """
    start, end, words = segment.get("startIndex", 0), segment.get("endIndex"), segment.get("text")
    if type(start) is not int:
        return None
    if isinstance(words, str) and words:
        sought = words.encode()
        exact = ((number, start) for number, text in enumerate(texts) if text[start : start + len(sought)] == sought)
        anywhere = ((number, text.find(sought)) for number, text in enumerate(texts) if sought in text)
        place = next(exact, None) or next(anywhere, None)
        if place is None:
            return None
        number, start = place
        end = start + len(sought)
    elif type(end) is int and texts and end <= len(texts[0]):
        number = 0
    else:
        return None
    text = texts[number]
    first = len(text[:start].decode(errors="ignore"))
    return number, first, first + len(text[start:end].decode(errors="ignore"))


def write_citations(texts: list[tuple[int | None, Text]]) -> dict[str, Any] | None:
    """`groundingMetadata` of texts, each with the number of its part (None: all are one text, and its citations count
    from its beginning); None where nothing is cited.
    """
    chunks: dict[tuple[str, str], int] = {}
    supports: list[dict[str, Any]] = []
    for part, text in texts:
        for citation in text.citations:
            index = chunks.setdefault((citation.url, citation.title), len(chunks))
            if citation.start is None or citation.end is None or citation.end <= citation.start:
                continue  # of the whole answer
            words = text.text[citation.start : citation.end]
            start = len(text.text[: citation.start].encode())
            segment: dict[str, Any] = {"startIndex": start, "endIndex": start + len(words.encode()), "text": words}
            if part:
                segment["partIndex"] = part
            supports.append({"segment": segment, "groundingChunkIndices": [index]})
    if not chunks:
        return None
    made: dict[str, Any] = {"groundingChunks": [_chunk(uri, title) for uri, title in chunks]}
    if supports:
        made["groundingSupports"] = supports
    return made


def _chunk(uri: str, title: str) -> dict[str, Any]:
    return {"web": {"uri": uri, "title": title} if title else {"uri": uri}}
