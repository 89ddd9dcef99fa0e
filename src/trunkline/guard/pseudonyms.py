"""Pseudonyms that stand for what a model is not to see, and their way back into what it answers.

Models alter what they repeat. `<PERSON_1>` comes back as `&lt;PERSON_1&gt;`, `[PERSON_1]`, `<Person 1>` or
`PERSON\\_1`, and each of them is known again; only a bare `person 1` is not, for people write so.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

import re2

from trunkline.guard.expressions import options
from trunkline.guard.kinds import LABELS
from trunkline.guard.values import Hit

_OPEN: Final = r"(?:<{1,2}|&lt;|\\u003c|%3c|\[|\{{1,2}|«|‹|⟨)"
_CLOSE: Final = r"(?:>{1,2}|&gt;|\\u003e|%3e|\]|\}{1,2}|»|›|⟩)"
_LABEL: Final = "|".join(label.replace("_", r"\\?[_ -]?") for label in LABELS)
_WRITTEN: Final = re.compile(
    rf"(?:(?P<open>{_OPEN} ?[*`]{{0,2}})|(?<![^\W_]))(?P<label>{_LABEL})(?P<between>(?:\\?_|[ -])?[ ]?)"
    r"(?P<number>[0-9]{1,5})"
    rf"(?![0-9A-Za-z])(?P<close>[*`]{{0,2}} ?{_CLOSE}(?!\())?",
    re.IGNORECASE,
)
_EXACT: Final = re.compile(rf"<({'|'.join(LABELS)})_([0-9]{{1,5}})>")


class Pseudonyms:
    """Those of one request; it lives until its reply is written. Not for use by several threads."""

    def __init__(self) -> None:
        self._values: dict[tuple[str, int], str] = {}
        self._names: dict[tuple[str, str], str] = {}
        self._taken: set[tuple[str, int]] = set()

    def __bool__(self) -> bool:
        return bool(self._values)

    def avoid(self, texts: Iterable[str]) -> None:
        """Never give a pseudonym that a client wrote itself: what it wrote is to come back as it was."""
        for text in texts:
            if "<" in text:
                self._taken.update((label, int(number)) for label, number in _EXACT.findall(text))

    def name(self, label: str, value: str) -> str:
        """The pseudonym of a value: the same for the same one."""
        known = self._names.get((label, value))
        if known is not None:
            return known
        number = 1 + sum(1 for given, _ in self._values if given == label)
        while (label, number) in self._taken or (label, number) in self._values:
            number += 1
        self._values[label, number] = value
        self._names[label, value] = name = f"<{label}_{number}>"
        return name

    def value(self, written: str) -> str | None:
        """What a pseudonym stands for, as a model wrote it; None where it stands for nothing."""
        found = _WRITTEN.fullmatch(written)
        return self._value(found) if found is not None else None

    def _value(self, found: re.Match[str]) -> str | None:
        label = re.sub(r"\\?[_ -]", "", found["label"]).upper()
        return self._values.get((_LABEL_OF[label], int(found["number"])))

    def find(self, text: str, start: int) -> Iterator[Hit]:
        """Where values are to be put back, whatever the pseudonym looks like now."""
        if not _GATE.search(text.encode(errors="replace")):
            return
        for found in _WRITTEN.finditer(text, start):
            framed = found["open"] is not None and found["close"] is not None
            bare = found["label"].isupper() and found["between"].strip() != ""  # `email_1` may be anybody's variable
            if (framed or bare) and self._value(found) is not None:
                begin = found.start() if framed else found.start("label")
                yield Hit(begin, found.end() if framed else found.end("number"), "restored")


_LABEL_OF: Final = {label.replace("_", ""): label for label in LABELS}
_GATE: Final = re2.compile(rf"(?i)(?:{_LABEL})[\\_ -]{{0,3}}[0-9]".encode(), options())
"""What a text has in which something may be put back; it costs a tenth of the whole pattern."""
LONGEST: Final = 40
"""Characters that a pseudonym has at most, however it is altered."""
