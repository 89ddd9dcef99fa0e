"""Signature Version 4: the same as botocore's for random requests, and as AWS publishes for its own examples."""

import hashlib
from datetime import UTC, datetime
from urllib.parse import quote

import botocore.auth
import pytest
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials
from hypothesis import given
from hypothesis import strategies as st

from trunkline.providers.signing import EMPTY, Credentials, SignedRequest, Signer, canonical_request, signing_key

EXAMPLE = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
"""Of AWS's published test suite, with its time, region and service."""
THEN = datetime(2015, 8, 30, 12, 36, tzinfo=UTC).timestamp()


def signature(request: SignedRequest, credentials: Credentials = EXAMPLE) -> str:
    headers = dict(Signer(credentials, "us-east-1", "service").headers(request, THEN))
    return headers["authorization"].rpartition("Signature=")[2]


def example(**fields: object) -> SignedRequest:
    return SignedRequest(**{"method": "GET", "host": "example.amazonaws.com", "path": "/", **fields})  # type: ignore[arg-type]  # names and types as declared


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        pytest.param(example(), "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31", id="get-vanilla"),
        pytest.param(
            example(method="POST"),
            "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
            id="post-vanilla",
        ),
        pytest.param(
            example(query="Param2=value2&Param1=value1"),
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
            id="get-vanilla-query-order-key-case",
        ),
    ],
)
def test_published_examples(request_: SignedRequest, expected: str) -> None:
    assert signature(request_) == expected


def test_the_published_signing_key() -> None:
    key = signing_key("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "20150830", "us-east-1", "iam")
    assert key.hex() == "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9"


def test_the_path_of_a_model_is_encoded_twice() -> None:
    request = example(method="POST", path="/model/us.anthropic.claude-sonnet-4-5-v1%3A0/converse")
    assert canonical_request(request)[0].split("\n")[1] == "/model/us.anthropic.claude-sonnet-4-5-v1%253A0/converse"


def botocores(request: SignedRequest, body: bytes, credentials: Credentials, now: float) -> str:
    """The signature that botocore makes of the same request."""
    url = f"https://{request.host}{request.path}" + (f"?{request.query}" if request.query else "")
    theirs = AWSRequest(method=request.method, url=url, data=body)
    for name, value in request.headers:
        theirs.headers[name] = value
    theirs.context["timestamp"] = datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%SZ")
    theirs.headers["X-Amz-Date"] = theirs.context["timestamp"]
    if credentials.session_token:
        theirs.headers["X-Amz-Security-Token"] = credentials.session_token
    signer = botocore.auth.SigV4Auth(
        BotocoreCredentials(credentials.access_key, credentials.secret_key), "bedrock", "eu-central-1"
    )
    return str(signer.signature(signer.string_to_sign(theirs, signer.canonical_request(theirs)), theirs))


words = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=12)
header_values = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20)
paths = st.lists(st.one_of(words.map(lambda word: quote(word, safe="")), st.sampled_from(["", ".", ".."])), max_size=6)
queries = st.lists(st.tuples(words, words).map(lambda pair: f"{quote(pair[0])}={quote(pair[1])}"), max_size=4)
header_lists = st.dictionaries(
    st.sampled_from(["content-type", "X-Amz-Meta", "accept", "x-custom"]), header_values, max_size=4
)


@given(paths, queries, header_lists, st.binary(max_size=50), words, st.integers(0, 2**32))
def test_signatures_are_botocores(
    path: list[str], query: list[str], headers: dict[str, str], body: bytes, token: str, now: int
) -> None:
    request = SignedRequest(
        method="POST",
        host="bedrock-runtime.eu-central-1.amazonaws.com",
        path="/" + "/".join(path),
        query="&".join(query),
        headers=tuple(headers.items()),
        body_hash=hashlib.sha256(body).hexdigest(),
    )
    credentials = Credentials("AKID", "secret/+=", quote(token))
    sent = dict(Signer(credentials, "eu-central-1", "bedrock").headers(request, now))
    assert sent["authorization"].endswith(f"Signature={botocores(request, body, credentials, now)}")


def test_the_headers_to_send() -> None:
    request = example(method="POST", headers=(("Content-Type", "application/json"), ("User-Agent", "x")))
    headers = Signer(Credentials("AKID", "secret", "token"), "us-east-1", "bedrock").headers(request, THEN)
    assert headers[:2] == [("x-amz-date", "20150830T123600Z"), ("x-amz-security-token", "token")]
    name, value = headers[2]
    assert name == "authorization"
    assert value.startswith("AWS4-HMAC-SHA256 Credential=AKID/20150830/us-east-1/bedrock/aws4_request, ")
    assert "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, " in value


def test_a_signer_goes_on_over_midnight() -> None:
    signer, request = Signer(EXAMPLE, "us-east-1", "bedrock"), example()
    days = (THEN, THEN + 86_400, THEN)
    fresh = [Signer(EXAMPLE, "us-east-1", "bedrock").headers(request, now) for now in days]
    assert [signer.headers(request, now) for now in days] == fresh
    assert fresh[0] != fresh[1]


def test_secrets_are_not_shown() -> None:
    shown = repr(Credentials("AKID", "the-secret", "the-token"))
    assert "AKID" in shown
    assert "the-secret" not in shown
    assert "the-token" not in shown


def test_the_hash_of_nothing() -> None:
    assert hashlib.sha256(b"").hexdigest() == EMPTY
