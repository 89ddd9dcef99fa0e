"""Nearest neighbours among up to some hundred thousand vectors, in under a millisecond, while they come and go.

Vectors lie in cells; a cell that is full is split in two, around two centres. A search compares the question with all
centres, then with all vectors of the nearest cells. So it is exact until there are more cells than are searched (about
2,000 vectors), and reads 2 % of the vectors at 100,000, of which a full comparison would be 150 MB of memory read.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float32]

FULL: Final = 256
SEARCHED: Final = 12
FIRST: Final = 4
"""Rows that a new cell has room for; it doubles."""
ROUNDS: Final = 6
"""Steps of 2-means when a cell is split."""


class _Cell:
    """Some vectors, near each other."""

    def __init__(self, vectors: Vector, ids: NDArray[np.int64]) -> None:
        self.vectors = vectors
        self.ids = ids
        self.size = len(ids)

    def add(self, number: int, vector: Vector) -> None:
        if self.size == len(self.ids):
            room = max(FIRST, min(2 * self.size, FULL))
            vectors, ids = np.empty((room, len(vector)), dtype=np.float32), np.empty(room, dtype=np.int64)
            vectors[: self.size], ids[: self.size] = self.vectors, self.ids
            self.vectors, self.ids = vectors, ids
        self.vectors[self.size], self.ids[self.size] = vector, number
        self.size += 1

    def remove(self, number: int) -> None:
        at = int(np.flatnonzero(self.ids[: self.size] == number)[0])
        self.size -= 1
        self.vectors[at], self.ids[at] = self.vectors[self.size], self.ids[self.size]


class Cells:
    """Vectors of length 1 by their numbers. Not thread-safe."""

    def __init__(self, dimensions: int, searched: int = SEARCHED) -> None:
        self._dimensions = dimensions
        self._searched = searched
        self._cells = [self._empty()]
        self._centres = np.zeros((1, dimensions), dtype=np.float32)
        self._of: dict[int, _Cell] = {}

    def __len__(self) -> int:
        return len(self._of)

    def add(self, number: int, vector: Vector) -> None:
        """Keep `vector` under `number`, which must be new."""
        at = int(np.argmax(self._centres[: len(self._cells)] @ vector))
        cell = self._cells[at]
        if cell.size == FULL:
            cell = self._split(at, vector)
        cell.add(number, vector)
        self._of[number] = cell

    def remove(self, number: int) -> None:
        """Forget a vector. Raises `KeyError`."""
        self._of.pop(number).remove(number)

    def nearest(self, vector: Vector, most: int) -> tuple[NDArray[np.int64], Vector]:
        """The numbers of up to `most` vectors and their cosines to `vector`, nearest first."""
        cells = self._cells
        if len(cells) > self._searched:
            near = np.argpartition(self._centres[: len(cells)] @ vector, -self._searched)[-self._searched :]
            cells = [cells[at] for at in near]
        cosines = np.concatenate([cell.vectors[: cell.size] @ vector for cell in cells])
        ids = np.concatenate([cell.ids[: cell.size] for cell in cells])
        if len(cosines) > most:
            best = np.argpartition(cosines, -most)[-most:]
            cosines, ids = cosines[best], ids[best]
        order = np.argsort(-cosines, kind="stable")
        return ids[order], cosines[order]

    def _empty(self) -> _Cell:
        return _Cell(np.empty((0, self._dimensions), dtype=np.float32), np.empty(0, dtype=np.int64))

    def _split(self, at: int, vector: Vector) -> _Cell:
        """Make two cells of the full one at `at`; the one that `vector` belongs to."""
        cell = self._cells[at]
        centres, second = _two_means(cell.vectors)
        halves = [_Cell(cell.vectors[part].copy(), cell.ids[part].copy()) for part in (~second, second)]
        for half in halves:
            self._of.update(dict.fromkeys(half.ids.tolist(), half))
        if len(self._cells) == len(self._centres):
            self._centres = np.concatenate([self._centres, np.zeros_like(self._centres)])
        self._cells[at], self._centres[at] = halves[0], centres[0]
        self._centres[len(self._cells)] = centres[1]
        self._cells.append(halves[1])
        return halves[int(np.argmax(centres @ vector))]


def _two_means(vectors: Vector) -> tuple[Vector, NDArray[np.bool_]]:
    """Two centres, and which vectors are the second's. Neither is left without any."""
    first = vectors[0]
    far = vectors[int(np.argmin(vectors @ first))]
    centres = np.stack([vectors[int(np.argmin(vectors @ far))], far])
    for _ in range(ROUNDS):
        lean = vectors @ (centres[1] - centres[0])
        second: NDArray[np.bool_] = lean > 0
        if not 0 < int(second.sum()) < len(vectors):  # all alike: any half is as good
            second = np.arange(len(vectors)) % 2 == 1
        centres = np.stack([_middle(vectors[~second]), _middle(vectors[second])])
    return centres, second


def _middle(vectors: Vector) -> Vector:
    middle: Vector = vectors.mean(axis=0)
    middle /= max(float(np.linalg.norm(middle)), 1e-9)
    return middle
