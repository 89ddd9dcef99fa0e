"""The `anthropic` SDK, Messages."""

import base64
from typing import Any

import anthropic
from tests.compatibility.client import call, result_of
from tests.compatibility.scenario import Scenario, Seen

name = "anthropic"


def converse(scenario: Scenario, url: str, model: str, *, stream: bool) -> list[Seen]:
    with anthropic.Anthropic(base_url=url, api_key="sk-none", max_retries=0) as sdk:
        messages: list[dict[str, Any]] = [{"role": "user", "content": _content(scenario)}]
        seen: list[Seen] = []
        for _ in scenario.answers:
            try:
                message = _ask(sdk, scenario, model, messages, stream=stream)
            except anthropic.APIStatusError as error:
                return [*seen, Seen(error=(error.status_code, _message(error)))]
            seen.append(_seen(message))
            messages.append({"role": "assistant", "content": [block.to_dict() for block in message.content]})
            results = [
                {"type": "tool_result", "tool_use_id": block.id, "content": result_of(scenario, block.name)}
                for block in message.content
                if block.type == "tool_use"
            ]
            if results:
                messages.append({"role": "user", "content": results})
    return seen


def _message(error: anthropic.APIStatusError) -> str:
    body: Any = error.body
    return str(body["error"]["message"])


def _content(scenario: Scenario) -> Any:
    if not scenario.picture:
        return scenario.prompt
    data = base64.b64encode(scenario.picture).decode()
    source = {"type": "base64", "media_type": "image/png", "data": data}
    return [{"type": "image", "source": source}, {"type": "text", "text": scenario.prompt}]


def _ask(
    sdk: anthropic.Anthropic, scenario: Scenario, model: str, messages: list[dict[str, Any]], *, stream: bool
) -> Any:
    fields: dict[str, Any] = {"model": model, "messages": messages, "max_tokens": 4000}
    if scenario.system:
        fields["system"] = scenario.system
    if scenario.tools:
        fields["tools"] = [
            {"name": t.name, "description": t.description, "input_schema": t.schema} for t in scenario.tools
        ]
    if scenario.schema is not None:
        fields["output_config"] = {"format": {"type": "json_schema", "schema": scenario.schema}}
    if scenario.reasons:
        fields["thinking"] = {"type": "enabled", "budget_tokens": 2048}
    if not stream:
        return sdk.messages.create(**fields)
    with sdk.messages.stream(**fields) as events:
        for _ in events:
            pass
        return events.get_final_message()


def _seen(message: Any) -> Seen:
    blocks = message.content
    usage = message.usage
    cached = usage.cache_read_input_tokens or 0
    return Seen(
        text="".join(block.text for block in blocks if block.type == "text"),
        calls=[call(block.name, block.input) for block in blocks if block.type == "tool_use"],
        thought="".join(block.thinking for block in blocks if block.type == "thinking"),
        input=usage.input_tokens + cached + (usage.cache_creation_input_tokens or 0),
        output=usage.output_tokens,
        cached=cached,
        ended={"end_turn": "stop", "tool_use": "calls"}.get(message.stop_reason, message.stop_reason),
    )
