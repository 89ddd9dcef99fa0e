"""What semantic caches have learnt of risk, in files, so that it outlives the process. No text is in it.

Several processes write the same file, each what it has seen since the file was read: the last one's stands. A file that
cannot be read or written only means that it is learnt again.
"""

import contextlib
import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from trunkline.cache.semantic import SemanticCache

EVERY: Final = 100
"""Answers of models after which it is written down: what `kill -9` can lose."""


class CurveFile:
    """The file of one cache. All of it blocks."""

    def __init__(self, folder: Path, identity: str, max_error: float) -> None:
        """`identity`: of the embedder, whose cosines the curve is about."""
        name = hashlib.sha256(f"{identity}\0{max_error}".encode()).hexdigest()[:32]
        self._path = folder / f"{name}.curve"
        self._unwritten = 0

    def read_into(self, cache: "SemanticCache") -> bool:
        """Have the cache begin with what was learnt; whether there was anything."""
        from trunkline.cache.semantic import Damaged

        with contextlib.suppress(OSError, Damaged):
            cache.begin_with(self._path.read_bytes())
            return True
        return False

    def learnt(self, cache: "SemanticCache") -> None:
        """The cache has been told an answer: write it down now and then."""
        self._unwritten += 1
        if self._unwritten >= EVERY:
            self.write(cache)

    def write(self, cache: "SemanticCache") -> None:
        """Write down what has been learnt since the last time, in one step."""
        if not self._unwritten:
            return
        self._unwritten = 0
        draft = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(mode=0o700, exist_ok=True)
            draft.write_bytes(cache.learnt())
            draft.replace(self._path)
