"""A JSON object as it came over the wire: validated once, read as a whole, edited at the top, written with its own
bytes.

A gateway must send what it checked. Providers differ in which of two equal keys they believe, so a document in which
a key is repeated is written anew from what was read; every other one keeps the bytes of all its values, edited ones
aside.
"""

import re
from collections.abc import Mapping
from typing import Any

import msgspec

_HALF_A_PAIR = re.compile(rb"(?<!\\)(?:\\\\)*\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u|\Z)")

_decode = msgspec.json.Decoder().decode
_decode_fields = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_encode = msgspec.json.Encoder().encode
LARGE = 16 * 1024
"""Bytes from which on brackets are not counted: looking at the few objects of a long text is quicker."""
MOST_CONTAINERS = 200_000
"""Objects and arrays of one level: each takes many times its bytes in memory, and no prompt has so many."""


class DocumentError(ValueError):
    """The bytes are not an object of JSON that can be handed on. The message says what and where."""


class Document:
    """One JSON object."""

    __slots__ = ("_body", "_fields", "value")

    def __init__(self, body: bytes, depth: int) -> None:
        """Read `body`; raises `DocumentError` for what is no JSON object, or nested deeper than `depth`."""
        self.value: dict[str, Any] = _read(body, depth)
        """All of it as it came, for reading only: edits go through `set`."""
        self._body = body
        self._fields: dict[str, msgspec.Raw] | None = None
        """The top level, once somebody edits or writes it: what is translated is read only."""

    def set(self, name: str, value: object) -> None:
        """Replace or add the top-level field `name`."""
        self._split()[name] = msgspec.Raw(_encode(value))

    def field(self, name: str) -> bytes:
        """The bytes of the top-level field `name`; none if it is not there."""
        return bytes(self._split().get(name, b""))

    def seal(self, *, sent: bool = True) -> None:
        """Nothing more will be read: let go of all that was decoded, and keep only the bytes and the edits.

        `sent`: these are what is sent, most probably. Else they must be decoded anew if they are after all.
        """
        if sent:
            self._split()
        self.value = {}

    def remove(self, name: str) -> None:
        """Drop the top-level field `name` if it is there."""
        self._split().pop(name, None)

    def change(self, fields: Mapping[str, object]) -> None:
        """Lay `fields` over the top level, for who reads it on as well; None takes one out."""
        for name, value in fields.items():
            if value is None:
                self.remove(name)
                self.value.pop(name, None)
            else:
                self.set(name, value)
                self.value[name] = value

    def with_fields(self, fields: Mapping[str, object]) -> "Document":
        """Another one, with `fields` laid over the top level; None takes one out. This one stays as it is."""
        other = object.__new__(Document)
        other.value = self.value
        other._body = b""
        other._fields = dict(self._split())
        for name, value in fields.items():
            if value is None:
                other.remove(name)
            else:
                other.set(name, value)
        return other

    def write(self, once: dict[str, object] | None = None) -> bytes:
        """The document with its edits, and with the fields in `once` this once.

        Values that were not edited have the bytes they came with.
        """
        fields = self._split()
        return _encode(fields if once is None else {**fields, **once})

    def _split(self) -> dict[str, msgspec.Raw]:
        """The values of the top level with their bytes; anew where a key is repeated."""
        fields = self._fields
        if fields is None:
            body = self._body
            value = self.value or _decode(body)
            fields = self._fields = _decode_fields(body if _says_all_once(body, value) else _encode(value))
            self._body = b""
        return fields


def _read(body: bytes, depth: int) -> dict[str, Any]:
    try:
        value = _decode(body)
    except UnicodeDecodeError:
        raise DocumentError(f"The body is not valid UTF-8 (byte {_first_bad_byte(body)}).") from None
    except RecursionError:
        raise DocumentError(f"The JSON is nested deeper than {depth} levels.") from None
    except msgspec.DecodeError as error:
        text = str(error).removeprefix("JSON is malformed: ")
        if text == "Input data was truncated":
            text = _why_truncated(body)
        raise DocumentError(f"The body is not valid JSON: {text}.") from None
    if type(value) is not dict:
        raise DocumentError("The body must be a JSON object.")
    few = len(body) < LARGE and body.count(b"{") + body.count(b"[") <= depth  # cheaper than to look, in a small body
    if not few and _deeper_than(value, depth):
        raise DocumentError(f"The JSON is nested deeper than {depth} levels.")
    return value


def _why_truncated(body: bytes) -> str:
    """The decoder says so, too, of an escaped half of a surrogate pair that the other half does not follow."""
    half = _HALF_A_PAIR.search(body)
    if half is not None:
        return f"invalid utf-16 surrogate pair (byte {half.end()})"
    return f"it ends too early (byte {len(body)})" if body else "it is empty"


def _first_bad_byte(body: bytes) -> int:
    try:
        body.decode()
    except UnicodeDecodeError as error:
        return error.start
    return len(body)


def _deeper_than(value: dict[str, Any], depth: int) -> bool:
    level: list[Any] = [value]
    for _ in range(depth):
        level = [
            child
            for container in level
            for child in (container.values() if type(container) is dict else container)
            if type(child) is dict or type(child) is list
        ]
        if not level:
            return False
        if len(level) > MOST_CONTAINERS:
            raise DocumentError(f"The JSON has more than {MOST_CONTAINERS} objects and arrays on one level.")
    return True


def _says_all_once(body: bytes, value: dict[str, Any]) -> bool:
    """Whether no object in `body` repeats a key.

    What is written from the values read has every key once. If the bytes agree (but for white space), so had they; else
    (another way to write a number, say) the keys are counted: slower, and exact.
    """
    written = _encode(value)
    if written == body or written == msgspec.json.format(body, indent=-1):
        return True
    return _count_keys(body) == _count_values(value)


def _count_keys(body: bytes) -> int:
    """Colons outside strings: one for every key written."""
    outside = body.replace(b"\\\\", b"").replace(b'\\"', b"").split(b'"')[::2]
    return sum(part.count(b":") for part in outside)


def _count_values(value: object) -> int:
    """Keys of all objects in `value`, each once. Walks level by level: the depth is bounded, the stack need not be."""
    total = 0
    level: list[Any] = [value]
    while level:
        children: list[Any] = []
        for container in level:
            if type(container) is dict:
                total += len(container)
                container = container.values()
            children += [child for child in container if type(child) is dict or type(child) is list]
        level = children
    return total
