"""Documents in which something is not as it should be: refused, or kept as it is."""

import copy
import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.formats.google_generate import test_reply, test_request, test_stream
from tests.formats.google_generate.speaking import LIMIT, read, stream, told

from trunkline.formats.conversation import Request
from trunkline.formats.dialect import PLAIN
from trunkline.formats.format import NOTHING, Place, ShapeError, StreamError
from trunkline.formats.google_generate import FORMAT
from trunkline.formats.losses import Losses

_VALUES: list[Any] = [None, 1, -1, 1.5, "x", "", True, False, [], {}, [1], {"a": 1}, ["a"], [{}], [None], 10**30]


def _paths(value: Any, before: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    below = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path for name, one in below for path in [(*before, name), *_paths(one, (*before, name))]]


@st.composite
def odd(draw: st.DrawFn, documents: list[Any]) -> Any:
    """One of `documents` with another value somewhere in it."""
    document = copy.deepcopy(draw(st.sampled_from(documents)))
    *way, last = draw(st.sampled_from(_paths(document)))
    node = document
    for step in way:
        node = node[step]
    node[last] = draw(st.sampled_from(_VALUES))
    return document


@settings(deadline=None, max_examples=50)
@given(odd(list(test_request.SAME.values())))
def test_a_request_is_refused_or_comes_back_as_it_was(document: dict[str, Any]) -> None:
    try:
        request = read(document, Place())
    except ShapeError:
        return
    assert FORMAT.write_request(request, PLAIN, Losses()) == document


@settings(deadline=None, max_examples=50)
@given(odd(list(test_reply.SAME.values())))
def test_a_reply_is_none_or_comes_back_as_it_was(document: dict[str, Any]) -> None:
    try:
        reply = FORMAT.read_reply(document, PLAIN)
    except ValueError:
        return
    assert FORMAT.write_reply(reply, Request(format="google_generate")) == document
    FORMAT.look_reply(json.dumps(document).encode())


@settings(deadline=None, max_examples=50)
@given(odd(list(test_stream.STREAMS.values())))
def test_a_stream_breaks_or_comes_back_as_it_was(chunks: list[Any]) -> None:
    data = stream(*chunks)
    reader, scanner = FORMAT.reader(PLAIN, LIMIT), FORMAT.scanner(NOTHING, PLAIN, LIMIT)
    try:
        events = reader.feed(data)
        handed = scanner.feed(data)
    except StreamError:
        return
    assert told(events) == chunks
    if scanner.error is None:
        assert handed == data
