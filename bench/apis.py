"""The wire formats that an upstream speaks: where it is asked, and for which model."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Api:
    """One provider's API."""

    name: str
    """In the keys of figures."""
    title: str
    """In the report."""
    base: str
    """Path of the base URL that a gateway is given."""
    call: str
    """Path of a request for a whole reply, below it."""
    model: str
    """With a context window that a request of 1 MB fits in, where such requests are made."""

    @property
    def path(self) -> str:
        """Path of a request for a whole reply."""
        return self.base + self.call


OPENAI = Api("openai", "OpenAI", "/v1", "/chat/completions", "gpt-4.1")
ANTHROPIC = Api("anthropic", "Anthropic", "/v1", "/messages", "claude-sonnet-4-5")
GEMINI = Api("gemini", "Gemini", "/v1beta", "/models/gemini-2.5-flash:generateContent", "gemini-2.5-flash")
TRANSLATED = (ANTHROPIC, GEMINI)
"""What an OpenAI client's requests are translated to."""


def spoken_at(path: bytes) -> Api:
    """The API that a path belongs to."""
    if path.startswith(b"/v1beta/"):
        return GEMINI
    return ANTHROPIC if path.startswith(b"/v1/messages") else OPENAI
