"""Where a run takes place: its cores, its scratch folder, its certificates, free ports."""

from __future__ import annotations

import os
import resource
import shutil
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import trustme

HERE = Path(__file__).parent
ROOT = HERE.parent
WORK = HERE / ".work"  # peers' installations stay here from run to run


@dataclass(frozen=True)
class Certificate:
    """A server's certificate for 127.0.0.1 and localhost, and the authority that a client must trust."""

    chain: Path
    key: Path
    authority: Path


@dataclass(frozen=True)
class Venue:
    """One run's surroundings. The gateway has a core for itself; load and upstream share the other."""

    gateway_core: int
    load_core: int
    scratch: Path
    certificate: Certificate

    @property
    def cores(self) -> set[int]:
        """Both."""
        return {self.gateway_core, self.load_core}

    @property
    def shared_core(self) -> bool:
        """Whether there is only one core, so that the figures say little."""
        return self.gateway_core == self.load_core

    def folder(self, name: str) -> Path:
        """A new, empty folder."""
        path = self.scratch / f"{name}-{sum(1 for _ in self.scratch.iterdir())}"
        path.mkdir(mode=0o700)
        return path


@contextmanager
def open_venue() -> Iterator[Venue]:
    """Prepare a venue, pin ourselves to the load's core, and tidy up at the end."""
    cores = sorted(os.sched_getaffinity(0))
    _raise_file_limit()
    WORK.mkdir(exist_ok=True)
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(TemporaryDirectory(prefix="run-", dir=WORK)))
        # nginx gives its worker, when started by root, to a user who must be able to reach its folders.
        scratch.chmod(0o711)
        os.sched_setaffinity(0, {cores[-1]})
        stack.callback(os.sched_setaffinity, 0, cores)
        yield Venue(cores[0], cores[-1], scratch, _certificate(scratch))


def free_port() -> int:
    """A port on the loopback that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def find_program(name: str) -> str | None:
    """The path of a program; servers often live where only root's PATH looks."""
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin:/sbin")


def without_paths(text: str) -> str:
    """The text without this machine's folders, so that a report can be published."""
    return text.replace(str(ROOT), ".").replace(str(Path.home()), "~")


def _certificate(folder: Path) -> Certificate:
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1", "localhost")
    certificate = Certificate(folder / "server.pem", folder / "server.key", folder / "authority.pem")
    certificate.chain.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    issued.private_key_pem.write_to_path(certificate.key)
    authority.cert_pem.write_to_path(certificate.authority)
    return certificate


def _raise_file_limit() -> None:
    """1,500 streams through a gateway are 3,000 sockets in it."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
