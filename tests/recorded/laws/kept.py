"""Whether a written request says all that its source said, judged by the plain readers.

Every text (with who says it), tool, call, result (with the call that it answers), picture and file of the source is in
the written document, or is named among what was dropped. Of parameters see `laws/parameters.py`.
"""

import base64
import contextlib
import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from tests.recorded.exchanges import Exchange
from tests.recorded.laws.parameters import changed_parameters
from tests.recorded.plain.formats import PLAIN_READERS
from tests.recorded.plain.google_generate import camel
from tests.recorded.plain.said import At, Told, says

_WRAPPERS = ("result", "output", "error", "content", "return_value")
"""Names under which a tool's words stand in an object where the format wants an object."""
_HINTS = ("cache_control", "prompt_cache_breakpoint")
_HINT = re.compile(r'"(?:cache_control|cachePoint|prompt_cache_breakpoint)"')
_NO_WORDS = ("type", "format", "id", "index")
"""Fields of parts and of OpenRouter's `reasoning_details` that only say what kind of thing it is."""

Problem = tuple[str, str, str]
"""Check, cause, detail."""
Loss = tuple[str, At]
"""What is gone, and where it was."""


def lost(exchange: Exchange, target: str, written: dict[str, Any], dropped: list[str]) -> Iterator[Problem]:
    """What has gone in silence."""
    assert exchange.request is not None
    source = camel(exchange.request) if exchange.format == "google_generate" else exchange.request
    before = PLAIN_READERS[exchange.format].request(exchange.request)
    seen = _Written(written, PLAIN_READERS[target].request(written), dropped)
    for find in (_texts, _reasoning, _tools, _calls, _results, _media, _hints, _others):
        for kind, at in find(before, seen):
            # an assistant's reasoning is named as one, wherever in the message it stands
            path = re.sub(r"(?<=\])\..*", ".reasoning", at.path) if kind == "reasoning" else at.path
            if not seen.names(at.path) and not seen.names(path):
                yield "kept", f"{kind} is lost in silence", f"{at.path}: {str(at.value)[:150]!r}; told: {dropped}"
    for kind, paths in changed_parameters(source, exchange.format, written, target):
        if not any(map(seen.names, paths)):
            yield "kept", f"parameter {kind} in silence", f"told: {dropped}"


class _Written:
    """The document that was written, for looking things up."""

    def __init__(self, document: dict[str, Any], told: Told, dropped: list[str]) -> None:
        self.document, self.told = document, told
        self.words = "\0".join(_strings(document))
        self.by = {
            who: "\0".join(at.value for at in told.texts if at.by == who) for who in {at.by for at in told.texts}
        }
        self._dropped = [_plain(path) for path in dropped]
        self.dropped_hints = sum("cache" in path.lower() for path in dropped)

    def names(self, path: str) -> bool:
        """Whether `path`, or something around or within it, was said to be dropped."""
        plain = _plain(path)
        return any(plain.startswith(one) or one.startswith(plain) for one in self._dropped)


def _plain(path: str) -> str:
    """A path with Google's two spellings made one; parts are numbered in their message, whatever their list's name."""
    humps = "".join(part if not number else part[:1].upper() + part[1:] for number, part in enumerate(path.split("_")))
    return re.sub(r"\.(?:content|parts)\[", "[", humps)


def _strings(value: Any) -> Iterator[str]:
    """All names and strings in `value`."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, below in value.items():
            yield str(name)
            yield from _strings(below)
    elif isinstance(value, list):
        for below in value:
            yield from _strings(below)


def _values(value: Any) -> Iterator[str]:
    """The strings in `value` but for names of fields and for kinds and ids of things."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, below in value.items():
            if name not in _NO_WORDS:
                yield from _values(below)
    elif isinstance(value, list):
        for below in value:
            yield from _values(below)


def _texts(before: Told, seen: _Written) -> Iterator[Loss]:
    wanted = Counter((at.by, at.value.strip()) for at in before.texts)
    for at in before.texts:
        words = at.value.strip()
        if words and seen.by.get(at.by, "").count(words) < wanted[at.by, words] and not _is_reminder(at, seen):
            yield f"a text of the {at.by}", at


