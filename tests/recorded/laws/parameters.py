"""Whether the parameters of a request stay what they are in another format: `parameters.yaml` says where they stand."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from tests.recorded.laws.diff import exists
from tests.recorded.plain.formats import PLAIN_READERS
from tests.recorded.plain.said import says, words_of

_TABLE: dict[str, dict[str, Any]] = yaml.safe_load(
    (Path(__file__).parents[1] / "parameters.yaml").read_text(encoding="utf-8")
)
_CONTAINERS = frozenset(
    {
        "additionalModelRequestFields",
        "generationConfig",
        "inferenceConfig",
        "outputConfig",
        "output_config",
        "text",
        "toolConfig",
    }
)
"""Fields at the top that only group parameters."""

Change = tuple[str, list[str]]
"""What has become of a parameter, and the paths by one of which it must be named."""


def changed_parameters(source: dict[str, Any], spoken: str, written: dict[str, Any], target: str) -> Iterator[Change]:
    """Those that are lost, or say something else."""
    for path, value in _top(source):
        facts = _owner(path, spoken)
        if facts is None:
            if not exists(written, path):
                yield f"{path} is lost", [path]
            continue
        if facts.get("ignored") or value in facts.get("usual", ()):
            continue
        if facts is _TABLE["tool_choice"] and not _tools(source):
            continue  # there is nothing to choose from
        names = _places(facts, spoken)
        there = [place for place in _places(facts, target) if exists(written, place)]
        if not there:
            yield f"{path} is lost", names
        elif facts.get("same") and not any(_same(_first(source, names), _at(written, place)) for place in there):
            yield f"{path} is another", names
    yield from _changed_choice(source, spoken, written, target)
    if not _schema_words(source, spoken) <= _schema_words(written, target):
        yield "of the output's schema is lost", _places(_TABLE["output"], spoken)
    if "stream" in written and written["stream"] != source.get("stream", written["stream"]):
        yield "stream is another", []


def _top(source: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Parameters with their paths, those in containers one by one."""
    for name, value in source.items():
        if name in _CONTAINERS and isinstance(value, dict):
            yield from ((f"{name}.{inner}", below) for inner, below in value.items() if says(below))
        elif says(value):
            yield name, value


def _owner(path: str, spoken: str) -> dict[str, Any] | None:
    for facts in _TABLE.values():
        if any(path == place or place.startswith(f"{path}.") for place in _places(facts, spoken)):
            return facts
    return None


def _places(facts: dict[str, Any], format_name: str) -> list[str]:
    said = facts.get(format_name, "-")
    return said if isinstance(said, list) else [] if said == "-" else [said]


def _at(document: Any, path: str) -> Any:
    for name in path.split("."):
        document = document.get(name) if isinstance(document, dict) else None
    return document


def _first(document: dict[str, Any], places: list[str]) -> Any:
    """What is said at the first of `places` that is there."""
    return next((_at(document, place) for place in places if exists(document, place)), None)


def _same(before: Any, after: Any) -> bool:
    """One string is as good as a list of one, and to Google a number as a string."""
    return bool(before == after or [before] == after or before == [after] or before == str(after))


def _schema_words(document: dict[str, Any], format_name: str) -> frozenset[str]:
    """What the schema of the output says, wherever it stands."""
    found = frozenset[str]()
    for place in _places(_TABLE["output"], format_name):
        value = _at(document, place)
        if isinstance(value, dict):
            value = value.get("json_schema", value)
            text = _at(value, "structure.jsonSchema.schema")
            value = yaml.safe_load(text) if isinstance(text, str) else value.get("schema", value)
        found |= words_of(value)
    return found


# Tool choice


def _tools(document: dict[str, Any]) -> Any:
    """The tools of a request, in any format."""
    return document.get("tools") or document.get("functions") or (document.get("toolConfig") or {}).get("tools")


Choice = tuple[str, str]
"""`auto`, `none` or `required`, and the one tool that is meant."""


def _changed_choice(source: dict[str, Any], spoken: str, written: dict[str, Any], target: str) -> Iterator[Change]:
    before, after = _choice(source, spoken), _choice(written, target)
    if before is None or before == after or not _tools(source) or (before[0] == "none" and not _tools(written)):
        return
    there = {at.value[0] for at in PLAIN_READERS[target].request(written).tools}
    if after is not None and after[0] == before[0] and there == {before[1]}:
        return  # the one that is meant is the only one
    if after is not None or before[0] != "auto":
        yield f"tool_choice {before[0]} is {after[0] if after else 'lost'}", _places(_TABLE["tool_choice"], spoken)


def _choice(document: dict[str, Any], format_name: str) -> Choice | None:
    """What is asked of tools; None where nothing is, or something that only this format knows."""
    said = _first(document, _places(_TABLE["tool_choice"], format_name))
    if isinstance(said, str):
        return {"any": "required"}.get(said, said), ""
    if not isinstance(said, dict):
        return None
    if "mode" in said and format_name == "google_generate":
        only = said.get("allowedFunctionNames") or []
        mode = {"ANY": "required", "AUTO": "auto", "NONE": "none"}.get(str(said["mode"]).upper(), "")
        return (mode, only[0] if len(only) == 1 else "") if mode else None
    if format_name == "bedrock_converse" and "type" not in said:
        ((kind, facts),) = said.items()
        return "auto" if kind == "auto" else "required", facts.get("name", "")
    if said.get("type") == "allowed_tools":
        allowed = said.get("allowed_tools", said)
        only = allowed["tools"]
        return allowed["mode"], _name(only[0]) if len(only) == 1 else ""
    if said.get("type") in ("function", "tool", None):
        return "required", _name(said)
    word = str(said["type"])
    return ("required" if word == "any" else word, "") if word in ("auto", "any", "none") else None


def _name(tool: dict[str, Any]) -> str:
    return str(tool.get("name") or (tool.get("function") or {}).get("name") or "")
