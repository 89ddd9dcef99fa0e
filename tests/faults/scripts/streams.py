"""Faults of event streams: cut, stalled, ended too soon, errors on the way, and odd but good ones."""

from tests.faults import replies
from tests.faults.connection import CHUNKED, EVENT_STREAM, Exchange
from tests.faults.fault import Table
from tests.faults.http1 import LAST_CHUNK, chunk, head
from tests.faults.outcomes import BAD_GATEWAY, BROKEN_OFF, STALLED, TIMED_OUT, TRUNCATED, WHOLE

OVERLOADED = {"error": {"message": "The server is overloaded", "type": "server_error", "code": None, "param": None}}

SOME = 4
"""Events before a fault strikes: the role and three pieces of text, the third with characters of three bytes."""

table = Table()


@table.answers(stream=BAD_GATEWAY)
async def cut_before_events(x: Exchange) -> None:
    """Sends the head of a stream and closes: 502, nothing had been promised yet."""
    await x.start_stream()
    await x.cut()


@table.answers(stream=BAD_GATEWAY)
async def cut_after_role(x: Exchange) -> None:
    """Closes after the first event, which carries no content: 502."""
    await _send_some(x, 1)
    await x.cut()


@table.answers(stream=TRUNCATED)
async def cut_between_events(x: Exchange) -> None:
    """Closes between two events: truncated."""
    await _send_some(x)
    await x.cut()


@table.answers(stream=TRUNCATED)
async def cut_inside_event(x: Exchange) -> None:
    """Closes in the middle of an event, between two chunks: truncated, and no half event is handed on."""
    await _send_some(x)
    await x.send_chunks(x.events[SOME][:40])
    await x.cut()


@table.answers(stream=TRUNCATED)
async def cut_inside_character(x: Exchange) -> None:
    """Closes in the middle of a UTF-8 character: truncated, and no half event is handed on."""
    event = x.events[SOME]
    await _send_some(x)
    await x.send_chunks(event[: event.index("🌍".encode()) + 2])
    await x.cut()


@table.answers(stream=TRUNCATED)
async def reset_mid_stream(x: Exchange) -> None:
    """Resets the connection between two events: truncated. (RST does not overtake what the peer's kernel has taken.)"""
    await _send_some(x)
    x.reset()


@table.answers(stream=TRUNCATED)
async def ends_early(x: Exchange) -> None:
    """Ends the body in good order between two events, without a finish reason: truncated."""
    await _send_some(x)
    await x.send(LAST_CHUNK)


@table.answers(stream=TIMED_OUT)
async def stall_before_events(x: Exchange) -> None:
    """Sends the head of a stream and then nothing: 504."""
    await x.start_stream()
    await x.peer_ends()


@table.answers(stream=STALLED)
async def stall_mid_stream(x: Exchange) -> None:
    """Sends some events and then nothing: an error event once the gap was too long."""
    await _send_some(x)
    await x.peer_ends()


@table.answers(stream=STALLED)
async def stall_inside_event(x: Exchange) -> None:
    """Sends some events and half of one, then nothing: an error event, and no half event before it."""
    await _send_some(x)
    await x.send_chunks(x.events[SOME][:40])
    await x.peer_ends()


@table.answers(stream=BROKEN_OFF)
async def error_event(x: Exchange) -> None:
    """Sends an error as an event in mid-stream, and ends: an error event."""
    await _send_some(x)
    await x.send_chunks(replies.event(OVERLOADED))
    await x.send(LAST_CHUNK)


@table.answers(stream=BROKEN_OFF)
async def named_error_event(x: Exchange) -> None:
    """As `error_event`, with `event: error` before the data, as Groq does."""
    await _send_some(x)
    await x.send_chunks(b"event: error\n" + replies.event(OVERLOADED))
    await x.send(LAST_CHUNK)


@table.answers(stream=BAD_GATEWAY)
async def error_event_first(x: Exchange) -> None:
    """Sends an error as the stream's first event: 502, nothing had been promised yet."""
    await x.start_stream()
    await x.send_chunks(replies.event(OVERLOADED))
    await x.send(LAST_CHUNK)


@table.answers(stream=WHOLE)
async def done_missing(x: Exchange) -> None:
    """Ends in good order after the finish reason, without `[DONE]`: whole, if the provider's flag says it sends none.

    A provider that does send it is truncated.
    """
    await _send_some(x, len(x.events) - 1)
    await x.send(LAST_CHUNK)


@table.answers(stream=TRUNCATED)
async def done_missing_cut(x: Exchange) -> None:
    """Closes after the finish reason, without `[DONE]` and without the last chunk: truncated, flag or not."""
    await _send_some(x, len(x.events) - 1)
    await x.cut()


@table.answers(stream=WHOLE)
async def done_then_cut(x: Exchange) -> None:
    """Closes after `[DONE]`, without the last chunk: whole, for nothing is missing."""
    await _send_some(x, len(x.events))
    await x.cut()


@table.answers(stream=WHOLE)
async def done_then_more(x: Exchange) -> None:
    """Sends a further event after `[DONE]`: whole, and the further event is dropped."""
    await _send_some(x, len(x.events))
    await x.send_chunks(x.events[1])
    await x.send(LAST_CHUNK)


@table.answers(stream=WHOLE)
async def comments(x: Exchange) -> None:
    """Sends a comment before each event, as a keep-alive: whole."""
    await x.start_stream()
    await x.send_chunks(*(b": ping\n\n" + event for event in x.events))
    await x.send(LAST_CHUNK)


@table.answers(stream=WHOLE)
async def crlf_events(x: Exchange) -> None:
    """Ends its lines with CR LF, as the format allows: whole."""
    await x.start_stream()
    await x.send_chunks(*(event.replace(b"\n", b"\r\n") for event in x.events))
    await x.send(LAST_CHUNK)


@table.answers(stream=WHOLE)
async def ragged_chunks(x: Exchange) -> None:
    """Cuts its chunks without regard to events and characters, 13 bytes each: whole."""
    body = b"".join(x.events)
    await x.start_stream()
    await x.send_chunks(*(body[at : at + 13] for at in range(0, len(body), 13)))
    await x.send(LAST_CHUNK)


@table.answers(stream=WHOLE)
async def one_write(x: Exchange) -> None:
    """Sends head, events and end in one write: whole."""
    await x.send(head(200, [EVENT_STREAM, CHUNKED]) + b"".join(map(chunk, x.events)) + LAST_CHUNK)


async def _send_some(x: Exchange, count: int = SOME) -> None:
    await x.start_stream()
    await x.send_chunks(*x.events[:count])
