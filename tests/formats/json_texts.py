"""JSON as it may come over the wire: every way of writing the same value, white space, and keys that are repeated."""

import json
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

NUMBERS = [
    "0",
    "-0",
    "-0.0",
    "1.0",
    "1.10",
    "1e2",
    "1E+2",
    "12345678901234567890123",
    "-98765432109876543210",
    "0.1",
    "5e-324",
]


@dataclass(frozen=True)
class Text:
    """A JSON text as pieces, so that it is cheap to build: its bytes, and whether any object in it repeats a key."""

    raw: str
    repeats: bool


def blanks() -> st.SearchStrategy[str]:
    return st.sampled_from(["", "", "", " ", "\n", "\t", "\r\n  "])


@st.composite
def strings(draw: st.DrawFn) -> str:
    """A string between its quotes, some of its characters escaped though they need not be."""
    characters = draw(st.text(st.characters(exclude_categories=["Cs"]), max_size=8))
    return '"' + "".join(_written(draw, character) for character in characters) + '"'


def _written(draw: st.DrawFn, character: str) -> str:
    plain = json.dumps(character, ensure_ascii=False)[1:-1]
    return draw(st.sampled_from([plain, plain, json.dumps(character)[1:-1], _escaped(character)]))


def _escaped(character: str) -> str:
    units = character.encode("utf-16-be")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02X}" for at in range(0, len(units), 2))


def scalars() -> st.SearchStrategy[Text]:
    plain = st.one_of(
        st.sampled_from([*NUMBERS, "true", "false", "null"]),
        strings(),
        st.integers().map(str),
        st.floats(allow_nan=False, allow_infinity=False).map(json.dumps),
    )
    return plain.map(lambda raw: Text(raw, repeats=False))


@st.composite
def arrays(draw: st.DrawFn, of: st.SearchStrategy[Text]) -> Text:
    items = draw(st.lists(of, max_size=4))
    written = ",".join(draw(blanks()) + item.raw + draw(blanks()) for item in items)
    return Text(f"[{written or draw(blanks())}]", any(item.repeats for item in items))


@st.composite
def objects(draw: st.DrawFn, of: st.SearchStrategy[Text], names: st.SearchStrategy[str] | None = None) -> Text:
    """Keys are of a small set, so that they are often repeated, now and then in another spelling."""
    keys = names or st.sampled_from(['"a"', '"b"', '"\\u0061"', '"model"', '"mod\\u0065l"', '""', '"é"', '"\\u00e9"'])
    fields = draw(st.lists(st.tuples(keys, of), max_size=5))
    written = ",".join(f"{draw(blanks())}{key}{draw(blanks())}:{draw(blanks())}{item.raw}" for key, item in fields)
    read = [json.loads(key) for key, _ in fields]
    return Text(f"{{{written}{draw(blanks())}}}", len(set(read)) < len(read) or any(item.repeats for _, item in fields))


def values() -> st.SearchStrategy[Text]:
    return st.recursive(scalars(), lambda inner: arrays(inner) | objects(inner), max_leaves=6)


def documents() -> st.SearchStrategy[Text]:
    return objects(values()).flatmap(
        lambda text: blanks().map(lambda blank: Text(blank + text.raw + blank, text.repeats))
    )


def has_repeats(raw: bytes) -> bool:
    """Whether any object of a JSON text repeats a key, as the standard library sees it."""
    found = []

    def look(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found.append(len({key for key, _ in pairs}) < len(pairs))
        return dict(pairs)

    json.loads(raw, object_pairs_hook=look)
    return any(found)


def fields(raw: bytes) -> dict[str, str]:
    """The top-level fields of an object as they are written."""
    text, decoder, found = raw.decode(), json.JSONDecoder(), {}
    at = _skip(text, text.index("{") + 1)
    while text[at] != "}":
        name, at = decoder.raw_decode(text, at)
        start = _skip(text, _skip(text, at) + 1)
        _, end = decoder.raw_decode(text, start)
        found[name] = text[start:end]
        at = _skip(text, end)
        at = _skip(text, at + 1) if text[at] == "," else at
    return found


def _skip(text: str, at: int) -> int:
    while text[at] in " \t\r\n":
        at += 1
    return at
