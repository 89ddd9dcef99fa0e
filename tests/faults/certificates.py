"""The certificates of the tests' own authority, made once per run: good ones and those that must be refused."""

import datetime as dt
import functools
import ssl
from pathlib import Path
from typing import Literal

import trustme

Certificate = Literal["good", "wrong_name", "unknown_ca", "expired"]
"""For 127.0.0.1 and localhost by `authority()`, unless what the name says is wrong with it."""

NAMES = ("127.0.0.1", "localhost")


@functools.cache
def authority() -> trustme.CA:
    """The authority that the gateway under test is told to trust."""
    return trustme.CA()


@functools.cache
def issued(kind: Certificate) -> trustme.LeafCert:
    """A server's certificate with its key."""
    if kind == "wrong_name":
        return authority().issue_cert("elsewhere.example")
    if kind == "unknown_ca":
        return trustme.CA().issue_cert(*NAMES)
    if kind == "expired":
        now = dt.datetime.now(dt.UTC)
        day = dt.timedelta(days=1)
        return authority().issue_cert(*NAMES, not_before=now - 2 * day, not_after=now - day)
    return authority().issue_cert(*NAMES)


@functools.cache
def server_context(kind: Certificate) -> ssl.SSLContext:
    """What a TLS server needs to show that certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    issued(kind).configure_cert(context)
    return context


def client_context(*, identity: str | None = None) -> ssl.SSLContext:
    """A client that trusts `authority()` only, and shows a certificate for `identity` if there is one (mTLS)."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF  # older releases of Python set it: a cut would look like a goodbye
    authority().configure_trust(context)
    if identity is not None:
        authority().issue_cert(identity).configure_cert(context)
    return context


def write_authority(path: Path) -> Path:
    """The authority's certificate as a PEM file, for a `ca_file` setting or `SSL_CERT_FILE`."""
    authority().cert_pem.write_to_path(path)
    return path


def write_pair(folder: Path, kind: Certificate = "good") -> tuple[Path, Path]:
    """A server's certificate chain and key as PEM files, for a TLS listener."""
    chain, key = folder / f"{kind}.crt", folder / f"{kind}.key"
    leaf = issued(kind)
    chain.write_bytes(b"".join(blob.bytes() for blob in leaf.cert_chain_pems))
    leaf.private_key_pem.write_to_path(key)
    return chain, key
