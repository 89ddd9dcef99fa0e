"""One text of a streamed reply: what can no longer be part of a find is released, and the rest is held back.

Where a text may be cut does not depend on how it comes: only after a space or line break whose word before cannot
go on over it, or in scripts without spaces; not within a find, nor nearer to the end than the longest find with free
spaces is. So the parts give the same finds as the whole, whatever the chunks are.
"""

import re
from typing import Final

from trunkline.guard.pseudonyms import Pseudonyms
from trunkline.guard.ruling import Ruling, restored, rewritten
from trunkline.guard.screen import Screen
from trunkline.guard.secrets import open_key
from trunkline.guard.values import Finding, Hit, Piece
from trunkline.guard.view import in_string, plainly, unfinished, view

STEP: Final = 16
"""Characters that come between two looks: looking costs as much as a dozen tokens, and nobody reads that fast."""
_PATIENCE: Final = 3
"""What is held back is looked at again when it has grown by an eighth, so that a page of digits is no burden."""
LONGEST_ESCAPE: Final = 6
"""Characters that stand for one, as in `\\u00e9`."""
CONTEXT: Final = 96
"""Characters of what was released that rules still look at, for words that name what follows."""
_DIGIT: Final = re.compile("[0-9]")
_LETTERS: Final = re.compile("[a-z\u00df-\u024f\u0370-\u04ff]|[A-Z]{5}")
_WIDE: Final = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\ud7ff\uf900-\ufaff\U00020000-\U0003ffff]")


def safe_cut(text: str, limit: int) -> int:
    """The last place, not after `limit`, at which a text may be cut; 0 where there is none."""
    if limit <= 0:
        return 0
    wide = 0
    if not text.isascii():
        for found in _WIDE.finditer(text, 0, limit):
            wide = found.end()
    line, stop = text.rfind("\n", wide, limit), limit
    while True:
        space = text.rfind(" ", max(line, wide), stop)
        if space < 0:
            return max(line + 1, wide)
        begin = max(text.rfind(" ", max(line, wide), space), line, wide - 1) + 1
        if _is_plain(text, begin, space):
            return space + 1
        stop = space


def _is_plain(text: str, begin: int, end: int) -> bool:
    """Whether nothing goes on over the end of a word: the groups of numbers have digits, or are a few capitals."""
    if begin == end:
        return False
    letters = _DIGIT.search(text, begin, end) is None and _LETTERS.search(text, begin, end) is not None
    return letters or text[end - 1] in ",;:!?."


class StreamScreen:
    """The rules of a screen over one text that comes in chunks."""

    def __init__(self, screen: Screen, piece: Piece, pseudonyms: Pseudonyms | None = None) -> None:
        """`piece` says where the text belongs and what it is; its own text is not looked at."""
        self.path = piece.path
        self._screen = screen
        self._pseudonyms = pseudonyms or None
        self._ruling = Ruling(screen.rules, piece, None, record_text=screen.record_text)
        self._escaped = piece.kind == "json"
        self._inside = self._closed = False
        self._reach = screen.reach if self._pseudonyms is None else screen.restoring_reach
        self._quick = not self._escaped and self._pseudonyms is None
        self._is_quiet = screen.scanner.is_quiet
        self._parts: list[str] = []
        self._context = ""
        self._fresh = self._offset = 0
        self._due = STEP

    @property
    def findings(self) -> list[Finding]:
        """Every decision so far."""
        return self._ruling.findings

    @property
    def blocked(self) -> Finding | None:
        """The decision that ends the stream, once there is one. Nothing is released after it."""
        return self._ruling.blocked

    def feed(self, chunk: str) -> str:
        """What may be released, now that `chunk` has come."""
        parts = self._parts
        parts.append(chunk)
        self._fresh += len(chunk)
        if self._fresh < self._due or self._reach is None:
            return ""
        self._fresh = 0
        held = "".join(parts) if len(parts) > 1 else chunk
        seen = plainly(held) if self._quick else None
        if seen is not None:
            text = self._context + seen
            if self._is_quiet(text):
                cut = safe_cut(seen, self._limit(seen))
                parts[:] = [held[cut:]]
                self._due = max(STEP, (len(held) - cut) >> _PATIENCE)
                self._offset += cut
                self._context = (
                    text[-CONTEXT + cut - len(held) : cut - len(held)] if cut < len(held) else text[-CONTEXT:]
                )
                return held[:cut]
        return self._advance(held, last=False)

    def finish(self) -> str:
        """What is left, now that the text is over."""
        return self._advance("".join(self._parts), last=True)

    def _advance(self, held: str, *, last: bool) -> str:
        if self._closed:
            return ""
        body = held if last else held[: len(held) - unfinished(held, escaped=self._escaped)]
        seen = view(body, escaped=self._escaped)
        first, text = len(self._context), self._context + seen.text
        found = self._screen.scanner.scan(text, first)
        hits = list(self._pseudonyms.find(text, first)) if self._pseudonyms is not None else []
        cut = len(seen.text) if last else self._cut(seen.text, [each.hit for each in found] + hits)
        decided = [each for each in found if each.hit.start - first < cut]
        changes = self._ruling.take(decided, body, seen, first, self._offset)
        if self.blocked is not None:
            self._parts, self._closed = [], True
            return ""
        if self._pseudonyms is not None:
            inside = [hit for hit in hits if hit.start - first < cut]
            changes = restored(inside, self._pseudonyms, text, changes, first)
        out = rewritten(body, seen, changes, cut, escaped=self._escaped, inside=self._inside)
        self._release(held, seen.at(cut), text[: first + cut])
        return out

    def _cut(self, text: str, hits: list[Hit]) -> int:
        """Where to cut what is held, so that no find goes over it."""
        if self._reach is None:
            return 0
        first = len(self._context)
        limit = self._limit(text)
        key = open_key(self._context + text, first)
        cut = safe_cut(text, limit if key is None else min(limit, key - first))
        while cut and (over := [hit.start - first for hit in hits if hit.start - first < cut < hit.end - first]):
            cut = safe_cut(text, min(over))
        return cut

    def _limit(self, text: str) -> int:
        """Behind which place a find may begin that is not over yet. Called only where there is one."""
        reach = self._reach or 0
        longest = reach * LONGEST_ESCAPE
        return len(text) - (longest if "\\" in text[-longest:] else reach)

    def _release(self, held: str, cut: int, seen: str) -> None:
        """Go on after `cut`; `seen` is all that rules have looked at up to there."""
        if self._escaped:
            self._inside = in_string(held, cut, self._inside)
        self._parts = [held[cut:]]
        self._due = max(STEP, (len(held) - cut) >> _PATIENCE)
        self._offset += cut
        self._context = seen[-CONTEXT:]
