"""Requests that offer to go on in HTTP/2 (`Upgrade: h2c`), as Java's client does with each: the offer is not taken.

A server may ignore it (RFC 9110, 7.8), but llhttp takes the head of such a request for its end. So another parser goes
on behind it, which is told by a head of our own that a body follows.
"""

from collections.abc import Mapping
from typing import Protocol

import httptools


class Listener(Protocol):
    """What httptools tells of requests."""

    def on_message_begin(self) -> None:
        """See httptools, likewise below."""

    def on_url(self, url: bytes) -> None: ...
    def on_header(self, name: bytes, value: bytes) -> None: ...
    def on_headers_complete(self) -> None: ...
    def on_body(self, data: bytes) -> None: ...
    def on_message_complete(self) -> None: ...


class _InBody:
    """Keeps from a listener what is told of our own head."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._own = True
        self.on_body = listener.on_body

    def on_message_begin(self) -> None:
        if not self._own:
            self._listener.on_message_begin()

    def on_url(self, url: bytes) -> None:
        if not self._own:
            self._listener.on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._own:
            self._listener.on_header(name, value)

    def on_headers_complete(self) -> None:
        if not self._own:
            self._listener.on_headers_complete()

    def on_message_complete(self) -> None:
        self._own = False
        self._listener.on_message_complete()


def has_body(headers: Mapping[bytes, bytes]) -> bool:
    """Whether a body follows a head."""
    return b"transfer-encoding" in headers or headers.get(b"content-length", b"0").strip(b"0") != b""


def parser_behind(listener: Listener, headers: Mapping[bytes, bytes] | None) -> httptools.HttpRequestParser:
    """A parser of what follows a head with an offer. `headers`: that head's, if its body follows; None if not."""
    if headers is None:
        return httptools.HttpRequestParser(listener)
    parser = httptools.HttpRequestParser(_InBody(listener))
    length = headers.get(b"content-length")
    framing = b"transfer-encoding: chunked" if length is None else b"content-length: %b" % length
    parser.feed_data(b"POST / HTTP/1.1\r\n%b\r\n\r\n" % framing)
    return parser
