"""Faults of the connection itself: nothing of a request is ever read. The test chooses them for the whole upstream."""

from tests.faults import http1
from tests.faults.connection import Connection
from tests.faults.fault import Fault, Table
from tests.faults.outcomes import BAD_GATEWAY, TIMED_OUT, UNREACHABLE, WHOLE

table = Table()

table.add(Fault("refuse", "The port is closed: 502.", UNREACHABLE, UNREACHABLE, listens=False))
table.add(Fault("tls", "Speaks TLS as it should: the reply, whole.", WHOLE, WHOLE, certificate="good"))
table.add(
    Fault(
        "tls_wrong_name",
        "Shows a certificate for another host: 502, and not a byte of the request is sent.",
        UNREACHABLE,
        UNREACHABLE,
        certificate="wrong_name",
    )
)
table.add(
    Fault(
        "tls_unknown_ca",
        "Shows a certificate of an authority nobody knows: 502, and not a byte of the request is sent.",
        UNREACHABLE,
        UNREACHABLE,
        certificate="unknown_ca",
    )
)
table.add(
    Fault(
        "tls_expired",
        "Shows a certificate that ended yesterday: 502, and not a byte of the request is sent.",
        UNREACHABLE,
        UNREACHABLE,
        certificate="expired",
    )
)


@table.accepts(TIMED_OUT)
async def accept_mute(connection: Connection) -> None:
    """Accepts and never says a word: 504."""


@table.accepts(BAD_GATEWAY)
async def accept_close(connection: Connection) -> None:
    """Accepts and closes at once: 502."""
    await connection.wire.end()


@table.accepts(BAD_GATEWAY)
async def accept_reset(connection: Connection) -> None:
    """Accepts and resets at once: 502."""
    connection.reset()


@table.accepts(TIMED_OUT, certificate="good")
async def tls_mute(connection: Connection) -> None:
    """Takes the beginning of the TLS handshake and never answers it: 504."""


@table.accepts(UNREACHABLE, certificate="good")
async def tls_plain(connection: Connection) -> None:
    """Answers the TLS handshake in plain HTTP, as a misconfigured port does: 502."""
    await connection.first_bytes()
    await connection.wire.send(http1.message(400, b'{"error":"speak plain"}'))
    await connection.wire.end()


@table.accepts(UNREACHABLE, certificate="good")
async def tls_close(connection: Connection) -> None:
    """Closes in the middle of the TLS handshake: 502."""
    await connection.first_bytes()
    await connection.wire.end()
