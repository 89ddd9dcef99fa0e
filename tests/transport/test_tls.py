"""TLS contexts made of files: what is refused and how, and what happens to the files while they are in use."""

import asyncio
import contextlib
import shutil
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast

import pytest
import trustme
from cryptography.hazmat.primitives import serialization
from tests import aio
from tests.faults import certificates
from tests.faults.client import RawClient, connect

from trunkline.transport.tls import Files, Pair, Refusal, Renewable, Unusable, trusting

bounded = aio.within(20)
VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]


class Echo(asyncio.Protocol):
    """Says what it is told."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # of TLS, no loop's is a subclass of it

    def data_received(self, data: bytes) -> None:
        self._transport.write(data)


class Listener:
    """Listens with the pair in its folder; `refused` is what it was told of handshakes that failed."""

    def __init__(self, folder: Path, *, clients: Path | None = None, minimum: str = "1.2") -> None:
        self.refused: list[tuple[Refusal, str]] = []
        self.pair = Pair(*certificates.write_pair(folder))
        self.files = Files(self.pair, clients, "1.3" if minimum == "1.3" else "1.2")
        self.heard = asyncio.Event()
        self.context = Renewable(self.files, self._hear)

    def _hear(self, why: Refusal, words: str) -> None:
        self.refused.append((why, words))
        self.heard.set()

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator[int]:
        """Its port."""
        server = await asyncio.get_running_loop().create_server(Echo, "127.0.0.1", 0, ssl=self.context)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()


async def echoed(raw: RawClient, said: bytes = b"Hallo") -> bytes:
    await raw.send(said)
    return await raw.take(len(said))


def client(*, identity: str | None = None, only: ssl.TLSVersion | None = None) -> ssl.SSLContext:
    context = certificates.client_context(identity=identity)
    if only is not None:
        context.minimum_version = context.maximum_version = only
    return context


async def alert(port: int, context: ssl.SSLContext) -> str:
    """The name of the error that a client sees which is refused, at its handshake or when it first reads."""
    with pytest.raises(ssl.SSLError) as error:
        async with connect(port, tls=context) as raw:
            await echoed(raw)
    return error.value.reason


@bounded
@pytest.mark.parametrize("version", VERSIONS)
async def test_a_client_without_a_certificate_is_refused_by_an_alert(tmp_path: Path, version: ssl.TLSVersion) -> None:
    listener = Listener(tmp_path, clients=certificates.write_authority(tmp_path / "ca.pem"))
    async with listener.listening() as port:
        async with connect(port, tls=client(identity="app", only=version)) as raw:
            assert await echoed(raw) == b"Hallo"
        assert "ALERT" in await alert(port, client(only=version))
        assert listener.refused == [("no_certificate", "peer did not return a certificate")]


@bounded
@pytest.mark.parametrize("version", VERSIONS)
async def test_a_client_of_another_authority_is_refused_by_an_alert(tmp_path: Path, version: ssl.TLSVersion) -> None:
    listener = Listener(tmp_path, clients=certificates.write_authority(tmp_path / "ca.pem"))
    stranger = client(only=version)
    trustme.CA().issue_cert("app").configure_cert(stranger)
    async with listener.listening() as port:
        assert "ALERT_UNKNOWN_CA" in await alert(port, stranger)
    [(why, words)] = listener.refused
    assert why == "bad_certificate"
    assert "issuer" in words or "self" in words


@bounded
async def test_the_minimum_is_a_minimum(tmp_path: Path) -> None:
    listener = Listener(tmp_path, minimum="1.3")
    async with listener.listening() as port:
        assert "ALERT_PROTOCOL_VERSION" in await alert(port, client(only=ssl.TLSVersion.TLSv1_2))
        async with connect(port, tls=client(only=ssl.TLSVersion.TLSv1_3)) as raw:
            assert await echoed(raw) == b"Hallo"
    assert [why for why, _ in listener.refused] == ["version"]


@bounded
async def test_what_is_not_tls_and_who_does_not_trust_us_are_told_apart(tmp_path: Path) -> None:
    listener = Listener(tmp_path)
    async with listener.listening() as port:
        async with connect(port) as raw:
            await raw.send(b"GET / HTTP/1.1\r\n\r\n")
            await raw.closed()
        listener.heard.clear()
        distrustful = ssl.create_default_context()
        with pytest.raises(ssl.SSLCertVerificationError):
            async with connect(port, tls=distrustful):
                pass
        await listener.heard.wait()
    assert [why for why, _ in listener.refused] == ["not_tls", "refused_ours"]


@bounded
async def test_a_renewed_pair_is_shown_to_new_connections_and_open_ones_stay(tmp_path: Path) -> None:
    listener = Listener(tmp_path)
    async with listener.listening() as port, connect(port, tls=client()) as before:
        assert not listener.context.renew()
        new = trustme.CA()
        leaf = new.issue_cert("127.0.0.1")
        listener.pair.cert.write_bytes(b"".join(blob.bytes() for blob in leaf.cert_chain_pems))
        with pytest.raises(Unusable, match="is not the key of the certificate"):
            listener.context.renew()
        async with connect(port, tls=client()) as meanwhile:
            assert await echoed(meanwhile) == b"Hallo"
        leaf.private_key_pem.write_to_path(listener.pair.key)
        assert listener.context.renew()
        assert await echoed(before) == b"Hallo"
        trusts_new = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        new.configure_trust(trusts_new)
        async with connect(port, tls=trusts_new) as after:
            assert await echoed(after) == b"Hallo"
        assert "VERIFY_FAILED" in await alert(port, client())


@bounded
async def test_an_authority_that_is_taken_away_admits_nobody_any_more(tmp_path: Path) -> None:
    authority = certificates.write_authority(tmp_path / "ca.pem")
    listener = Listener(tmp_path, clients=authority)
    known = client(identity="app")
    async with listener.listening() as port, connect(port, tls=known) as before:
        assert await echoed(before) == b"Hallo"
        trustme.CA().cert_pem.write_to_path(authority)
        assert listener.context.renew()
        assert await echoed(before) == b"Hallo"
        assert "ALERT_UNKNOWN_CA" in await alert(port, known)


@bounded
async def test_client_certificates_can_be_demanded_while_it_listens(tmp_path: Path) -> None:
    listener = Listener(tmp_path)
    async with listener.listening() as port:
        async with connect(port, tls=client()) as raw:
            assert await echoed(raw) == b"Hallo"
        authority = certificates.write_authority(tmp_path / "ca.pem")
        assert listener.context.renew(Files(listener.pair, authority))
        assert "ALERT" in await alert(port, client())
        assert listener.context.renew(listener.files)
        async with connect(port, tls=client()) as raw:
            assert await echoed(raw) == b"Hallo"


def test_a_turned_link_is_a_change_however_old_the_files_are(tmp_path: Path) -> None:
    """As Kubernetes mounts a Secret: `tls.crt` leads through `..data`, which is replaced in one step."""
    for name in ("..1", "..2"):
        folder = tmp_path / name
        folder.mkdir()
        chain, key = certificates.write_pair(folder)
        chain.rename(folder / "tls.crt")
        key.rename(folder / "tls.key")
    for name in ("tls.crt", "tls.key"):
        shutil.copystat(tmp_path / "..1" / name, tmp_path / "..2" / name)
        (tmp_path / name).symlink_to(Path("..data", name))
    (tmp_path / "..data").symlink_to("..1")
    context = Renewable(Files(Pair(tmp_path / "tls.crt", tmp_path / "tls.key")), lambda *_: None)
    assert not context.renew()
    (tmp_path / "..data_tmp").symlink_to("..2")
    (tmp_path / "..data_tmp").replace(tmp_path / "..data")
    assert context.renew()
    assert not context.renew()


@bounded
async def test_a_client_shows_the_newest_of_its_certificates(tmp_path: Path) -> None:
    ours = Pair(tmp_path / "client.crt", tmp_path / "client.key")

    def write(leaf: trustme.LeafCert) -> None:
        ours.cert.write_bytes(b"".join(blob.bytes() for blob in leaf.cert_chain_pems))
        leaf.private_key_pem.write_to_path(ours.key)

    authority = certificates.write_authority(tmp_path / "ca.pem")
    listener = Listener(tmp_path, clients=authority)
    write(trustme.CA().issue_cert("us"))
    context = trusting(authority, ours)
    assert isinstance(context, Renewable)
    async with listener.listening() as port:
        assert "ALERT_UNKNOWN_CA" in await alert(port, context)
        write(certificates.authority().issue_cert("us"))
        assert context.renew()
        async with connect(port, tls=context) as raw:
            assert await echoed(raw) == b"Hallo"


def test_files_that_cannot_be_used_are_told_by_name(tmp_path: Path) -> None:
    chain, key = certificates.write_pair(tmp_path)
    bad = tmp_path / "bad.pem"
    bad.write_text("no certificate")
    absent = tmp_path / "absent.pem"
    locked = tmp_path / "locked.key"
    password = serialization.BestAvailableEncryption(b"secret")
    private = serialization.load_pem_private_key(key.read_bytes(), None)
    locked.write_bytes(private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, password))
    for files, path, words in (
        (Files(Pair(absent, key)), absent, "cannot be read: No such file or directory"),
        (Files(Pair(chain, absent)), absent, "cannot be read: No such file or directory"),
        (Files(Pair(bad, key)), bad, "holds no certificate that can be used"),
        (Files(Pair(chain, bad)), bad, "holds no private key that can be used"),
        (Files(Pair(chain, locked)), locked, "holds no private key that can be used; one that is encrypted cannot be"),
        (Files(Pair(chain, key), bad), bad, "holds no certificate that can be used"),
        (Files(Pair(chain, key), absent), absent, "cannot be read: No such file or directory"),
    ):
        with pytest.raises(Unusable) as error:
            Renewable(files, lambda *_: None)
        assert error.value.path == path
        assert words in error.value.reason
