"""The gateways that are measured. Each is a small module that says how to install, start and call it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from bench.apis import OPENAI
from bench.backends import Upstream
from bench.payload import CLIENT_KEY
from bench.venue import Certificate

Setup = Literal["", "limits", "workers", "cache", "policy", "guard"]
"""What is switched on beside the usual: limits and budgets in five scopes; a second worker; the exact cache; that and
an injected line and a rule about personal data; that and all built-in checks of the input.
"""


@dataclass(frozen=True)
class Place:
    """What a gateway is given: an empty folder, a port, its upstream, and a certificate if it is to speak TLS."""

    folder: Path
    port: int
    upstream: Upstream
    front: Certificate | None = None
    setup: Setup = ""


@dataclass(frozen=True)
class Launch:
    """How to start a gateway that has been given its place, and how to call it."""

    argv: list[str]
    ready: str
    """The path that answers with `ready_status` once it serves."""
    ready_status: int = 200
    env: Mapping[str, str] = field(default_factory=dict)
    chat: str = OPENAI.path
    headers: Mapping[str, str] = field(default_factory=lambda: {"Authorization": f"Bearer {CLIENT_KEY}"})
    model: str = OPENAI.model
    address_file: Path | None = None
    """Where it writes its origin, when it chooses its port itself."""
    in_process: Sequence[str] = ()
    """A command that times its translation in a process of its own: prints milliseconds by API, as JSON."""


class Peer(Protocol):
    """A gateway."""

    name: str
    settings: str
    """What is switched on, in a few words for the report."""

    def prepare(self) -> str:
        """Install it if it can be, and return its version; raises `Unavailable` with the reason if not."""

    def launch(self, place: Place) -> Launch:
        """Write its configuration; raises `Unavailable` where it cannot do what the place asks."""
