"""Speaks as OpenAI does at both of its endpoints: Chat Completions and Responses."""

from typing import Any

from tests.agents.upstream_chat import Chat
from tests.agents.upstream_responses import Responses
from tests.agents.words import Answer, Talk

Json = dict[str, Any]


class OpenAI:
    """One server. It answers at the endpoint at which it was asked."""

    def __init__(self) -> None:
        self.name = "openai chat"
        self.provider: Json = {"type": "openai", "api_key": "sk-upstream"}
        self.base = "/v1"
        self._chat = Chat(self.name, self.provider, reasons=False)
        self._responses = Responses()
        self._speaks: Chat | Responses = self._chat

    def forget(self) -> None:
        self._chat.forget()
        self._responses.forget()

    def hear(self, path: str, body: Json) -> Talk:
        self._speaks = self._responses if path == "/v1/responses" else self._chat
        return self._speaks.hear(path, body)

    def stream(self, answer: Answer) -> str:
        return self._speaks.stream(answer)

    def error(self, message: str) -> Json:
        return self._speaks.error(message)
