"""What is remembered of one question and its answer, in memory and as bytes."""

import math
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from trunkline.cache.semantic.facts import Facts, facts

VERSION: Final = 2
OVERHEAD: Final = 3000
"""Bytes that an entry takes beside its vector, texts and reply: objects, and what is known of the question."""


class Question(msgspec.Struct, frozen=True):
    """What is asked: the last turn of the user, and its vector, which has length 1."""

    text: str
    vector: NDArray[np.float32]
    facts: Facts


def ask(text: str, vector: NDArray[np.float32]) -> Question:
    """The question of a text."""
    return Question(text, vector, facts(text))


class Taught(msgspec.Struct, frozen=True, array_like=True):
    """What a real answer taught: how a vote had looked, and whether it was right."""

    odds: float
    lead: float
    """See `vote.Vote`."""
    right: bool
    weight: float
    """How many such votes were not looked at for this one."""


class Entry(msgspec.Struct, eq=False):
    """A question and what was answered."""

    number: int
    question: Question
    answer: int
    """The answer's number in its partition: entries whose answers are the same, by `answers.same`, share one."""
    reply: bytes
    """What the gateway replays; not looked into."""
    stored: float
    """Seconds of the caller's clock, as the next."""
    expires: float
    tags: frozenset[str]
    taught: Taught | None = None
    """By its answer; None where nothing had been foreseen."""

    @property
    def size(self) -> int:
        """Bytes that it takes in memory, roughly."""
        return OVERHEAD + self.question.vector.nbytes + 2 * len(self.question.text) + len(self.reply)


class Stored(msgspec.Struct, array_like=True, frozen=True):
    """An entry as bytes, with what its answer is compared by, so that it stands for itself."""

    version: int
    text: str
    vector: bytes
    answer_text: str
    answer_vector: bytes
    reply: bytes
    stored: float
    expires: float
    tags: list[str]
    taught: Taught | None


class Damaged(ValueError):
    """Bytes that are no entry of this version, or of vectors of another size. Ignore them."""


_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(Stored)


def encode(stored: Stored) -> bytes:
    """As the store keeps it. Not authenticated: who keeps it where others write must do that."""
    return _ENCODER.encode(stored)


def decode(data: bytes, dimensions: int) -> Stored:
    """What `encode` made. Raises `Damaged`."""
    try:
        stored = _DECODER.decode(data)
    except msgspec.DecodeError as error:
        raise Damaged(str(error)) from None
    if stored.version != VERSION:
        raise Damaged(f"an entry of version {stored.version}")
    for vector in (stored.vector, stored.answer_vector):
        if len(vector) != 2 * dimensions or not np.isfinite(unpack(vector)).all():
            raise Damaged(f"a vector that is none of {dimensions} dimensions")
    taught = stored.taught
    if taught is not None and not all(map(math.isfinite, (taught.odds, taught.lead, taught.weight))):
        raise Damaged("it taught what is no number")
    return stored


def pack(vector: NDArray[np.float32]) -> bytes:
    """A vector in half the bytes; a cosine changes by less than 0.001."""
    return vector.astype("<f2").tobytes()


def unpack(data: bytes) -> NDArray[np.float32]:
    """What `pack` made, of length 1 again."""
    vector = np.frombuffer(data, dtype="<f2").astype(np.float32)
    vector /= max(float(np.linalg.norm(vector)), 1e-9)
    return vector
