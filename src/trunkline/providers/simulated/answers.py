"""What a model says to a request, before it is put into bytes.

A token is four characters. A prompt's tokens are those of its text, four more for each message, a hundred for each
image, sound or file, and those of its tools as JSON; an answer's are those of its text, or of its tool calls' arguments.
"""

import zlib
from collections.abc import Callable
from random import Random
from typing import Final

import msgspec

from trunkline.providers.simulated.prose import prose
from trunkline.providers.simulated.refusal import Refusal
from trunkline.providers.simulated.request import (
    AllowedChoice,
    Assistant,
    Chat,
    FunctionFacts,
    FunctionTool,
    Legacy,
    NamedChoice,
    ObjectFormat,
    RefusalPart,
    SchemaFormat,
    TextPart,
    Tool,
    User,
    text_of,
)
from trunkline.providers.simulated.schemas import SchemaError, smallest

TOKEN: Final = 4
MESSAGE_TOKENS: Final = 4
PART_TOKENS: Final = 100
LEGACY_CAP: Final = 16
"""Tokens a legacy completion stops after where `max_tokens` does not say otherwise, as with OpenAI."""
LONG: Final = 285
"""Sentences of the `long` model: about 5,000 tokens."""


class ToolCall(msgspec.Struct, frozen=True, gc=False):
    id: str
    name: str
    arguments: str


class Choice(msgspec.Struct, frozen=True, gc=False):
    """One of the `n` answers to a request."""

    text: str | None
    """None where there are tool calls instead."""
    calls: list[ToolCall]
    finish: str
    tokens: int


