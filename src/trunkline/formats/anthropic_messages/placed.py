"""A block with where it came from, for telling what is wrong with it."""

from typing import Any

import msgspec


class Placed(msgspec.Struct):
    """A block, or a tool, that was written, with its path in the client's request."""

    block: dict[str, Any]
    path: str
