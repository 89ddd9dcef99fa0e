"""A coding agent that speaks Responses: the `openai` SDK, streamed, with or without the server's memory."""

from typing import Any, NamedTuple

import openai
from openai.types.responses import Response

Json = dict[str, Any]
_KEPT = {
    "message": ("type", "role", "content"),
    "reasoning": ("type", "summary", "content", "encrypted_content"),
    "function_call": ("type", "call_id", "name", "arguments"),
    "custom_tool_call": ("type", "call_id", "name", "input"),
}
"""What is left of an item without its id and state."""


class Got(NamedTuple):
    """What the SDK made of one stream."""

    response: Response
    dropped: list[str]
    """`x-trunkline-dropped`."""
    kinds: list[str]
    """Types of the events."""


class Agent:
    """One session. `remembers`: the server is to keep the conversation; else the agent sends all of it.

    `bare`: it keeps no ids and no states of the items that it gets.
    """

    def __init__(self, sdk: openai.OpenAI, model: str, *, remembers: bool, bare: bool = False, **settings: Any) -> None:
        self.items: list[Json] = []
        """All of the conversation."""
        self.sent: Json = {}
        """The last request."""
        self.model = model
        self._remembers = remembers
        self._bare = bare
        self._settings = settings
        self._last: Response | None = None
        self._sdk = sdk

    def say(self, *items: Json) -> Got:
        """One turn. The `call_id` of an output is the number of the call in the turn before."""
        said = [self._addressed(item) for item in items]
        self.items += said
        fields: Json = {"model": self.model, **self._settings, "input": said if self._remembers else self.items}
        if not self._remembers:
            fields |= {"store": False, "include": ["reasoning.encrypted_content"]}
        elif self._last is not None:
            fields["previous_response_id"] = self._last.id
        self.sent = {**fields, "input": list(fields["input"])}
        kinds: list[str] = []
        with self._sdk.responses.create(**fields, stream=True) as stream:
            for event in stream:
                kinds.append(event.type)
                if event.type in ("response.completed", "response.incomplete"):
                    self._last = event.response
            dropped = stream.response.headers.get("x-trunkline-dropped", "")
        assert self._last is not None
        said_back = [item.to_dict() for item in self._last.output]
        self.items += [_stripped(item) for item in said_back] if self._bare else said_back
        return Got(self._last, [path for path in dropped.split(", ") if path], kinds)

    def _addressed(self, item: Json) -> Json:
        if "call_id" not in item or self._last is None:
            return item
        calls = [made for made in self._last.output if made.type in ("function_call", "custom_tool_call")]
        call: Any = calls[item["call_id"]]
        return {**item, "type": f"{call.type}_output", "call_id": call.call_id}


def _stripped(item: Json) -> Json:
    kept = {name: item[name] for name in _KEPT[item["type"]] if item.get(name) is not None}
    if item["type"] == "message":
        kept["content"] = [{"type": "output_text", "text": part["text"]} for part in item["content"]]
    return kept
