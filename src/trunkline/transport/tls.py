"""TLS contexts that are made of files, and stay in use while the files are renewed.

A listener or a pool is given one context for its whole life. It hands every new connection to the newest that was made
of the files, so that connections that are open keep what they began with, and an authority that was taken away is
trusted no more.
"""

import contextlib
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, Literal

import msgspec

Version = Literal["1.2", "1.3"]
Refusal = Literal["no_certificate", "bad_certificate", "refused_ours", "version", "not_tls", "other"]
"""Why a handshake failed: the client showed no certificate, or one that is not accepted; it does not accept ours; no
version or cipher is common to both; what it speaks is not TLS.
"""
Refused = Callable[[Refusal, str], None]
"""Told of every client whose handshake fails: why, and in OpenSSL's words."""

_MINIMUM: Final = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}
_REFUSALS: Final[dict[str, Refusal]] = {
    "PEER_DID_NOT_RETURN_A_CERTIFICATE": "no_certificate",
    "UNSUPPORTED_PROTOCOL": "version",
    "VERSION_TOO_LOW": "version",
    "NO_SHARED_CIPHER": "version",
    "NO_SUITABLE_SIGNATURE_ALGORITHM": "version",
    "HTTP_REQUEST": "not_tls",
    "WRONG_VERSION_NUMBER": "not_tls",
    "BAD_RECORD_TYPE": "not_tls",
}
"""By OpenSSL's names of its errors (`openssl/sslerr.h`)."""


class Pair(msgspec.Struct, frozen=True):
    """A certificate with its chain, and its private key, as PEM files."""

    cert: Path
    key: Path


class Files(msgspec.Struct, frozen=True):
    """What a context is made of. As a server, `authorities` are those of clients, which then must show a certificate;
    as a client, those of servers, in place of the system's.
    """

    pair: Pair | None = None
    authorities: Path | None = None
    minimum: Version = "1.2"

    @property
    def paths(self) -> list[Path]:
        """All of them."""
        pair = [self.pair.cert, self.pair.key] if self.pair is not None else []
        return pair if self.authorities is None else [*pair, self.authorities]