def tokens_of(characters: int) -> int:
    return -(-characters // TOKEN)


def prompt_tokens(asked: Chat | Legacy) -> int:
    """By the rule at the top."""
    if isinstance(asked, Legacy):
        return sum(len(prompt) if isinstance(prompt, list) else tokens_of(len(prompt)) for prompt in _prompts(asked))
    characters = parts = 0
    for message in asked.messages:
        content = message.content
        if isinstance(content, str):
            characters += len(content)
        elif content is not None:
            characters += len(text_of(content))
            parts += sum(not isinstance(part, TextPart | RefusalPart) for part in content)
        if isinstance(message, Assistant) and message.tool_calls is not None:
            characters += len(msgspec.json.encode(message.tool_calls))
    if asked.tools is not None:
        characters += len(msgspec.json.encode(asked.tools))
    return tokens_of(characters) + MESSAGE_TOKENS * len(asked.messages) + PART_TOKENS * parts


def answer(asked: Chat | Legacy, chance: Random) -> list[Choice]:
    """The answers to a request, each index the same for the same request, but for the ids of tool calls.

    Raises `Refusal` where a schema cannot be filled.
    """
    count = asked.n or 1
    if isinstance(asked, Legacy):
        speak = _SPEAKERS.get(asked.model, _chat)
        return [_complete(asked, prompt, speak, index) for prompt in _prompts(asked) for index in range(count)]
    if asked.model == "tools":
        functions = _functions_to_call(asked)
        if functions:
            return [_calling(asked, functions, chance) for _ in range(count)]
    return [_saying(asked, index) for index in range(count)]


# Chat


def _saying(asked: Chat, index: int) -> Choice:
    form, model = asked.response_format, asked.model
    if model == "tools" and isinstance(asked.messages[-1], Tool):
        text = f"The tools say: {_tool_results(asked)}"
    elif isinstance(form, SchemaFormat) and model not in ("echo", "empty"):
        text = _filled(form)
    else:
        wants_json = isinstance(form, ObjectFormat) and model not in ("echo", "empty")
        speak = _json if wants_json else _SPEAKERS.get(model, _chat)
        text = speak(_last_text(asked), asked.seed or 0, index)
    return _cut_off(text, asked, asked.max_completion_tokens or asked.max_tokens)


def _cut_off(text: str, asked: Chat | Legacy, cap: int | None) -> Choice:
    """`text` up to the first stop sequence, and at most `cap` tokens of it."""
    finish = "stop"
    for stop in (asked.stop,) if isinstance(asked.stop, str) else asked.stop or ():
        text = text.partition(stop)[0] if stop else text
    if cap is not None and len(text) > cap * TOKEN:
        text, finish = text[: cap * TOKEN], "length"
    return Choice(text, [], finish, tokens_of(len(text)))


def _last_text(asked: Chat) -> str:
    """What the user said last; where there is no user, what was said last."""
    for message in reversed(asked.messages):
        if isinstance(message, User):
            return text_of(message.content)
    return text_of(asked.messages[-1].content)


def _echo(said: str, seed: int, index: int) -> str:
    return said


def _nothing(said: str, seed: int, index: int) -> str:
    return ""


def _chat(said: str, seed: int, index: int) -> str:
    picked = _picked(said, seed, index)
    return prose(picked, 2 + picked % 5)


def _long(said: str, seed: int, index: int) -> str:
    return prose(_picked(said, seed, index), LONG)


def _json(said: str, seed: int, index: int) -> str:
    return msgspec.json.encode({"answer": prose(_picked(said, seed, index), 0)}).decode()


def _picked(said: str, seed: int, index: int) -> int:
    return zlib.crc32(said[-1000:].encode(), (seed + 7919 * index) & 0xFFFFFFFF)


_SPEAKERS: Final[dict[str, Callable[[str, int, int], str]]] = {
    "echo": _echo,
    "empty": _nothing,
    "long": _long,
    "json": _json,
}
"""The models that do not simply chat. Each is given what was said, the request's seed and the index of the choice."""


def _filled(form: SchemaFormat) -> str:
    try:
        return msgspec.json.encode(smallest(form.json_schema.schema or {"type": "object"})).decode()
    except SchemaError as error:
        message = f"Invalid schema for response_format '{form.json_schema.name}': {error}"
        raise Refusal(message, "response_format") from None


# Tools


def _functions_to_call(asked: Chat) -> list[FunctionFacts]:
    """Those of the offered functions that are called now; none where the answer is text."""
    choice = asked.tool_choice
    functions = [tool.function for tool in asked.tools or () if isinstance(tool, FunctionTool)]
    if isinstance(choice, NamedChoice):
        return [function for function in functions if function.name == choice.function.name]
    forced = choice == "required"
    if isinstance(choice, AllowedChoice):
        forced = choice.allowed_tools.mode == "required"
        allowed = [tool.function.name for tool in choice.allowed_tools.tools if isinstance(tool, NamedChoice)]
        functions = [function for function in functions if function.name in allowed]
    if choice == "none" or (isinstance(asked.messages[-1], Tool) and not forced):
        return []
    return functions[:1] if asked.parallel_tool_calls is False else functions


def _calling(asked: Chat, functions: list[FunctionFacts], chance: Random) -> Choice:
    left = asked.max_completion_tokens or asked.max_tokens
    calls = []
    tokens = 0
    # OpenAI ends a forced call of one named function with "stop" (most recordings of it)
    finish = "stop" if isinstance(asked.tool_choice, NamedChoice) else "tool_calls"
    for function in functions:
        arguments = _arguments(function)
        if left is not None and tokens_of(len(arguments)) > left - tokens:
            arguments, finish = arguments[: (left - tokens) * TOKEN], "length"
        calls.append(ToolCall(f"call_{chance.getrandbits(96):024x}", function.name, arguments))
        tokens += tokens_of(len(arguments))
        if finish == "length":
            break
    return Choice(None, calls, finish, tokens)


def _arguments(function: FunctionFacts) -> str:
    if function.parameters is None:
        return "{}"
    try:
        return msgspec.json.encode(smallest(function.parameters)).decode()
    except SchemaError as error:
        message = f"Invalid schema for function '{function.name}': {error}"
        raise Refusal(message, "tools", "invalid_function_parameters") from None


def _tool_results(asked: Chat) -> str:
    results = []
    for message in reversed(asked.messages):
        if not isinstance(message, Tool):
            break
        results.append(text_of(message.content))
    return "; ".join(reversed(results))


# Legacy completions


def _prompts(asked: Legacy) -> list[str | list[int]]:
    """The prompts of one request: one text or list of tokens, or several of either."""
    prompt = asked.prompt
    if isinstance(prompt, str):
        return [prompt]
    tokens = [item for item in prompt if isinstance(item, int)]
    return [tokens] if tokens else [item for item in prompt if not isinstance(item, int)]


def _complete(asked: Legacy, prompt: str | list[int], speak: Callable[[str, int, int], str], index: int) -> Choice:
    said = prompt if isinstance(prompt, str) else " ".join(map(str, prompt))
    cap = LEGACY_CAP if asked.max_tokens is None else asked.max_tokens
    choice = _cut_off(speak(said, asked.seed or 0, index), asked, cap)
    if asked.echo:
        return Choice(said + (choice.text or ""), [], choice.finish, choice.tokens)
    return choice
