"""The model file: what was fitted, as JSON; no code is in it, and none is run to read it.

Arrays are in base64, row by row; those of `Space` are of int8, in steps that `space` knows.
"""

from typing import Any, Final

import msgspec

from trunkline.routing.complexity.features import COLUMNS
from trunkline.routing.complexity.trees import is_sound

VERSION: Final = 1
KINDS: Final = 2
"""Open questions, and those with answers to choose from."""
STEPS: Final = 101
"""Points of a curve or a distribution: each hundredth, both ends included."""
CHEAP: Final = 2
"""Estimates that need no vector: trees and weighted sum."""
EMBEDDED: Final = 3
"""Estimates with a vector: trees, landmarks and nearest examples."""


class ModelError(ValueError):
    """The bytes are no model that this version can use. Says why."""


class Linear(msgspec.Struct, frozen=True):
    """A weighted sum, kept within what it was on the data, for far from them it means nothing."""

    weights: list[float]
    offset: float
    least: float
    most: float


class Blend(msgspec.Struct, frozen=True):
    """How estimates of the gain become one: a weighted sum, for one kind of prompt."""

    weights: list[float]
    offset: float


class Head(msgspec.Struct, frozen=True):
    """One way to score, with or without a vector."""

    blends: list[Blend]
    """By kind."""
    slope: float
    """Of the logistic curve from estimated gain to probability."""
    middle: float
    """The gain at which the probability is one half."""
    scores: list[float]
    """The data's scores by rank, lowest first, as a scorer gave them that had not seen the question."""
    recovered: list[float]
    """Share of the quality gap that is recovered, by the share of prompts that go to the strong model; likewise."""


class Space(msgspec.Struct, frozen=True):
    """Where prompts of one kind lie, and what was gained there. `space.Place` is how it is used."""

    mean: bytes
    """float32, for each dimension of a vector."""
    axes: bytes
    """What vectors are projected on."""
    centres: list[float]
    """Of the features."""
    scales: list[float]
    """What a feature is multiplied with."""
    landmarks: bytes
    """Points, with features."""
    pulls: list[float]
    """What being at each landmark is worth."""
    offset: float
    examples: bytes
    """Points, without features."""
    gains: bytes
    """An int8 for each example: its gain times 100."""


class Vectors(msgspec.Struct, frozen=True):
    """What is known with the vector of a prompt's text."""

    embedder: str
    """`Embedder.identity` of the model that makes them."""
    tokens: int
    """Tokens of a text that are read."""
    dimensions: int
    axes: int
    spaces: list[Space]
    """By kind."""
    head: Head


class Model(msgspec.Struct, frozen=True):
    """Everything that was fitted."""

    version: int
    columns: list[str]
    note: str
    """What it was fitted on."""
    trees: list[Any]
    linear: list[Linear]
    """By kind."""
    cheap: Head
    vectors: Vectors | None = None


def write(model: Model) -> bytes:
    """The file's content."""
    return msgspec.json.encode(model) + b"\n"


def read(data: bytes) -> Model:
    """The model in a file's content. Raises `ModelError`."""
    try:
        model = msgspec.json.decode(data, type=Model)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ModelError(f"this is no complexity model: {error}") from None
    if model.version != VERSION or model.columns != list(COLUMNS):
        raise ModelError("the model was fitted by another version of Trunkline: fit it again")
    if not _is_whole(model):
        raise ModelError("this is no complexity model: an array has the wrong length, or a tree is damaged")
    return model


def _is_whole(model: Model) -> bool:
    return (
        all(is_sound(tree, len(COLUMNS)) for tree in model.trees)
        and len(model.linear) == KINDS
        and all(len(linear.weights) == len(COLUMNS) for linear in model.linear)
        and _is_head(model.cheap, CHEAP)
        and (model.vectors is None or _are_vectors(model.vectors))
    )


def _are_vectors(vectors: Vectors) -> bool:
    return (
        min(vectors.axes, vectors.dimensions, vectors.tokens) > 0
        and len(vectors.spaces) == KINDS
        and all(_is_space(space, vectors.dimensions, vectors.axes) for space in vectors.spaces)
        and _is_head(vectors.head, EMBEDDED)
    )


def _is_space(space: Space, dimensions: int, axes: int) -> bool:
    return (
        len(space.mean) == 4 * dimensions
        and len(space.axes) == axes * dimensions
        and len(space.centres) == len(space.scales) == len(COLUMNS)
        and len(space.landmarks) == len(space.pulls) * (axes + len(COLUMNS)) > 0
        and len(space.examples) == len(space.gains) * axes > 0
    )


def _is_head(head: Head, estimates: int) -> bool:
    return (
        len(head.blends) == KINDS
        and all(len(blend.weights) == estimates for blend in head.blends)
        and len(head.scores) == len(head.recovered) == STEPS
    )
