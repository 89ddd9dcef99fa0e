"""The table of expectations: how each format counts tokens, and which words for a stop mean the same."""

from pathlib import Path
from typing import Any

import msgspec
import yaml
from tests.recorded.plain.said import Heard

from trunkline.formats.conversation import Usage
from trunkline.formats.dialect import Dialect

_TABLE: dict[str, Any] = yaml.safe_load((Path(__file__).parents[1] / "expectations.yaml").read_text(encoding="utf-8"))
ONE_CHOICE = frozenset(_TABLE["one_choice"])
WORDS_ONLY = frozenset(_TABLE["words_only"])
COUNTS = ("input", "cached", "cache_write", "output", "reasoning")


def counts(format_name: str, reported: dict[str, Any] | None, dialect: Dialect) -> Usage | None:
    """What a usage object says, in the neutral arithmetic."""
    if reported is None:
        return None
    terms = _TABLE["usage"][format_name]
    found = {name: sum(_term(reported, term) for term in terms[name]) for name in COUNTS}
    if format_name == "openai_chat":
        _add_what_only_the_total_counts(found, reported, dialect)
    found["reasoning"] = min(found["reasoning"], found["output"])  # OpenRouter says more, at times
    return msgspec.structs.replace(Usage(), **found)


def _add_what_only_the_total_counts(found: dict[str, int], reported: dict[str, Any], dialect: Dialect) -> None:
    """xAI counts reasoning apart from its output, in the total only; so do its models, whoever serves them."""
    more = (reported.get("total_tokens") or 0) - found["input"] - found["output"]
    if more > 0 and (dialect.output_excludes_reasoning or more == found["reasoning"]):
        found["output"] += more
        found["reasoning"] = found["reasoning"] or more


def countable(usage: Usage | None, format_name: str) -> Usage | None:
    """As much of `usage` as a format can say."""
    if usage is None:
        return None
    lost = _TABLE["no_place_for"][format_name]
    said = {name: 0 if name in lost else getattr(usage, name) for name in COUNTS}
    if format_name in _TABLE["caches_apart"]:  # where a provider says that more was cached than there was
        said["input"] = max(said["input"], said["cached"] + said["cache_write"])
    return msgspec.structs.replace(Usage(), **said)


def _term(reported: dict[str, Any], term: str) -> int:
    for path in term.split(" | "):
        value: Any = reported
        for name in path.split("."):
            value = value.get(name) if isinstance(value, dict) else None
        if value:
            return int(value)
    return 0


def stop_words(source: str, heard: Heard, target: str) -> list[str] | None:
    """In which words an answer's end may be heard in `target`; None where it has none, or its word is unknown."""
    meaning = _TABLE["said"][source].get(heard.stop)
    if meaning is None:
        return None
    if heard.met and meaning == "stop":
        meaning = "stop_sequence"
    if heard.calls and meaning in ("stop", "stop_sequence", "paused"):
        meaning = "tool_calls"
    words: list[str] | None = _TABLE["heard"][target].get(meaning)
    return words
