"""Faults of HTTP itself: no answer, half an answer, wrong lengths, broken chunks, statuses that carry no reply."""

import gzip
import zlib

from tests.faults import http1
from tests.faults.connection import CHUNKED, EVENT_STREAM, Exchange
from tests.faults.fault import Fault, Table, good_answer
from tests.faults.http1 import LAST_CHUNK
from tests.faults.outcomes import BROKEN, STALLED, TIMED_OUT, TRUNCATED, WHOLE

JSON = ("content-type", "application/json")

table = Table()
table.add(Fault("normal", "Answers as a healthy provider: the reply, whole.", WHOLE, WHOLE, good_answer))


@table.answers(reply=TIMED_OUT, stream=TIMED_OUT)
async def mute(x: Exchange) -> None:
    """Reads the request and never answers: 504."""
    await x.peer_ends()


@table.answers(reply=BROKEN, stream=BROKEN)
async def close_unanswered(x: Exchange) -> None:
    """Reads the request and closes: 502."""
    await x.close()


@table.answers(reply=BROKEN, stream=BROKEN)
async def reset_unanswered(x: Exchange) -> None:
    """Reads the request and resets the connection: 502."""
    x.reset()


@table.answers(reply=TIMED_OUT, stream=TIMED_OUT)
async def half_head(x: Exchange) -> None:
    """Sends half a header and then nothing: 504."""
    await x.send(b"HTTP/1.1 200 OK\r\ncontent-type: applic")
    await x.peer_ends()


@table.answers(reply=BROKEN, stream=BROKEN)
async def half_head_close(x: Exchange) -> None:
    """Sends half a header and closes: 502."""
    await x.send(b"HTTP/1.1 200 OK\r\ncontent-type: applic")
    await x.cut()


@table.answers(reply=BROKEN, stream=BROKEN)
async def garbage(x: Exchange) -> None:
    """Answers with bytes that are not HTTP, and leaves the connection open: 502 at once."""
    await x.send(b"\x00\xffSSH-2.0-what are you talking about\r\n\r\n")
    await x.peer_ends()


@table.answers(reply=WHOLE, stream=WHOLE)
async def one_byte_pieces(x: Exchange) -> None:
    """Sends a good answer byte by byte: the reply, whole."""
    if x.streams:
        body = b"".join(map(http1.chunk, x.events)) + LAST_CHUNK
        await x.dribble(http1.head(200, [EVENT_STREAM, CHUNKED]) + body)
    else:
        await x.dribble(http1.message(200, x.chat))


@table.answers(reply=BROKEN, stream=TRUNCATED)
async def length_short(x: Exchange) -> None:
    """Announces a length, sends half of it and closes: 502; a stream is truncated."""
    await _send_half_of_length(x)
    await x.cut()


@table.answers(reply=TIMED_OUT, stream=STALLED)
async def length_stall(x: Exchange) -> None:
    """Announces a length, sends half of it and then nothing: 504; a stream ends with an error event."""
    await _send_half_of_length(x)
    await x.peer_ends()


@table.answers(reply=WHOLE, stream=WHOLE)
async def length_long(x: Exchange) -> None:
    """Sends a second reply behind the announced length: the reply, whole; the connection is never used again."""
    body = b"".join(x.events) if x.streams else x.chat
    content_type = EVENT_STREAM if x.streams else JSON
    await x.send(http1.message(200, body, [content_type]) + http1.message(200, b'{"the reply of":"somebody else"}'))


@table.answers(reply=BROKEN, stream=BROKEN)
async def two_lengths(x: Exchange) -> None:
    """Announces two different lengths: 502."""
    await x.send(http1.message(200, x.chat, [("content-length", "17")]))


@table.answers(reply=BROKEN, stream=BROKEN)
async def length_and_chunked(x: Exchange) -> None:
    """Announces a length and chunks at once (RFC 9112, 6.3: smuggling): 502."""
    await x.send(http1.head(200, [JSON, CHUNKED, ("content-length", "5")]), http1.chunk(x.chat) + LAST_CHUNK)


@table.answers(reply=BROKEN, stream=TRUNCATED)
async def chunk_bad_size(x: Exchange) -> None:
    """Sends good chunks, then one whose size is no number: 502; a stream is truncated."""
    await _send_half_in_chunks(x, then=b"zz\r\n")
    await x.peer_ends()


@table.answers(reply=BROKEN, stream=TRUNCATED)
async def chunk_overflow(x: Exchange) -> None:
    """Sends more bytes in a chunk than its size says: 502; a stream is truncated."""
    await _send_half_in_chunks(x, then=b"4\r\n: a comment\n\n\r\n")
    await x.peer_ends()


@table.answers(reply=BROKEN, stream=TRUNCATED)
async def chunk_cut(x: Exchange) -> None:
    """Closes in the middle of a chunk: 502; a stream is truncated."""
    await _send_half_in_chunks(x, then=b"ffff\r\n: a comment")
    await x.cut()


@table.answers(reply=BROKEN)
async def last_chunk_missing(x: Exchange) -> None:
    """Sends all of a reply in chunks, and closes without the last, empty chunk: 502."""
    await x.send(http1.head(200, [JSON, CHUNKED]), http1.chunk(x.chat))
    await x.cut()


