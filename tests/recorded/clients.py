"""The official SDKs, each reading an answer off the wire, and what they make of it in words that can be compared."""

import contextlib
from collections.abc import Iterator
from typing import Any

import anthropic
import openai
from google import genai
from tests.recorded import aws
from tests.recorded.ears import Client, Ears
from tests.recorded.loopback import Loopback
from tests.recorded.plain.said import Answer, Call, Heard, arguments

PROMPT: Any = [{"role": "user", "content": "?"}]
MODEL = "a-model"


@contextlib.contextmanager
def clients() -> Iterator[Ears]:
    """One for each format, with a server for all."""
    with Loopback() as server, _pointed_at(server) as found:
        yield Ears(server, found)


@contextlib.contextmanager
def _pointed_at(server: Loopback) -> Iterator[dict[str, Client]]:
    root = server.url
    options = genai.types.HttpOptions(base_url=root)
    with (
        openai.OpenAI(base_url=f"{root}/v1", api_key="sk-test", max_retries=0) as from_openai,
        anthropic.Anthropic(base_url=root, api_key="sk-test", max_retries=0) as from_anthropic,
        contextlib.closing(genai.Client(api_key="test", http_options=options)) as from_google,
    ):
        yield {
            "openai_chat": Client(lambda: _chat(from_openai), lambda: _chat_stream(from_openai)),
            "openai_completions": Client(lambda: _completion(from_openai), lambda: _completion_stream(from_openai)),
            "openai_responses": Client(lambda: _response(from_openai), lambda: _response_stream(from_openai)),
            "anthropic_messages": Client(lambda: _message(from_anthropic), lambda: _message_stream(from_anthropic)),
            "google_generate": Client(lambda: _content(from_google), lambda: _content_stream(from_google)),
            "bedrock_converse": Client(lambda: _converse(server.body), lambda: _converse_stream(server.body)),
        }


# OpenAI: chat


def _chat(client: openai.OpenAI) -> Answer:
    completion = client.chat.completions.create(model=MODEL, messages=PROMPT)
    answer = Answer(usage=_dump(completion.usage))
    for choice in completion.choices:
        heard, message = answer.choice(choice.index), choice.message
        heard.stop = _word(choice.finish_reason)
        heard.text = (message.content or "") + (message.refusal or "")
        heard.reasoning = getattr(message, "reasoning_content", None) or ""
        for call in message.tool_calls or []:
            assert call.type == "function"
            heard.calls.append(Call(call.function.name, arguments(call.function.arguments)))
            heard.ids.append(call.id)
    return answer


def _chat_stream(client: openai.OpenAI) -> Answer:
    answer = Answer()
    calls: dict[tuple[int, int], list[str]] = {}
    for chunk in client.chat.completions.create(model=MODEL, messages=PROMPT, stream=True):
        answer.usage = _dump(chunk.usage) or answer.usage
        for choice in chunk.choices:
            heard, delta = answer.choice(choice.index), choice.delta
            heard.stop = choice.finish_reason or heard.stop
            heard.text += (delta.content or "") + (delta.refusal or "")
            heard.reasoning += getattr(delta, "reasoning_content", None) or ""
            for call in delta.tool_calls or []:
                built = calls.setdefault((choice.index, call.index), ["", "", ""])
                assert call.function is not None
                built[0] += call.function.name or ""
                built[1] += call.function.arguments or ""
                built[2] += call.id or ""
    for (index, _), (name, text, call_id) in calls.items():
        answer.choice(index).calls.append(Call(name, arguments(text)))
        answer.choice(index).ids.append(call_id)
    return answer


# OpenAI: legacy completions


def _completion(client: openai.OpenAI) -> Answer:
    completion = client.completions.create(model=MODEL, prompt="?")
    answer = Answer(usage=_dump(completion.usage))
    for choice in completion.choices:
        answer.choices[choice.index] = Heard(text=choice.text, stop=_word(choice.finish_reason))
    return answer


def _completion_stream(client: openai.OpenAI) -> Answer:
    answer = Answer()
    for chunk in client.completions.create(model=MODEL, prompt="?", stream=True):
        answer.usage = _dump(chunk.usage) or answer.usage
        for choice in chunk.choices:
            heard = answer.choice(choice.index)
            heard.text += choice.text
            heard.stop = _word(choice.finish_reason) or heard.stop
    return answer


# OpenAI: responses


def _response(client: openai.OpenAI) -> Answer:
    return _of_response(client.responses.create(model=MODEL, input="?"))


def _of_response(response: Any) -> Answer:
    answer = Answer(usage=_dump(response.usage))
    heard = answer.choice(0)
    details = response.incomplete_details
    heard.stop = (details.reason if details else None) or response.status or ""
    for item in response.output:
        if item.type == "message":
            heard.text += "".join(part.text if part.type == "output_text" else part.refusal for part in item.content)
        elif item.type == "reasoning":
            heard.reasoning += "".join(part.text for part in item.content or item.summary)
        elif item.type == "function_call":
            heard.calls.append(Call(item.name, arguments(item.arguments)))
            heard.ids.append(item.call_id)
    return answer


