"""Notice that the configuration is another."""

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


async def changes(path: Path, digest: str | None = None) -> AsyncIterator[None]:
    """Yields whenever the content of the file at `path` is another than it was.

    `digest` is the SHA-256 of the content that is in use (`Config.digest`), so that nothing written since it was
    read is missed; without it, the content now is where it starts. The directory is watched, not the file, because
    editors replace files and a Kubernetes ConfigMap turns the link `..data` to another directory. While there is no
    file to read, there is no change. Raises `OSError` where the directory cannot be watched.
    """
    from watchfiles import awatch

    seen = digest or await asyncio.to_thread(_digest, path)
    watcher = awatch(
        path.parent,
        watch_filter=None,
        recursive=False,
        step=_SETTLE_MS,
        debounce=_LONGEST_SETTLE_MS,
        rust_timeout=_LOOK_AGAIN_MS,
        yield_on_timeout=True,
    )
    async with aclosing(watcher):
        async for _ in watcher:
            now = await asyncio.to_thread(_digest, path)
            if now not in (None, seen):
                seen = now
                yield


def _digest(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None
