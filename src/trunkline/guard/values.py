"""What goes into a guard and what comes out of it. Nothing here holds a matched text unless the policy asks for it."""

from collections.abc import Mapping
from typing import Literal, TypeAlias

import msgspec

Action: TypeAlias = Literal["block", "redact", "pseudonymise", "report"]
PieceKind: TypeAlias = Literal["text", "json", "base64"]
"""`json`: a JSON text, whose strings are looked into; `base64`: an encoded text file."""


class Piece(msgspec.Struct, frozen=True):
    """One text of a request or reply."""

    path: str
    """Where it stands in the neutral request or reply, such as `messages[0].parts[1].text`."""
    text: str
    role: str = ""
    kind: PieceKind = "text"


class Hit(msgspec.Struct, frozen=True, gc=False):
    """What a detector found, in characters of the text it looked at."""

    start: int
    end: int
    kind: str
    score: float = 1.0


class Finding(msgspec.Struct, frozen=True, gc=False):
    """One decision: which rule, where, and what came of it."""

    rule: str
    """Its place in the policy and its check, such as `input[0].pii`."""
    kind: str
    """What was found: `email`, `aws_access_key`, …"""
    path: str
    action: Action
    start: int = 0
    """First character in the piece's text as it came."""
    end: int = 0
    score: float = 1.0
    text: str = ""
    """The matched text; empty unless the policy has `record_text`."""


class Question(msgspec.Struct, frozen=True):
    """A check that the gateway has to make, for it needs the network. Without a valid answer in time it fails."""

    rule: str
    kind: Literal["webhook", "moderation"]
    target: str
    """A URL, or `provider/model`."""
    pieces: tuple[Piece, ...]
    """Texts as the other rules left them."""
    deadline: float
    """Seconds."""
    on_failure: Literal["block", "allow"] = "block"
    threshold: float = 0.5
    categories: tuple[str, ...] = ()
    """Of a moderation model, those that count; empty: all."""


class Verdict(msgspec.Struct, frozen=True):
    """What a policy decided about some texts."""

    findings: tuple[Finding, ...] = ()
    edits: Mapping[str, str] = {}
    """The new text of every piece that changes, by its path."""
    blocked: Finding | None = None
    """The decision that refuses the request or reply, where one does."""
    questions: tuple[Question, ...] = ()
    """Still to be asked, unless `blocked`."""


class Answer(msgspec.Struct, frozen=True):
    """What a webhook or a moderation model said of a `Question`."""

    flagged: bool
    scores: Mapping[str, float] = {}
    """By category, from 0 to 1; empty where it gives none."""
