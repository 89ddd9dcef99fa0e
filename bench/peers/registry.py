"""Every peer, in the order of the report's columns."""

from __future__ import annotations

from bench.peers import Peer
from bench.peers.litellm import LiteLLM
from bench.peers.nginx import Nginx
from bench.peers.portkey import Portkey
from bench.peers.tensorzero import TensorZero
from bench.peers.trunkline import Trunkline

FLOOR = Nginx.name
OURS = Trunkline.name
QUICK = (FLOOR, OURS)


def all_peers() -> list[Peer]:
    """One of each."""
    return [Nginx(), Trunkline(), TensorZero(), Portkey(), LiteLLM()]
