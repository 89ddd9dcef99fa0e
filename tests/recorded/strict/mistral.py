"""What Mistral's chat endpoint refuses: OpenAI's shape with fewer fields and an order of its own."""

import re
from typing import Any

from tests.recorded.strict.openai_chat import conversation
from tests.recorded.strict.rules import Broken, Rules, matches, out_of

_ID = re.compile(r"[a-zA-Z0-9]{9}")
_KNOWN = frozenset(
    {
        "model", "messages", "temperature", "top_p", "max_tokens", "stream", "stop", "random_seed", "response_format",
        "tools", "tool_choice", "presence_penalty", "frequency_penalty", "n", "prediction", "parallel_tool_calls",
        "prompt_mode", "reasoning_effort", "safe_prompt", "metadata", "guardrails", "prompt_cache_key", "service_tier",
    }
)  # fmt: skip


def broken(document: dict[str, Any]) -> Rules:
    """The rules that a request breaks."""
    for name in sorted(set(document) - _KNOWN):
        yield Broken(f"{name} is not known", name)
    if out_of(document.get("temperature"), 0, 1.5):
        yield Broken("temperature out of range", "temperature")
    messages = document.get("messages") or []
    yield from conversation(messages)
    yield from _order(messages)
    for number, message in enumerate(messages):
        at = f"messages[{number}]"
        if message.get("role") == "assistant" and not message.get("content") and not message.get("tool_calls"):
            yield Broken("an assistant message with neither content nor calls", at)
        ids = [call.get("id") for call in message.get("tool_calls") or []]
        if message.get("role") == "tool":
            ids.append(message.get("tool_call_id"))
        if not all(matches(_ID, one) for one in ids):
            yield Broken("a call's id is not nine letters and digits", at)
        if message.get("role") == "developer":
            yield Broken("a role that is not known", at)


def _order(messages: list[dict[str, Any]]) -> Rules:
    roles = [message.get("role") for message in messages]
    for number in range(1, len(roles)):
        if roles[number - 1] == "tool" and roles[number] not in ("tool", "assistant"):
            yield Broken(f"role {roles[number]} after role tool", f"messages[{number}]")
    if roles and roles[-1] == "assistant" and not messages[-1].get("prefix"):
        yield Broken("the last message is the assistant's", f"messages[{len(roles) - 1}]")
