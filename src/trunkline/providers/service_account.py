"""Google's login of a service account: what a key file says, the signed assertion, the token it is exchanged for.

The exchange itself is a POST of `token_request` to `token_uri`, which is the caller's. Source: RFC 7523 and
https://developers.google.com/identity/protocols/oauth2/service-account#httprest.
"""

import base64
from typing import Any
from urllib.parse import urlencode, urlsplit

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

CLOUD_PLATFORM = "https://www.googleapis.com/auth/cloud-platform"
"""Scope of Vertex AI."""
GRANT_TYPE = "urn:ietf:params:oauth:grant-type:jwt-bearer"
FORM = "application/x-www-form-urlencoded"
"""Media type of the token request."""
ASSERTION_LASTS = 3600
"""Seconds; Google takes no more."""
ASSUMED_TO_LAST = 3600
"""Seconds that a token is good for where the reply does not say."""


class KeyFileError(ValueError):
    """A key file cannot be used. The message says why and what to do, and shows nothing of the key."""


class LoginError(ValueError):
    """The token endpoint gave no token. The message is what it said; `code` its own name for it, where it has one."""

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class Token(msgspec.Struct, frozen=True):
    """An access token, for `authorization: Bearer`."""

    value: str
    expires: float
    """Unix time, seconds."""

    def __repr__(self) -> str:
        return f"Token(expires={self.expires!r})"


class ServiceAccount:
    """One service account, ready to log in."""

    __slots__ = ("_key", "_key_id", "email", "project", "token_uri")

    def __init__(self, text: str) -> None:
        """From the text of a key file. Raises `KeyFileError`."""
        fields = _read(text)
        self.email = _text(fields, "client_email")
        self.token_uri = _https(_text(fields, "token_uri"))
        self.project = str(fields.get("project_id") or "")
        self._key_id = str(fields.get("private_key_id") or "")
        self._key = _private_key(_text(fields, "private_key"))

    def assertion(self, now: float, scope: str = CLOUD_PLATFORM) -> str:
        """A JSON Web Token (RS256) that says who asks, for an hour from `now` (Unix time, seconds)."""
        header = {"alg": "RS256", "typ": "JWT"} | ({"kid": self._key_id} if self._key_id else {})
        issued = int(now)
        claims = {
            "iss": self.email,
            "scope": scope,
            "aud": self.token_uri,
            "iat": issued,
            "exp": issued + ASSERTION_LASTS,
        }
        signed = b".".join(_base64(msgspec.json.encode(part)) for part in (header, claims))
        signature = self._key.sign(signed, padding.PKCS1v15(), hashes.SHA256())
        return b".".join((signed, _base64(signature))).decode()

    def token_request(self, now: float, scope: str = CLOUD_PLATFORM) -> bytes:
        """The body, of media type `FORM`, that `token_uri` answers with a token."""
        return urlencode({"grant_type": GRANT_TYPE, "assertion": self.assertion(now, scope)}).encode()


def read_token(status: int, body: bytes, now: float) -> Token:
    """The token of a reply that came at `now` (Unix time, seconds). Raises `LoginError`."""
    try:
        value: Any = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        value = None
    reply: dict[str, Any] = value if isinstance(value, dict) else {}
    token, lasts = reply.get("access_token"), reply.get("expires_in")
    if status == 200 and isinstance(token, str) and token and token.isascii() and token.isprintable():
        seconds = lasts if isinstance(lasts, int | float) and not isinstance(lasts, bool) else ASSUMED_TO_LAST
        return Token(token, now + max(0, seconds))
    code, why = reply.get("error"), reply.get("error_description")
    code = code if isinstance(code, str) else ""
    why = why if isinstance(why, str) else code or ("no access token in the reply" if status == 200 else "")
    raise LoginError(f"The login of the service account failed with status {status}: {why or 'no reason given'}", code)


def _read(text: str) -> dict[str, Any]:
    try:
        fields = msgspec.json.decode(text.removeprefix("\ufeff"))
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        raise KeyFileError("The service account's key file is not JSON.") from None
    if not isinstance(fields, dict):
        raise KeyFileError("The service account's key file is not a JSON object.")
    kind = fields.get("type")
    if kind != "service_account":
        known = isinstance(kind, str) and kind.replace("_", "").isalnum() and len(kind) <= 40
        raise KeyFileError(
            "The key file is not a service account's: its type "
            + (f'is "{kind}"' if known else "is missing")
            + ', it must be "service_account". Create a JSON key for a service account and use that file.'
        )
    return fields


def _text(fields: dict[str, Any], name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or not value:
        raise KeyFileError(f"The service account's key file has no {name}.")
    return value


def _https(uri: str) -> str:
    try:
        parts = urlsplit(uri)
        if parts.scheme == "https" and parts.hostname and not parts.username and parts.port in (None, 443):
            return uri
    except ValueError:
        pass  # a port or an address that is none
    raise KeyFileError("The service account's key file has a token_uri that is no plain https:// address.")


def _private_key(pem: str) -> RSAPrivateKey:
    if "\\n" in pem and "\n" not in pem.strip():
        raise KeyFileError(
            "The private_key of the service account's key file has its line ends escaped twice (\\\\n): "
            "use the file as Google made it."
        )
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError):
        raise KeyFileError("The private_key of the service account's key file cannot be read as a PEM key.") from None
    if not isinstance(key, RSAPrivateKey):
        raise KeyFileError("The private_key of the service account's key file is not an RSA key.")
    return key


def _base64(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")
