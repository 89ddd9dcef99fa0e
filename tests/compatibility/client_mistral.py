"""The `mistralai` SDK, chat."""

import base64
from typing import Any

from mistralai.client import Mistral, errors
from tests.compatibility.client import call, result_of
from tests.compatibility.scenario import Scenario, Seen

name = "mistralai"


def converse(scenario: Scenario, url: str, model: str, *, stream: bool) -> list[Seen]:
    with Mistral(api_key="sk-none", server_url=url) as sdk:
        messages = _opening(scenario)
        seen: list[Seen] = []
        for _ in scenario.answers:
            try:
                message, turn = _ask(sdk, scenario, model, messages, stream=stream)
            except errors.SDKError as error:
                return [*seen, Seen(error=(error.status_code, error.body))]
            seen.append(turn)
            messages.append(message)
            for made in message.get("tool_calls") or []:
                result = result_of(scenario, made["function"]["name"])
                messages.append({"role": "tool", "tool_call_id": made["id"], "content": result})
    return seen


def _opening(scenario: Scenario) -> list[Any]:
    content: Any = scenario.prompt
    if scenario.picture:
        url = f"data:image/png;base64,{base64.b64encode(scenario.picture).decode()}"
        content = [{"type": "text", "text": scenario.prompt}, {"type": "image_url", "image_url": url}]
    system = [{"role": "system", "content": scenario.system}] if scenario.system else []
    return [*system, {"role": "user", "content": content}]


def _fields(scenario: Scenario, model: str, messages: list[Any]) -> dict[str, Any]:
    fields: dict[str, Any] = {"model": model, "messages": messages}
    if scenario.tools:
        fields["tools"] = [
            {"type": "function", "function": {"name": t.name, "description": t.description, "parameters": t.schema}}
            for t in scenario.tools
        ]
    if scenario.schema is not None:
        schema = {"name": "person", "schema": scenario.schema, "strict": True}
        fields["response_format"] = {"type": "json_schema", "json_schema": schema}
    if scenario.reasons:
        fields["reasoning_effort"] = "low"
    return fields


def _ask(
    sdk: Mistral, scenario: Scenario, model: str, messages: list[Any], *, stream: bool
) -> tuple[dict[str, Any], Seen]:
    fields = _fields(scenario, model, messages)
    if not stream:
        reply = sdk.chat.complete(**fields)
        choice = reply.choices[0]
        assert choice.message is not None
        message = choice.message.model_dump(exclude_unset=True, by_alias=True)
        return _turn(message, choice.finish_reason, reply.usage)
    text, finish, usage = "", "", None
    calls: dict[int, dict[str, Any]] = {}
    with sdk.chat.stream(**fields) as events:
        for event in events:
            usage = event.data.usage or usage
            for choice in event.data.choices:
                delta = choice.delta
                text += delta.content if isinstance(delta.content, str) else ""
                finish = choice.finish_reason or finish
                for made in delta.tool_calls or []:
                    part = calls.setdefault(made.index or 0, {"id": made.id, "function": {"name": "", "arguments": ""}})
                    part["function"]["name"] += made.function.name or ""
                    part["function"]["arguments"] += made.function.arguments or ""
    message = {"role": "assistant", "content": text}
    if calls:
        message["tool_calls"] = list(calls.values())
    return _turn(message, finish, usage)


def _turn(message: dict[str, Any], finish: str, usage: Any) -> tuple[dict[str, Any], Seen]:
    content = message.get("content")
    calls = message.get("tool_calls") or []
    return message, Seen(
        text=content if isinstance(content, str) else "",
        calls=[call(made["function"]["name"], made["function"]["arguments"]) for made in calls],
        input=usage.prompt_tokens if usage is not None else None,
        output=usage.completion_tokens if usage is not None else None,
        ended={"tool_calls": "calls"}.get(finish, finish),
    )
