"""Ids of tool calls for sides that restrict them, or give none.

Always computed, never remembered: a gateway sees the same conversation again on the next turn, perhaps in another
process, and must then say the same.
"""

import base64
import hashlib
import re
from typing import Literal

_ACCEPTED = {
    "any": re.compile(r".+", re.DOTALL),
    "short": re.compile(r".{1,40}", re.DOTALL),
    "nine": re.compile(r"[a-zA-Z0-9]{9}"),
    "word": re.compile(r"[a-zA-Z0-9_-]{1,64}"),
}
_PLAIN = bytes.maketrans(b"+/", b"Zz")
"""The two signs of Base64 that are no letter or digit."""

Rule = Literal["any", "short", "nine", "word"]


def fitting(call_id: str, rule: Rule) -> str:
    """`call_id` as a side with this rule takes it: itself where it fits, else always the same other one."""
    if _ACCEPTED[rule].fullmatch(call_id):
        return call_id
    return _letters(call_id, 9) if rule == "nine" else f"call_{_letters(call_id, 24)}"


def minted(reply: str, choice: int, part: int) -> str:
    """An id for a call that came without: of the reply's id and the call's place in it."""
    return f"call_{_letters(f'{reply}/{choice}/{part}', 24)}"


def _letters(seed: str, length: int) -> str:
    digest = hashlib.sha256(seed.encode()).digest()
    return base64.b64encode(digest).translate(_PLAIN)[:length].decode()
