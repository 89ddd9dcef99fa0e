"""How much one model's answer is like another's: a figure for judging a swap, for which no text need be kept.

It is of the wording alone: which runs of four characters both texts have, which works in any script, and for code. 1 is
the same, some 0.9 the same with a word here and there; answers that say the same in other words have about 0.5, and
unrelated ones 0 to 0.2.
"""

from math import sqrt
from typing import Final
from unicodedata import normalize

import msgspec

from trunkline.formats.conversation import Refusal, Reply, Text, ToolCall
from trunkline.formats.dialect import PLAIN
from trunkline.formats.folding import fold
from trunkline.formats.format import Format
from trunkline.gateway.judging import read_reply

LONGEST: Final = 20_000
"""Characters that are compared, from the beginning."""
RUN: Final = 4
"""Characters. With three, long texts of one language are always alike (0.4 to 0.6); with five, little else is."""
MOST_KEPT: Final = 256 * 1024
"""Bytes of an answer that are kept until it is compared."""


class Copy:
    """What a client was sent, from the beginning, as far as it is wanted."""

    __slots__ = ("_pieces", "_size", "whole")

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._size = 0
        self.whole = True

    def add(self, data: bytes) -> None:
        """What comes next."""
        if self._size + len(data) <= MOST_KEPT:
            self._size += len(data)
            self._pieces.append(data)
        else:
            self.whole = False
            self._size = MOST_KEPT  # what follows a gap is not wanted

    def text(self, spoken: Format, *, stream: bool) -> str | None:
        """What a model says in it, as a text; None if that cannot be told."""
        data = b"".join(self._pieces)
        try:
            if not stream:
                return said(read_reply(spoken, data)) if self.whole else None
            reader = spoken.reader(PLAIN, MOST_KEPT + 1)
            events = reader.feed(data)
            return said(fold([*events, *reader.close()] if self.whole else events, spoken.name))
        except (ValueError, msgspec.DecodeError):
            return None


def compare(first: Copy, second: Copy, spoken: Format, *, stream: bool) -> tuple[str, str, float] | None:
    """What both say, and how like that is; None if that cannot be told. Takes some time: for a worker thread."""
    one, other = first.text(spoken, stream=stream), second.text(spoken, stream=stream)
    return (one, other, likeness(one, other)) if one is not None and other is not None else None


def said(reply: Reply) -> str:
    """The words and the calls of the first choice."""
    told: list[str] = []
    for part in reply.choices[0].parts if reply.choices else ():
        match part:
            case Text() | Refusal():
                told.append(part.text)
            case ToolCall():
                told.append(f"{part.name}({part.arguments})")
            case _:
                pass
    return "\n".join(told)


def likeness(one: str, other: str) -> float:
    """From 0 to 1 (Otsuka and Ochiai's coefficient). Takes some 10 ms for the longest."""
    first, second = _plain(one), _plain(other)
    if first == second:
        return 1.0
    some, others = _runs(first), _runs(second)
    return len(some & others) / sqrt(len(some) * len(others))


def _plain(text: str) -> str:
    """Without what does not matter: case, white space, and ways to write the same character."""
    return " ".join(normalize("NFKC", text[:LONGEST]).casefold().split())


def _runs(text: str) -> set[str]:
    padded = f"  {text}  "
    return {padded[place : place + RUN] for place in range(len(padded) - RUN + 1)}
