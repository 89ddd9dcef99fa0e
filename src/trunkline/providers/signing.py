"""AWS Signature Version 4 for requests with a known body.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html. The path is encoded
twice in what is signed, as for every service but S3: `/model/a%3A0/converse` is signed as `/model/a%253A0/converse`.
"""

import hashlib
import hmac
from collections.abc import Iterable
from datetime import UTC, datetime
from urllib.parse import quote

import msgspec

ALGORITHM = "AWS4-HMAC-SHA256"
EMPTY = hashlib.sha256(b"").hexdigest()
"""Hash of an empty body."""
_CHANGED_ON_THE_WAY = frozenset(
    [
        "baggage",
        "connection",
        "expect",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "traceparent",
        "tracestate",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "user-agent",
        "x-amzn-trace-id",
    ]
)
"""Headers that are not signed, because what is between us and AWS may change them."""


class Credentials(msgspec.Struct, frozen=True):
    """Who signs. Never printed: the representation leaves the secrets out."""

    access_key: str
    secret_key: str
    session_token: str = ""
    """Of temporary credentials."""

    def __repr__(self) -> str:
        return f"Credentials({self.access_key!r})"


class SignedRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What of a request is signed."""

    method: str
    host: str
    """As in the `host` header, with the port where that is not the scheme's own."""
    path: str
    """As on the request line, percent-encoded."""
    query: str = ""
    """As on the request line, percent-encoded, without the question mark."""
    headers: tuple[tuple[str, str], ...] = ()
    """Further headers to be signed, as they are sent."""
    body_hash: str = EMPTY
    """SHA-256 of the body, hexadecimal."""


class Signer:
    """Signs requests for one region and service. Keeps the key of the day, which is derived from the secret."""

    __slots__ = ("_credentials", "_day", "_key", "_region", "_service")

    def __init__(self, credentials: Credentials, region: str, service: str) -> None:
        self._credentials = credentials
        self._region = region
        self._service = service
        self._day = ""
        self._key = b""

    def headers(self, request: SignedRequest, now: float) -> list[tuple[str, str]]:
        """The headers that sign `request` at `now` (Unix time, seconds), to be sent with it beside its own."""
        time = datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%SZ")
        added = [("x-amz-date", time)]
        if self._credentials.session_token:
            added.append(("x-amz-security-token", self._credentials.session_token))
        canonical, signed = canonical_request(request, added)
        day = time[:8]
        scope = f"{day}/{self._region}/{self._service}/aws4_request"
        to_sign = f"{ALGORITHM}\n{time}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        signature = hmac.new(self._key_of(day), to_sign.encode(), hashlib.sha256).hexdigest()
        credential = f"{self._credentials.access_key}/{scope}"
        value = f"{ALGORITHM} Credential={credential}, SignedHeaders={signed}, Signature={signature}"
        return [*added, ("authorization", value)]

    def _key_of(self, day: str) -> bytes:
        if day != self._day:
            self._key = signing_key(self._credentials.secret_key, day, self._region, self._service)
            self._day = day
        return self._key


def signing_key(secret_key: str, day: str, region: str, service: str) -> bytes:
    """The key for all requests of one day (`YYYYMMDD`), region and service."""
    key = f"AWS4{secret_key}".encode()
    for step in (day, region, service, "aws4_request"):
        key = hmac.new(key, step.encode(), hashlib.sha256).digest()
    return key


def canonical_request(request: SignedRequest, added: Iterable[tuple[str, str]] = ()) -> tuple[str, str]:
    """What is hashed of a request in its one agreed form, and the names of the headers in it."""
    headers: dict[str, list[str]] = {"host": [request.host]}
    for name, value in (*request.headers, *added):
        if name.lower() not in _CHANGED_ON_THE_WAY:
            headers.setdefault(name.lower(), []).append(" ".join(value.split()))
    names = sorted(headers)
    signed = ";".join(names)
    lines = [f"{name}:{','.join(headers[name])}" for name in names]
    parts = [request.method.upper(), _path(request.path), _query(request.query), *lines, "", signed, request.body_hash]
    return "\n".join(parts), signed


def _path(path: str) -> str:
    """The path without dot segments and doubled slashes, encoded once more."""
    segments: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del segments[-1:]
        elif segment not in ("", "."):
            segments.append(segment)
    end = "/" if segments and path.endswith("/") else ""
    return quote("/" + "/".join(segments) + end, safe="/~")


def _query(query: str) -> str:
    """The query's pairs in order; a name without a value has an empty one."""
    pairs = [pair.partition("=") for pair in query.split("&") if pair]
    return "&".join(f"{name}={value}" for name, _, value in sorted(pairs, key=lambda pair: (pair[0], pair[2])))
