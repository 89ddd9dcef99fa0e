"""A coding agent that speaks Anthropic's format: the `anthropic` SDK, streamed, all of the history in each request."""

import copy
from typing import Any, NamedTuple

import anthropic
from anthropic.types import Message
from tests.agents.messages_talk import blocks

Json = dict[str, Any]
BETAS = "interleaved-thinking-2025-05-14,fine-grained-tool-streaming-2025-05-14,context-management-2025-06-27"


class Got(NamedTuple):
    """What the SDK made of one stream."""

    message: Message
    dropped: list[str]
    """`x-trunkline-dropped`."""
    input_pieces: dict[int, list[str]]
    """Pieces of the input of each call, by its block."""


class Agent:
    """One session. `messages` is its history, as it is sent but for the cache marks."""

    def __init__(self, sdk: anthropic.Anthropic, model: str, **settings: Any) -> None:
        self.messages: list[Json] = []
        self.sent: Json = {}
        """The last request."""
        self.model = model
        self._settings = settings
        self._sdk = sdk

    def say(self, content: str | list[Json]) -> Got:
        """One turn. In `content`, a result's `tool_use_id` is the number of the call in the turn before."""
        self.messages.append({"role": "user", "content": self._addressed(content)})
        got = self.ask()
        self.messages.append({"role": "assistant", "content": [block.to_dict() for block in got.message.content]})
        return got

    def ask(self) -> Got:
        """What the model says to the history as it stands."""
        self.sent = {"model": self.model, **self._settings, "messages": _marked(self.messages)}
        written: dict[int, list[str]] = {}
        with self._sdk.messages.stream(**self.sent, extra_headers={"anthropic-beta": BETAS}) as stream:
            for event in stream:
                if event.type == "content_block_delta" and event.delta.type == "input_json_delta":
                    written.setdefault(event.index, []).append(event.delta.partial_json)
            dropped = stream.response.headers.get("x-trunkline-dropped", "")
            return Got(stream.get_final_message(), [path for path in dropped.split(", ") if path], written)

    def count(self) -> int:
        """Tokens of the history as it stands."""
        fields = {name: self._settings[name] for name in ("system", "tools", "thinking") if name in self._settings}
        counted = self._sdk.messages.count_tokens(model=self.model, messages=_marked(self.messages), **fields)  # type: ignore[arg-type]  # made of JSON
        return counted.input_tokens

    def _addressed(self, content: str | list[Json]) -> str | list[Json]:
        if isinstance(content, str):
            return content
        before = self.messages[-1]["content"] if self.messages else []
        calls = [block["id"] for block in before if block["type"] == "tool_use"]
        return [
            {**block, "tool_use_id": calls[block["tool_use_id"]]} if block["type"] == "tool_result" else block
            for block in content
        ]


def _marked(messages: list[Json]) -> list[Json]:
    """The history with a cache mark at the end of the last two turns of the user."""
    marked = copy.deepcopy(messages)
    for message in [message for message in marked if message["role"] == "user"][-2:]:
        message["content"] = blocks(message["content"])
        message["content"][-1]["cache_control"] = {"type": "ephemeral"}
    return marked
