"""Searches of the web by Google's own tool, which are charged for besides the tokens and are not in `usageMetadata`.

From Gemini 3 on each query is charged that was sent; queries that are empty or come again are not. Before, an answer is
charged as one search, however many queries it took (ai.google.dev/gemini-api/docs/google-search, "Pricing").
"""

import json
import re
from typing import Any

import msgspec

from trunkline.formats.billing import MOST, NONE, units
from trunkline.formats.conversation import Usage

_TOLD = b'ueries"'
"""Where the bytes have none of this, they tell of no queries."""
_BY_ANSWER = re.compile(r"(?:.*/)?gemini-(?:1|2)(?:\.\d+)?(?:-|$)")


class Searches:
    """What one answer, or one stream, searched for."""

    __slots__ = ("_model", "_queries")

    def __init__(self) -> None:
        self._queries: set[str] = set()
        self._model = ""

    def scan(self, data: bytes) -> None:
        """Take note of what an answer or an event says, of which these are the bytes."""
        if _TOLD in data:
            try:
                self.see(json.loads(data))
            except (ValueError, RecursionError):
                return  # it passes: the client may know it

    def see(self, value: object) -> None:
        """Take note of what an answer or an event says."""
        if not isinstance(value, dict):
            return
        model = value.get("modelVersion", value.get("model_version"))
        self._model = model if isinstance(model, str) else self._model
        candidates = value.get("candidates")
        for candidate in candidates if isinstance(candidates, list) else ():
            self._queries |= _queries(candidate)

    def added_to(self, usage: Usage | None) -> Usage | None:
        """`usage`, and how many searches are charged."""
        if usage is None or not self._queries:
            return usage
        count = 1 if _BY_ANSWER.match(self._model) else min(len(self._queries), MOST)
        details = msgspec.structs.replace(usage.details or NONE, units=units({"web_search": count}))
        return msgspec.structs.replace(usage, details=details)


def searched(value: dict[str, Any], usage: Usage | None) -> Usage | None:
    """The usage of a whole answer, with what it searched for."""
    searches = Searches()
    searches.see(value)
    return searches.added_to(usage)


def without_searches(usage: Usage | None) -> Usage | None:
    """As much as `usageMetadata` says."""
    if usage is None or usage.details is None or not usage.details.units:
        return usage
    details = msgspec.structs.replace(usage.details, units=())
    return msgspec.structs.replace(usage, details=details if details != NONE else None)


def _queries(candidate: object) -> set[str]:
    grounding: Any = candidate
    for camel, snake in (("groundingMetadata", "grounding_metadata"), ("webSearchQueries", "web_search_queries")):
        grounding = grounding.get(camel, grounding.get(snake)) if isinstance(grounding, dict) else None
    queries = grounding if isinstance(grounding, list) else ()
    return {query for query in queries if isinstance(query, str) and query}