def _response_stream(client: openai.OpenAI) -> Answer:
    """The SDK's own accumulation, and beside it what the deltas of text say, which must be the same."""
    text, answer = "", Answer()
    with client.responses.stream(model=MODEL, input="?") as stream:
        for event in stream:
            if event.type in ("response.output_text.delta", "response.refusal.delta"):
                text += event.delta
            elif event.type in ("response.completed", "response.incomplete", "response.failed"):
                answer = _of_response(event.response)
    said = answer.choice(0).text
    assert text == said, f"the deltas say {text[:80]!r}, the response {said[:80]!r}"
    return answer


# Anthropic


def _message(client: anthropic.Anthropic) -> Answer:
    return _of_message(client.messages.create(model=MODEL, max_tokens=9, messages=PROMPT))


def _message_stream(client: anthropic.Anthropic) -> Answer:
    with client.messages.stream(model=MODEL, max_tokens=9, messages=PROMPT) as stream:
        return _of_message(stream.get_final_message())


def _of_message(message: anthropic.types.Message) -> Answer:
    answer = Answer(usage=_dump(message.usage))
    heard = answer.choice(0)
    heard.stop = message.stop_reason or ""
    for block in message.content:
        if block.type == "text":
            heard.text += block.text
        elif block.type == "thinking":
            heard.reasoning += block.thinking
        elif block.type == "tool_use":
            heard.calls.append(Call(block.name, block.input))
            heard.ids.append(block.id)
    return answer


# Google


def _content(client: genai.Client) -> Answer:
    answer = Answer()
    _add_content(answer, client.models.generate_content(model=MODEL, contents="?"))
    return answer


def _content_stream(client: genai.Client) -> Answer:
    answer = Answer()
    for chunk in client.models.generate_content_stream(model=MODEL, contents="?"):
        _add_content(answer, chunk)
    return answer


def _add_content(answer: Answer, response: genai.types.GenerateContentResponse) -> None:
    usage = response.usage_metadata
    answer.usage = usage.model_dump(by_alias=True, exclude_none=True) if usage else answer.usage
    for candidate in response.candidates or []:
        heard = answer.choice(candidate.index or 0)
        heard.stop = str(candidate.finish_reason.value) if candidate.finish_reason else heard.stop
        for part in (candidate.content.parts if candidate.content else None) or []:
            if part.thought:
                heard.reasoning += part.text or ""
            else:
                heard.text += part.text or ""
            if part.function_call:
                heard.calls.append(Call(part.function_call.name or "", part.function_call.args or {}))


# Bedrock: botocore's parsers on the same bytes


def _converse(body: bytes) -> Answer:
    parsed = aws.parsed_reply(body)
    answer = Answer(usage=parsed.get("usage"))
    heard = answer.choice(0)
    heard.stop = parsed["stopReason"]
    for block in parsed["output"]["message"]["content"]:
        heard.text += block.get("text", "")
        heard.text += "".join(part["text"] for part in block.get("citationsContent", {}).get("content", []))
        heard.reasoning += block.get("reasoningContent", {}).get("reasoningText", {}).get("text", "")
        if "toolUse" in block:
            heard.calls.append(Call(block["toolUse"]["name"], block["toolUse"]["input"]))
            heard.ids.append(block["toolUse"]["toolUseId"])
    return answer


def _converse_stream(body: bytes) -> Answer:
    answer = Answer()
    heard = answer.choice(0)
    calls: dict[int, list[str]] = {}
    for kind, said in aws.parsed_stream(body):
        delta = said.get("delta", {}) if kind == "contentBlockDelta" else {}
        heard.text += delta.get("text", "")
        heard.reasoning += delta.get("reasoningContent", {}).get("text", "")
        if kind == "contentBlockStart" and "toolUse" in said["start"]:
            calls[said["contentBlockIndex"]] = [said["start"]["toolUse"]["name"], ""]
            heard.ids.append(said["start"]["toolUse"]["toolUseId"])
        elif "toolUse" in delta:
            calls[said["contentBlockIndex"]][1] += delta["toolUse"]["input"]
        elif kind == "messageStop":
            heard.stop = said["stopReason"]
        elif kind == "metadata":
            answer.usage = said["usage"]
    heard.calls = [Call(name, arguments(text)) for name, text in calls.values()]
    return answer


def _word(reason: str | None) -> str:
    """The SDK does not check what it types: a reason may be missing where it says that there is one."""
    return reason or ""


def _dump(usage: Any) -> dict[str, Any] | None:
    return usage.model_dump(exclude_unset=True, warnings=False) if usage is not None else None
