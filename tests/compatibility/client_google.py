"""The `google-genai` SDK, generateContent."""

from typing import Any

from google import genai
from google.genai import errors, types
from tests.compatibility.client import call, result_of
from tests.compatibility.scenario import Scenario, Seen

name = "google-genai"


def converse(scenario: Scenario, url: str, model: str, *, stream: bool) -> list[Seen]:
    options = types.HttpOptions(base_url=url, retry_options=types.HttpRetryOptions(attempts=1))
    with genai.Client(api_key="sk-none", http_options=options) as sdk:
        parts = [types.Part(text=scenario.prompt)]
        if scenario.picture:
            parts.insert(0, types.Part.from_bytes(data=scenario.picture, mime_type="image/png"))
        contents: list[Any] = [types.Content(role="user", parts=parts)]
        seen: list[Seen] = []
        for _ in scenario.answers:
            try:
                said, turn = _ask(sdk, scenario, model, contents, stream=stream)
            except errors.APIError as error:
                return [*seen, Seen(error=(error.code, error.message or ""))]
            seen.append(turn)
            contents.append(types.Content(role="model", parts=said))
            results = [_result(scenario, part.function_call) for part in said if part.function_call is not None]
            if results:
                contents.append(types.Content(role="user", parts=results))
    return seen


def _result(scenario: Scenario, made: types.FunctionCall) -> types.Part:
    answer = types.FunctionResponse(
        id=made.id, name=made.name, response={"result": result_of(scenario, made.name or "")}
    )
    return types.Part(function_response=answer)


def _config(scenario: Scenario) -> types.GenerateContentConfig:
    config = types.GenerateContentConfig(automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True))
    if scenario.system:
        config.system_instruction = scenario.system
    if scenario.tools:
        declared = [
            types.FunctionDeclaration(name=t.name, description=t.description, parameters_json_schema=t.schema)
            for t in scenario.tools
        ]
        config.tools = [types.Tool(function_declarations=declared)]
    if scenario.schema is not None:
        config.response_mime_type = "application/json"
        config.response_json_schema = scenario.schema
    if scenario.reasons:
        config.thinking_config = types.ThinkingConfig(include_thoughts=True, thinking_budget=2048)
    return config


def _ask(
    sdk: genai.Client, scenario: Scenario, model: str, contents: list[Any], *, stream: bool
) -> tuple[list[types.Part], Seen]:
    config = _config(scenario)
    if stream:
        chunks = list(sdk.models.generate_content_stream(model=model, contents=contents, config=config))
    else:
        chunks = [sdk.models.generate_content(model=model, contents=contents, config=config)]
    said: list[types.Part] = []
    finish = ""
    for chunk in chunks:
        for candidate in chunk.candidates or []:
            said += (candidate.content.parts or []) if candidate.content else []
            finish = candidate.finish_reason.value if candidate.finish_reason else finish
    usage = next(chunk.usage_metadata for chunk in reversed(chunks) if chunk.usage_metadata)
    calls = [part.function_call for part in said if part.function_call is not None]
    return said, Seen(
        text="".join(part.text for part in said if part.text and not part.thought),
        calls=[call(made.name or "", dict(made.args or {})) for made in calls],
        thought="".join(part.text for part in said if part.text and part.thought),
        input=usage.prompt_token_count,
        output=(usage.candidates_token_count or 0) + (usage.thoughts_token_count or 0),
        cached=usage.cached_content_token_count or 0,
        ended=("calls" if calls else "stop") if finish == "STOP" else finish,
    )
