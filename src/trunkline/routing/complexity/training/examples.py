"""The operator's data: a JSON object a line, a prompt and how it went.

{"prompt": "…", "weak": false, "strong": true}                      how the cheap and the strong model did: true or
{"messages": [{"role": "user", …}], "tools": […], "label": "hard"}  false, or a mark from 0 to 1; or a label
{"prompt": "…", "label": "easy", "set": "support"}                  `set`: a name to report by
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final, Literal

import msgspec

from trunkline.formats.format import Place, ShapeError
from trunkline.formats.openai_chat.request_read import read_request
from trunkline.routing.complexity.prompt import Prompt

LONGEST_SET: Final = 100


class ExampleError(ValueError):
    """A line is no example. Says which and why."""


class Example(msgspec.Struct, frozen=True):
    """A prompt, and what the strong model gained over the cheap one."""

    prompt: Prompt
    gain: float
    """From -1 (only the cheap one was right) to 1 (only the strong one was)."""
    set: str = ""
    everyday: bool = False
    """One of those that come with Trunkline, which is fitted on but not counted when the quality is measured."""


class _Line(msgspec.Struct):
    prompt: str | None = None
    messages: list[dict[str, Any]] | None = None
    tools: list[dict[str, Any]] | None = None
    response_format: dict[str, Any] | None = None
    reasoning_effort: str | None = None
    max_tokens: int | None = None
    weak: bool | float | None = None
    strong: bool | float | None = None
    label: Literal["easy", "hard"] | None = None
    set: str = ""


def read(lines: Iterable[bytes], *, everyday: bool = False) -> Iterator[Example]:
    """The examples in these lines; empty ones are passed over. Raises `ExampleError`."""
    decoder = msgspec.json.Decoder(_Line)
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            found = decoder.decode(line)
            yield Example(_prompt(found), _gain(found), found.set[:LONGEST_SET], everyday)
        except ShapeError as error:
            raise ExampleError(f"line {number}: {error.param or 'messages'}: {error}") from None
        except (msgspec.MsgspecError, UnicodeDecodeError, ValueError) as error:
            raise ExampleError(f"line {number}: {error}") from None


def _prompt(line: _Line) -> Prompt:
    if (line.prompt is None) == (line.messages is None):
        raise ValueError("there must be either `prompt` or `messages`")
    if line.prompt is not None:
        return Prompt(line.prompt)
    settings = {
        "tools": line.tools,
        "response_format": line.response_format,
        "reasoning_effort": line.reasoning_effort,
        "max_tokens": line.max_tokens,
    }
    given = {name: value for name, value in settings.items() if value is not None}
    return Prompt.of(read_request({"model": "any", "messages": line.messages, **given}, Place()))


def _gain(line: _Line) -> float:
    if line.label is not None:
        if line.weak is not None or line.strong is not None:
            raise ValueError("there must be either `label`, or `weak` and `strong`")
        return float(line.label == "hard")
    if line.weak is None or line.strong is None:
        raise ValueError("there must be `weak` and `strong`, or `label`")
    if not (0 <= line.weak <= 1 and 0 <= line.strong <= 1):
        raise ValueError("`weak` and `strong` are true, false or from 0 to 1")
    return float(line.strong) - float(line.weak)
