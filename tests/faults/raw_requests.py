"""Requests written by hand, in all their parts, and what becomes of those that are refused."""

from tests.faults.client import RawClient, Response, chat_body
from tests.faults.wire import BUFFER

from trunkline.transport.connection import LINGER_BYTES

BODY = chat_body("up/any")
CL, TE = f"content-length: {len(BODY)}", "transfer-encoding: chunked"
MEGABYTE = 1 << 20
READ = 256 * 1024
"""Bytes that the gateway's event loop reads at most in one go."""
KERNEL = 4 * BUFFER
"""Bytes that the buffers of two sockets hold although nobody has read them: each has twice what was asked for it."""
UNTOUCHED = KERNEL + MEGABYTE
"""More bytes than are taken of requests whose turn has not come: the gateway reads `PIPELINE` of them, and no further
than to the end of what it then reads.
"""
REFUSED = KERNEL + MEGABYTE + READ + LINGER_BYTES + READ
"""More bytes than are taken of a request that is refused: up to the limit, which is 1 MiB at most in these tests, it
is read, and then `LINGER_BYTES` are thrown away, each to the end of what is read in one go.
"""


def head(*lines: str) -> bytes:
    """The head of a chat request with these lines in place of the usual ones."""
    return "\r\n".join(["POST /v1/chat/completions HTTP/1.1", *lines, "", ""]).encode("latin-1")


USUAL = ("host: localhost", "content-type: application/json")


def chunked(*chunks: bytes, trailers: bytes = b"") -> bytes:
    """A chat request whose body comes in these chunks."""
    return head(*USUAL, "transfer-encoding: chunked") + b"".join(chunks) + b"0\r\n" + trailers + b"\r\n"


def check_refused(response: Response, status: int, code: str) -> None:
    """Fails unless the request was refused with that error, and the connection ends with it."""
    assert response.status == status, bytes(response.body)
    assert response.complete
    error = response.json()["error"]
    assert (error["type"], error["code"]) == ("invalid_request_error", code)
    assert error["message"]
    assert response.header("connection") == "close"


async def send_as_far_as_taken(raw: RawClient, data: bytes, times: int) -> None:
    """Sends `data` so many times, or until the server takes no more."""
    try:
        for _ in range(times):
            await raw.send(data)
    except ConnectionError:
        pass
