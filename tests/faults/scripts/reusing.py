"""Faults between two requests on one connection, and of a test that decides when an answer goes on."""

from tests.faults import http1, replies
from tests.faults.connection import Exchange
from tests.faults.fault import Table
from tests.faults.outcomes import WHOLE, passed_on

table = Table()


@table.answers(reply=WHOLE, stream=WHOLE)
async def connection_close(x: Exchange) -> None:
    """Says `connection: close` and closes after a good answer: the reply, whole; the next request connects anew."""
    await x.answer([("connection", "close")])
    await x.close()


@table.answers(reply=WHOLE, stream=WHOLE)
async def says_close_stays(x: Exchange) -> None:
    """Says `connection: close` and does not close: the reply, whole; the gateway closes, and connects anew."""
    await x.answer([("connection", "close")])
    x.connection.closing = True


@table.answers(reply=WHOLE, stream=WHOLE)
async def closes_idle(x: Exchange) -> None:
    """Closes after a good answer without having said so: the reply, whole; the next request connects anew."""
    await x.answer()
    await x.close()


@table.answers(reply=WHOLE, stream=WHOLE)
async def resets_idle(x: Exchange) -> None:
    """Answers well and resets the idle connection when the test calls `release()`: the next request connects anew."""
    await x.answer()
    await x.hold()
    x.reset()


@table.answers(reply=WHOLE, stream=WHOLE)
async def closes_on_next(x: Exchange) -> None:
    """Answers well, and closes as the next request comes in: the first reply is whole.

    The next request may have been read, so sending it again is an attempt like any other: by policy, and in the ledger.
    """
    await x.answer()
    await x.next_request()
    await x.close()


@table.answers(reply=WHOLE, stream=WHOLE)
async def resets_on_next(x: Exchange) -> None:
    """As `closes_on_next`, with a reset."""
    await x.answer()
    await x.next_request()
    x.reset()


@table.answers(reply=WHOLE, stream=WHOLE)
async def talks_when_idle(x: Exchange) -> None:
    """Sends a 408 on the idle connection and closes, as some servers do: the first reply is whole.

    The 408 is nobody's reply: the next request connects anew.
    """
    await x.answer()
    await x.send(http1.message(408, b"", [("connection", "close")]))
    await x.close()


@table.answers(reply=WHOLE, stream=WHOLE)
async def held(x: Exchange) -> None:
    """Answers well, but only when the test calls `release()`."""
    await x.hold()
    await x.answer()


@table.answers(stream=WHOLE)
async def held_mid_stream(x: Exchange) -> None:
    """Sends half of a good stream, and the rest when the test calls `release()`."""
    events = x.events
    await x.start_stream()
    await x.send_chunks(*events[:4])
    await x.hold()
    await x.send_chunks(*events[4:])
    await x.send(http1.LAST_CHUNK)


@table.answers(reply=WHOLE, stream=WHOLE, early=True)
async def stops_reading(x: Exchange) -> None:
    """Reads only the beginning of the request until the test calls `release()`, then answers well."""
    x.connection.reading.clear()
    await x.hold()
    x.connection.reading.set()
    await x.read_rest()
    await x.answer()


@table.answers(reply=passed_on(413), stream=passed_on(413), early=True)
async def early_refusal(x: Exchange) -> None:
    """Refuses with 413 and closes, without reading more of the request than its beginning until `release()`: 413."""
    x.connection.reading.clear()
    body = replies.error("Request too large", "invalid_request_error")
    await x.send(http1.message(413, body, [("connection", "close")]))
    await x.close()
    await x.hold()
    x.connection.reading.set()


@table.answers()
async def firehose(x: Exchange) -> None:
    """Streams without end, as fast as it is taken: `connection.wire.stuck()` tells when nobody takes more."""
    event = replies.event({"choices": [{"index": 0, "delta": {"content": "x" * 4000}, "finish_reason": None}]})
    await x.start_stream()
    while x.connection.ended is None:
        await x.send(http1.chunk(event) * 8)
