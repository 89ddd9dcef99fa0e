"""Bytes that are nearly right, and ways to cut them: what Hypothesis throws at both parsers."""

import itertools
import os

from hypothesis import settings
from hypothesis import strategies as st

EFFORT = int(os.environ.get("TRUNKLINE_FUZZ", "1"))
"""How many times the examples of a quick run are tried."""


def fuzz(examples: int) -> settings:
    """So many examples; always the same ones in CI."""
    return settings(max_examples=examples * EFFORT, deadline=None, derandomize=bool(os.environ.get("CI")))


TOKENS = [
    *(b"\r\n", b"\n", b"\r", b"\r\n\r\n", b"\0", b" ", b"\t", b":", b";", b",", b"\xff\xfe"),
    *(b"content-length: 5\r\n", b"content-length: 99999999999999999999\r\n", b"0\r\n\r\n", b"ffffffffffffffff\r\n"),
    *(b"transfer-encoding: chunked\r\n", b"transfer-encoding: gzip\r\n", b"content-encoding: gzip\r\n", b"host: a\r\n"),
    *(b"connection: close\r\n", b"connection: upgrade\r\n", b"upgrade: h2c\r\n", b"expect: 100-continue\r\n"),
    *(b"HTTP/1.0", b"HTTP/2", b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 204 No\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n"),
    *(b"data: [DONE]\n\n", b"data: {}\n\n", b'data: {"error":{}}\n\n', b"{", b"[", b'"', b"null", b"1e999", b"\\ud800"),
]


@st.composite
def mutated(draw: st.DrawFn, originals: list[bytes]) -> bytes:
    """One of `originals` with a few bytes changed, cut out, doubled, or put in between."""
    data = draw(st.sampled_from(originals))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(data)))
        end = start + draw(st.integers(0, 20))
        put = draw(st.one_of(st.sampled_from(TOKENS), st.binary(max_size=4), st.just(data[start:end] * 2)))
        data = data[:start] + put + data[end if draw(st.booleans()) else start :]
    return data


def nearly(originals: list[bytes]) -> st.SearchStrategy[bytes]:
    """Mostly `mutated`, now and then untouched or wholly random."""
    return st.one_of(mutated(originals), st.sampled_from(originals), st.binary(max_size=300))


cuts: st.SearchStrategy[list[int]] = st.one_of(
    st.just([]), st.lists(st.integers(0, 2000), max_size=12), st.just(list(range(3000)))
)
"""Where to cut: nowhere, here and there, or everywhere."""


def cut(data: bytes, at: list[int]) -> list[bytes]:
    """`data` in pieces, none of them empty."""
    borders = sorted({0, len(data), *(place for place in at if place < len(data))})
    return [data[start:end] for start, end in itertools.pairwise(borders)]
