"""What becomes of what was found in one text: decisions to record, and the text with what is to be changed in it."""

import json
from collections.abc import Sequence

import msgspec

from trunkline.guard.kinds import label
from trunkline.guard.pseudonyms import Pseudonyms
from trunkline.guard.rules import Rule
from trunkline.guard.scanner import Found, settled
from trunkline.guard.tripwires import combined
from trunkline.guard.values import Finding, Hit, Piece
from trunkline.guard.view import View, in_string


class Change(msgspec.Struct, frozen=True, gc=False):
    """A part of a view, and what is to stand there."""

    start: int
    end: int
    text: str


class Ruling:
    """The decisions about one text, which may come in several parts."""

    def __init__(
        self, rules: Sequence[Rule], piece: Piece, pseudonyms: Pseudonyms | None, *, record_text: bool
    ) -> None:
        self.findings: list[Finding] = []
        self.blocked: Finding | None = None
        self._rules = rules
        self._piece = piece
        self._pseudonyms = pseudonyms
        self._record_text = record_text
        self._scores: dict[int, float] = {}
        self._signs: set[tuple[int, str]] = set()
        self._waiting: dict[int, list[Finding]] = {}

    def take(self, found: Sequence[Found], source: str, seen: View, first: int, offset: int) -> list[Change]:
        """Decide about what was found in a part, and say what to change in its view.

        `first` is where the view begins in the text that was scanned, and `offset` where `source` begins in the whole.
        """
        changes = []
        for each in settled(found, self._rules):
            rule, start, end = self._rules[each.rule], each.hit.start - first, each.hit.end - first
            begin, stop = seen.at(start), seen.at(end)
            written = source[begin:stop]
            finding = Finding(
                rule.name, each.hit.kind, self._piece.path, rule.action, offset + begin, offset + stop,
                each.hit.score, written if self._record_text else "",
            )  # fmt: skip
            if rule.threshold:
                self._weigh(each, rule, finding)
                continue
            self._note(finding)
            if rule.action == "redact":
                changes.append(Change(start, end, f"[{label(each.hit.kind)}]"))
            elif rule.action == "pseudonymise" and self._pseudonyms is not None:
                value = _unescaped(written) if self._piece.kind == "json" else written
                changes.append(Change(start, end, self._pseudonyms.name(label(each.hit.kind), value)))
        return changes

    def _note(self, finding: Finding) -> None:
        self.findings.append(finding)
        if finding.action == "block" and self.blocked is None:
            self.blocked = finding

    def _weigh(self, found: Found, rule: Rule, finding: Finding) -> None:
        """A sign counts once, however often it stands there, and nothing counts until all come to the threshold."""
        if (found.rule, finding.kind) not in self._signs:
            self._signs.add((found.rule, finding.kind))
            self._scores[found.rule] = combined(self._scores.get(found.rule, 0.0), found.hit.score)
        waiting = self._waiting.setdefault(found.rule, [])
        waiting.append(finding)
        if self._scores[found.rule] >= rule.threshold:
            for each in waiting:
                self._note(each)
            waiting.clear()


def _unescaped(written: str) -> str:
    """A part of a JSON text as the string that it is a part of has it."""
    try:
        return str(json.loads(f'"{written}"'))
    except ValueError:
        return written


def restored(hits: Sequence[Hit], pseudonyms: Pseudonyms, text: str, changes: list[Change], first: int) -> list[Change]:
    """`changes`, with values put back wherever nothing else is changed. `first`: where the view begins in `text`."""
    for hit in hits:
        start, end = hit.start - first, hit.end - first
        value = pseudonyms.value(text[hit.start : hit.end])
        if value is not None and not any(change.start < end and start < change.end for change in changes):
            changes.append(Change(start, end, value))
    changes.sort(key=lambda change: change.start)
    return changes


def rewritten(
    source: str, seen: View, changes: Sequence[Change], end: int, *, escaped: bool, inside: bool = False
) -> str:
    """`source` up to `end` of its view, with the changes.

    In JSON what is put in is escaped, and quoted where a bare number stood. `inside`: `source` begins in a string.
    """
    parts, last = [], 0
    for change in changes:
        start, stop = seen.at(change.start), seen.at(change.end)
        text = change.text
        if escaped:
            quoted = json.dumps(text, ensure_ascii=False)
            text = quoted[1:-1] if in_string(source, start, inside) else quoted
        parts += [source[last:start], text]
        last = stop
    parts.append(source[last : seen.at(end)])
    return "".join(parts)
