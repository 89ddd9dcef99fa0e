"""A document is checked once, and what was checked is what is sent."""

import json
import re
import time
import tracemalloc
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.formats import json_texts
from tests.formats.json_texts import Text

from trunkline.formats.document import Document, DocumentError

DEPTH = 128


def refusal(body: bytes, depth: int = DEPTH) -> str:
    with pytest.raises(DocumentError) as caught:
        Document(body, depth)
    return str(caught.value)


@given(json_texts.documents())
@settings(deadline=None, max_examples=100)
def test_what_is_sent_means_what_was_checked(text: Text) -> None:
    raw = text.raw.encode()
    document = Document(raw, DEPTH)
    assert document.value == json.loads(raw)
    assert json.loads(document.write()) == document.value
    assert not json_texts.has_repeats(document.write())


@given(json_texts.documents())
@settings(deadline=None, max_examples=100)
def test_values_that_are_not_edited_keep_their_bytes(text: Text) -> None:
    raw = text.raw.encode()
    document = Document(raw, DEPTH)
    document.set("model", "gpt-4o")
    document.remove("b")
    sent = json_texts.fields(document.write())
    assert sent.pop("model") == '"gpt-4o"'
    came = {name: value for name, value in json_texts.fields(raw).items() if name not in ("model", "b")}
    assert list(sent) == list(came)
    if text.repeats:
        assert {name: json.loads(value) for name, value in sent.items()} == {n: json.loads(v) for n, v in came.items()}
    else:
        assert sent == came


@given(json_texts.documents(), st.sampled_from(["a", "b", "new", "é"]), st.recursive(st.text(), st.lists, max_leaves=4))
@settings(deadline=None, max_examples=100)
def test_an_edit_changes_one_field_and_nothing_else(text: Text, name: str, value: Any) -> None:
    document = Document(text.raw.encode(), DEPTH)
    before = json.loads(document.write())
    document.set(name, value)
    assert json.loads(document.write()) == {**before, name: value}
    document.remove(name)
    before.pop(name, None)
    assert json.loads(document.write()) == before


@pytest.mark.parametrize(
    "body",
    [
        b'{"model": "safe", "model": "sent"}',
        b'{"model": "safe", "mod\\u0065l": "sent"}',
        b'{"messages": [{"role": "user", "content": "safe", "content": "sent"}]}',
        b'{"a": {"b": [[{"c": 1.0, "c": 1.00}]]}}',
        b'{"a": "\\"b\\": \\\\", "a": 1}',
        b'{"": 1, "": 2}',
        b'{"a": 12345678901234567890123, "b": {"c": 1, "c": 2}}',
    ],
)
def test_a_repeated_key_is_sent_once_at_any_depth(body: bytes) -> None:
    document = Document(body, DEPTH)
    assert json_texts.has_repeats(body)
    assert not json_texts.has_repeats(document.write())
    assert json.loads(document.write()) == document.value == json.loads(body)


@pytest.mark.parametrize("number", json_texts.NUMBERS)
def test_a_number_keeps_its_bytes(number: str) -> None:
    document = Document(b'{"n": %b, "m": [%b]}' % (number.encode(), number.encode()), DEPTH)
    document.set("model", "m")
    assert json_texts.fields(document.write()) == {"n": number, "m": f"[{number}]", "model": '"m"'}


