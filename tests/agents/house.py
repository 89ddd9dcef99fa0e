"""One gateway in front of one strict upstream of each kind."""

from typing import Any

import anthropic
import openai
from tests.agents.upstream import Speaker, Upstream
from tests.agents.upstream_chat import Chat
from tests.agents.upstream_google import Google
from tests.agents.upstream_messages import Messages
from tests.agents.upstream_openai import OpenAI
from tests.agents.upstream_responses import Responses
from tests.faults.gateway import gateway
from tests.running import Background


class Kind:
    """One upstream, the model that is asked there, and whose proofs its models give."""

    def __init__(self, speaker: Speaker, model: str, family: str, *, stops: bool) -> None:
        self.upstream = Upstream(speaker)
        self.slug = speaker.name.replace(" ", "-")
        self.model = f"{self.slug}/{model}"
        self.family = family
        self.stops = stops
        """The model takes stop sequences."""


class House:
    """All of them, and the gateway's address with the SDKs that have it."""

    def __init__(self, background: Background) -> None:
        deepseek: dict[str, Any] = {"type": "deepseek", "api_key": "sk-upstream"}
        kinds = [
            Kind(OpenAI(), "gpt-5.1", "", stops=False),
            Kind(Chat("deepseek", deepseek, reasons=True), "deepseek-v4-flash", "", stops=True),
            Kind(Responses(), "gpt-5.6", "openai", stops=False),
            Kind(Google(), "gemini-3-pro-preview", "google", stops=True),
            Kind(Messages(), "claude-sonnet-4-5", "anthropic", stops=True),
        ]
        self.kinds = {kind.slug: kind for kind in kinds}
        providers = {
            kind.slug: {**kind.upstream.voice.provider, "base_url": kind.upstream.url, "allow_private": True}
            for kind in kinds
        }
        running = background.enter(gateway(providers=providers, retries={"attempts": 1}))
        self.url = f"http://127.0.0.1:{running.port}"
        self.anthropic = anthropic.Anthropic(base_url=self.url, api_key="sk-none", max_retries=0)
        self.openai = openai.OpenAI(base_url=f"{self.url}/v1", api_key="sk-none", max_retries=0)

    def close(self) -> None:
        self.anthropic.close()
        self.openai.close()
        for kind in self.kinds.values():
            kind.upstream.close()
