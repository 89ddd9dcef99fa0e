"""A reply that is kept, as the events of a stream."""

import re
from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from trunkline.formats.conversation import Event, Reply, Text
from trunkline.formats.folding import unfold

WORDS: Final = 4
_PIECES: Final = re.compile(rf"\s*(?:\S+\s*){{1,{WORDS}}}|\s+")


def events_of(reply: Reply, *, in_pieces: bool) -> Iterator[Event]:
    """The events that amount to `reply`; `in_pieces`: its words come a few at a time, as from a model."""
    for event in unfold(reply):
        if not in_pieces or len(event.deltas) != 1:
            yield event
            continue
        delta = event.deltas[0]
        piece = delta.piece
        if not isinstance(piece, Text) or piece.citations or delta.logprobs or not piece.text:
            yield event
            continue
        texts = _PIECES.findall(piece.text)
        for place, text in enumerate(texts):
            first, last = place == 0, place == len(texts) - 1
            part = replace(piece, text=text) if first else Text(text=text)
            yield replace(event, deltas=[replace(delta, piece=part, begins=first, ends=last)])
