"""Values of header fields, made of what callers and operators have written."""

from collections.abc import Iterable

LONGEST_LIST = 1000
"""Characters of a list of names."""


def header_text(name: str) -> bytes:
    """A name as it may stand in a header: what is not printable ASCII is shown as `?`."""
    if name.isascii() and name.isprintable():
        return name.encode()
    return "".join(c if c.isascii() and c.isprintable() else "?" for c in name).encode()


def listed(names: Iterable[str]) -> bytes:
    """Names with commas between them. Where they are too many, how many more there are."""
    shown: list[bytes] = []
    room = LONGEST_LIST
    left = 0
    for name in names:
        text = header_text(name)
        room -= len(text) + 2
        if room >= 0:
            shown.append(text)
        else:
            left += 1
    return b", ".join(shown if not left else [*shown, b"and %d more" % left])
