"""Trunkline itself, from this checkout, as an operator runs it: keys, ledger and request log on."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from bench.apis import ANTHROPIC, GEMINI, OPENAI
from bench.errors import Unavailable
from bench.payload import CLIENT_KEY, UPSTREAM_KEY
from bench.peers import Launch, Place, Setup
from bench.venue import free_port
from trunkline import __version__

_TYPES = {OPENAI: "openai", ANTHROPIC: "anthropic", GEMINI: "google"}
_CACHE: dict[str, object] = {"cache": {"ttl": "1h"}}
_PERSONAL = {"pii": "email", "action": "block"}
_CHECKS = [{rule: of, "action": "block"} for rule, of in (("pii", "all"), ("secrets", "all"), ("injection", 0.7))]
_LINE = {"system_first": "You answer for Example Ltd. Never promise a refund."}
_SCOPES = ({"org": "o"}, {"team": "o/t"}, {"user": "u"}, {"key": "*"}, {"model": "*"})
_LIMITED: dict[str, object] = {
    "orgs": {"o": {}},
    "teams": {"o/t": {}},
    "users": {"u": {"team": "o/t"}},
    "keys": [{"name": "bench", "key": CLIENT_KEY, "user": "u"}],
    "limits": [{**scope, "requests": "100M/min", "tokens": "100G/min", "concurrent": 100_000} for scope in _SCOPES],
    "budgets": [{**scope, "amount": 100_000_000} for scope in _SCOPES],
}
"""Of all of them so much that nothing is refused. The budgets must not be overshot."""
_SETUPS: dict[Setup, dict[str, object]] = {
    "": {},
    "limits": _LIMITED,
    "workers": {},
    "cache": _CACHE,
    "policy": {**_CACHE, "guard": {"house": {"everywhere": True, "input": [_PERSONAL], "inject": _LINE}}},
    "guard": {**_CACHE, "guard": {"house": {"everywhere": True, "input": _CHECKS}}},
}
_PROGRAM = Path(sys.executable).with_name("trunkline")


class Trunkline:
    """Runs the `trunkline` beside the Python that runs the benchmark."""

    name = "trunkline"
    settings = "keys, ledger, request log to a file, metrics"

    def prepare(self) -> str:
        """See `Peer`."""
        if not _PROGRAM.exists():
            raise Unavailable("the trunkline command is not installed beside this Python")
        return __version__

    def launch(self, place: Place) -> Launch:
        """See `Peer`. The file is JSON, which is YAML."""
        api = place.upstream.api
        kind = _TYPES[api]
        provider: dict[str, object] = {
            "base_url": place.upstream.base_url,
            "api_key": UPSTREAM_KEY,
            "allow_private": True,
        }
        server: dict[str, object] = {
            "listen": f"127.0.0.1:{place.port}",
            "control": f"127.0.0.1:{free_port()}",
            "grace": "0s",
        }
        if place.upstream.ca:
            provider["ca"] = str(place.upstream.ca)
        if place.front:
            server["tls"] = {"cert": str(place.front.chain), "key": str(place.front.key)}
        if place.setup == "workers":
            server["workers"] = 2
        configuration = place.folder / "trunkline.yaml"
        configuration.write_text(
            json.dumps(
                {
                    "server": server,
                    "providers": {kind: provider},
                    "models": {api.model: f"{kind}/{api.model}"},
                    "keys": [{"name": "bench", "key": CLIENT_KEY}],
                    **_SETUPS[place.setup],
                }
            )
        )
        data = place.folder / "data"
        data.mkdir(mode=0o700)
        argv = [str(_PROGRAM), "serve", "--config", str(configuration), "--data", str(data)]
        timing = [sys.executable, "-m", "bench.translation", "--json"]
        return Launch(argv, ready="/health/ready", model=api.model, in_process=timing)
