"""Google's login: the assertion is what RFC 7523 asks for, the token's end is known, and no error shows the key."""

import base64
import json
from functools import cache
from typing import Any
from urllib.parse import parse_qs

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from trunkline.providers.service_account import (
    ASSUMED_TO_LAST,
    KeyFileError,
    LoginError,
    ServiceAccount,
    Token,
    read_token,
)

NOW = 1_790_000_000.7
TOKEN_URI = "https://oauth2.googleapis.com/token"


@cache
def private_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    pkcs8, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, pkcs8, plain).decode()


def key_file(**changed: Any) -> str:
    """A key file as Google makes them; None leaves a field out."""
    fields = {
        "type": "service_account",
        "project_id": "example-project",
        "private_key_id": "0123abcd",
        "private_key": pem(private_key()),
        "client_email": "trunkline@example-project.iam.gserviceaccount.com",
        "client_id": "1",
        "token_uri": TOKEN_URI,
        **changed,
    }
    return json.dumps({name: value for name, value in fields.items() if value is not None})


def part(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_the_assertion_is_signed_and_says_who_asks_for_what() -> None:
    account = ServiceAccount(key_file())
    assert account.project == "example-project"
    header, claims, signature = account.assertion(NOW).split(".")
    private_key().public_key().verify(
        part(signature), f"{header}.{claims}".encode(), padding.PKCS1v15(), hashes.SHA256()
    )
    assert json.loads(part(header)) == {"alg": "RS256", "typ": "JWT", "kid": "0123abcd"}
    assert json.loads(part(claims)) == {
        "iss": "trunkline@example-project.iam.gserviceaccount.com",
        "scope": "https://www.googleapis.com/auth/cloud-platform",
        "aud": TOKEN_URI,
        "iat": 1_790_000_000,
        "exp": 1_790_003_600,
    }


def test_the_token_request_is_a_form_with_the_assertion() -> None:
    account = ServiceAccount(key_file(private_key_id=None))
    assert parse_qs(account.token_request(NOW).decode()) == {
        "grant_type": ["urn:ietf:params:oauth:grant-type:jwt-bearer"],
        "assertion": [account.assertion(NOW)],
    }
    assert json.loads(part(account.assertion(NOW).split(".")[0])) == {"alg": "RS256", "typ": "JWT"}


def test_a_token_is_good_until_the_time_it_says() -> None:
    body = b'{"access_token": "ya29.abc", "expires_in": 3599, "token_type": "Bearer"}'
    assert read_token(200, body, NOW) == Token("ya29.abc", NOW + 3599)
    assert read_token(200, b'{"access_token": "ya29.abc"}', NOW).expires == NOW + ASSUMED_TO_LAST
    assert "ya29" not in repr(read_token(200, body, NOW))


@pytest.mark.parametrize(
    ("status", "body", "message", "code"),
    [
        (
            400,
            b'{"error": "invalid_grant", "error_description": "Invalid JWT Signature."}',
            "Signature",
            "invalid_grant",
        ),
        (401, b'{"error": "invalid_client"}', "status 401: invalid_client", "invalid_client"),
        (500, b"<html>", "status 500: no reason given", ""),
        (200, b"{}", "no access token", ""),
        (200, b'{"access_token": "line\\nbreak"}', "no access token", ""),
        (200, b"[" * 100_000, "no access token", ""),
    ],
)
def test_a_refused_login_says_why(status: int, body: bytes, message: str, code: str) -> None:
    with pytest.raises(LoginError, match=message) as raised:
        read_token(status, body, NOW)
    assert raised.value.code == code


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is not JSON"),
        ("[]", "is not a JSON object"),
        (key_file(type=None), "its type is missing"),
        (key_file(type="authorized_user"), 'its type is "authorized_user"'),
        (key_file(client_email=None), "has no client_email"),
        (key_file(private_key=""), "has no private_key"),
        (key_file(private_key=17), "has no private_key"),
        (key_file(token_uri="http://oauth2.googleapis.com/token"), "no plain https"),
        (key_file(token_uri="https://host:port/"), "no plain https"),
        (key_file(private_key=pem(private_key()).replace("\n", "\\n")), "escaped twice"),
        (key_file(private_key=pem(private_key())[:200]), "cannot be read as a PEM key"),
        (key_file(private_key=pem(ec.generate_private_key(ec.SECP256R1()))), "not an RSA key"),
    ],
)
def test_a_bad_key_file_says_what_is_wrong_and_shows_no_key(text: str, message: str) -> None:
    with pytest.raises(KeyFileError, match=message) as raised:
        ServiceAccount(text)
    assert "MII" not in str(raised.value)
    assert raised.value.__cause__ is None
