"""Trunkline connects only to what the operator has named: whatever opens a connection is listed here, with who says
where to. A new one fails these tests until it is listed, and so looked at.
"""

import ast
import re
from collections.abc import Iterator

from tests.house.source import modules

OPENS = {
    *("create_connection", "create_unix_connection", "open_connection", "open_unix_connection"),
    *("create_datagram_endpoint", "connect", "connect_ex", "sock_connect", "start_tls"),
    *("create_pool", "from_url", "urlopen", "urlretrieve", "open_tunnel", "wrap_socket", "socket"),
    *("HTTPConnection", "HTTPSConnection", "Redis", "Client", "AsyncClient", "ClientSession"),
    "UpdatePrices",  # of genai-prices, which then fetches newer ones
}
"""Names of what opens a connection, or a socket that could."""

OPENERS = {
    ("cli.doctor.upstreams", "create_connection"): "the origin of a configured provider",
    ("cli.doctor.upstreams", "wrap_socket"): "the same connection",
    ("control.listener", "socket"): "listens at `server.control`",
    ("store.postgresql_database", "create_pool"): "`store`",
    ("store.sqlite_database", "connect"): "`store`: a file",
    ("store.sqlite_file", "connect"): "`store`: a file",
    ("store.shared_client", "from_url"): "`shared`",
    ("transport.pool", "create_connection"): "its origin, whose address it has checked",
    ("transport.pool", "open_tunnel"): "the proxy of its origin",
    ("transport.pool", "start_tls"): "within that tunnel",
    ("transport.tls", "wrap_socket"): "hands on to the newest context",
    ("transport.tunnel", "create_connection"): "the `proxy` of a configured provider",
    ("workers.channel", "open_unix_connection"): "one end of a pair of sockets, to another process of our own",
    ("workers.supervisor", "socket"): "holds the port of `server.listen`",
    ("workers.worker", "socket"): "the other end of that pair",
}
"""By module and name: where it leads."""

ORIGINS = {
    "gateway.alerting": "`alerts.webhook`",
    "gateway.fetching": "hosts in `fetch.hosts`, never with a private address",
    "gateway.logins": "who gives out tokens, from the key file of the operator's service account",
    "gateway.questions": "a webhook of a policy",
    "gateway.snapshot": "`base_url` of a provider, or its type's",
}
"""Modules that make an origin, to which pools lead: who says where it is."""

NETWORK_LIBRARIES = re.compile(
    r"(http\.client|urllib\.request|urllib3|requests|httpx|httpcore|aiohttp|websockets?|smtplib|ftplib|imaplib|poplib"
    r"|telnetlib|xmlrpc|socketserver|grpc|boto3|botocore|huggingface_hub|openai|anthropic|google\.(auth|cloud)"
    r"|psycopg|asyncpg|redis|opentelemetry)(\.|$)"
)
LIBRARIES = {
    "store.postgresql",
    "store.postgresql_database",
    "store.postgresql_errors",
    "store.shared_cache",
    "store.shared_client",
    "store.valkey",
}
"""Modules that import a library which connects to somewhere: to the store, and to Valkey."""


def calls(tree: ast.Module) -> Iterator[str]:
    """The last name of everything that is called."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func
            yield called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")


def imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{each.name}" for each in node.names)


def test_every_connection_that_the_package_opens_is_known() -> None:
    found = {(name, called) for name, tree in modules().items() for called in calls(tree) if called in OPENS}
    assert found == OPENERS.keys()


def test_every_origin_comes_from_the_configuration() -> None:
    found = {name for name, tree in modules().items() if "Origin" in calls(tree)}
    assert found == ORIGINS.keys()


def test_no_library_connects_unseen() -> None:
    found = {name for name, tree in modules().items() if any(map(NETWORK_LIBRARIES.match, imports(tree)))}
    assert found == LIBRARIES