class Unusable(Exception):
    """A file that no context can be made of: which one, and why."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path} {reason}")
        self.path = path
        self.reason = reason


class Renewable(ssl.SSLContext):
    """A context that leaves every connection to the newest made of its files."""

    def __new__(cls, files: Files, refused: Refused | None = None) -> "Renewable":
        """A server's context where `refused` is given, else a client's."""
        return super().__new__(cls, ssl.PROTOCOL_TLS_CLIENT if refused is None else ssl.PROTOCOL_TLS_SERVER)

    def __init__(self, files: Files, refused: Refused | None = None) -> None:
        """Raises `Unusable`."""
        self.files = files
        self._refused = refused
        self.makings = 1
        """How often a context was made of them."""
        self._seen = _stamps(files)
        self._newest = self._make(files)
        self._renewing = threading.Lock()

    def renew(self, files: Files | None = None) -> bool:
        """Take in files that have changed, or others; whether there was anything to take in. Raises `Unusable`, and
        then changes nothing. May be called in any thread.
        """
        with self._renewing:
            files = files or self.files
            stamps = _stamps(files)
            if files == self.files and stamps == self._seen:
                return False
            self._newest = self._make(files)
            self.files, self._seen = files, stamps
            self.makings += 1
            return True

    # These are all that is ever called of a context in use.
    def wrap_bio(self, incoming, outgoing, *args, **kwargs):  # type: ignore[no-untyped-def]  # as the newest's
        """As an event loop begins every connection."""
        connection = self._newest.wrap_bio(incoming, outgoing, *args, **kwargs)
        if isinstance(connection, _Handshake):
            connection.outgoing = outgoing
        return connection

    def wrap_socket(self, *args, **kwargs):  # type: ignore[no-untyped-def]  # likewise
        """As one without a loop does."""
        return self._newest.wrap_socket(*args, **kwargs)

    def _make(self, files: Files) -> ssl.SSLContext:
        if self._refused is None:
            return _client(files)
        return _server(files, self._refused)


class _Handshake(ssl.SSLObject):
    """A server's side whose client is told why it is refused.

    An event loop closes a connection at once whose handshake fails, and the alert that says why is never sent. So the
    failure is first given as a wish for more data, before which loops send what there is. Then the client leaves; if it
    does not, what else it sends, or the end of the time for a handshake, closes the connection.
    """

    refused: Refused
    outgoing: ssl.MemoryBIO
    _failure: ssl.SSLError | None = None

    def do_handshake(self) -> None:
        """See above."""
        if self._failure is not None:
            raise self._failure
        try:
            super().do_handshake()
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise
        except ssl.SSLError as error:
            self._failure = error
            self.refused(*_told(error))
            if not self.outgoing.pending:
                raise
            raise ssl.SSLWantReadError from None


def _told(error: ssl.SSLError) -> tuple[Refusal, str]:
    if isinstance(error, ssl.SSLCertVerificationError):
        return "bad_certificate", error.verify_message
    reason = error.reason or ""
    return "refused_ours" if "_ALERT_" in reason else _REFUSALS.get(reason, "other"), _words(reason)


def trusting(authorities: Path | None = None, pair: Pair | None = None) -> ssl.SSLContext:
    """A client's context that trusts these authorities, or the system's, and shows this certificate where it is asked
    for one. Raises `Unusable`.
    """
    files = Files(pair, authorities)
    return Renewable(files) if files.paths else _client(files)


def _server(files: Files, refused: Refused) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.sslobject_class = type("_Handshake", (_Handshake,), {"refused": staticmethod(refused)})
    context.minimum_version = _MINIMUM[files.minimum]
    context.options |= ssl.OP_NO_RENEGOTIATION
    context.set_alpn_protocols(["http/1.1"])
    _show(context, files.pair)
    if files.authorities is not None:
        with _reading(files.authorities):
            context.load_verify_locations(files.authorities)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def _client(files: Files) -> ssl.SSLContext:
    with _reading(files.authorities):
        context = ssl.create_default_context(cafile=files.authorities)
    context.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF  # older releases of Python set it: a cut would look like an end
    context.minimum_version = _MINIMUM[files.minimum]
    context.set_alpn_protocols(["http/1.1"])
    _show(context, files.pair)
    return context


def _show(context: ssl.SSLContext, pair: Pair | None) -> None:
    if pair is None:
        return
    for path in (pair.cert, pair.key):
        _open(path)
    try:
        context.load_cert_chain(pair.cert, pair.key, password=_no_password)
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise Unusable(pair.key, f"is not the key of the certificate in {pair.cert}") from None
        raise Unusable(*_culprit(pair, error)) from None


def _culprit(pair: Pair, error: ssl.SSLError) -> tuple[Path, str]:
    """Which of the two OpenSSL cannot read, which it does not say, and what is wrong with it."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(pair.cert)
    except ssl.SSLError:
        return pair.cert, "holds no certificate that can be used"
    if error.reason in (None, "PEM_LIB", "NO_START_LINE"):
        return pair.key, "holds no private key that can be used; one that is encrypted cannot be"
    return pair.cert, f"cannot be used: {_words(error.reason)}"


@contextlib.contextmanager
def _reading(authorities: Path | None) -> Iterator[None]:
    if authorities is not None:
        _open(authorities)
    try:
        yield
    except ssl.SSLError:
        if authorities is None:
            raise
        raise Unusable(authorities, "holds no certificate that can be used") from None


def _open(path: Path) -> None:
    try:
        path.open("rb").close()
    except OSError as error:
        raise Unusable(path, f"cannot be read: {error.strerror or error}") from None


def _no_password() -> str:
    """So that OpenSSL does not ask for it on the terminal."""
    return ""


def _words(reason: str | None) -> str:
    """`WRONG_VERSION_NUMBER` as "wrong version number"."""
    return (reason or "unknown").replace("_", " ").lower()


def _stamps(files: Files) -> list[tuple[int, ...]]:
    """What shows that a file is another: also one that a link leads to since it was turned, however old."""
    found: list[tuple[int, ...]] = []
    for path in files.paths:
        try:
            state = path.stat()
        except OSError as error:
            raise Unusable(path, f"cannot be read: {error.strerror or error}") from None
        found.append((state.st_mtime_ns, state.st_ctime_ns, state.st_dev, state.st_ino, state.st_size))
    return found
