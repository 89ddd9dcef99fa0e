"""The operator's data: prompts, and how they went. A JSON object a line, or CSV with the same names in its first line.

{"prompt": "…", "weak": false, "strong": true}          how the cheap and the strong model did: true, false or 0 to 1
{"messages": [{…}], "tools": […], "label": "hard"}      or a label: easy or hard; a request of any of the APIs
{"prompt": "…", "label": "easy", "set": "support"}      `set`: a name to report by
"""

import csv
from collections.abc import Iterable, Iterator
from importlib.resources import files
from typing import Any, Final

import msgspec

from trunkline.routing.complexity.prompt import Prompt

LONGEST_SET: Final = 100
_WORDS: Final = {"true": 1.0, "false": 0.0}


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


def read_json(lines: Iterable[bytes], *, everyday: bool = False) -> Iterator[Example]:
    """The examples in lines of JSON; empty ones are passed over. Raises `ExampleError`."""
    decoder = msgspec.json.Decoder(dict[str, Any])
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                yield _example(decoder.decode(line), everyday=everyday)
            except (msgspec.MsgspecError, UnicodeDecodeError, ValueError) as error:
                raise ExampleError(f"line {number}: {error}") from None


def read_csv(lines: Iterable[str]) -> Iterator[Example]:
    """The examples in CSV. Raises `ExampleError`."""
    rows = csv.DictReader(lines, strict=True)
    try:
        for row in rows:
            yield _example({name: value for name, value in row.items() if name and value})
    except (csv.Error, ValueError) as error:
        raise ExampleError(f"line {rows.line_num}: {error}") from None


def everyday() -> Iterator[Example]:
    """Greetings, classifications, proofs and designs, in a few languages: what benchmarks do not have."""
    path = files("trunkline.routing.complexity").joinpath("everyday.jsonl")
    yield from read_json(path.read_bytes().splitlines(), everyday=True)


def _example(line: dict[str, Any], *, everyday: bool = False) -> Example:
    prompt = Prompt.of(line)
    if not prompt.text:
        raise ValueError("there is no text in `prompt` or `messages`")
    return Example(prompt, _gain(line), str(line.get("set", ""))[:LONGEST_SET], everyday)


def _gain(line: dict[str, Any]) -> float:
    label, weak, strong = line.get("label"), line.get("weak"), line.get("strong")
    if label is not None:
        if label not in ("easy", "hard") or weak is not None or strong is not None:
            raise ValueError("there must be either `label`, easy or hard, or `weak` and `strong`")
        return float(label == "hard")
    return _mark(strong) - _mark(weak)


def _mark(value: Any) -> float:
    try:
        mark = _WORDS[value.lower()] if isinstance(value, str) and value.lower() in _WORDS else float(value)
    except (TypeError, ValueError):
        mark = -1.0
    if not 0 <= mark <= 1:
        raise ValueError("there must be `weak` and `strong`, each true, false or from 0 to 1; or `label`")
    return mark