@pytest.mark.parametrize(
    ("body", "says", "byte"),
    [
        (b'{"a": 1', "it ends too early", 7),
        (b'{"a": NaN}', "invalid character", 6),
        (b'{"a": Infinity}', "invalid character", 6),
        (b'{"a": -Infinity}', "invalid character", 7),
        (b'{"a": 01}', "invalid number", 6),
        (b'{"a": 1,}', "trailing comma in object", 8),
        (b"{'a': 1}", "object keys must be strings", 1),
        (b'{"a": "\n"}', "invalid character", 7),
        (b'{"a": 1} x', "trailing characters", 9),
        (b'\xef\xbb\xbf{"a": 1}', "invalid character", 0),
        (b'{"a": "\\x"}', "invalid escape character in string", 8),
        (b'{"a": "\\ud83d"}', "invalid utf-16 surrogate pair", 13),
        (b'{"a": "\\\\\\ud83d\\n"}', "invalid utf-16 surrogate pair", 15),
        (b'{"a": "\\ude00"}', "invalid utf-16 surrogate pair", 12),
        (b'{"a": "\\\\ud83d', "it ends too early", 14),
        (b'{"a": "\\ud83d', "it ends too early", 13),
        (b'{"a": "\xff"}', "not valid UTF-8", 7),
        (b'{"\xf0\x9f": 1}', "not valid UTF-8", 2),
        (b'{"a": "\xed\xa0\x80"}', "not valid UTF-8", 7),
    ],
)
def test_what_is_no_json_is_refused_with_the_place(body: bytes, says: str, byte: int) -> None:
    """The place is that of the offending byte, or of the one behind it."""
    told = refusal(body)
    assert says in told
    place = re.search(r"\(byte (\d+)\)", told)
    assert place is not None
    assert byte <= int(place[1]) <= byte + 1


@pytest.mark.parametrize("body", [b"", b" ", b"[]", b'"text"', b"null", b"7", b'{"a": 1e999}'])
def test_what_is_no_object_or_has_a_number_too_large_is_refused(body: bytes) -> None:
    assert re.search("is empty|ends too early|must be a JSON object|out of range", refusal(body))


@given(st.integers(1, 60), st.integers(1, 60), st.booleans())
def test_depth_is_counted_exactly(depth: int, levels: int, lists: bool) -> None:
    inner = "[" * (levels - 1) + "]" * (levels - 1) if lists else '{"a":' * (levels - 1) + "1" + "}" * (levels - 1)
    body = f'{{"messages":{inner or "1"}}}'.encode()
    if levels > depth:
        assert refusal(body, depth) == f"The JSON is nested deeper than {depth} levels."
    else:
        Document(body, depth)


def test_many_brackets_side_by_side_are_not_deep() -> None:
    Document(b'{"a": [' + b"[],{}," * 500 + b"[]]}", 3)


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'[{"a":[', b"[1,"])
def test_ten_megabytes_of_nesting_are_refused_at_once(opening: bytes) -> None:
    body = b'{"messages":' + opening * (10 * 1024 * 1024 // len(opening))
    began = time.process_time()
    tracemalloc.start()
    try:
        assert "nested deeper than 128" in refusal(body)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1024 * 1024
    assert time.process_time() - began < 1


def test_what_is_written_for_once_does_not_stay() -> None:
    document = Document(b'{"model": "a", "n": 1.0}', DEPTH)
    assert document.write({"model": "b", "x": [1]}) == b'{"model":"b","n":1.0,"x":[1]}'
    assert document.write() == b'{"model":"a","n":1.0}'


def test_what_was_read_is_let_go_of_and_the_bytes_stay() -> None:
    document = Document(b'{"model": "a", "n": 1.0}', DEPTH)
    document.seal()
    document.set("model", "b")
    assert document.write() == b'{"model":"b","n":1.0}'


@pytest.mark.parametrize(
    ("body", "sent"),
    [
        (b'{"model": "a", "n": 1.0}', b'{"model":"b","n":1.0}'),
        (b'{"model": "a", "n": 1.0, "n": 2.0}', b'{"model":"b","n":2.0}'),
        (b"{}", b'{"model":"b"}'),
    ],
)
def test_what_was_not_meant_to_be_sent_can_be_sent_all_the_same(body: bytes, sent: bytes) -> None:
    document = Document(body, DEPTH)
    document.seal(sent=False)
    assert document.value == {}
    assert document.with_fields({"model": "b"}).write() == sent
