"""TensorZero's gateway (Rust), which its Python wheel can start."""

from __future__ import annotations

from pathlib import Path

from bench.apis import ANTHROPIC, GEMINI
from bench.errors import Unavailable
from bench.payload import UPSTREAM_KEY
from bench.peers import Launch, Place
from bench.peers.install import python_package, python_version

_CHAT = "/openai/v1/chat/completions"

_CONFIGURATION = """\
[gateway]
observability.enabled = false
[models.bench]
routing = ["bench"]
[models.bench.providers.bench]
type = "{type}"
model_name = "{model}"
api_base = "{api_base}"
api_key_location = "env::{key}"
"""
_KEY = "BENCH_UPSTREAM_KEY"

_PROGRAM = """\
import pathlib, sys, threading, tensorzero
gateway = tensorzero._start_http_gateway(
    config_file=sys.argv[1], clickhouse_url=None, postgres_url=None, valkey_url=None, async_setup=False)
pathlib.Path(sys.argv[2]).write_text(gateway.base_url)
threading.Event().wait()
"""


class TensorZero:
    """A virtual environment of its own, at the last version that ships a gateway in its wheel."""

    name = "tensorzero"
    settings = "no keys, no observability (needs ClickHouse), no limits (need PostgreSQL)"

    def __init__(self) -> None:
        self._python = Path()

    def prepare(self) -> str:
        """See `Peer`."""
        self._python = python_package("tensorzero", "tensorzero==2026.6.0")
        return python_version(self._python, "tensorzero")

    def launch(self, place: Place) -> Launch:
        """See `Peer`."""
        if place.front:
            raise Unavailable("the gateway in the wheel cannot be told to speak TLS itself")
        upstream = place.upstream
        if upstream.api is GEMINI:
            raise Unavailable("its Gemini provider has no setting for another address than Google's")
        translated = upstream.api is ANTHROPIC
        configuration = place.folder / "tensorzero.toml"
        configuration.write_text(
            _CONFIGURATION.format(
                type=upstream.api.name,
                model=upstream.api.model,
                api_base=f"{upstream.base_url}/messages" if translated else f"{upstream.base_url}/",
                key=_KEY,
            )
        )
        address = place.folder / "address"
        env = {_KEY: UPSTREAM_KEY}
        if upstream.ca:
            env["SSL_CERT_FILE"] = str(upstream.ca)
        return Launch(
            [str(self._python), "-c", _PROGRAM, str(configuration), str(address)],
            ready=_CHAT,
            ready_status=405,  # the embedded gateway has no health route; this is its answer to a GET
            env=env,
            chat=_CHAT,
            headers={},
            model="tensorzero::model_name::bench",
            address_file=address,
        )
