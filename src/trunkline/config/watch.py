"""Notice that the file of the configuration is another."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Final

_SETTLE_MS: Final = 50
"""Several writes with less than this between them are one change."""
_LONGEST_SETTLE_MS: Final = 500
_LOOK_AGAIN_MS: Final = 2000
"""How often the file is read although nothing was heard: network file systems tell nothing, nor does a link's end."""


async def changes(path: Path, digest: str) -> AsyncIterator[None]:
    """Yields whenever the content of the file at `path` is another than before.

    `digest` is the SHA-256 of the content that is in use (`Config.digest`), so that nothing written since it was
    read is missed. The directory is watched, not the file, because editors replace files and a Kubernetes ConfigMap
    turns the link `..data` to another directory. While there is no file to read, there is no change. Raises
    `OSError` where the directory cannot be watched.
    """
    from watchfiles import awatch

    looks = awatch(
        path.parent,
        watch_filter=None,
        recursive=False,
        step=_SETTLE_MS,
        debounce=_LONGEST_SETTLE_MS,
        rust_timeout=_LOOK_AGAIN_MS,
        yield_on_timeout=True,
    )
    async with aclosing(looks):
        while True:
            now = await _settled(path, digest)
            if now is not None and now != digest:
                digest = now
                yield
            await anext(looks)


async def _settled(path: Path, digest: str) -> str | None:
    """The digest of the file's content; where it is not `digest`, only once nobody writes to it any more."""
    now = await asyncio.to_thread(_digest, path)
    before: str | None = digest
    while now != before and now != digest:
        before = now
        await asyncio.sleep(_SETTLE_MS / 1000)
        now = await asyncio.to_thread(_digest, path)
    return now


def _digest(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None
