"""Answers that need no upstream."""

from typing import Protocol

from trunkline.formats.document import Document


class Cache(Protocol):
    """Something that may know the answer already."""

    def answer(self, document: Document, scope: str) -> bytes | None:
        """The whole reply to `document` for a caller of `scope`, or None."""


def look_up(caches: tuple[Cache, ...], document: Document, scope: str) -> bytes | None:
    """The answer of the first cache that has one."""
    for cache in caches:
        found = cache.answer(document, scope)
        if found is not None:
            return found
    return None
