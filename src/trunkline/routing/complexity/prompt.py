"""What a request asks: the words of its last turn, and how much stands around them."""

from typing import Any, Final, Self

import msgspec

from trunkline.routing import reading
from trunkline.routing.reading import Document

LATEST: Final = 40
"""Messages that are looked at, from the last one back: the time has a bound, however long a conversation is."""
INSTRUCTIONS: Final = 1000
"""Characters of the instructions that are read."""


class Prompt(msgspec.Struct, frozen=True):
    """One request, as far as its difficulty is concerned."""

    text: str
    """What the user said last (`reading.last_words`)."""
    instructions: str = ""
    """How what the application said begins."""
    messages: int = 1
    history: int = 0
    """Characters of the messages before (of the latest of them, where there are many)."""
    tools: int = 0
    media: int = 0
    """Pictures, sounds and files among the latest messages."""
    structured: bool = False
    """The answer must be JSON."""
    cap: int | None = None
    """Most tokens of the answer, where that is said."""

    @classmethod
    def of(cls, document: Document) -> Self:
        """Of a request in any format."""
        talk = reading.talk(document)
        latest = talk[-LATEST:]
        text = reading.last_words({"messages": latest})
        return cls(
            text=text,
            instructions=reading.instructions(document)[:INSTRUCTIONS],
            messages=len(talk),
            history=max(sum(map(_length, latest)) - len(text), 0) if len(talk) > 1 else 0,
            tools=reading.count_tools(document),
            media=sum(reading.media({"messages": latest}).values()),
            structured=reading.structured(document) is not None,
            cap=reading.output_cap(document),
        )


def _length(message: Any) -> int:
    return len(reading.text_of(message))
