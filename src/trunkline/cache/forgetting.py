"""What the operator has had forgotten: answers that were made before, by the names that they go by.

An answer has the names that its request had: `model faq`, `tag feature=refunds`, and `everything`. What is forgotten
under a name was asked before a moment, and is given to nobody from then on, wherever it is kept.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from trunkline.cache.entry import Entry, Unread

EVERYTHING: Final = "everything"
WITHIN: Final = 1.0
"""Seconds by which the moment is later than it was said to be: clocks of replicas differ, and a second has parts."""


def names_of(model: str, tags: Mapping[str, str]) -> tuple[str, ...]:
    """What an answer goes by."""
    return EVERYTHING, f"model {model}", *(f"tag {name}={value}" for name, value in tags.items())


class Forgotten:
    """The moments of one process. For the event loop's thread."""

    def __init__(self) -> None:
        self.latest = 0.0
        """Nothing that was asked after it, as Unix time, is forgotten."""
        self._until: dict[str, float] = {}

    def learn(self, moments: Sequence[tuple[str, int]]) -> None:
        """Take in all there are: names, and Unix times in seconds."""
        self._until = {name: at + WITHIN for name, at in moments}
        self.latest = max(self._until.values(), default=0.0)

    def covers(self, entry: Entry | Unread) -> bool:
        """Whether an answer is one of them."""
        asked = entry.asked_at
        return asked <= self.latest and any(asked <= self._until.get(name, 0.0) for name in entry.names)
