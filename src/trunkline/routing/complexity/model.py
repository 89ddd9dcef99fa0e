"""The model file: what was fitted, as numbers; no code is in it, and none is run to read it.

trunkline-complexity 1\\n      what it is, and the version of this layout
32 bytes                      SHA-256 of all that follows
MessagePack                   `Model`
"""

import hashlib
from typing import Any, Final

import msgspec

from trunkline.routing.complexity.features import COLUMNS
from trunkline.routing.complexity.trees import is_sound

MAGIC: Final = b"trunkline-complexity 1\n"
DIGEST: Final = 32
KINDS: Final = 2
"""Open questions, and those with answers to choose from."""
STEPS: Final = 101
"""Points of a curve or a distribution: each hundredth, both ends included."""


class ModelError(ValueError):
    """The bytes are no model that this version can use. Says why."""


class Linear(msgspec.Struct, frozen=True):
    """A weighted sum, kept within what it was on the data, for far from them it means nothing."""

    weights: list[float]
    offset: float
    least: float
    most: float


class Blend(msgspec.Struct, frozen=True):
    """How the parts' estimates of the gain become one: a weighted sum, for one kind of prompt."""

    trees: float
    linear: float
    nearest: float
    offset: float


class Head(msgspec.Struct, frozen=True):
    """One way to score, with or without a vector. Lists of two are by kind."""

    linear: list[Linear]
    blend: list[Blend]
    slope: float
    """Of the logistic curve from estimated gain to probability."""
    middle: float
    """The gain at which the probability is one half."""
    scores: list[float]
    """The data's scores by rank, lowest first, as a scorer gave them that had not seen the question."""
    recovered: list[float]
    """Share of the quality gap that is recovered, by the share of prompts that go to the strong model; likewise."""


class Vectors(msgspec.Struct, frozen=True):
    """The labelled examples as vectors, and the second head. Arrays are little-endian, row by row."""

    embedder: str
    """`Embedder.identity` of the model that made them."""
    tokens: int
    """Tokens of a text that were read."""
    dimensions: int
    mean: bytes
    """float32 for each dimension."""
    axes: bytes
    """float16: `axis` times `dimensions`; what a vector is projected on."""
    steps: bytes
    """float32 for each axis: the step of its sixteen levels."""
    codes: list[bytes]
    """By kind: an example's projection, four bits an axis, the even ones in the low half."""
    gains: list[bytes]
    """By kind: an int8 for each example, its gain times 100."""
    head: Head


class Model(msgspec.Struct, frozen=True):
    """Everything that was fitted."""

    columns: list[str]
    note: str
    """What it was fitted on."""
    trees: list[Any]
    cheap: Head
    vectors: Vectors | None = None


def write(model: Model) -> bytes:
    """The file's content."""
    body = msgspec.msgpack.encode(model)
    return MAGIC + hashlib.sha256(body).digest() + body


def read(data: bytes) -> Model:
    """The model in a file's content. Raises `ModelError`."""
    if not data.startswith(MAGIC):
        raise ModelError("this is no complexity model, or one of another version: fit it again")
    digest, body = data[len(MAGIC) : len(MAGIC) + DIGEST], data[len(MAGIC) + DIGEST :]
    if hashlib.sha256(body).digest() != digest:
        raise ModelError("the model is damaged: its checksum is not that of its content")
    try:
        model = msgspec.msgpack.decode(body, type=Model)
    except msgspec.MsgspecError as error:
        raise ModelError(f"the model is not made as it should be: {error}") from None
    if model.columns != list(COLUMNS):
        raise ModelError("the model was fitted by another version, which looks at other features: fit it again")
    if not _is_whole(model):
        raise ModelError("the model is not made as it should be: an array has the wrong length")
    return model


def _is_whole(model: Model) -> bool:
    if not all(is_sound(tree, len(COLUMNS)) for tree in model.trees) or not _is_head(model.cheap, len(COLUMNS)):
        return False
    vectors = model.vectors
    if vectors is None:
        return True
    axes = len(vectors.steps) // 4
    return (
        axes > 0
        and axes % 2 == 0
        and len(vectors.mean) == 4 * vectors.dimensions
        and len(vectors.axes) == 2 * axes * vectors.dimensions
        and len(vectors.codes) == len(vectors.gains) == KINDS
        and all(len(c) == len(g) * axes // 2 for c, g in zip(vectors.codes, vectors.gains, strict=True))
        and _is_head(vectors.head, len(COLUMNS) + axes)
    )


def _is_head(head: Head, weights: int) -> bool:
    return (
        len(head.linear) == len(head.blend) == KINDS
        and all(len(linear.weights) == weights for linear in head.linear)
        and len(head.scores) == len(head.recovered) == STEPS
    )
