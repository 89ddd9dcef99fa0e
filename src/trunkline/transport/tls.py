"""TLS: towards upstreams with authorities to trust, towards clients with certificates that may be renewed in use."""

import ssl
from pathlib import Path


def trusting(authorities: str | Path | None = None) -> ssl.SSLContext:
    """A client's context that trusts these authorities, or the system's. Raises `OSError` (also `ssl.SSLError`)."""
    context = ssl.create_default_context(cafile=authorities)
    context.set_alpn_protocols(["http/1.1"])
    return context


class Certificate:
    """A server's certificate and key in files, and the context that serves them.

    New files are tried in a context of their own before they go into the one in use: a renewal is two files, and
    between the first and the second they do not belong together. An authority for clients can be added so, not taken
    away.
    """

    def __init__(self, cert: Path, key: Path, client_ca: Path | None) -> None:
        """Raises `OSError` (also `ssl.SSLError`) where the files cannot be used."""
        self._files = (cert, key, client_ca)
        self._changed = self._latest()
        self.context = self._load(ssl.create_default_context(ssl.Purpose.CLIENT_AUTH))

    def renew(self) -> bool:
        """Take in files that have changed; whether there were any. Raises as the constructor, and then changes
        nothing.
        """
        latest = self._latest()
        if latest == self._changed:
            return False
        self._load(ssl.create_default_context(ssl.Purpose.CLIENT_AUTH))
        self._load(self.context)
        self._changed = latest
        return True

    def _load(self, context: ssl.SSLContext) -> ssl.SSLContext:
        cert, key, client_ca = self._files
        context.load_cert_chain(cert, key)
        if client_ca is not None:
            context.load_verify_locations(client_ca)
            context.verify_mode = ssl.CERT_REQUIRED
        context.set_alpn_protocols(["http/1.1"])
        return context

    def _latest(self) -> tuple[int, ...]:
        return tuple(path.stat().st_mtime_ns for path in self._files if path is not None)
