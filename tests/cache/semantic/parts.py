"""Questions and answers for tests of the semantic cache, with vectors that are as near as a test wants them."""

import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trunkline.cache.semantic import Answer, Hit, Miss, SemanticCache, answer, ask

SHARED = Path(__file__).resolve().parents[4] / "shared"
MODEL = SHARED / "models" / "all-MiniLM-L6-v2-int8"
DIMENSIONS = 16
NEVER = 0.999
"""A chance with which no hit is verified."""


def axis(number: int) -> NDArray[np.float32]:
    """A direction that has nothing in common with those of other numbers."""
    vector = np.zeros(DIMENSIONS, dtype=np.float32)
    vector[number] = 1
    return vector


def near(number: int, cosine: float, towards: int = DIMENSIONS - 1) -> NDArray[np.float32]:
    """A direction of that cosine to the axis."""
    return (cosine * axis(number) + math.sqrt(1 - cosine**2) * axis(towards)).astype(np.float32)


def said(text: str, number: int = 0) -> Answer:
    """An answer that is different from those of other numbers."""
    return answer(text, axis(number))


def asked(cache: SemanticCache, text: str, vector: NDArray[np.float32], now: float = 0.0) -> Hit | Miss:
    """What a cache knows, where nothing is verified."""
    return cache.look_up(b"here", ask(text, vector), now, NEVER)


def told(cache: SemanticCache, text: str, vector: NDArray[np.float32], reply: str, number: int = 0) -> None:
    """Ask, and store the reply as what upstream said."""
    found = asked(cache, text, vector)
    cache.store(b"here", ask(text, vector), said(reply, number), reply.encode(), found.trace, 0.0, 100.0)
