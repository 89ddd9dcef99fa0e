"""What a model says to a request, before it is put into bytes.

A token is four characters. A prompt's tokens are those of its text, four more for each message, a hundred for each
image, sound or file, and those of its tools as JSON. An answer's are those of its text, or of its calls' arguments.
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
LONG: Final = 325
"""Sentences of the `long` model: about 5,000 tokens."""
MOST_TOKENS: Final = 16_384
"""An answer ends there where no smaller cap is set."""


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
        said = [prompt if isinstance(prompt, str) else " ".join(map(str, prompt)) for prompt in _prompts(asked)]
        return [_complete(asked, prompt, speak, index) for prompt in said for index in range(count)]
    functions = _functions_to_call(asked) if asked.model == "tools" else []
    if functions:
        calls = [(function.name, _arguments(function)) for function in functions]
        return [_calling(asked, calls, chance) for _ in range(count)]
    fixed = _fixed(asked)
    return [_saying(asked, fixed, index) for index in range(count)]


# Chat


def _fixed(asked: Chat) -> str | None:
    """The text of every choice, where the request leaves none; None where the model speaks."""
    form = asked.response_format
    if asked.model == "tools" and isinstance(asked.messages[-1], Tool):
        return f"The tools say: {_tool_results(asked)}"
    if isinstance(form, SchemaFormat) and asked.model not in _FORMLESS:
        return _filled(form)
    return None


def _saying(asked: Chat, fixed: str | None, index: int) -> Choice:
    text = fixed
    if text is None:
        wants_json = isinstance(asked.response_format, ObjectFormat) and asked.model not in _FORMLESS
        speak = _json if wants_json else _SPEAKERS.get(asked.model, _chat)
        text = speak(_last_text(asked), asked.seed or 0, index)
    return _cut_off(text, asked, _cap(asked))


def _cap(asked: Chat) -> int:
    return min(asked.max_completion_tokens or asked.max_tokens or MOST_TOKENS, MOST_TOKENS)


def _cut_off(text: str, asked: Chat | Legacy, cap: int) -> Choice:
    """`text` up to the first stop sequence, and at most `cap` tokens of it."""
    finish = "stop"
    text = text[: MOST_TOKENS * TOKEN + 1]
    for stop in (asked.stop,) if isinstance(asked.stop, str) else asked.stop or ():
        text = text.partition(stop)[0] if stop else text
    if len(text) > cap * TOKEN:
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
_FORMLESS: Final = frozenset({"echo", "empty"})
"""The models that do not look at `response_format`."""


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


def _calling(asked: Chat, functions: list[tuple[str, str]], chance: Random) -> Choice:
    """Calls of functions, given by name and arguments, as far as the cap lets them."""
    left = _cap(asked)
    calls = []
    # OpenAI ends a forced call of one named function with "stop" (most recordings of it)
    finish = "stop" if isinstance(asked.tool_choice, NamedChoice) else "tool_calls"
    for name, arguments in functions:
        written = arguments[: left * TOKEN]
        left -= tokens_of(len(written))
        calls.append(ToolCall(f"call_{chance.getrandbits(96):024x}", name, written))
        if written != arguments:
            finish = "length"
            break
    return Choice(None, calls, finish, _cap(asked) - left)


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


def _complete(asked: Legacy, said: str, speak: Callable[[str, int, int], str], index: int) -> Choice:
    cap = LEGACY_CAP if asked.max_tokens is None else min(asked.max_tokens, MOST_TOKENS)
    choice = _cut_off(speak(said, asked.seed or 0, index), asked, cap)
    if asked.echo:
        return Choice(said[: MOST_TOKENS * TOKEN] + (choice.text or ""), [], choice.finish, choice.tokens)
    return choice
