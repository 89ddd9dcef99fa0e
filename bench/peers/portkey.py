"""Portkey's open gateway on Node, with the versions of Hono with which it can stream."""

from __future__ import annotations

import json
from pathlib import Path

from bench.apis import ANTHROPIC, GEMINI, OPENAI
from bench.errors import Unavailable
from bench.payload import UPSTREAM_KEY
from bench.peers import Launch, Place
from bench.peers.install import node_packages
from bench.venue import find_program

_MANIFEST = json.dumps(
    {
        "private": True,
        "dependencies": {"@portkey-ai/gateway": "1.15.2"},
        "overrides": {"@hono/node-server": "1.13.5", "hono": "4.9.7"},
    }
)

_PROVIDERS = {OPENAI: "openai", ANTHROPIC: "anthropic", GEMINI: "google"}

# It listens on every interface and has no setting for it.
_LOOPBACK_ONLY = """\
const { Server } = require("node:net");
const listen = Server.prototype.listen;
Server.prototype.listen = function (port, host, ...rest) {
  return listen.call(this, port, "127.0.0.1", ...rest);
};
"""


class Portkey:
    """Needs node and npm."""

    name = "portkey"
    settings = "no keys, no log, no limits (it has none without its hosted service)"

    def __init__(self) -> None:
        self._home = Path()
        self._node = ""

    def prepare(self) -> str:
        """See `Peer`."""
        node = find_program("node")
        if node is None or find_program("npm") is None:
            raise Unavailable("node and npm are not installed")
        self._node = node
        self._home = node_packages("portkey", _MANIFEST) / "node_modules" / "@portkey-ai" / "gateway"
        version: str = json.loads((self._home / "package.json").read_text())["version"]
        return version

    def launch(self, place: Place) -> Launch:
        """See `Peer`."""
        if place.front:
            raise Unavailable("does not speak TLS itself")
        api = place.upstream.api
        preload = place.folder / "loopback.cjs"
        preload.write_text(_LOOPBACK_ONLY)
        server = self._home / "build" / "start-server.js"
        env = {"NODE_ENV": "production"}
        if place.upstream.ca:
            env["NODE_EXTRA_CA_CERTS"] = str(place.upstream.ca)
        return Launch(
            [self._node, "--require", str(preload), str(server), f"--port={place.port}", "--headless"],
            ready="/",
            env=env,
            headers={
                "Authorization": f"Bearer {UPSTREAM_KEY}",
                "x-portkey-provider": _PROVIDERS[api],
                # For Google its own paths begin with the version.
                "x-portkey-custom-host": place.upstream.origin if api is GEMINI else place.upstream.base_url,
            },
            model=api.model,
        )