def _is_reminder(at: At, seen: _Written) -> bool:
    """Whether the operator's words are said by the user in their place, marked; and that they are is told."""
    marked = f"<system-reminder>\n{at.value}\n</system-reminder>"
    return at.by == "system" and marked in seen.by.get("user", "") and seen.names(f"{at.path.partition(']')[0]}].role")


def _reasoning(before: Told, seen: _Written) -> Iterator[Loss]:
    for at in before.reasoning:
        if at.value.strip() not in seen.words:
            yield "reasoning", at


def _tools(before: Told, seen: _Written) -> Iterator[Loss]:
    there = {at.value[0]: at.value for at in seen.told.tools}
    for at in before.tools:
        name, description, words = at.value
        if name not in there:
            yield "a tool", at
            continue
        if description.strip() and description.strip() not in there[name][1]:
            yield "a tool's description", At(f"{at.path}.description", description)
        if words - there[name][2]:
            yield "a word of a tool's schema", At(at.path, sorted(words - there[name][2]))


def _calls(before: Told, seen: _Written) -> Iterator[Loss]:
    """Calls are said in the same order."""
    there = [at.value for at in seen.told.calls]
    for at in before.calls:
        if at.value in there:
            del there[: there.index(at.value) + 1]
        else:
            yield "a call", at


def _results(before: Told, seen: _Written) -> Iterator[Loss]:
    """Each call has the results that it had: the calls are the same, so their order tells which is which."""
    said, there = _answers(before), _answers(seen.told)
    for number, call in enumerate(before.calls):
        own = said.get(call.by, [])
        now = there.get(seen.told.calls[number].by, []) if number < len(seen.told.calls) else []
        if any(says(value) for value in own) and not _forms_of(own) & _forms_of(now):
            yield "a tool's result", At(call.path, own)


def _answers(told: Told) -> dict[str, list[Any]]:
    """Call → all parts of its result."""
    found: dict[str, list[Any]] = {}
    for at in told.results:
        found.setdefault(at.by, []).append(at.value)
    return found


def _forms_of(values: list[Any]) -> set[str]:
    """What a result is, whether its parts are put together or not."""
    joined = {_bare("".join(values))} if all(isinstance(value, str) for value in values) else set()
    return joined.union(*map(_forms, values))


def _forms(value: Any) -> set[str]:
    """A part of a result as text, as JSON, and out of the object that a format may have put it in."""
    forms = {json.dumps(value, sort_keys=True)}
    if isinstance(value, str):
        with contextlib.suppress(ValueError):
            forms |= _forms(json.loads(value))
        forms.add(_bare(value))
    elif isinstance(value, dict) and len(value) == 1:
        ((name, inner),) = value.items()
        if name in _WRAPPERS:
            forms |= _forms(inner) | (_forms_of(inner) if isinstance(inner, list) and inner else set())
    return forms


def _bare(text: str) -> str:
    return json.dumps("".join(text.split()))


def _media(before: Told, seen: _Written) -> Iterator[Loss]:
    for at in before.media:
        value = str(at.value or "")
        data = value.partition(",")[2] if value.startswith("data:") else value
        standard = data.replace("-", "+").replace("_", "/").rstrip("=")
        coded = base64.b64encode(value.encode()).decode()
        if not any(one in seen.words for one in (value, data, standard, coded, _decoded(standard)) if one):
            yield "a picture or file", at


def _decoded(data: str) -> str:
    """The text that Base64 holds, for documents of text; empty where it holds none."""
    try:
        return base64.b64decode(data + "=" * (-len(data) % 4), validate=True).decode()
    except ValueError:
        return ""


def _hints(before: Told, seen: _Written) -> Iterator[Loss]:
    """Cache hints, which formats put onto a part or behind it: counted only."""
    hints = [at for at in before.others if _is_hint(at)]
    if len(hints) > len(_HINT.findall(json.dumps(seen.document))) + seen.dropped_hints:
        yield from (("a cache hint", at) for at in hints)


def _is_hint(at: At) -> bool:
    return at.path.endswith(_HINTS) or (isinstance(at.value, dict) and "cachePoint" in at.value)


def _others(before: Told, seen: _Written) -> Iterator[Loss]:
    for at in before.others:
        if _is_hint(at):
            continue
        strings = list(_values(at.value))
        same = f'"{at.path.rpartition(".")[2]}"'
        if at.value is True and same in json.dumps(seen.document):
            continue
        if not strings or not all(one in seen.words for one in strings):
            yield "another field", at
