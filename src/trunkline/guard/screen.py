"""One side of a policy, compiled: what goes to a model, or what comes from it. Here texts are whole; see `stream`."""

import base64
import binascii
import codecs
from collections.abc import Sequence

from trunkline.guard.pseudonyms import LONGEST, Pseudonyms
from trunkline.guard.rules import Rule
from trunkline.guard.ruling import Ruling, restored, rewritten
from trunkline.guard.scanner import Scanner
from trunkline.guard.values import Finding, Piece, Question, Verdict
from trunkline.guard.view import view

REASONING = "reasoning"
"""The role of what a model thought. It may be signed, so pseudonyms stay in it as the model wrote them."""
UNREADABLE = "unreadable"
"""The kind of a finding that says a text could not be looked at, which blocks."""

_SAMPLE = 1024
"""Bytes of a file by which it is told whether every other one is zero."""


class Screen:
    """Rules about texts, with the questions that only others can answer."""

    def __init__(
        self,
        rules: Sequence[Rule],
        questions: Sequence[Question] = (),
        *,
        record_text: bool = False,
        whole: bool = False,
    ) -> None:
        """`whole`: streams are held back to their end, for something else looks at the whole text."""
        self.rules = tuple(rules)
        self.questions = tuple(questions)
        self.record_text = record_text
        self.scanner = Scanner(rules)
        reach = None if whole or questions else self.scanner.reach
        self.reach = reach
        """Characters that a stream is held back; None: to its end."""
        self.restoring_reach = None if reach is None else max(reach, LONGEST)
        self.pseudonymises = any(rule.action == "pseudonymise" for rule in rules)

    def screen(
        self, pieces: Sequence[Piece], pseudonyms: Pseudonyms | None = None, *, restore: bool = False
    ) -> Verdict:
        """Decide about all texts of a request or reply.

        `pseudonyms` are those of this exchange: filled on the way in, and with `restore` put back on the way out.
        """
        if self.pseudonymises and pseudonyms is not None:
            pseudonyms.avoid(piece.text for piece in pieces)
        findings: list[Finding] = []
        edits: dict[str, str] = {}
        blocked: Finding | None = None
        for piece in pieces:
            putting_back = restore and bool(pseudonyms) and piece.role != REASONING
            ruling, text = self._one(piece, pseudonyms, restore=putting_back)
            if ruling is not None:
                findings += ruling.findings
                blocked = blocked or ruling.blocked
                if text != piece.text:
                    edits[piece.path] = text
        return Verdict(tuple(findings), edits, blocked, () if blocked else self._asked(pieces, edits))

    def _one(self, piece: Piece, pseudonyms: Pseudonyms | None, *, restore: bool) -> tuple[Ruling | None, str]:
        """The ruling about a text, where there is anything to rule, and the text that comes of it."""
        if piece.kind == "base64":
            return self._encoded(piece, pseudonyms, restore=restore)
        escaped = piece.kind == "json"
        seen = view(piece.text, escaped=escaped)
        found = self.scanner.scan(seen.text)
        hits = list(pseudonyms.find(seen.text, 0)) if restore and pseudonyms is not None else []
        if not found and not hits:
            return None, piece.text
        ruling = Ruling(self.rules, piece, pseudonyms, record_text=self.record_text)
        changes = ruling.take(found, piece.text, seen, 0, 0)
        if hits and pseudonyms is not None:
            changes = restored(hits, pseudonyms, seen.text, changes, 0)
        return ruling, rewritten(piece.text, seen, changes, len(seen.text), escaped=escaped)

    def _encoded(self, piece: Piece, pseudonyms: Pseudonyms | None, *, restore: bool) -> tuple[Ruling | None, str]:
        """A text file in base64: what is found has its place in the decoded text."""
        try:
            data = base64.b64decode(piece.text, validate=True)
        except (binascii.Error, ValueError):
            finding = Finding("guard", UNREADABLE, piece.path, "block")
            ruling = Ruling(self.rules, piece, None, record_text=False)
            ruling.findings, ruling.blocked = [finding], finding
            return ruling, piece.text
        encoding = _encoding(data)
        text = data.decode(encoding, errors="replace")
        inner = Piece(piece.path, text, piece.role)
        decided, changed = self._one(inner, pseudonyms, restore=restore)
        if changed == text:
            return decided, piece.text
        return decided, base64.b64encode(changed.encode(encoding, errors="replace")).decode()

    def _asked(self, pieces: Sequence[Piece], edits: dict[str, str]) -> tuple[Question, ...]:
        """The questions, with the texts as they are going to be sent."""
        if not self.questions:
            return ()
        shown = tuple(
            Piece(piece.path, edits[piece.path], piece.role, piece.kind) if piece.path in edits else piece
            for piece in pieces
        )
        return tuple(
            Question(
                each.rule,
                each.kind,
                each.target,
                shown,
                each.deadline,
                each.on_failure,
                each.threshold,
                each.categories,
            )
            for each in self.questions
        )


def _encoding(data: bytes) -> str:
    """What a text file is written in."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    sample = data[:_SAMPLE]
    if sample.count(0) * 4 > len(sample):
        return "utf-16-le" if sample[1:2] == b"\0" else "utf-16-be"
    try:
        data.decode()
    except UnicodeDecodeError:
        return "latin-1"
    return "utf-8"
