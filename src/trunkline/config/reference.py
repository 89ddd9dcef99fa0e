"""The reference page of the configuration, written from its JSON Schema: `python -m trunkline.config.reference`."""

import json
import sys
from collections.abc import Collection, Iterator
from typing import Any, Final

from trunkline.config.jsonschema import schema
from trunkline.routing.expressions import VARIABLES

Part = dict[str, Any]

_HEAD: Final = """\
# Configuration

<!-- Written by `python -m trunkline.config.reference`; change the descriptions in `src/trunkline/config/schema.py`. -->

Trunkline reads one file, `trunkline.yaml`. Every section is optional, and so is the file: without it, every provider
whose key is in the environment answers, and so does `simulated`. Unknown names are mistakes. All mistakes are told at
once, each with its line; `trunkline check` looks for them, and `trunkline check --schema` prints a JSON Schema for
editors. When the file changes, it is read again; while there is a mistake in it, the one before stays in force.

```yaml
providers:
  openai: {api_key: "${OPENAI_API_KEY}"}
  house: {type: openai_compatible, base_url: "http://10.0.0.5:8000/v1", allow_private: true}
models:
  support-bot: openai/gpt-4o
  summary: {route: fallback, of: [openai/gpt-4o, house/qwen2.5-7b-instruct]}
keys:
  - {name: support-backend, key: "${SUPPORT_KEY}", models: [support-bot, summary]}
```

## Values

| Kind | How it is written |
|---|---|
| duration | `250ms`, `15s`, `5m`, `1h`, `30d`, or a number of seconds |
| size | `64KiB`, `32MiB`, `1GiB` (powers of two), `10MB` (powers of ten), or a number of bytes |
| share | `0.05` or `5%` |
| address | `127.0.0.1:4000`, `localhost:4000`, `[::1]:4000`; port `0` lets the system choose |
| network | `10.0.0.0/8`, `fd00::/8`, or one address |
| path | absolute, or relative to the folder of the file; `~` is the home folder |
| secret | text that can stand in an HTTP header; never shown again |
| US dollars | a decimal such as `0.15`, exact to nine decimals |
| amount | `500 USD`, or a decimal: US dollars |
| limit | `600/min`, `200k/min`, `5M/day`: a number, `k`, `M` or `G`, and `/s`, `/min`, `/h` or `/day` |
| tag | a name and a value, `plan=free`; `plan=*` is each value on its own |
| time zone | a name of the IANA database, such as `Europe/Berlin` |
| condition | an expression; see [Conditions](#conditions) |

In any text, also in the middle, `${NAME}` stands for an environment variable, `${NAME:-default}` for one that may be
unset or empty, and `${file:/run/secrets/name}` for what a file holds, without the line break at its end. A plain `${`
is written `$${`. Within `{ }` and `[ ]`, YAML wants quotes around such text. What a variable or a file brings in is
never shown in a message.

## Names of models

A request names a model. The first of these that fits is taken: the name in `models` that is exactly it; the name with a
`*` in `models` that fits with the most other characters; `provider/model`; and `*` alone, where `models` has it. On the
right side, a target is `provider/model`, else another name in `models` (but not `*` alone); and a `*` there stands for
what the `*` in the name took: `"gpt-*": openai/gpt-*`.
"""


_CONDITIONS: Final = """\
## Conditions

A `when` is an expression in [CEL](https://cel.dev) that is true or false, such as `tags.plan == 'free'` or
`request.tokens > 100000 && !request.stream`. Names and types are checked when the configuration is read. What cannot be
decided, because a tag that is asked for is not there, does not hold; `has(tags.plan)` asks whether it is there. An
expression may name:

| Name | Kind | What it is |
|---|---|---|
"""


def render() -> str:
    """The whole page, as Markdown."""
    whole = schema()
    lines = [_HEAD, *_section(whole, whole, "", "Settings")]
    conditions = "".join(f"| `{name}` | {each.kind} | {each.meaning} |\n" for name, each in VARIABLES.items())
    return "\n".join([*lines, _CONDITIONS + conditions]).rstrip() + "\n"


