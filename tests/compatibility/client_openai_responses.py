"""The `openai` SDK, Responses: without state at the server, so that reasoning comes back encrypted."""

import base64
from typing import Any

import openai
from tests.compatibility.client import call, result_of
from tests.compatibility.scenario import Scenario, Seen

name = "openai responses"


def converse(scenario: Scenario, url: str, model: str, *, stream: bool) -> list[Seen]:
    with openai.OpenAI(base_url=f"{url}/v1", api_key="sk-none", max_retries=0) as sdk:
        items: list[dict[str, Any]] = [{"role": "user", "content": _content(scenario)}]
        seen: list[Seen] = []
        for _ in scenario.answers:
            try:
                response = _ask(sdk, scenario, model, items, stream=stream)
            except openai.APIStatusError as error:
                return [*seen, Seen(error=(error.status_code, error.message))]
            seen.append(_seen(response))
            items += [_said(item) for item in response.output]
            for item in response.output:
                if item.type == "function_call":
                    result = result_of(scenario, item.name)
                    items.append({"type": "function_call_output", "call_id": item.call_id, "output": result})
    return seen


def _said(item: Any) -> dict[str, Any]:
    """The item without what the SDK's own parsing added, which no API takes back."""
    said: dict[str, Any] = item.to_dict()
    said.pop("parsed_arguments", None)
    for part in said.get("content") or []:
        part.pop("parsed", None)
    return said


def _content(scenario: Scenario) -> Any:
    if not scenario.picture:
        return scenario.prompt
    url = f"data:image/png;base64,{base64.b64encode(scenario.picture).decode()}"
    return [
        {"type": "input_text", "text": scenario.prompt},
        {"type": "input_image", "image_url": url, "detail": "auto"},
    ]


def _ask(sdk: openai.OpenAI, scenario: Scenario, model: str, items: list[dict[str, Any]], *, stream: bool) -> Any:
    fields: dict[str, Any] = {"model": model, "input": items, "store": False}
    if scenario.system:
        fields["instructions"] = scenario.system
    if scenario.tools:
        fields["tools"] = [
            {"type": "function", "name": t.name, "description": t.description, "parameters": t.schema, "strict": True}
            for t in scenario.tools
        ]
    if scenario.schema is not None:
        fields["text"] = {
            "format": {"type": "json_schema", "name": "person", "schema": scenario.schema, "strict": True}
        }
    if scenario.reasons:
        fields["reasoning"] = {"effort": "low"}
        fields["include"] = ["reasoning.encrypted_content"]
    if not stream:
        return sdk.responses.create(**fields)
    with sdk.responses.stream(**fields) as events:
        for _ in events:
            pass
        return events.get_final_response()


def _seen(response: Any) -> Seen:
    calls = [call(item.name, item.arguments) for item in response.output if item.type == "function_call"]
    thought = ""
    for item in response.output:
        if item.type == "reasoning":
            thought += "".join(part.text for part in [*(item.content or []), *item.summary])
    return Seen(
        text=response.output_text,
        calls=calls,
        thought=thought,
        input=response.usage.input_tokens,
        output=response.usage.output_tokens,
        cached=response.usage.input_tokens_details.cached_tokens,
        ended=("calls" if calls else "stop") if response.status == "completed" else response.status,
    )
