"""The neutral types that every format reads into and writes from."""

import msgspec

MOST_TOKENS = 1_000_000_000
"""More tokens than any request can have. What a client asks or a provider reports beyond is counted as this many."""


class Usage(msgspec.Struct, frozen=True, gc=False):
    """Tokens of one attempt, in disjoint-by-subtraction form.

    `input` includes the cached and the cache-written tokens, `output` includes the reasoning ones, whatever the
    provider's own arithmetic is.
    """

    input: int = 0
    cached: int = 0
    cache_write: int = 0
    output: int = 0
    reasoning: int = 0
