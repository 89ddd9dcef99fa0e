"""The upstreams, started and reachable: one with a fixed answer, plain and over TLS, and one that streams."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from bench import nginx
from bench.apis import ANTHROPIC, GEMINI, OPENAI, Api
from bench.errors import Unavailable
from bench.http1 import Target
from bench.process import Process
from bench.readiness import wait_for_answer
from bench.replies import TEXT
from bench.scripts import Pace
from bench.venue import ROOT, Venue, free_port

START_SECONDS = 10.0

_FIXED_ANSWER = """
  server {{
    listen 127.0.0.1:{plain} backlog=4096;
    listen 127.0.0.1:{tls} ssl backlog=4096;
    ssl_certificate {chain};
    ssl_certificate_key {key};
    default_type application/json;
    location / {{ return 200 '{openai}'; }}
    location /v1/messages {{ return 200 '{anthropic}'; }}
    location /v1beta/models/ {{ return 200 '{gemini}'; }}
  }}
"""


@dataclass(frozen=True)
class Upstream:
    """An upstream as a gateway is told of it. `ca` is set where it speaks TLS."""

    port: int
    ca: Path | None = None
    api: Api = OPENAI
    """What is to be spoken to it. It knows all of them, by the path."""

    @property
    def base_url(self) -> str:
        """What stands in a gateway's configuration, without a slash at its end."""
        return self.origin + self.api.base

    def target(self) -> Target:
        """For asking it without a gateway. Plain upstreams only."""
        return Target("127.0.0.1", self.port, self.api.path)

    def speaking(self, api: Api) -> Upstream:
        """The same, to be spoken to in another API."""
        return replace(self, api=api)

    @property
    def origin(self) -> str:
        return f"{'https' if self.ca else 'http'}://127.0.0.1:{self.port}"


class Streaming:
    """The streaming upstream, whose pace can be changed between measurements."""

    def __init__(self, upstream: Upstream, process: Process) -> None:
        self.upstream = upstream
        self._process = process

    def pace(self, pace: Pace) -> None:
        """Set how streams that begin from now on come."""
        self._process.stdin.write(pace.line())
        self._process.stdin.flush()
        self._process.stdout.readline()


@dataclass(frozen=True)
class Backends:
    """All upstreams of a run, and what plays the fixed ones."""

    plain: Upstream
    tls: Upstream
    streaming: Streaming
    program: str


@contextmanager
def open_backends(venue: Venue) -> Iterator[Backends]:
    """Start the upstreams on the load's core, and end them on leaving."""
    with ExitStack() as stack:
        port, streaming = stack.enter_context(_own(venue, "streaming"))
        try:
            program = f"nginx {nginx.version()}"
            plain, tls = stack.enter_context(_fixed_nginx(venue))
        except Unavailable:
            program = "bench.upstream (nginx is not installed)"
            plain = stack.enter_context(_own(venue, "plain"))[0]
            tls = stack.enter_context(_own(venue, "tls", tls=True))[0]
        yield Backends(
            plain=Upstream(plain),
            tls=Upstream(tls, venue.certificate.authority),
            streaming=Streaming(Upstream(port), streaming),
            program=program,
        )


@contextmanager
def _fixed_nginx(venue: Venue) -> Iterator[tuple[int, int]]:
    folder = venue.folder("upstream-nginx")
    plain, tls = free_port(), free_port()
    text = _FIXED_ANSWER.format(
        plain=plain,
        tls=tls,
        chain=venue.certificate.chain,
        key=venue.certificate.key,
        openai=TEXT[OPENAI],
        anthropic=TEXT[ANTHROPIC],
        gemini=TEXT[GEMINI],
    )
    with Process(nginx.command(folder, text), core=venue.load_core, log=folder / "log") as process:
        wait_for_answer(f"http://127.0.0.1:{plain}/", process, START_SECONDS)
        yield plain, tls


@contextmanager
def _own(venue: Venue, name: str, *, tls: bool = False) -> Iterator[tuple[int, Process]]:
    folder, port = venue.folder(f"upstream-{name}"), free_port()
    argv = [sys.executable, "-m", "bench.upstream", "--port", str(port)]
    if tls:
        argv += ["--certificate", str(venue.certificate.chain), "--key", str(venue.certificate.key)]
    ca = venue.certificate.authority if tls else None
    with Process(argv, core=venue.load_core, log=folder / "log", cwd=ROOT, talk=True) as process:
        wait_for_answer(f"{'https' if tls else 'http'}://127.0.0.1:{port}/", process, START_SECONDS, ca=ca)
        yield port, process
