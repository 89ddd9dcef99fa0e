"""Requests written by hand, in all their parts, and what becomes of those that are refused."""

from tests.faults.client import RawClient, Response, chat_body

BODY = chat_body("up/any")
CL, TE = f"content-length: {len(BODY)}", "transfer-encoding: chunked"
MEGABYTE = 1 << 20
KERNEL = 8 * MEGABYTE
"""Bytes that two sockets' buffers may hold although nobody has read them."""


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