@table.answers(reply=WHOLE, stream=WHOLE)
async def byte_chunks(x: Exchange) -> None:
    """Sends each byte as a chunk of its own, with an extension, and a trailer at the end: the reply, whole."""
    body = b"".join(x.events) if x.streams else x.chat
    chunks = b"".join(b"1;why=not\r\n%c\r\n" % byte for byte in body)
    await x.send(http1.head(200, [EVENT_STREAM if x.streams else JSON, CHUNKED]))
    await x.send(chunks, b"0\r\nx-checksum: none\r\n\r\n")


@table.answers(reply=WHOLE, stream=WHOLE)
async def continue_first(x: Exchange) -> None:
    """Sends 100 Continue first, although nobody expects it: the reply, whole."""
    await x.send(http1.head(100))
    await x.answer()


@table.answers(reply=WHOLE, stream=WHOLE)
async def early_hints(x: Exchange) -> None:
    """Sends 103 Early Hints twice first: the reply, whole."""
    await x.send(*[http1.head(103, [("link", "</style.css>; rel=preload")])] * 2)
    await x.answer()


@table.answers(reply=TIMED_OUT, stream=TIMED_OUT)
async def hints_for_ever(x: Exchange) -> None:
    """Sends 103 Early Hints and never the answer: 504; hints do not count as a first byte."""
    await x.send(*[http1.head(103)] * 10)
    await x.peer_ends()


@table.answers(reply=BROKEN, stream=BROKEN)
async def switching_protocols(x: Exchange) -> None:
    """Answers 101 although no upgrade was asked for: 502."""
    await x.send(http1.head(101, [("upgrade", "websocket"), ("connection", "upgrade")]))
    await x.peer_ends()


@table.answers(reply=BROKEN, stream=BROKEN)
async def no_content(x: Exchange) -> None:
    """Answers 204: 502, for it is no reply."""
    await x.send(http1.head(204))


@table.answers(reply=BROKEN, stream=BROKEN)
async def not_modified(x: Exchange) -> None:
    """Answers 304, with the length that the body would have had: 502, without waiting for a body."""
    await x.send(http1.head(304, [("content-length", "1000")]))


@table.answers(reply=BROKEN, stream=BROKEN)
async def redirect(x: Exchange) -> None:
    """Answers 307 to another place of the same upstream: 502, redirects are not followed."""
    await x.send(http1.message(307, b"", [("location", "/v1/elsewhere")]))


@table.answers(reply=WHOLE, stream=WHOLE)
async def header_64k(x: Exchange) -> None:
    """Sends a good answer with a header of 64 kB: the reply, whole."""
    await x.answer([("x-padding", "p" * 64_000)])


@table.answers(reply=BROKEN, stream=BROKEN)
async def header_300k(x: Exchange) -> None:
    """Sends a good answer with a header of 300 kB in fields of 1 kB: 502, memory is bounded."""
    await x.answer([(f"x-padding-{number}", "p" * 1000) for number in range(300)])


@table.answers(reply=WHOLE, stream=WHOLE)
async def gzipped(x: Exchange) -> None:
    """Compresses although nobody asked (a stream is flushed at each event): the reply, whole and readable."""
    encoding = ("content-encoding", "gzip")
    if not x.streams:
        await x.send(http1.message(200, gzip.compress(x.chat), [encoding]))
        return
    packer = zlib.compressobj(wbits=31)  # with gzip's header
    packed = [packer.compress(event) + packer.flush(zlib.Z_SYNC_FLUSH) for event in x.events]
    await x.send(http1.head(200, [encoding, EVENT_STREAM, CHUNKED]))
    await x.send_chunks(*packed, packer.flush())
    await x.send(LAST_CHUNK)


@table.answers(reply=WHOLE, stream=WHOLE)
async def http10(x: Exchange) -> None:
    """Answers as HTTP/1.0, the body going on until the connection ends: the reply, whole."""
    body = b"".join(x.events) if x.streams else x.chat
    await x.send(http1.head(200, [EVENT_STREAM if x.streams else JSON], version="HTTP/1.0"), body)
    await x.close()


@table.answers(reply=BROKEN, stream=TRUNCATED)
async def http10_cut(x: Exchange) -> None:
    """Answers as HTTP/1.0 and closes half-way through the body: 502; a stream is truncated."""
    body = b"".join(x.events[:4]) if x.streams else x.chat[: len(x.chat) // 2]
    await x.send(http1.head(200, [EVENT_STREAM if x.streams else JSON], version="HTTP/1.0"), body)
    await x.cut()


@table.answers(reply=WHOLE, stream=WHOLE, early=True)
async def early_answer(x: Exchange) -> None:
    """Answers before the request was fully read, then reads the rest: the reply, whole."""
    await x.answer()
    await x.read_rest()


async def _send_half_of_length(x: Exchange) -> None:
    body = b"".join(x.events[:4]) if x.streams else x.chat[: len(x.chat) // 2]
    length = ("content-length", str(2 * len(body)))
    await x.send(http1.head(200, [EVENT_STREAM if x.streams else JSON, length]) + body)


async def _send_half_in_chunks(x: Exchange, *, then: bytes) -> None:
    """A few whole chunks in one write, then, in another, what `then` holds."""
    parts = x.events[:4] if x.streams else [x.chat[:20], x.chat[20:40]]
    head = http1.head(200, [EVENT_STREAM if x.streams else JSON, CHUNKED])
    await x.send(head, b"".join(map(http1.chunk, parts)), then)
