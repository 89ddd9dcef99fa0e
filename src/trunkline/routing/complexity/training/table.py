"""Examples as arrays."""

from collections.abc import Callable, Sequence
from typing import Final, Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from trunkline.routing.complexity.features import Features
from trunkline.routing.complexity.training.examples import Example
from trunkline.routing.complexity.training.folds import groups

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]
EVERYDAY: Final = 0.2
"""How much an example that comes with Trunkline counts beside one of the operator's."""
Embed = Callable[[Sequence[str]], NDArray[np.float32]]


class Table(msgspec.Struct, frozen=True):
    """A row for each example."""

    values: Floats
    """`Features.values`."""
    choices: NDArray[np.bool_]
    """`Features.choices`."""
    gains: Floats
    everyday: NDArray[np.bool_]
    groups: Rows
    """Near duplicates have the same number."""
    strata: Rows
    """Of the same set and with the same gain, roughly: parts of the data are to have as many of each."""
    sets: list[str]
    vectors: NDArray[np.float32] | None = None

    @classmethod
    def of(cls, examples: Sequence[Example], embed: Embed | None = None) -> Self:
        """Of these examples; `embed` makes their vectors."""
        texts = [example.prompt.text for example in examples]
        seen = [Features.of(example.prompt) for example in examples]
        return cls(
            values=np.array([features.values for features in seen], dtype=np.float64),
            choices=np.array([features.choices for features in seen]),
            gains=np.array([example.gain for example in examples]),
            everyday=np.array([example.everyday for example in examples]),
            groups=np.array(groups(texts)),
            strata=_strata(examples),
            sets=[example.set for example in examples],
            vectors=embed(texts) if embed is not None else None,
        )

    @property
    def weights(self) -> Floats:
        """How much each counts in fitting."""
        return np.where(self.everyday, EVERYDAY, 1.0)

    def rows(self, rows: Rows) -> "Table":
        """Only these."""
        return Table(
            self.values[rows],
            self.choices[rows],
            self.gains[rows],
            self.everyday[rows],
            self.groups[rows],
            self.strata[rows],
            [self.sets[row] for row in rows],
            self.vectors[rows] if self.vectors is not None else None,
        )

    def features(self, row: int) -> Features:
        """What `Features.of` gave for one."""
        return Features(self.values[row].tolist(), bool(self.choices[row]))

    def __len__(self) -> int:
        return len(self.gains)


def _strata(examples: Sequence[Example]) -> Rows:
    seen: dict[tuple[str, bool, int], int] = {}
    return np.array([seen.setdefault((e.set, e.everyday, round(e.gain)), len(seen)) for e in examples])
