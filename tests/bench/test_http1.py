"""Where a reply ends, however it is cut into reads."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from bench.http1 import Reply, Target
from hypothesis import given
from hypothesis import strategies as st

WITH_LENGTH = b"HTTP/1.1 200 OK\r\nServer: x\r\ncontent-length: 5\r\n\r\nhello"
WITHOUT_BODY = b"HTTP/1.1 429 Too Many\r\nContent-Length:0\r\n\r\n"
CHUNKED = b'HTTP/1.1 502 Bad\r\nTransfer-Encoding: chunked\r\n\r\n10\r\n{"n": 1000000}\n\n\r\n0\r\n\r\n'
CHUNKED_EMPTY = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"


@pytest.mark.parametrize(
    ("data", "status"), [(WITH_LENGTH, 200), (WITHOUT_BODY, 429), (CHUNKED, 502), (CHUNKED_EMPTY, 200)]
)
def test_a_reply_is_complete_with_its_last_byte_and_not_before(data: bytes, status: int) -> None:
    reply = Reply()
    assert [reply.feed(data[at : at + 1]) for at in range(len(data))] == [False] * (len(data) - 1) + [True]
    assert reply.status == status


@given(st.lists(st.integers(1, len(WITH_LENGTH) - 1)))
def test_any_split_completes_a_reply_once(cuts: list[int]) -> None:
    bounds = [0, *sorted(set(cuts)), len(WITH_LENGTH)]
    reply = Reply()
    pieces = [WITH_LENGTH[start:end] for start, end in pairwise(bounds)]
    assert [reply.feed(piece) for piece in pieces] == [False] * (len(pieces) - 1) + [True]


def test_a_reply_without_length_or_chunks_ends_with_its_connection() -> None:
    assert not Reply().feed(b"HTTP/1.1 200 OK\r\n\r\nwhatever")


def test_a_request_carries_its_length_and_headers() -> None:
    target = Target("127.0.0.1", 4000, "/v1/x", {"Authorization": "Bearer k"})
    request = target.request(b"{}", close=True)
    head, _, body = request.partition(b"\r\n\r\n")
    assert body == b"{}"
    assert head.splitlines()[0] == b"POST /v1/x HTTP/1.1"
    assert {b"Content-Length: 2", b"Authorization: Bearer k", b"Connection: close"} <= set(head.splitlines())


def test_a_target_with_an_authority_is_reached_over_tls() -> None:
    assert Target("127.0.0.1", 1, "/x", ca=Path("ca.pem")).url == "https://127.0.0.1:1/x"
    assert Target("127.0.0.1", 1, "/x").url == "http://127.0.0.1:1/x"
