"""Bytes in every possible arrangement of reads, for property tests."""

from hypothesis import strategies as st


@st.composite
def split(draw: st.DrawFn, data: bytes) -> list[bytes]:
    """`data` in pieces as a socket might bring them, down to single bytes; none is empty."""
    places = draw(st.lists(st.integers(1, max(1, len(data) - 1)), max_size=12)) if data else []
    if draw(st.booleans()):
        places = list(range(1, len(data))) if draw(st.booleans()) else places
    ends = [*sorted({place for place in places if place < len(data)}), len(data)]
    starts = [0, *ends[:-1]]
    return [data[start:end] for start, end in zip(starts, ends, strict=True) if end > start]