def _section(section: Part, whole: Part, path: str, title: str) -> Iterator[str]:
    """A heading and a table for `section`, and then the same for each section in it."""
    yield f"## {title}\n"
    if path:
        yield f"{' '.join(section['description'].split())}\n"
    yield "| Setting | Kind | Default | Meaning |\n|---|---|---|---|"
    within: list[tuple[str, list[Part]]] = []
    for name, setting in section["properties"].items():
        suffix, inner = _held(setting, whole)
        within += [(f"{path}{name}{suffix}", inner)] if inner else []
        meaning = setting.get("description") or inner[0]["description"]
        yield f"| `{name}` | {_kind(setting)} | {_default(name, section)} | {' '.join(meaning.split())} |"
    yield ""
    for place, sections in within:
        if len(sections) > 1:
            yield from _kinds(sections, whole, place)
        else:
            yield from _section(sections[0], whole, f"{place}.", f"`{place}`")


def _kinds(sections: list[Part], whole: Part, place: str) -> Iterator[str]:
    """What all of several kinds of section have, and then what each has besides."""
    common = set(sections[0]["properties"]).intersection(*(each["properties"] for each in sections)) - {"route"}
    yield from _section(_with(sections[0] | {"description": _ROUTES}, common), whole, f"{place}.", f"`{place}`")
    for each in sections:
        kind = _constant(each["properties"]["route"])
        own = _with(each, each["properties"].keys() - common)
        yield from _section(own, whole, f"{place}.", f"`{place}` with `route: {kind}`")


_ROUTES: Final = """\
A mapping with `route`, what that strategy needs (below), and any of these. They hold for everything below the route; of
two routes the nearer to the model wins, but for `deadline.total` and `retries` the one farther out, and `data` and
`max_price` of both hold.
"""


def _with(section: Part, names: Collection[str]) -> Part:
    """`section` with those of its settings only; what it says of itself goes before."""
    kept = {name: setting for name, setting in section["properties"].items() if name in names}
    return section | {"properties": {name: kept[name] for name in sorted(kept, key=lambda name: name != "route")}}


def _constant(setting: Part) -> str:
    """The one value that a setting may have."""
    return str((setting["anyOf"][0] if "anyOf" in setting else setting)["const"])


def _held(setting: Part, whole: Part) -> tuple[str, list[Part]]:
    """The section that `setting` is or has many of, or all of which it may be one; and what in a path then follows its
    name.
    """
    if "$ref" in setting:
        return "", [whole["$defs"][setting["$ref"].rpartition("/")[2]]]
    kinds = [section for form in setting.get("oneOf", []) for section in _held(form, whole)[1]]
    if kinds:
        return "", kinds
    for one, suffix in _entries(setting):
        more, sections = _held(one, whole)
        if sections:
            return suffix + more, sections
    return "", []


def _entries(setting: Part) -> Iterator[tuple[Part, str]]:
    """What stands in a list or mapping with free names, and how a path goes there."""
    if "items" in setting:
        yield setting["items"], "[]"
    for form in [setting.get("additionalProperties"), *setting.get("patternProperties", {}).values()]:
        if form:
            yield form, ".<name>"


def _kind(setting: Part) -> str:
    if "$ref" in setting:
        return "section"
    if "oneOf" in setting:
        return " or ".join(dict.fromkeys(map(_kind, setting["oneOf"])))
    for form, suffix in _entries(setting):
        return f"{'list' if suffix == '[]' else 'mapping'}: {_kind(form)}"
    if setting.get("format") == "password":
        return "secret"  # pydantic leaves out the title where it is the value in a mapping
    if "title" in setting:
        return str(setting["title"])
    form = setting["anyOf"][0] if "anyOf" in setting else setting
    if form.get("type") == "integer":
        bounds = [f"at least {form['minimum']}"] if "minimum" in form else []
        bounds += [f"at most {form['maximum']}"] if "maximum" in form else []
        return ", ".join(["whole number", *bounds])
    choices = form.get("enum") or [form["const"]] if {"enum", "const"} & form.keys() else []
    if choices:
        return " or ".join(f"`{choice}`" for choice in choices)
    types = [form["type"]] if isinstance(form["type"], str) else form["type"]
    return " or ".join(types).replace("string", "text")


def _default(name: str, section: Part) -> str:
    if name in section.get("required", ()):
        return "required"
    default = section["properties"][name].get("default")
    if default is None or default in ([], {}):
        return ""
    return f"`{default if isinstance(default, str) else json.dumps(default)}`"


if __name__ == "__main__":
    sys.stdout.write(render())
