"""One address and one card, hidden in each of the ways that are known: found in the whole, and however it is split."""

import base64
import json

import pytest
from tests.guard.policies import pii, sent

from trunkline.guard.screen import Screen
from trunkline.guard.stream import StreamScreen
from trunkline.guard.values import Piece, PieceKind

SCREEN = Screen([pii("email", "card")])
MAIL, CARD = "alice@example.org", "4242 4242 4242 4242"
ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
DEVANAGARI = str.maketrans("0123456789", "०१२३४५६७८९")
WIDE = str.maketrans("0123456789", "０１２３４５６７８９")


def escaped(text: str) -> str:
    """As the arguments of a tool, with every character as an escape."""
    return '{"to": "' + "".join(f"\\u{ord(character):04x}" for character in text) + '"}'


HIDDEN: dict[str, tuple[PieceKind, str, str]] = {
    "plain": ("text", f"{MAIL} {CARD}", "[EMAIL] [CARD]"),
    "among other letters": ("text", f"Grüße an {MAIL} – {CARD}, bitte", "Grüße an [EMAIL] – [CARD], bitte"),
    "arabic digits": ("text", CARD.translate(ARABIC), "[CARD]"),
    "devanagari digits": ("text", CARD.translate(DEVANAGARI), "[CARD]"),
    "wide digits": ("text", CARD.translate(WIDE), "[CARD]"),
    "invisible characters": ("text", "\u200b".join(MAIL), "[EMAIL]"),
    "tag characters": (
        "text",
        "Flag: \U0001f3f4, " + "".join(chr(0xE0000 + ord(each)) for each in MAIL),
        "Flag: \U0001f3f4, [EMAIL]",
    ),
    "selectors": ("text", "\U000e0142".join(CARD), "[CARD]"),
    "fillers": ("text", "\u3164".join(MAIL), "[EMAIL]"),
    "arguments": ("json", json.dumps({"to": MAIL, "card": CARD}), '{"to": "[EMAIL]", "card": "[CARD]"}'),
    "escaped arguments": ("json", escaped(MAIL), '{"to": "[EMAIL]"}'),
    "escaped arguments of other digits": ("json", escaped(CARD.translate(ARABIC)), '{"to": "[CARD]"}'),
    "nested arguments": (
        "json",
        json.dumps({"body": json.dumps({"to": MAIL})}),
        '{"body": "{\\"to\\": \\"[EMAIL]\\"}"}',
    ),
    "JSON in a text": (
        "text",
        f'It says: {{"out": "mail\\n{MAIL}\\t{CARD}", "by": "\\u003c{MAIL}\\u003e"}}',
        'It says: {"out": "mail\\n[EMAIL]\\t[CARD]", "by": "\\u003c[EMAIL]\\u003e"}',
    ),
    "JSON in arguments": ("json", r'{"out": "{\"a\":\"\\n' + MAIL + r'\"}"}', r'{"out": "{\"a\":\"\\n[EMAIL]\"}"}'),
    "a path": ("text", rf"C:\new\{MAIL} and \\n{MAIL}", r"C:\new\[EMAIL] and \\n[EMAIL]"),
}


@pytest.mark.parametrize("way", HIDDEN)
@pytest.mark.parametrize("size", [0, 1, 2, 3, 7, 16, 17])
def test_it_is_found_whole_and_in_chunks_of_any_size(way: str, size: int) -> None:
    kind, text, left = HIDDEN[way]
    if not size:
        assert sent(SCREEN, text, kind) == left
        return
    stream = StreamScreen(SCREEN, Piece("text", "", "assistant", kind))
    told = [stream.feed(text[at : at + size]) for at in range(0, len(text), size)]
    assert "".join(told) + stream.finish() == left


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_it_is_found_in_a_text_in_base64(encoding: str) -> None:
    text = base64.b64encode(f"Grüße\n{MAIL}\n{CARD}".encode(encoding)).decode()
    left = base64.b64decode(sent(SCREEN, text, "base64")).decode(encoding)
    assert left == "Grüße\n[EMAIL]\n[CARD]"
