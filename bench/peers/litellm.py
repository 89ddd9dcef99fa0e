"""LiteLLM's proxy, the newest version that pip can install here."""

from __future__ import annotations

import json
from pathlib import Path

from bench.apis import ANTHROPIC
from bench.payload import CLIENT_KEY, UPSTREAM_KEY
from bench.peers import Launch, Place
from bench.peers.install import python_package, python_version


class LiteLLM:
    """A virtual environment of its own; delete it to get a newer version."""

    name = "litellm"
    settings = "master key; no database, so neither virtual keys nor ledger"

    def __init__(self) -> None:
        self._python = Path()

    def prepare(self) -> str:
        """See `Peer`."""
        self._python = python_package("litellm", "litellm[proxy]")
        return python_version(self._python, "litellm")

    def launch(self, place: Place) -> Launch:
        """See `Peer`."""
        api = place.upstream.api
        settings: dict[str, object] = {"telemetry": False, "request_timeout": 60}
        env = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_LOG": "ERROR"}
        if place.upstream.ca:
            env["SSL_CERT_FILE"] = str(place.upstream.ca)
        provider = {
            "model": f"{api.name}/{api.model}",
            # For Anthropic it adds `/v1/messages` itself.
            "api_base": place.upstream.origin if api is ANTHROPIC else place.upstream.base_url,
            "api_key": UPSTREAM_KEY,
        }
        configuration = place.folder / "litellm.yaml"
        configuration.write_text(
            json.dumps(
                {
                    "model_list": [{"model_name": api.model, "litellm_params": provider}],
                    "general_settings": {"master_key": CLIENT_KEY},
                    "litellm_settings": settings,
                }
            )
        )
        argv = [str(self._python.with_name("litellm")), "--config", str(configuration)]
        argv += ["--host", "127.0.0.1", "--port", str(place.port), "--num_workers", "1"]
        if place.front:
            argv += ["--ssl_keyfile_path", str(place.front.key), "--ssl_certfile_path", str(place.front.chain)]
        return Launch(argv, ready="/health/readiness", env=env, model=api.model)
