"""The `openai` SDK, Chat Completions."""

import base64
from typing import Any

import openai
from tests.compatibility.client import call, result_of
from tests.compatibility.scenario import Scenario, Seen

name = "openai chat"


def converse(scenario: Scenario, url: str, model: str, *, stream: bool) -> list[Seen]:
    with openai.OpenAI(base_url=f"{url}/v1", api_key="sk-none", max_retries=0) as sdk:
        return _converse(sdk, scenario, model, stream=stream)


def _converse(sdk: openai.OpenAI, scenario: Scenario, model: str, *, stream: bool) -> list[Seen]:
    messages = _opening(scenario)
    seen: list[Seen] = []
    for _ in scenario.answers:
        try:
            message, turn = _ask(sdk, scenario, model, messages, stream=stream)
        except openai.APIStatusError as error:
            return [*seen, Seen(error=(error.status_code, error.message))]
        seen.append(turn)
        messages.append(message)
        for made in message.get("tool_calls") or []:
            result = result_of(scenario, made["function"]["name"])
            messages.append({"role": "tool", "tool_call_id": made["id"], "content": result})
    return seen


def _opening(scenario: Scenario) -> list[dict[str, Any]]:
    content: Any = scenario.prompt
    if scenario.picture:
        url = f"data:image/png;base64,{base64.b64encode(scenario.picture).decode()}"
        content = [{"type": "text", "text": scenario.prompt}, {"type": "image_url", "image_url": {"url": url}}]
    system = [{"role": "system", "content": scenario.system}] if scenario.system else []
    return [*system, {"role": "user", "content": content}]


def _ask(
    sdk: openai.OpenAI, scenario: Scenario, model: str, messages: list[dict[str, Any]], *, stream: bool
) -> tuple[dict[str, Any], Seen]:
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
    if stream:
        with sdk.chat.completions.stream(**fields, stream_options={"include_usage": True}) as events:
            for _ in events:
                pass
            completion: Any = events.get_final_completion()
    else:
        completion = sdk.chat.completions.create(**fields)
    choice = completion.choices[0]
    message = choice.message.to_dict()
    if stream:  # what the SDK's own parsing added, which no API takes back
        message = {name: value for name, value in message.items() if value is not None and name != "parsed"}
        for made in message.get("tool_calls") or []:
            made["function"].pop("parsed_arguments", None)
            made.pop("index", None)
    usage = completion.usage
    details = usage.prompt_tokens_details
    return message, Seen(
        text=choice.message.content or "",
        calls=[call(made.function.name, made.function.arguments) for made in choice.message.tool_calls or []],
        thought=message.get("reasoning_content") or "",
        input=usage.prompt_tokens,
        output=usage.completion_tokens,
        cached=(details.cached_tokens or 0) if details else 0,
        ended={"tool_calls": "calls"}.get(choice.finish_reason, choice.finish_reason),
    )
